"""`vqclip-tui train`: from a folder of pictures to a model that paints."""

import json
import signal
import subprocess
import zlib

from files import Picture, leftovers, write_png
from workspace import BINARY

TINY = ("--preset", "tiny", "--threads", "1")
VQGAN = ("train", "vqgan", "--data", "pictures", "--perceptual", "none", "--adversary-from", "0.5", *TINY)


def make_pictures(workspace, count=6):
    folder = workspace.folder / "pictures"
    folder.mkdir()
    for number in range(count):
        # Stripes of different widths, so that no picture is like another.
        rows = [bytes(((x // (number + 2)) % 2) * 200 + number for x in range(3 * 48)) for _ in range(48)]
        write_png(folder / f"stripes {'abcdefgh'[number]}.png", 48, 48, zlib.compress(b"".join(b"\0" + row for row in rows)))
    return folder


def events(output):
    return [json.loads(line) for line in output.splitlines()]


def test_killed_run_goes_on_and_paints(workspace):
    make_pictures(workspace)
    steps = ("--steps", "60", "--batch", "4")
    straight = workspace.run(*VQGAN, *steps, "-o", "straight", "--quiet")
    assert (straight.returncode, straight.stdout, straight.stderr) == (0, "straight\n", ""), straight
    command = [str(BINARY), *VQGAN, *steps, "-o", "model", "--checkpoint-every", "0", "--json"]
    process = subprocess.Popen(
        command, cwd=workspace.folder, env=workspace.environment, stdout=subprocess.PIPE, text=True
    )
    try:
        for line in process.stdout:
            if json.loads(line).get("step") == 12:
                break
    finally:
        process.kill()
        process.wait()
    assert process.returncode == -signal.SIGKILL
    result = workspace.run("train", "vqgan", "--resume", "-o", "model", "--threads", "1", "--json")
    assert result.returncode == 0 and result.stderr == "", result
    told = events(result.stdout)
    (resumed,) = [event["step"] for event in told if event["event"] == "resumed"]
    assert 1 <= resumed < 60, resumed
    assert told[-1] == {"event": "done", "interrupted": False, "path": "model"}, told[-1]
    name = "vqgan.safetensors"
    assert (workspace.folder / "model" / name).read_bytes() == (workspace.folder / "straight" / name).read_bytes()
    assert Picture(workspace.folder / "model/progress.png").texts["step"] == "60"
    assert "PSNR" in (workspace.folder / "model/README.md").read_text()
    painted = workspace.run("run", "moon", "--vqgan", "model", "--size", "64x64", "--steps", "2", "-o", "moon.png")
    assert painted.returncode == 0 and Picture(workspace.folder / "moon.png").width == 64, painted
    # A killed process may leave a file under its temporary name, as nothing could remove it.
    assert len(leftovers(workspace)) <= 1, leftovers(workspace)


def test_clip_from_captions_guides(workspace):
    make_pictures(workspace)
    result = workspace.run("train", "clip", "--data", "pictures", "-o", "model", *TINY, "--steps", "8", "--batch", "6")
    assert result.returncode == 0 and result.stderr == "", result
    lines = result.stdout.splitlines()
    assert lines[0] == "data      6 pictures, none held out, as there are few", lines
    assert any(line.startswith("measured  step 8  R@1 ") for line in lines), lines
    painted = workspace.run("run", "stripes", "--clip", "model", "--size", "64x64", "--steps", "2", "-o", "out.png")
    assert painted.returncode == 0, painted


def test_interrupt_keeps_what_there_is(workspace):
    make_pictures(workspace)
    process = subprocess.Popen(
        [str(BINARY), *VQGAN, "-o", "model", "--json"],
        cwd=workspace.folder,
        env=workspace.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        for line in process.stdout:
            if json.loads(line).get("step") == 3:
                break
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130, process.returncode
    assert events(output)[-1] == {"event": "done", "interrupted": True, "path": "model"}, output
    assert (workspace.folder / "model/training.checkpoint").is_file() and not leftovers(workspace)


def test_terminal_shows_pictures_and_what_to_do_next(workspace):
    make_pictures(workspace)
    terminal = workspace.start(*VQGAN, "--steps", "5", "-o", "model", columns=110, rows=40)
    screen = terminal.wait_for("done      paint with it: vqclip-tui --vqgan model", timeout=90)
    assert terminal.wait_for_exit() == 0
    assert "measured  step 5  PSNR " in screen and "▕" not in screen, screen
    assert any(block in screen for block in "█▀▄▌▐▒▓▘▝"), "the reconstructions"


def test_bad_folders_and_options_are_refused_in_one_line(workspace):
    (workspace.folder / "empty").mkdir()
    (workspace.folder / "bad").mkdir()
    (workspace.folder / "bad/7.png").write_text("not a picture")
    for kind, data, words in [
        ("vqgan", "nowhere", "there is no folder"),
        ("vqgan", "empty", "there are no pictures in"),
        ("vqgan", "bad", "none of the 1 pictures in"),
    ]:
        result = workspace.run("train", kind, "--data", data, "-o", "model", *TINY, "--steps", "1")
        assert result.returncode == 1 and result.stdout == "", result
        (line,) = result.stderr.splitlines()
        assert words in line and "; " in line, line
        assert not (workspace.folder / "model").exists(), "nothing is half written"
    write_png(workspace.folder / "bad/8.png", 48, 48)
    for options, words in [
        (("--preset", "huge"), "choose one of tiny, small"),
        (("--decoder-only", "--preset", "tiny"), "--init"),
        (("--size", "33", "--preset", "tiny"), "no multiple of the model's cells"),
        (("--resume",), "there is nothing to resume"),
        (("--init", "missing"), "there is no model 'missing'"),
    ]:
        result = workspace.run("train", "vqgan", "--data", "bad", "-o", "model", "--steps", "1", *options)
        assert result.returncode == 1 and words in result.stderr, (options, result)
