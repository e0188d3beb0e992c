"""Models: listed, downloaded from servers that misbehave, imported and removed."""

import hashlib
import json
import os
import resource
import signal
import struct
import subprocess

from badserver import Answer, BadServer, wait_until
from workbench import LONG_RUN, leave
from workspace import BINARY, REPOSITORY

BUILT_IN = REPOSITORY / "models/built-in"
PULL = ("models", "pull", "--stall", "1", "--tries", "2", "--retry-wait", "0.01")


def weights(seed=1, count=60_000):
    """A file with the tensors by which a VQGAN is known, and training state that nobody needs."""
    shapes = {
        "decoder.conv_in.weight": [4, 4, 3, 3],
        "decoder.up.0.block.0.norm1.weight": [4],
        "quantize.embedding.weight": [8, 4],
        "quant_conv.weight": [4, 4, 1, 1],
        "loss.discriminator.weight": [count],
    }
    header, data = {}, b""
    for number, (name, shape) in enumerate(shapes.items()):
        size = 1
        for length in shape:
            size *= length
        values = struct.pack(f"<{size}f", *((seed * 31 + number * 7 + i % 251) / 256 for i in range(size)))
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


WEIGHTS = weights()
SUM = hashlib.sha256(WEIGHTS).hexdigest()
PAGE = b"<!DOCTYPE html><title>Sign in</title>" + b" " * 5000


def catalogue(workspace, *sources, name="mini", files=()):
    """Makes the program know one model with these sources: addresses, or objects with a size or a sum."""
    model = {
        "name": name,
        "kind": "vqgan",
        "paints": "tests",
        "architecture": "f=1, 8 codes",
        "aliases": ["mini model"],
        "files": [
            {"name": f"{name}.ckpt", "sources": [{"url": s} if isinstance(s, str) else s for s in sources]},
            *files,
        ],
    }
    path = workspace.root / "catalogue.json"
    path.write_text(json.dumps({"models": [model]}))
    workspace.environment["VQCLIP_CATALOGUE"] = str(path)


def source(url, sha256=SUM, size=len(WEIGHTS)):
    return {"url": url, "sha256": sha256, "bytes": size}


def pull(workspace, *arguments, **options):
    return workspace.run(*PULL, "mini", *arguments, **options)


def installed(workspace, name="mini"):
    """The header of an installed model's weights; fails when the file is not whole."""
    content = (workspace.data / "models" / name / "vqgan.safetensors").read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    ends = [tensor["data_offsets"][1] for key, tensor in header.items() if key != "__metadata__"]
    assert max(ends) == len(content) - 8 - length
    return header


def provenance(workspace, name="mini"):
    return json.loads(installed(workspace, name)["__metadata__"]["provenance"])


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def check_pulled(workspace, result):
    assert result.returncode == 0, result.stdout + result.stderr
    assert sorted(installed(workspace)) == [
        "__metadata__", "decoder.conv_in.weight", "decoder.up.0.block.0.norm1.weight",
        "quant_conv.weight", "quantize.embedding.weight",
    ]  # fmt: skip
    assert provenance(workspace)["sha256"] == SUM
    assert names(workspace.data / "models") == ["mini"]
    assert names(workspace.data / "downloads") == []


def check_nothing(workspace, result, *texts):
    assert result.returncode == 1, result.stdout + result.stderr
    for text in texts:
        assert text in result.stderr, result.stderr
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    assert names(workspace.data / "models") == []


def test_pull_keeps_what_a_run_needs_and_says_where_it_came_from(workspace):
    with BadServer({"/a": Answer(WEIGHTS)}) as server:
        catalogue(workspace, source(server.url("/a")))
        result = pull(workspace)
        check_pulled(workspace, result)
        notes = provenance(workspace)
        assert (notes["url"], notes["source"], notes["verified"]) == (server.url("/a"), "mini.ckpt", True), notes
        assert notes["architecture"] == "f=1, 8 codes" and notes["bytes"] == len(WEIGHTS), notes
        again = pull(workspace)
        assert again.returncode == 0 and "is there already" in again.stdout, again
        assert len(server.requests) == 1
        assert workspace.run("models", "path", "mini").stdout.strip() == str(workspace.data / "models/mini")


