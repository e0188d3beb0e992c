"""Prompts and settings edited while the run goes on, and the overlays."""

import re
import unicodedata

from workbench import LONG_RUN, choose_setting, phase, replace_line, step, wait_for_log, wait_for_step

SIZE, CUTS = 2, 8


def started(workspace, prompts="misty moon | the sea"):
    terminal = workspace.start(prompts, *LONG_RUN, columns=120, rows=40)
    wait_for_step(terminal, 1)
    return terminal


def prompt_lines(terminal):
    """The prompts as the pane shows them: number and text."""
    lines = [line[1:39] for line in terminal.screen().split("\n")[1:6]]
    found = [re.match(r"[▸ ] ?(\d+)[MS* ] *(-?[\d.]+) (.*?) *$", line) for line in lines]
    return [match[3] for match in found if match]


def test_prompts_change_while_the_run_goes_on(workspace):
    terminal = started(workspace)
    terminal.send("a")
    terminal.type("a red fox")
    terminal.send("Enter")
    wait_for_log(terminal, "prompt 3 added")
    assert prompt_lines(terminal) == ["misty moon", "the sea", "a red fox"], terminal.screen()
    for keys, line in [
        (["K"], "prompt 3 moved to 2"),
        (["+"], "prompt 2 weight 1.1"),
        (["-", "-"], "prompt 2 weight 0.9"),
        (["m"], "prompt 2 muted"),
        (["m"], "prompt 2 speaks again"),
        (["o"], "prompt 2 solo"),
        (["o"], "prompt 2 no longer solo"),
        (["J"], "prompt 2 moved to 3"),
        (["d"], "prompt 3 deleted"),
    ]:
        terminal.send(*keys)
        wait_for_log(terminal, line)
    assert prompt_lines(terminal) == ["misty moon", "the sea"], terminal.screen()
    terminal.send("u")
    wait_for_log(terminal, "prompts as before")
    assert prompt_lines(terminal) == ["misty moon", "the sea", "a red fox"], terminal.screen()
    assert phase(terminal.screen()) == "running"


def test_the_last_prompt_can_be_deleted_and_taken_back(workspace):
    terminal = started(workspace, "misty moon")
    terminal.send("d")
    terminal.wait_for("u takes it back")
    seen = step(terminal.screen())
    wait_for_step(terminal, seen + 1)
    terminal.send("u")
    terminal.wait_until(lambda _: prompt_lines(terminal) == ["misty moon"], "the prompt to be back")


def test_wrong_notation_is_pointed_at(workspace):
    terminal = started(workspace)
    terminal.send("Enter")
    replace_line(terminal, "a [b")
    terminal.wait_for("the bracket opened here is never closed")
    terminal.send("Escape")
    terminal.wait_until_gone("never closed")
    assert prompt_lines(terminal) == ["misty moon", "the sea"], terminal.screen()
    for empty in ("", "   ", "|", " | "):
        terminal.send("Enter")
        replace_line(terminal, empty)
        terminal.wait_for("there is no text here")
        terminal.send("Escape")
        terminal.wait_until_gone("there is no text here")


def test_pasted_lines_become_one(workspace):
    terminal = started(workspace)
    terminal.send("a")
    terminal.wait_for("tokens")
    terminal.paste("a boat\nat sea\r\n\tat night\x07\n")
    terminal.wait_for("at night")
    terminal.send("Enter")
    wait_for_log(terminal, "prompt 3 added")
    assert re.fullmatch(r"a boat +at sea +at night ?", prompt_lines(terminal)[2]), prompt_lines(terminal)


