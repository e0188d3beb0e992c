"""`vqclip-tui run`, and the same without a subcommand where there is no terminal."""

import json
import signal
import subprocess

from files import Picture, leftovers, run_files
from workspace import BINARY

QUICK = ("--size", "64x64", "--steps", "3")
ENDLESS = ("--size", "64x64", "--steps", "100000")


def test_plain_lines_and_files(workspace):
    result = workspace.run("run", "a lighthouse | storm:0.5", *QUICK, "--seed", "7")
    assert result.returncode == 0 and result.stderr == "", result
    lines = result.stdout.splitlines()
    assert "prompt  a lighthouse | storm:0.5" in lines and "run     64x64, 3 steps, 8 cuts, seed 7" in lines, lines
    assert [line.split()[1] for line in lines if line.startswith("step")] == ["1/3", "2/3", "3/3"], lines
    (path,) = [line.removeprefix("saved   ") for line in lines if line.startswith("saved")]
    assert lines[-1].startswith("done    3 steps in "), lines
    assert run_files(workspace) == run_files(workspace, "*.png") and path == str(run_files(workspace)[0])
    texts = Picture(path).texts
    assert (texts["prompt"], texts["seed"], texts["step"]) == ("a lighthouse | storm:0.5", "7", "3"), texts


def test_output_file_in_a_new_folder(workspace):
    result = workspace.run("run", "moon", *QUICK, "-o", "new/folder/moon.png")
    assert result.returncode == 0 and "saved   new/folder/moon.png" in result.stdout, result
    assert Picture(workspace.folder / "new/folder/moon.png").width == 64
    assert not run_files(workspace) and not leftovers(workspace), "the run's own folder holds nothing"


def test_json_lines(workspace):
    result = workspace.run("run", "moon", *QUICK, "--json")
    assert result.returncode == 0 and result.stderr == "", result
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert [event["event"] for event in events if event["event"] != "note"] == ["start", *["step"] * 3, "saved", "done"]
    steps = [event for event in events if event["event"] == "step"]
    assert [event["step"] for event in steps] == [1, 2, 3] and all(event["total"] == 3 for event in steps)
    assert all(event["loss"] > 0 and event["resident_bytes"] > 0 for event in steps), steps
    assert events[0]["prompts"] == ["moon"] and events[0]["settings"]["size"] == "64x64", events[0]
    assert Picture(next(event["path"] for event in events if event["event"] == "saved"))


def test_quiet_prints_the_path_alone(workspace):
    result = workspace.run("run", "moon", *QUICK, "--quiet")
    assert (result.returncode, result.stderr) == (0, ""), result
    assert result.stdout == f"{run_files(workspace, '*.png')[0]}\n", result.stdout


def test_bar_in_a_terminal(workspace):
    terminal = workspace.start("run", "moon", "--size", "64x64", "--steps", "6")
    screen = terminal.wait_for("done    6 steps in", timeout=60)
    assert terminal.wait_for_exit() == 0
    assert "▕" not in screen and "saved   " in screen, "the bar is gone when it is done"


def test_same_seed_same_picture(workspace):
    for name, seed in [("one", 5), ("two", 5), ("three", 6)]:
        result = workspace.run("run", "misty moon", *QUICK, "--seed", seed, "-o", f"{name}.png")
        assert result.returncode == 0, result
    one, two, three = [Picture(workspace.folder / f"{name}.png").samples for name in ("one", "two", "three")]
    assert one == two
    assert one != three


def interrupted(workspace, number, *options):
    """Ends a long run by a signal after its second step; returns its status and output."""
    process = subprocess.Popen(
        [str(BINARY), "run", "moon", *ENDLESS, "--json", *options],
        cwd=workspace.folder,
        env=workspace.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for line in process.stdout:
            if json.loads(line).get("step") == 2:
                break
        process.send_signal(number)
        output, errors = process.communicate(timeout=30)
    finally:
        process.kill()
    return process.returncode, [json.loads(line) for line in output.splitlines()], errors


def test_interrupt_saves_and_says_where(workspace):
    for number in (signal.SIGINT, signal.SIGTERM):
        code, events, errors = interrupted(workspace, number, "-o", "early.png")
        assert code == 128 + number, (code, errors)
        assert errors == "", errors
        saved, done = events[-2:]
        assert saved["event"] == "saved" and saved["path"] == "early.png", events[-3:]
        assert done["event"] == "done" and done["interrupted"] and done["steps"] >= 2, done
        assert Picture(workspace.folder / "early.png").texts["step"] == str(done["steps"])
        (workspace.folder / "early.png").unlink()
    assert not leftovers(workspace)


def test_control_c_in_a_terminal(workspace):
    terminal = workspace.start("run", "moon", *ENDLESS)
    terminal.wait_for("it/s", timeout=60)
    terminal.send("C-c")
    terminal.wait_for("stopped ", timeout=30)
    terminal.wait_for("saved   ")
    assert terminal.wait_for_exit() == 130
    assert len(run_files(workspace, "*.png")) == 1


def test_reader_that_goes_away_costs_no_picture(workspace):
    command = f"'{BINARY}' run moon --size 64x64 --steps 8 -o moon.png | head -n 1"
    result = subprocess.run(
        ["bash", "-c", command + '; exit "${PIPESTATUS[0]}"'],
        cwd=workspace.folder,
        env=workspace.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0 and result.stdout.startswith("model "), result
    assert Picture(workspace.folder / "moon.png").texts["step"] == "8"


def test_words_without_a_terminal_paint_all_the_same(workspace):
    result = workspace.run("moon", *QUICK)
    assert result.returncode == 0 and result.stderr == "", result
    (path,) = run_files(workspace, "*.png")
    assert f"saved   {path}\n" in result.stdout, result.stdout


def test_without_words_and_terminal_it_says_what_to_do(workspace):
    result = workspace.run()
    assert result.returncode != 0 and 'vqclip-tui run "a forest"' in result.stderr, result