def test_pull_tells_programs_what_it_does(workspace):
    with BadServer({"/a": Answer(WEIGHTS, pause=0.03)}) as server:
        catalogue(workspace, source(server.url("/a")))
        lines = [json.loads(line) for line in pull(workspace, "--json").stdout.splitlines()]
    progress = [line for line in lines if line["event"] == "progress" and line["activity"] == "downloading"]
    assert progress and all(line["total_bytes"] == len(WEIGHTS) for line in progress), lines
    assert progress[-1]["bytes_per_second"] > 0, progress
    assert lines[-1]["event"] == "done" and lines[-1]["model"]["name"] == "mini", lines[-1]


def test_pull_shows_a_bar_on_a_terminal_and_ends_with_control_c(workspace):
    with BadServer({"/a": Answer(WEIGHTS, pause=0.5)}) as server:
        catalogue(workspace, source(server.url("/a")))
        terminal = workspace.start(*PULL, "mini")
        terminal.wait_for("▕")
        terminal.wait_for("downloading")
        terminal.send("C-c")
        assert terminal.wait_for_exit() == 130
        terminal.wait_for("the same command goes on from there")
    assert names(workspace.data / "models") == []


def test_pull_goes_on_where_the_connection_was_cut(workspace):
    answers = [Answer(WEIGHTS, cut=100_000), Answer(WEIGHTS, cut=50_000), Answer(WEIGHTS)]
    with BadServer({"/a": answers}) as server:
        catalogue(workspace, source(server.url("/a")))
        check_pulled(workspace, pull(workspace))
        assert server.ranges("/a") == [None, "bytes=100000-", "bytes=150000-"]
        assert server.requests[1][1]["If-Range"] == '"one"'


def test_pull_starts_anew_where_ranges_are_refused(workspace):
    answers = [Answer(WEIGHTS, cut=100_000), Answer(WEIGHTS, ranges=False)]
    with BadServer({"/a": answers}) as server:
        catalogue(workspace, source(server.url("/a")))
        check_pulled(workspace, pull(workspace))


def test_pull_does_not_join_two_versions(workspace):
    other = weights(seed=9)
    answers = [Answer(other, cut=100_000, tag='"old"'), Answer(WEIGHTS, tag='"new"')]
    # A server that ignores If-Range, and one that sends another part than it was asked for.
    rude = [Answer(other, cut=100_000, tag=None), Answer(WEIGHTS, first_byte=7, tag=None), Answer(WEIGHTS)]
    with BadServer({"/a": answers, "/b": rude}) as server:
        for path in ("/a", "/b"):
            catalogue(workspace, {"url": server.url(path)})
            check_pulled(workspace, pull(workspace, "--replace"))
        assert server.ranges("/b") == [None, "bytes=100000-", None]


def test_pull_survives_kill_and_goes_on(workspace):
    with BadServer({"/a": [Answer(WEIGHTS, pause=0.2), Answer(WEIGHTS)]}) as server:
        catalogue(workspace, source(server.url("/a")))
        process = subprocess.Popen(
            [str(BINARY), *PULL, "mini"], cwd=workspace.folder, env=workspace.environment, stdout=subprocess.DEVNULL
        )
        folder = workspace.data / "downloads/mini"
        wait_until(lambda: any(path.stat().st_size for path in folder.glob("*.part")), "the first bytes")
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert names(workspace.data / "models") in ([], [".mini.lock"])
        check_pulled(workspace, pull(workspace))
        start = int(server.ranges("/a")[1].removeprefix("bytes=").removesuffix("-"))
        assert 0 < start < len(WEIGHTS)


def test_pull_gives_up_a_server_that_stalls(workspace):
    with BadServer({"/a": Answer(WEIGHTS, stall=100_000), "/b": Answer(WEIGHTS)}) as server:
        catalogue(workspace, source(server.url("/a")), source(server.url("/b")))
        result = workspace.run("models", "pull", "mini", "--stall", "1", "--tries", "1")
        check_pulled(workspace, result)
        assert "sent nothing for 1 s" in result.stdout, result.stdout
        # The second source has the same file by its sum, so it is asked for the rest only.
        assert server.ranges("/b") == ["bytes=100000-"]


