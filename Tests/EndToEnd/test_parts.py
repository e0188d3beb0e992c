"""Models by themselves: `tokenize`, `embed`, `score`, `reconstruct` and `decode`."""

import json
import struct

from files import Picture, leftovers, write_png
from test_badinput import contents, is_usage
from test_loading import moved_binary, run
from workspace import REPOSITORY


def tensors(path):
    """The tensors' shapes by name, and the metadata, of a safetensors file."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    return {name: entry["shape"] for name, entry in header.items()}, metadata


def refused(workspace, *arguments, says):
    before = contents(workspace.folder)
    result = workspace.run(*arguments)
    assert result.returncode in (1, 64) and result.stdout == "", (arguments, result)
    lines = [line for line in result.stderr.splitlines() if not is_usage(line)]
    assert len(lines) == 1 and says in lines[0], (arguments, lines)
    assert contents(workspace.folder) == before and not leftovers(workspace), "a file was left"


def objects(result):
    assert (result.returncode, result.stderr) == (0, ""), result
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_tokenize(workspace):
    (crown, moon) = objects(workspace.run("tokenize", "--openai", "--json", "a golden crown", "moon " * 80))
    assert crown["ids"] == [320, 3878, 6902] and crown["pieces"] == ["a</w>", "golden</w>", "crown</w>"], crown
    assert (crown["count"], crown["limit"], crown["cut_off"]) == (3, 75, ""), crown
    assert (moon["count"], moon["cut_off"]) == (80, "moon moon moon moon moon"), moon
    result = workspace.run("tokenize", "misty mountains")
    assert result.stdout.startswith("2 of 30 tokens of built-in: misty mountains\n"), result
    assert "the model knows no part of it" in workspace.run("tokenize", "月").stdout


def test_tokenize_reads_lines(workspace):
    (workspace.folder / "plain.txt").write_text("a forest\n\n\"the sea\"\n")
    answers = objects(workspace.run("tokenize", "--openai", "--json", "--lines", "plain.txt"))
    assert [answer["text"] for answer in answers] == ["a forest", "", '"the sea"'], answers
    (workspace.folder / "escaped.txt").write_text(json.dumps("a\nb \u6708") + "\n")
    (answer,) = objects(workspace.run("tokenize", "--openai", "--json", "--escaped", "--lines", "escaped.txt"))
    assert answer["text"] == "a\nb \u6708" and answer["pieces"][:2] == ["a</w>", "b</w>"], answer
    refused(workspace, "tokenize", "--escaped", "--lines", "plain.txt", says="line 1 of plain.txt is not a string of JSON")
    refused(workspace, "tokenize", "--lines", "nowhere", says="nowhere cannot be read")
    refused(workspace, "tokenize", says="There is no text")
    refused(workspace, "tokenize", "a", "--clip", "nowhere", says="there is no model 'nowhere'")


def test_tokenize_does_without_libtorch(workspace):
    binary, environment = moved_binary(workspace)
    for model in ("--openai", "--clip=built-in"):
        result = run([binary, "tokenize", model, "--json", "a crown"], workspace, environment)
        assert objects(result)[0]["count"] == 2, result


def test_embed(workspace):
    write_png(workspace.folder / "grey.png", 40, 30)
    path = workspace.folder / "new/features.safetensors"
    texts = ["a forest", "the sea"]
    result = workspace.run("embed", "--text", *texts, "--image", "grey.png", "-o", path, "--json")
    (report,) = objects(result)
    assert report["texts"] == texts and report["images"] == ["grey.png"] and report["path"] == str(path), report
    shapes, metadata = tensors(path)
    assert shapes == {"text_features": [2, report["width"]], "image_features": [1, report["width"]]}, shapes
    assert json.loads(metadata["texts"]) == texts and metadata["normalized"] == "true", metadata
    values = struct.unpack(f"<{report['width']}f", path.read_bytes()[-4 * report["width"] :])
    assert abs(sum(value * value for value in values) - 1) < 1e-4
    refused(workspace, "embed", "-o", "x.safetensors", says="There is nothing to embed")
    refused(workspace, "embed", "--image", "nowhere.png", "-o", "x.safetensors", says="nowhere.png")
    refused(workspace, "embed", "--text", "月", "-o", "x.safetensors", says="knows no part of")


def test_score(workspace):
    write_png(workspace.folder / "grey.png", 64, 64)
    rows = objects(workspace.run("score", "grey.png", "--text", "fog", "a red apple", "--json"))
    assert [(row["image"], row["text"]) for row in rows] == [("grey.png", "fog"), ("grey.png", "a red apple")], rows
    assert all(-1 <= row["cosine"] <= 1 and 0 <= row["distance"] < 4.94 for row in rows), rows
    assert (rows[0]["cosine"] > rows[1]["cosine"]) == (rows[0]["distance"] < rows[1]["distance"]), rows
    table = workspace.run("score", "grey.png", "--text", "fog").stdout.splitlines()
    assert table[0].split() == ["cosine", "distance", "image", "text"] and table[1].endswith("grey.png  fog"), table
    nothing = workspace.run("score", "--text", "fog")
    assert nothing.returncode == 64 and "images" in nothing.stderr, nothing
    refused(workspace, "score", "nowhere.png", "--text", "fog", says="nowhere.png")


def test_reconstruct_and_decode(workspace):
    write_png(workspace.folder / "grey.png", 71, 50)
    files = ("-o", "again.png", "--tokens-out", "codes.safetensors")
    (report,) = objects(workspace.run("reconstruct", "grey.png", *files, "--json"))
    assert (report["width"], report["height"]) == (64, 48) and 20 < report["psnr"] < 80, report
    assert 0 < report["codes"] <= 48 < report["codebook"] and report["tokens_path"] == "codes.safetensors", report
    shapes, metadata = tensors(workspace.folder / "codes.safetensors")
    assert shapes["indices"] == [1, 6, 8] and metadata["vqgan"] == "built-in", (shapes, metadata)
    (decoded,) = objects(workspace.run("decode", "codes.safetensors", "-o", "decoded.png", "--json"))
    assert (decoded["width"], decoded["height"], decoded["vqgan"]) == (64, 48, "built-in"), decoded
    pictures = [Picture(workspace.folder / name).samples for name in ("again.png", "decoded.png")]
    assert pictures[0] == pictures[1]
    refused(workspace, "reconstruct", "grey.png", "-o", "x.png", "--size", "4x4", says="one latent cell")
    refused(workspace, "reconstruct", "grey.png", "-o", "x.png", "--size", "many", says="--size")
    refused(workspace, "reconstruct", "grey.png", "-o", "x.jpg", says="name the file x.png")
    refused(workspace, "decode", "grey.png", "-o", "x.png", says="grey.png")
    refused(workspace, "decode", "nowhere", "-o", "x.png", says="nowhere")


def test_several_clips_are_scored_each(workspace):
    write_png(workspace.folder / "grey.png", 64, 64)
    (workspace.data / "models").mkdir(parents=True)
    (workspace.data / "models/other").symlink_to(REPOSITORY / "models/built-in")
    rows = objects(workspace.run("score", "grey.png", "--text", "fog", "--clip", "built-in | other:0.5", "--json"))
    assert [row["clip"] for row in rows] == ["built-in", "other"] and rows[0]["cosine"] == rows[1]["cosine"], rows
    refused(workspace, "embed", "--text", "fog", "--clip", "built-in | other", "-o", "x.safetensors", says="one CLIP")
