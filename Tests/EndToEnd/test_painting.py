"""A run in the workbench from its first step to its files, and what is left of it when it ends early."""

import os
import signal

from files import Picture, checkpoint_step, leftovers, run_files
from workbench import (
    LONG_RUN,
    Shell,
    assert_screen_is_given_back,
    continue_from,
    phase,
    replace_line,
    step,
    wait_for_log,
    wait_for_step,
)


def test_prompt_is_painted_edited_paused_saved_and_left(workspace):
    shell = Shell(workspace)
    before = shell.modes("before")
    terminal = shell.terminal
    shell.launch("misty moon", *LONG_RUN)
    screen = wait_for_step(terminal, 2)
    assert phase(screen) == "running" and "loss" in screen and "/100000" in screen, screen

    terminal.send("Enter")
    replace_line(terminal, "a red dragon")
    assert wait_for_log(terminal, "prompt 1 reworded") > 0
    assert "misty moon" not in terminal.screen()

    terminal.send("Space")
    at_pause = wait_for_log(terminal, "paused")
    terminal.send("s")
    terminal.wait_for("step-")
    assert step(terminal.screen()) == at_pause
    terminal.send("Space")
    wait_for_step(terminal, at_pause + 2)
    terminal.send("Space")
    at_end = step(terminal.wait_for("paused"))
    terminal.send("s")
    terminal.send("c")
    terminal.wait_for(".checkpoint")
    terminal.send("q")
    terminal.wait_for("status <0>")

    assert_screen_is_given_back(terminal)
    assert shell.modes("after") == before
    picture = Picture(run_files(workspace, "*.png")[-1])
    assert (picture.width, picture.height) == (64, 64)
    assert picture.texts["prompt"] == "a red dragon", picture.texts
    assert int(picture.texts["step"]) >= at_end
    assert checkpoint_step(run_files(workspace, "step-*.checkpoint")[0]) == int(picture.texts["step"])
    assert "saved " in terminal.screen() and not leftovers(workspace)


def test_termination_leaves_a_checkpoint_to_continue_from(workspace):
    shell = Shell(workspace)
    before = shell.modes("before")
    shell.launch("misty moon", *LONG_RUN)
    seen = step(wait_for_step(shell.terminal, 3))
    shell.signal(signal.SIGTERM)
    shell.terminal.wait_for("status <143>", timeout=40)
    assert_screen_is_given_back(shell.terminal)
    assert shell.modes("after") == before
    (checkpoint,) = run_files(workspace, "step-*.checkpoint")
    assert checkpoint_step(checkpoint) >= seen
    continue_from(workspace, checkpoint, checkpoint_step(checkpoint))


def test_hang_up_leaves_a_checkpoint(workspace):
    terminal = workspace.start("misty moon", *LONG_RUN, columns=120, rows=40)
    seen = step(wait_for_step(terminal, 2))
    os.kill(terminal.process(), signal.SIGHUP)
    assert terminal.wait_for_exit(timeout=40) == 129
    (checkpoint,) = run_files(workspace, "step-*.checkpoint")
    assert checkpoint_step(checkpoint) >= seen


def test_autosave_survives_a_kill(workspace):
    shell = Shell(workspace)
    shell.launch("misty moon", *LONG_RUN)
    shell.terminal.wait_until(lambda _: run_files(workspace, "autosave.checkpoint"), "an automatic checkpoint", 90)
    shell.signal(signal.SIGKILL)
    shell.terminal.wait_for("status <137>")
    (checkpoint,) = run_files(workspace, "autosave.checkpoint")
    continue_from(workspace, checkpoint, checkpoint_step(checkpoint))


def test_a_finished_run_can_be_prolonged(workspace):
    terminal = workspace.start("misty moon", "--steps", "3", "--size", "64x64", columns=120, rows=40)
    terminal.wait_for("all 3 steps are made", timeout=60)
    assert phase(terminal.screen()) == "finished"
    terminal.send("Space")
    terminal.wait_for("raise steps in the settings")
    terminal.send("Tab", "g", "j", "j", "j", "Enter")
    replace_line(terminal, "5")
    terminal.wait_for("steps 5")
    terminal.send("Space")
    terminal.wait_for("all 5 steps are made", timeout=60)


def test_leaving_asks_for_what_is_not_saved(workspace):
    terminal = workspace.start("misty moon", "--steps", "2", "--size", "64x64", columns=120, rows=40)
    terminal.wait_for("all 2 steps are made", timeout=60)
    terminal.send("q")
    terminal.wait_for("The picture of step 2 is not saved.")
    terminal.send("n")
    terminal.wait_until_gone("is not saved.")
    terminal.send("q")
    terminal.wait_for("save picture and leave")
    terminal.send("s")
    assert terminal.wait_for_exit(timeout=30) == 0
    assert Picture(run_files(workspace, "*.png")[0]).texts["step"] == "2"