def test_pull_tries_the_next_source(workspace):
    bad = {
        "/missing": (Answer(status=404), "does not have it (404)"),
        "/forbidden": (Answer(status=403), "answers 403"),
        "/busy": (Answer(status=503), "answers 503"),
        "/page": (Answer(PAGE, content_type="text/html; charset=utf-8"), "sends a web page instead of the file"),
        "/quiet-page": (Answer(PAGE), "sends a web page instead of the file"),
        "/other-size": (Answer(WEIGHTS[:-9]), "has another file"),
        "/too-much": (Answer(WEIGHTS + b"more", length="none"), "sends more than"),
        "/wrong": (Answer(weights(seed=2)), "sent other contents"),
        "/empty": (Answer(b""), "another file"),
        "/cut": (Answer(WEIGHTS, cut=0), "cut the connection"),
        "/circle": (Answer(status=302, location="/circle"), "redirects in a circle"),
        "/nowhere": (Answer(status=302), "answers 302 without an address"),
        "/insecure": (Answer(status=301, location="http://example.com/a"), "is not secure"),
        "/file": (Answer(status=301, location="file:///etc/passwd"), "is no web address"),
    }
    with BadServer({path: answer for path, (answer, _) in bad.items()} | {"/good": Answer(WEIGHTS)}) as server:
        for path, (_, reason) in bad.items():
            catalogue(workspace, source(server.url(path)), source(server.url("/good")))
            result = pull(workspace, "--replace")
            check_pulled(workspace, result)
            assert reason in result.stdout, (path, result.stdout)


def test_pull_looks_into_a_file_without_a_known_sum(workspace):
    with BadServer({"/text": Answer(b"not a model\n" * 50), "/cut": Answer(WEIGHTS[:-50]), "/a": Answer(WEIGHTS)}) as server:
        catalogue(workspace, *(server.url(path) for path in ("/text", "/cut", "/a")))
        result = pull(workspace)
        check_pulled(workspace, result)
        assert result.stdout.count("sent something else") == 2, result.stdout
        assert f"{SUM} is the SHA-256 of what came; none is published" in result.stdout, result.stdout
        assert provenance(workspace)["verified"] is False


def test_pull_follows_redirections(workspace):
    hops = {f"/{i}": Answer(status=302, location=f"/{i + 1}", body=PAGE) for i in range(5)}
    with BadServer(hops | {"/5": Answer(WEIGHTS)}) as server:
        catalogue(workspace, source(server.url("/0")))
        check_pulled(workspace, pull(workspace))


def test_pull_without_a_good_source_says_what_each_one_did(workspace):
    with BadServer({"/page": Answer(PAGE), "/wrong": Answer(weights(seed=3))}) as server:
        catalogue(workspace, *(source(server.url(path)) for path in ("/none", "/page", "/wrong")))
        result = pull(workspace)
        check_nothing(workspace, result, "does not have it (404)", "web page", "sent other contents", "--from")
        assert names(workspace.data / "downloads/mini") == []
        failure = json.loads(pull(workspace, "--json").stdout.splitlines()[-1])
        assert failure["event"] == "error" and failure["kind"] == "network", failure
    check_nothing(workspace, pull(workspace), "does not answer")


def test_a_page_in_between_does_not_cost_what_has_arrived(workspace):
    answers = [Answer(WEIGHTS, cut=100_000), Answer(PAGE, ranges=False), Answer(WEIGHTS)]
    with BadServer({"/a": answers}) as server:
        catalogue(workspace, source(server.url("/a")))
        assert pull(workspace).returncode == 1
        check_pulled(workspace, pull(workspace))
        assert server.ranges("/a")[2] == "bytes=100000-"


def test_pull_takes_another_address_and_sum(workspace):
    with BadServer({"/b": Answer(WEIGHTS), "/c": Answer(weights(seed=4))}) as server:
        catalogue(workspace, source(server.url("/none")))
        check_pulled(workspace, pull(workspace, "--from", server.url("/b")))
        result = pull(workspace, "--replace", "--from", server.url("/c"))
        assert result.returncode == 1 and "sent other contents" in result.stderr, result.stderr
        other = hashlib.sha256(weights(seed=4)).hexdigest()
        result = pull(workspace, "--replace", "--from", server.url("/c"), "--sha256", other)
        assert result.returncode == 0 and "it differs from the mini that was here" in result.stdout, result
        # A model that nobody has listed.
        result = workspace.run(*PULL, "mine", "--from", server.url("/c"), "--keep")
        assert result.returncode == 0 and (workspace.data / "downloads/mine/weights").is_file(), result
    for address in ("http://example.org/a", "ftp://example.org/a", "nonsense", "file:///etc/passwd"):
        result = pull(workspace, "--replace", "--from", address)
        assert result.returncode == 1 and "https" in result.stderr, result.stderr


