"""What the workbench makes of terminals: their sizes, their kinds, colours, and being stopped."""

import re

from workbench import LONG_RUN, Shell, assert_screen_is_given_back, leave, phase, step, wait_for_step
from workspace import BINARY, REPOSITORY

PANES = ("prompts", "settings", "loss", "log", "picture")
COLOR = re.compile(r"\x1b\[[\d;]*\b(?:3[0-7]|4[0-7]|9[0-7]|10[0-7]|38|48)[;m]")


def assert_fills(terminal, screen):
    """All panes are there, and the frame reaches the last column."""
    assert all(pane in screen for pane in PANES), screen
    assert screen.split("\n")[0].endswith("┐") and len(screen.split("\n")[0]) == terminal.columns, screen
    assert "too small" not in screen


def test_sizes(workspace):
    terminal = workspace.start("misty moon", *LONG_RUN, columns=120, rows=40)
    assert_fills(terminal, wait_for_step(terminal, 1))
    terminal.resize(10, 3)
    terminal.wait_for(re.compile(r"terminal\s+too\s+small"))
    for columns, rows in [(120, 40), (80, 24), (300, 90), (120, 40)]:
        terminal.resize(columns, rows)
        screen = terminal.wait_until(
            lambda screen: len(screen.split("\n")[0]) == columns
            and "running" in screen.split("\n")[rows - 2]
            and all(pane in screen for pane in PANES),
            f"the layout for {columns}x{rows}",
        )
        assert_fills(terminal, screen)
    terminal.resize(39, 10)
    terminal.wait_for(re.compile(r"need 40×10, have\s+39×10"))
    terminal.resize(40, 10)
    terminal.wait_for("running")
    assert leave(terminal) == 0


def test_stop_and_continue(workspace):
    shell = Shell(workspace)
    before = shell.modes("before")
    shell.launch("misty moon", *LONG_RUN)
    terminal = shell.terminal
    wait_for_step(terminal, 1)
    terminal.send("C-z")
    terminal.wait_for("status <148>")
    assert_screen_is_given_back(terminal)
    assert shell.modes("stopped") == before
    shell.run("fg")
    screen = terminal.wait_for("running")
    assert terminal.is_in_alternate_screen()
    assert_fills(terminal, screen)
    wait_for_step(terminal, step(screen) + 1)
    terminal.send("C-c", "C-c")
    terminal.wait_until(lambda _: not terminal.is_in_alternate_screen(), "the shell's screen")
    assert shell.modes("after") == before


def test_every_theme(workspace):
    names = sorted(path.stem for path in (REPOSITORY / "themes").glob("*.toml"))
    assert len(names) > 5
    for name in names:
        terminal = workspace.start("--theme", name, columns=120, rows=40)
        screen = terminal.wait_for("ready")
        assert "theme" not in screen and f"{name}:" not in screen, screen
        terminal.send("q")
        assert terminal.wait_for_exit() == 0


def test_unknown_theme_is_reported(workspace):
    terminal = workspace.start("--theme", "no-such-theme", columns=120, rows=40)
    assert "no-such-theme" in terminal.wait_for("ready")


def test_theme_changes_live(workspace):
    terminal = workspace.start(columns=120, rows=40)
    terminal.wait_for("ready")
    text, colours = terminal.screen(), terminal.screen(attributes=True)
    terminal.send("t")
    terminal.wait_until(lambda _: terminal.screen(attributes=True) != colours, "other colours")
    # The bottom line names the theme; nothing else has moved.
    screen = terminal.wait_for("theme: ")
    assert screen.splitlines()[:-1] == text.splitlines()[:-1]


def test_no_color(workspace):
    plain = workspace.start("misty moon", *LONG_RUN, environment={"NO_COLOR": "1"})
    wait_for_step(plain, 1)
    assert not COLOR.search(plain.screen(attributes=True))
    coloured = workspace.start(environment={"NO_COLOR": ""})
    coloured.wait_for("ready")
    assert COLOR.search(coloured.screen(attributes=True))


def test_kinds_of_terminals(workspace):
    for kind in ("xterm", "linux", "screen-256color", "vt100"):
        shell = Shell(workspace)
        before = shell.modes("before")
        shell.run(f"export TERM={kind}")
        shell.launch("misty moon", *LONG_RUN)
        assert phase(wait_for_step(shell.terminal, 1)) == "running"
        assert all(pane in shell.terminal.screen() for pane in PANES), shell.terminal.screen()
        shell.terminal.send("C-c", "C-c")
        shell.terminal.wait_for("status <0>")
        assert_screen_is_given_back(shell.terminal)
        shell.run("clear")
        assert shell.modes("after") == before


def test_unsuitable_terminals_are_refused_in_one_line(workspace):
    for setting in (["TERM=dumb"], ["TERM=no-such-terminal"], ["-u", "TERM"], ["TERM="]):
        terminal = workspace.start(command=["env", *setting, str(BINARY), "misty moon"], columns=160, rows=40)
        assert terminal.wait_for_exit() == 1, setting
        text = " ".join(terminal.screen().split())
        assert text.startswith("Error: ") and text.count("TERM") >= 1 and "vqclip-tui run" in text, text
        assert len(text) < 200, text
