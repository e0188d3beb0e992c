"""The workbench in a terminal: what its screen says, and a shell to start it from."""

import os
import re
import shlex

from workspace import BINARY

# Enough that a run is still going when a test has done all it wants.
LONG_RUN = ("--steps", "100000", "--size", "64x64")
STATUS = re.compile(r"^ \S (\w+)\s+(\d+)/(\d+)", re.MULTILINE)


def phase(screen):
    """`running`, `paused` or `finished`, or `None` before a run."""
    match = STATUS.search(screen)
    return match and match[1]


def step(screen):
    """The run's step as the status line says it, or 0 before a run."""
    match = STATUS.search(screen)
    return int(match[2]) if match else 0


def wait_for_step(terminal, least, timeout=60):
    """Waits until a run has made so many steps; returns the screen."""
    return terminal.wait_until(lambda screen: step(screen) >= least, f"step {least}", timeout)


def wait_for_log(terminal, text, timeout=60):
    """Waits for a line of the log that begins with a step; returns the step."""
    line = re.compile(rf"^[│ ]*(\d+) {re.escape(text)}", re.MULTILINE)
    return int(line.search(terminal.wait_for(line, timeout))[1])


def replace_line(terminal, text):
    """Overwrites the line that has the cursor and accepts it."""
    terminal.send("C-u")
    terminal.send("C-k")
    terminal.type(text)
    terminal.send("Enter")


def choose_setting(terminal, row):
    """Selects a setting by its place in the list, from the prompts' pane, and opens it."""
    terminal.send("Tab", "g", *(["j"] * row), "Enter")


def leave(terminal, timeout=30):
    """Leaves without saving; returns the exit status."""
    terminal.send("C-c")
    terminal.send("C-c")
    return terminal.wait_for_exit(timeout)


def assert_screen_is_given_back(terminal):
    assert not terminal.is_in_alternate_screen()
    assert terminal.shows_cursor()


def continue_from(workspace, checkpoint, expected):
    """Loads a checkpoint in a new workbench, checks where it stands, and paints on."""
    terminal = workspace.start(columns=120, rows=40)
    terminal.wait_for("ready")
    terminal.send("C")
    terminal.wait_for("Continue from a checkpoint")
    replace_line(terminal, str(checkpoint))
    terminal.wait_for(f"continued from step {expected}")
    assert (phase(terminal.screen()), step(terminal.screen())) == ("paused", expected)
    terminal.send("Space")
    wait_for_step(terminal, expected + 1)
    assert leave(terminal) == 0


class Shell:
    """An interactive shell to start the program from, so that job control and the terminal's modes can be looked at."""

    def __init__(self, workspace, columns=120, rows=40):
        self.folder = workspace.folder
        command = ["bash", "--noprofile", "--norc", "-i"]
        environment = {"PS1": "ready> ", "HISTFILE": ""}
        self.terminal = workspace.start(command=command, columns=columns, rows=rows, environment=environment)
        self.terminal.wait_for("ready>")

    def launch(self, *arguments):
        """Starts the program in the foreground; its process id goes to the file `pid`, its status to the screen."""
        words = " ".join(shlex.quote(str(word)) for word in (BINARY, *arguments))
        (self.folder / "launch").write_text(f"echo $$ >pid; exec {words}\n")
        self.run("stty -a >before; sh ./launch; echo \"status <$?>\"")

    def run(self, line):
        self.terminal.type(line)
        self.terminal.send("Enter")

    def modes(self, name):
        """The terminal's modes now; a line that the shell itself sets while it edits is the same in both."""
        self.run(f"stty -a >{name}; echo noted {name}")
        self.terminal.wait_for(re.compile(rf"^noted {name}", re.MULTILINE))
        return (self.folder / name).read_text()

    def signal(self, number):
        os.kill(int((self.folder / "pid").read_text()), number)
