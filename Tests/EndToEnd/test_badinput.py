"""What cannot be used is refused in one clear line with a status that says so, and nothing is left behind."""

import os
import subprocess

from files import leftovers, run_files, write_png
from workspace import BINARY, REPOSITORY

MODEL = REPOSITORY / "models/built-in"
QUICK = ("--size", "64x64", "--steps", "1")


def refused(workspace, *arguments, environment=None, says=()):
    """Runs with bad input; checks that it says so in one line, and returns the line."""
    before = contents(workspace.folder)
    result = workspace.run("run", *arguments, environment=environment)
    assert result.returncode in (1, 64), (arguments, result)
    lines = [line for line in result.stderr.splitlines() if not is_usage(line)]
    assert len(lines) == 1, (arguments, lines)
    assert 15 < len(lines[0]) < 300 and lines[0].startswith(("Error: ", "vqclip-tui: ")), lines
    assert ": " in lines[0] and "Swift" not in lines[0], lines
    for text in [says] if isinstance(says, str) else says:
        assert text in lines[0], (text, lines)
    assert contents(workspace.folder) == before, "a file was left"
    assert not leftovers(workspace), leftovers(workspace)
    return lines[0]


def contents(folder):
    return sorted(str(path) for path in folder.rglob("*"))


def is_usage(line):
    return line.startswith(("Usage: ", "  See '"))


def warned(workspace, *arguments, environment=None):
    """Paints all the same; returns the notes."""
    result = workspace.run("run", "moon", *QUICK, *arguments, environment=environment)
    assert result.returncode == 0 and result.stderr == "", result
    return [line.removeprefix("note    ") for line in result.stdout.splitlines() if line.startswith("note")]


# Prompts


def test_empty_prompts(workspace):
    for words in ("", "   ", "\t\n"):
        refused(workspace, words, says="write what you want to see")
    refused(workspace, says="nothing to paint")


def test_prompts_that_cannot_be_read_are_pointed_at(workspace):
    for words, caret in [("|", 0), (" | | ", 0), ("a |", 2), ("a [b", 2), ("moon:nan", 5), ("[]", 0)]:
        result = workspace.run("run", words)
        lines = result.stderr.splitlines()
        assert result.returncode == 64 and lines[0].startswith("Error: "), result
        assert lines[1:3] == [f"  {words}", "  " + " " * caret + "^"], lines


def test_long_prompt_is_cut_with_a_note(workspace):
    notes = warned(workspace, " ".join(["mountain"] * 500))
    assert any("tokens; only" in note for note in notes), notes


# Options


def test_unknown_options(workspace):
    refused(workspace, "moon", "--no-such-option", says="Unknown option '--no-such-option'")
    refused(workspace, "moon", "--stepz", "3", says="--steps")


def test_bad_values_of_every_setting(workspace):
    for option, values in {
        "size": ["x", "0x0", "-1x4", "1x2x3", "99999999999999999999x1", ""],
        "steps": ["many", "0", "-1", "1.5", "1000001"],
        "seed": ["x", "-1", "18446744073709551616"],
        "optimizer": ["sgd"],
        "learning-rate": ["fast", "0", "-1", "nan", "inf"],
        "rate-schedule": ["never"],
        "cuts": ["x", "0", "-3", "100000"],
        "cut-power": ["x", "0", "-1"],
        "cut-method": ["newest"],
        "augmentations": ["Xx"],
        "noise": ["x", "-1", "2"],
        "noise-end": ["x", "-0.1"],
        "average": ["1", "-1"],
        "micro-batch": ["x", "-1"],
        "start": [""],
    }.items():
        for value in values:
            line = refused(workspace, "moon", f"--{option}", value, says=f"--{option}: ")
            assert value in line, line


def test_devices(workspace):
    refused(workspace, "moon", "--device", "abacus", says="choose auto, cpu or cuda:N")


def test_sizes_beyond_the_model(workspace):
    refused(workspace, "moon", "--size", "7x7", says="use a size of 8x8 or more")
    refused(workspace, "moon", "--size", "100000x100000", says=["of memory", "use a smaller size"])
    assert "size 70x65 rounded down to 64x64" in warned(workspace, "--size", "70x65")


# Models


