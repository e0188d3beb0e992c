"""The program without its workbench, and the way in through make."""

import os
import signal
import subprocess

from workspace import BINARY, REPOSITORY


def test_help_names_the_program(workspace):
    result = workspace.run("--help")
    assert result.returncode == 0, result.stderr
    assert "USAGE: vqclip-tui" in result.stdout, result.stdout


def test_help_fits_a_narrow_terminal(workspace):
    terminal = workspace.start("--help", columns=80, rows=24)
    assert terminal.wait_for_exit() == 0
    # Its last line; the screen is not high enough for the first.
    terminal.wait_for("for detailed help")
    assert all(len(line) <= 80 for line in workspace.run("--help").stdout.split("\n")[:-1])


def test_unknown_option_is_refused(workspace):
    result = workspace.run("--no-such-option")
    assert result.returncode != 0
    assert "--no-such-option" in result.stderr, result.stderr


def test_make_passes_the_prompt_untouched(workspace):
    prompt = "a $HOME \"quoted\" 'moon' | #1 $(name)"
    stand_in = workspace.folder / "vqclip-tui"
    stand_in.write_text("#!/bin/sh\nprintf '<%s>' \"$@\"\n")
    stand_in.chmod(0o755)
    # Only the recipe is under test, so nothing is set up or built.
    overrides = [f"binary={stand_in}", "--assume-old=build", "--assume-old=setup"]
    command = ["make", "--silent", *overrides, "run", f"PROMPT={prompt}", "ARGS=--size 64x64"]
    result = subprocess.run(command, cwd=REPOSITORY, env=workspace.environment, capture_output=True, text=True)
    assert result.stdout == f"<--size><64x64><--prompts={prompt}>", (result.stdout, result.stderr)


def test_a_prompt_in_the_environment_is_not_ours(workspace):
    result = subprocess.run(
        ["make", "--silent", "binary=echo", "--assume-old=build", "--assume-old=setup", "run"],
        cwd=REPOSITORY,
        env=workspace.environment | {"PROMPT": "%n@%m"},
        capture_output=True,
        text=True,
    )
    assert "%n@%m" not in result.stdout, (result.stdout, result.stderr)
    assert result.stdout.startswith("--prompts=a lighthouse"), "without a prompt there is still something to see"


def test_terminal_takes_keys_and_sizes(workspace):
    script = 'read -r line; stty size; printf "<%s>" "$line"; exit 7'
    terminal = workspace.start(columns=90, rows=20, command=["sh", "-c", script])
    terminal.type("moon")
    terminal.wait_for("moon")
    terminal.resize(70, 15)
    terminal.send("Enter")
    terminal.wait_for("15 70")
    terminal.wait_for("<moon>")
    assert terminal.wait_for_exit() == 7


def test_terminal_reports_a_signal(workspace):
    terminal = workspace.start(command=["sleep", "60"])
    os.kill(terminal.process(), signal.SIGKILL)
    assert terminal.wait_for_exit() == 137


def test_binary_needs_no_environment_to_find_its_libraries(workspace):
    result = subprocess.run([str(BINARY), "--help"], env={}, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