def test_pull_brings_what_belongs_beside_the_weights(workspace):
    with BadServer({"/a": Answer(WEIGHTS), "/merges": Answer(b"a b\n")}) as server:
        beside = {"name": "merges.txt", "sources": [{"url": server.url("/merges")}]}
        catalogue(workspace, source(server.url("/a")), files=[beside])
        check_pulled(workspace, pull(workspace))
    assert (workspace.data / "models/mini/merges.txt").read_text() == "a b\n"


def test_pull_refuses_early_when_the_disk_is_too_small(workspace):
    huge = 10**15
    with BadServer({"/a": Answer(WEIGHTS), "/b": Answer(b"", length=huge)}) as server:
        catalogue(workspace, source(server.url("/a"), size=huge))
        check_nothing(workspace, pull(workspace), "needs 1000000 GB of disk", "free")
        assert server.requests == []
        # The size is not known until the server says it.
        catalogue(workspace, server.url("/b"))
        check_nothing(workspace, pull(workspace), "of disk")


def test_a_full_disk_keeps_what_has_arrived(workspace):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))

    with BadServer({"/a": Answer(WEIGHTS)}) as server:
        catalogue(workspace, source(server.url("/a")))
        result = pull(workspace, preexec_fn=limit)
        check_nothing(workspace, result, "cannot write", "the same command goes on from")
        check_pulled(workspace, pull(workspace))
        assert server.ranges("/a")[-1] == "bytes=100000-"


def test_two_pulls_of_one_model_do_not_meet(workspace):
    with BadServer({"/a": Answer(WEIGHTS, pause=0.1)}) as server:
        catalogue(workspace, source(server.url("/a")))
        first = subprocess.Popen(
            [str(BINARY), *PULL, "mini"], cwd=workspace.folder, env=workspace.environment, stdout=subprocess.PIPE, text=True
        )
        wait_until(lambda: server.requests, "the first request")
        second = pull(workspace)
        assert second.returncode == 1 and "another vqclip-tui is at work" in second.stderr, second
        first.communicate(timeout=30)
        assert first.returncode == 0
        check_pulled(workspace, pull(workspace))


def test_import_strips_a_file_and_replaces_only_when_told(workspace):
    path = workspace.folder / "My Paintings.ckpt"
    path.write_bytes(WEIGHTS)
    result = workspace.run("models", "import", path)
    assert result.returncode == 0 and "--vqgan My-Paintings" in result.stdout, result
    assert "loss.discriminator.weight" not in installed(workspace, "My-Paintings")
    whole = installed(workspace, "My-Paintings")["decoder.conv_in.weight"]
    assert whole["dtype"] == "F32", whole
    again = workspace.run("models", "import", path, "--half")
    assert again.returncode == 1 and "--replace" in again.stderr, again
    assert workspace.run("models", "import", path, "--half", "--replace").returncode == 0
    half = installed(workspace, "My-Paintings")["decoder.conv_in.weight"]
    assert (half["dtype"], half["shape"]) == ("F16", whole["shape"]), half
    assert path.read_bytes() == WEIGHTS
    assert names(workspace.data / "models") == ["My-Paintings"]


def test_import_refuses_what_is_no_model(workspace):
    files = {
        "page.ckpt": PAGE,
        "cut.safetensors": WEIGHTS[:1000],
        "other.safetensors": weights().replace(b"decoder.conv_in", b"decoder.xonv_in"),
        "empty.pt": b"",
    }
    for name, content in files.items():
        (workspace.folder / name).write_bytes(content)
        check_nothing(workspace, workspace.run("models", "import", name), name)
    check_nothing(workspace, workspace.run("models", "import", "missing.ckpt"), "there is no file")
    check_nothing(workspace, workspace.run("models", "import", workspace.home), "no weight file")
    (workspace.folder / "good.ckpt").write_bytes(WEIGHTS)
    check_nothing(workspace, workspace.run("models", "import", "good.ckpt", "--name", "../x"), "cannot be the name")
    check_nothing(workspace, workspace.run("models", "import", "good.ckpt", "--name", "built-in"), "the program's own")


