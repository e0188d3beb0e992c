"""`inspect` says what a weight file is, and weight files of every kind paint."""

import json

from workspace import REPOSITORY

FIXTURES = REPOSITORY / "Tests/ParityTests/Fixtures"
BUILT_IN = REPOSITORY / "models/built-in"


def inspected(workspace, *paths):
    result = workspace.run("inspect", *paths, "--json")
    assert result.returncode == 0 and not result.stderr, result
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_checkpoint_is_described(workspace):
    [model] = inspected(workspace, FIXTURES / "net2net.ckpt")
    assert model["kind"] == "vqgan" and model["format"] == "torchZip", model
    assert model["vqgan"]["codes"] == 48 and model["vqgan"]["multipliers"] == [1, 2, 2], model
    assert model["bytes"]["decoder"] < model["bytes"]["useful"] < model["bytes"]["file"], model
    assert "the transformer that draws codes by itself" in [entry["what"] for entry in model["ignored"]], model
    assert model["warnings"] == [] and "problem" not in model, model


def test_clips_of_every_layout_are_described(workspace):
    names = ["clip-vit.pt", "clip-vit.jit.pt", "clip-rn.pt"]
    models = inspected(workspace, *[FIXTURES / name for name in names])
    assert [model["format"] for model in models] == ["torchZip", "torchScript", "torchZip"], models
    assert [model["clip"]["tower"] for model in models] == ["vit", "vit", "modified_resnet"], models
    assert {model["clip"]["vocabulary"] for model in models} == {49408}, models


def test_folders_and_strangers(workspace):
    kinds = {model["path"].rsplit("/", 1)[1]: model.get("kind") for model in inspected(workspace, BUILT_IN)}
    assert kinds["vqgan.safetensors"] == "vqgan" and kinds["clip.safetensors"] == "clip", kinds
    assert kinds["sketchbook.safetensors"] is None, kinds


def test_words_are_for_people(workspace):
    result = workspace.run("inspect", FIXTURES / "gumbel.ckpt")
    assert result.returncode == 0, result
    for text in ("GumbelVQ of taming-transformers", "64 codes of width 24, f=2", "networks of the training loss"):
        assert text in result.stdout, result.stdout


def test_a_contradicting_yaml_is_reported(workspace):
    model = workspace.folder / "last.ckpt"
    model.write_bytes((FIXTURES / "vqgan.ckpt").read_bytes())
    text = (FIXTURES / "vqgan.yaml").read_text().replace("n_embed: 64", "n_embed: 1024")
    (workspace.folder / "model.yaml").write_text(text)
    [described] = inspected(workspace, model)
    assert described["warnings"] == ["model.yaml says n_embed 1024, but the weights have 64, which counts"], described


def test_what_is_no_weight_file(workspace):
    (workspace.folder / "page.ckpt").write_text("<!DOCTYPE html><html></html>")
    (workspace.folder / "nothing").mkdir()
    for path, says in [("page.ckpt", "page.ckpt"), ("nothing", "has no weight file"), ("missing", "missing")]:
        result = workspace.run("inspect", workspace.folder / path)
        assert result.returncode == 1 and says in result.stderr, result
        assert len(result.stderr.splitlines()) == 1, result


def test_files_of_every_kind_paint(workspace):
    clips = f"{FIXTURES / 'clip-vit.jit.pt'} | {FIXTURES / 'clip-rn.pt'}:0.5"
    picture = workspace.folder / "picture.png"
    for vqgan in ("vqgan.ckpt", "gumbel.ckpt", "net2net.ckpt"):
        result = workspace.run(
            "run", "the sea", "--vqgan", FIXTURES / vqgan, "--clip", clips, "--size", "64x64", "--steps", "2",
            "--cuts", "4", "--quiet", "-o", picture,
        )
        assert result.returncode == 0, result
        assert picture.read_bytes().startswith(b"\x89PNG"), vqgan
        picture.unlink()