def test_wide_and_combining_characters(workspace):
    text = "café 月の海 e\u0301t\u00e9 🌙 moon"
    terminal = started(workspace)
    terminal.send("a")
    terminal.wait_for("tokens")
    terminal.paste(text)
    terminal.wait_for("月の海")
    terminal.send("BSpace", "BSpace", "BSpace", "BSpace", "BSpace", "BSpace")
    terminal.type("!")
    terminal.send("Enter")
    wait_for_log(terminal, "prompt 3 added")
    lines = terminal.screen().split("\n")
    assert "café 月の海" in lines[3], lines[3]
    # Wide characters take two cells: the frame stays in its column.
    frame = [width(line.split("││")[0]) for line in lines[1:4]]
    assert len(set(frame)) == 1, (frame, lines[1:4])


def width(text):
    def cells(character):
        if unicodedata.combining(character) or character == "\ufe0f":
            return 0
        return 2 if unicodedata.east_asian_width(character) in "WF" else 1

    return sum(map(cells, text))


def test_long_prompt_says_what_is_cut_off(workspace):
    terminal = started(workspace)
    terminal.send("Enter")
    terminal.wait_for("tokens")
    terminal.paste(" ".join(["mountain"] * 500))
    terminal.wait_for("are cut off")
    terminal.send("Enter")
    wait_for_log(terminal, "prompt 1 reworded")
    assert phase(terminal.screen()) == "running"


def test_palette_and_help(workspace):
    terminal = started(workspace)
    terminal.send(":")
    terminal.wait_for("commands")
    terminal.type("pau")
    terminal.send("C-u")
    terminal.type("toggle-run")
    terminal.send("Enter")
    wait_for_log(terminal, "paused")
    terminal.send(":")
    terminal.type("zzzz")
    terminal.wait_for("no command has this name")
    terminal.send("Escape")
    terminal.wait_until_gone("commands ─")
    terminal.send("?")
    terminal.wait_for("Edit the selected prompt")
    terminal.send("End")
    terminal.wait_until_gone("Edit the selected prompt")
    terminal.send("Escape")
    terminal.wait_until_gone("help ─")
    terminal.send("z")
    terminal.wait_until_gone("noise end")
    terminal.send("z")
    terminal.wait_for("noise end")


def test_settings_change_live_or_start_anew(workspace):
    terminal = started(workspace)
    choose_setting(terminal, CUTS)
    replace_line(terminal, "many")
    terminal.wait_for("'many' is not a whole number from 1 to 1024")
    replace_line(terminal, "4")
    assert wait_for_log(terminal, "cuts 4") > 0

    terminal.send("g", *(["j"] * SIZE), "Enter")
    replace_line(terminal, "72x64")
    terminal.wait_for("size 72x64 needs a new run")
    terminal.send("n")
    terminal.wait_until_gone("needs a new run")
    assert phase(terminal.screen()) == "running"
    terminal.send("Enter")
    replace_line(terminal, "77x65")
    terminal.wait_for("Start one now?")
    terminal.send("y")
    wait_for_log(terminal, "size 77x65 rounded down to 72x64")
    wait_for_log(terminal, "started, 72×64")
    terminal.wait_for("72×64 · step")


def test_start_that_cannot_be_is_explained(workspace):
    terminal = started(workspace)
    choose_setting(terminal, SIZE)
    replace_line(terminal, "100000x100000")
    terminal.wait_for("Start one now?")
    terminal.send("y")
    terminal.wait_for("a picture of 100000x100000 would take about")
    wait_for_step(terminal, step(terminal.screen()) + 1)


def test_other_files_are_no_checkpoints(workspace):
    terminal = started(workspace)
    (workspace.folder / "text.checkpoint").write_text("not a checkpoint")
    for path, problem in [
        ("missing.checkpoint", "missing.checkpoint does not exist"),
        ("text.checkpoint", "text.checkpoint is"),
        (".", "is a folder"),
        ("/dev/null", "is not a regular file"),
    ]:
        terminal.send("C")
        terminal.wait_for("Continue from a checkpoint")
        replace_line(terminal, path)
        terminal.wait_for(problem)
    wait_for_step(terminal, step(terminal.screen()) + 1)
    assert phase(terminal.screen()) == "running", "the run went on"