def bad_models(folder):
    """Files that are no model, with what is said of them."""
    content = (MODEL / "vqgan.safetensors").read_bytes()
    for name, data, problem in [
        ("cut.safetensors", content[:100000], "is cut off"),
        ("header.safetensors", content[:100], "is cut off"),
        ("empty.safetensors", b"", "is empty"),
        ("noise.safetensors", os.urandom(50000), "noise.safetensors is "),
        ("words.safetensors", b"hello", "words.safetensors is "),
    ]:
        (folder / name).write_bytes(data)
        yield name, problem
    (folder / "folder").mkdir()
    yield "folder", "choose a folder that holds one"
    os.mkfifo(folder / "pipe")
    yield "pipe", "is not a regular file"
    yield "/dev/null", "is not a regular file"
    yield "missing", "there is no model 'missing'"
    yield "missing/model.safetensors", "there is no model"


def test_models_that_are_none(workspace):
    refused(workspace, "moon", "--vqgan", "", says="there is no model")
    refused(workspace, "moon", "--clip", "", says="a CLIP is missing in ''; write one name, folder or file")
    for name, problem in bad_models(workspace.folder):
        for option in ("--vqgan", "--clip"):
            line = refused(workspace, "moon", option, name, says=problem)
            assert line.count("download it again") <= 1, line


def test_models_of_the_other_kind(workspace):
    refused(workspace, "moon", "--vqgan", MODEL / "clip.safetensors", says="is not a VQGAN, but a CLIP")
    refused(workspace, "moon", "--clip", MODEL / "vqgan.safetensors", says="is not a CLIP, but a VQGAN")


def test_missing_model_in_the_workbench(workspace):
    terminal = workspace.start("moon", "--vqgan", "missing", columns=120, rows=40)
    terminal.wait_for("there is no model 'missing'")
    terminal.wait_for("failed")
    terminal.send("q")
    assert terminal.wait_for_exit() == 0


# Pictures


def bad_pictures(folder):
    (folder / "words.png").write_text("not a picture")
    write_png(folder / "huge.png", 60000, 60000, data=b"")
    write_png(folder / "cut.png", 64, 64)
    (folder / "cut.png").write_bytes((folder / "cut.png").read_bytes()[:60])
    (folder / "empty.png").touch()
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    with open(folder / "large.png", "wb") as file:
        file.truncate(600 << 20)
    yield from [
        ("missing.png", "does not exist"),
        ("words.png", "is not a picture"),
        ("huge.png", "60000 x 60000 pixels; scale it down first"),
        ("large.png", "the limit is 512 MiB"),
        ("cut.png", "ends before the picture does"),
        ("empty.png", "is empty"),
        ("folder", "is a folder"),
        ("pipe", "is a device, pipe or socket"),
        ("/dev/zero", "is a device, pipe or socket"),
    ]


def test_pictures_that_are_none(workspace):
    for name, problem in bad_pictures(workspace.folder):
        refused(workspace, "moon", *QUICK, "--start", name, says=problem)
        refused(workspace, f"[{name}]", *QUICK, says=problem)


def test_good_pictures_are_taken(workspace):
    write_png(workspace.folder / "grey.png", 80, 50)
    assert "started from grey.png" in warned(workspace, "[grey.png]:0.5", "--start", "grey.png")


# Where the picture goes


def test_outputs_that_cannot_be_are_refused_before_painting(workspace):
    (workspace.folder / "folder").mkdir()
    (workspace.folder / "file").touch()
    os.mkfifo(workspace.folder / "pipe")
    for path, problem in [
        ("", "-o needs the name of a file"),
        ("folder", "folder/picture.png"),
        ("folder/", " folder/picture.png"),
        ("missing/", "missing/picture.png"),
        ("file/picture.png", "is a file, not a folder"),
        ("pipe", "is a device, pipe or socket"),
        ("/dev/full", "is a device, pipe or socket"),
        ("picture.jpg", "name the file picture.png"),
    ]:
        refused(workspace, "moon", "-o", path, says=problem)
        assert not (workspace.data / "runs").exists(), "nothing was painted"