def test_models_are_listed_shown_and_removed(workspace):
    catalogue(workspace, source("https://example.org/a"))
    text = workspace.run("models").stdout
    assert "built-in" in text and "mini" in text and "tests" in text, text
    entries = [json.loads(line) for line in workspace.run("models", "list", "--json").stdout.splitlines()]
    assert {entry["name"]: entry["installed"] for entry in entries} == {"built-in": True, "mini": False}
    shown = workspace.run("models", "show", "Mini_Model").stdout
    assert SUM in shown and "vqclip-tui models pull mini" in shown, shown
    path = workspace.folder / "mine.ckpt"
    path.write_bytes(WEIGHTS)
    assert workspace.run("models", "import", path).returncode == 0
    assert "f=1, 8 codes" in workspace.run("models", "show", "mine").stdout
    refused = workspace.run("models", "remove", "mine")
    assert refused.returncode == 1 and "--yes" in refused.stderr, refused
    assert workspace.run("models", "remove", "mine", "--yes").returncode == 0
    assert names(workspace.data / "models") == []
    missing = workspace.run("models", "path", "mini")
    assert missing.returncode == 1 and "models pull mini" in missing.stderr, missing
    nearest = workspace.run("models", "show", "biult-in")
    assert nearest.returncode == 1 and "did you mean 'built-in'" in nearest.stderr, nearest
    own = workspace.run("models", "remove", "built-in", "--yes")
    assert own.returncode == 1 and "stays" in own.stderr, own


def test_removing_asks_on_a_terminal(workspace):
    (workspace.folder / "mine.ckpt").write_bytes(WEIGHTS)
    assert workspace.run("models", "import", "mine.ckpt").returncode == 0
    for answer, remaining in (("n", ["mine"]), ("y", [])):
        terminal = workspace.start("models", "remove", "mine")
        terminal.wait_for("[y/N]")
        terminal.send(answer, "Enter")
        assert terminal.wait_for_exit() == 0
        assert names(workspace.data / "models") == remaining


def test_a_catalogue_that_cannot_be_used_is_one_line(workspace):
    path = workspace.root / "catalogue.json"
    for content in ("", "[]", '{"models": [{"name": "../x"}]}'):
        path.write_text(content)
        result = workspace.run("models", "list", environment={"VQCLIP_CATALOGUE": str(path)})
        assert result.returncode == 1 and len(result.stderr.splitlines()) == 1, result
        assert "VQCLIP_CATALOGUE" in result.stderr, result.stderr


def test_a_known_model_that_is_not_here_says_how_to_get_it(workspace):
    for option, name, says in (
        ("--vqgan", "sflckr", "run: vqclip-tui models pull sflckr (4.26 GB download, 289 MB kept)"),
        ("--clip", "ViT-B/32", "run: vqclip-tui models pull vit-b-32 (354 MB download, 354 MB kept)"),
        ("--vqgan", "wikiart_16383", "did you mean 'wikiart-16384'?"),
    ):
        result = workspace.run("run", "a moon", option, name, "-o", "moon.png")
        assert result.returncode == 1 and says in result.stderr, result.stderr
        assert len(result.stderr.strip().splitlines()) == 1, result.stderr


def test_an_imported_model_paints_under_any_of_its_names(workspace):
    assert workspace.run("models", "import", BUILT_IN / "vqgan.safetensors", "--name", "my-vqgan").returncode == 0
    assert workspace.run("models", "import", BUILT_IN / "clip.safetensors", "--name", "my-clip", "--half").returncode == 0
    result = workspace.run(
        *("run", "a moon", "--vqgan", "My_VQGAN", "--clip", "my-clip"),
        *("--size", "64x64", "--steps", "2", "--start", "smooth", "-o", "moon.png"),
    )
    assert result.returncode == 0 and (workspace.folder / "moon.png").exists(), result.stderr
    assert "my-clip CLIP" in result.stdout, result.stdout


def test_the_workbench_lists_models_and_switches(workspace):
    assert workspace.run("models", "import", BUILT_IN / "vqgan.safetensors", "--name", "mine").returncode == 0
    terminal = workspace.start(*LONG_RUN, columns=80, rows=24)
    terminal.wait_for("ready")
    terminal.send("M")
    screen = terminal.wait_for("installed models")
    assert "built-in" in screen and "mine" in screen and "models pull NAME" in screen, screen
    terminal.send("G")
    terminal.wait_for("▸  mine")
    terminal.send("Enter")
    terminal.wait_for("mine VQGAN f=")
    # With a run, the switch is asked for.
    terminal.send("a")
    terminal.type("a moon")
    terminal.send("Enter", "Space")
    terminal.wait_for("running")
    terminal.send("M")
    terminal.wait_for("● mine")
    terminal.send("g", "Enter")
    terminal.wait_for("Loading built-in ends the present run")
    terminal.send("y")
    terminal.wait_for("built-in VQGAN f=")
    # Nothing is painted yet, so nothing is asked.
    terminal.send("q")
    assert terminal.wait_for_exit() == 0