def mounted(folder, options):
    """A small file system of its own, for tests that need one; `False` where that is not allowed."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)]
    return os.geteuid() == 0 and subprocess.run(command, capture_output=True).returncode == 0


def test_read_only_folder(workspace):
    folder = workspace.folder / "fixed"
    is_mounted = mounted(folder, "size=64k,ro")
    try:
        if not is_mounted:
            folder.chmod(0o555)
        if is_mounted or os.geteuid() != 0:
            refused(workspace, "moon", *QUICK, "-o", "fixed/a.png", says="read-only; choose another place with -o")
            refused(workspace, "moon", *QUICK, environment={"XDG_DATA_HOME": str(folder)}, says="XDG_DATA_HOME")
    finally:
        if is_mounted:
            subprocess.run(["umount", str(folder)], check=True)


def test_full_disk(workspace):
    folder = workspace.folder / "small"
    if not mounted(folder, "size=4k"):
        return
    try:
        (folder / "vqclip-tui/runs").mkdir(parents=True)
        (folder / "filling").write_bytes(b"x" * 4096)
        line = refused(workspace, "moon", *QUICK, environment={"XDG_DATA_HOME": str(folder)}, says="no space left")
        assert "free some space" in line, line
        assert not list(folder.rglob("*.png")) and not list(folder.glob("vqclip-tui/runs/*")), "nothing is left"
        # What was asked for does not fit, so the picture goes where runs are kept.
        result = workspace.run("run", "moon", *QUICK, "-o", "small/a.png")
        assert result.returncode == 1 and "no space left on the disk" in result.stderr, result
        assert f"saved   {run_files(workspace, '*.png')[0]}" in result.stdout, result
        assert sorted(path.name for path in folder.iterdir()) == ["filling", "vqclip-tui"]
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_data_folder_that_cannot_be_made(workspace):
    (workspace.folder / "file").touch()
    refused(
        workspace,
        *("moon", *QUICK),
        environment={"XDG_DATA_HOME": str(workspace.folder / "file")},
        says="set XDG_DATA_HOME to a folder that can be written",
    )


def test_data_folder_that_cannot_be_made_in_the_workbench(workspace):
    (workspace.folder / "file").touch()
    environment = {"XDG_DATA_HOME": str(workspace.folder / "file")}
    terminal = workspace.start("moon", *QUICK, columns=160, rows=40, environment=environment)
    terminal.wait_for("cannot be made: Not a directory", timeout=30)
    terminal.send("q")
    assert terminal.wait_for_exit() == 0


def test_state_folder_that_cannot_be_made_is_a_note(workspace):
    (workspace.folder / "file").touch()
    notes = warned(workspace, environment={"XDG_STATE_HOME": str(workspace.folder / "file")})
    assert any(note.startswith("cannot write the log") for note in notes), notes


def test_without_a_home(workspace):
    for home in (None, ""):
        environment = {name: value for name, value in workspace.environment.items() if name != "HOME"}
        if home is not None:
            environment["HOME"] = home
        command = [str(BINARY), "run", "moon", *QUICK, "-o", "a.png"]
        result = subprocess.run(command, cwd=workspace.folder, env=environment, capture_output=True, text=True)
        assert result.returncode == 0, result
        assert contents(workspace.folder) == [str(workspace.folder / "a.png")], "nothing but the picture is made here"


# Configuration


def test_configuration_with_errors_is_used_as_far_as_it_goes(workspace):
    file = workspace.configuration / "config.toml"
    for text, problem in [
        ("theme = 3\n", "config.toml:1: theme: is a number; write a text in quotes"),
        ("theme =\n", "config.toml:1: is not TOML"),
        ('[settings]\nsize = "x"\n', "config.toml:2: settings.size: 'x' is not a size"),
        ("[settings]\nstep = 5\n", "did you mean 'steps'?"),
        ("frobnicate = 1\n", "config.toml:1: frobnicate: is unknown; there are theme,"),
        ("\0", "NUL byte"),
    ]:
        file.write_text(text)
        notes = warned(workspace)
        assert any(problem in note for note in notes), (problem, notes)
    file.write_bytes(b"\xff\xfe")
    assert any("is not UTF-8 text" in note for note in warned(workspace))
    file.unlink()
    file.mkdir()
    assert any("config.toml: is not a file" in note for note in warned(workspace))


def test_configuration_with_errors_in_the_workbench(workspace):
    (workspace.configuration / "config.toml").write_text('theme = "none-such"\n[keys]\nfly = "f"\n')
    terminal = workspace.start(columns=120, rows=40)
    terminal.wait_for("ready")
    terminal.wait_for("fly")
    terminal.wait_for("none-such")


def test_configured_model_and_device_that_are_none(workspace):
    file = workspace.configuration / "config.toml"
    file.write_text('[model]\nvqgan = "missing"\n')
    refused(workspace, "moon", says="there is no model 'missing'")
    file.write_text('device = "abacus"\n')
    refused(workspace, "moon", says="'abacus' is not a device")
