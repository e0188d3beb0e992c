"""A real terminal to test in: a tmux server of its own with one window."""

import contextlib
import os
import re
import signal
import subprocess
import time
from pathlib import Path

POLL_SECONDS = 0.05
# Notes the command's process and its status; tmux 3.3 now and then misses the status of a command that ends. Control-C
# is for the command alone, which has no trap.
LAUNCHER = """
trap : INT QUIT
sh -c 'echo $$ >"$0/process.new"; mv "$0/process.new" "$0/process"; exec "$@"' "$0" "$@"
echo $? >"$0/status.new"; mv "$0/status.new" "$0/status"
"""
# A dead command's screen stays readable, and Escape is not delayed.
CONFIGURATION = """\
set-option -g default-terminal tmux-256color
set-option -g remain-on-exit on
set-option -g remain-on-exit-format ""
set-option -g status off
set-option -s escape-time 0
"""


class Terminal:
    """Starts a command in tmux, types into it and reads its screen."""

    def __init__(self, folder):
        """`folder` is new and holds the server's socket, so that no other tmux is ever touched."""
        self.folder = folder
        self.columns = self.rows = 0

    def start(self, command, columns, rows, folder, environment):
        self.folder.mkdir()
        self.columns, self.rows = columns, rows
        (self.folder / "tmux.conf").write_text(CONFIGURATION)
        self._tmux(
            *("new-session", "-d", "-s", "test", "-x", str(columns), "-y", str(rows), "-c", str(folder), "--"),
            *("sh", "-c", LAUNCHER, str(self.folder), *command),
            environment=environment,
        )

    def send(self, *keys):
        """Presses keys by tmux's names: `a`, `Enter`, `Escape`, `C-c`, `Up`, `BTab`, `F1`."""
        self._tmux("send-keys", "-t", "test", *keys)

    def type(self, text):
        """Types text as it is."""
        self._tmux("send-keys", "-t", "test", "-l", "--", text)

    def paste(self, text):
        """Pastes text as a terminal does, with bracketed paste where the program asked for it."""
        self._tmux("set-buffer", "-b", "test", "--", text)
        self._tmux("paste-buffer", "-p", "-b", "test", "-t", "test")

    def screen(self, attributes=False):
        """The screen's lines as one text; with `attributes`, colours as escape sequences."""
        return self._tmux("capture-pane", "-p", *(["-e"] if attributes else []), "-t", "test")

    def wait_for(self, expected, timeout=20):
        """Waits until the screen shows a text, or matches a compiled regular expression; returns the screen."""
        return self._wait(lambda screen: _matches(expected, screen), f"{_name(expected)} to appear", timeout)

    def wait_until_gone(self, unexpected, timeout=20):
        """Waits until the screen no longer shows a text or matches a compiled regular expression; returns the screen."""
        return self._wait(lambda screen: not _matches(unexpected, screen), f"{_name(unexpected)} to go", timeout)

    def wait_until(self, is_true, what, timeout=20):
        """Waits until a function of the screen is true; returns the screen."""
        return self._wait(is_true, what, timeout)

    def wait_for_exit(self, timeout=20):
        """Waits for the command to end; returns its status as a shell does, 128 and the signal's number after one."""
        status = self.folder / "status"
        self._wait(lambda _: status.exists(), "the command to end", timeout)
        return int(status.read_text())

    def resize(self, columns, rows):
        self.columns, self.rows = columns, rows
        self._tmux("resize-window", "-t", "test", "-x", str(columns), "-y", str(rows))

    def process(self, timeout=20):
        """The id of the command's process."""
        file = self.folder / "process"
        self._wait(lambda _: file.exists(), "the command to start", timeout)
        return int(file.read_text())

    def cursor(self):
        """Column and row of the text cursor, from 0."""
        column, row = self._value("cursor_x},#{cursor_y").split(",")
        return int(column), int(row)

    def shows_cursor(self):
        return self._value("cursor_flag") == "1"

    def is_in_alternate_screen(self):
        return self._value("alternate_on") == "1"

    def stop(self):
        """Ends the command and the server. May be called again."""
        # At once: a workbench that only loses its terminal would first save its run, into a folder that goes.
        pane = self._tmux("display-message", "-p", "-t", "test", "#{pane_pid}", check=False).strip()
        for process in reversed(descendants(int(pane))) if pane.isdigit() else []:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._tmux("kill-server", check=False)

    def _value(self, name):
        return self._tmux("display-message", "-p", "-t", "test", f"#{{{name}}}").strip()

    def _wait(self, is_done, what, timeout):
        deadline = time.monotonic() + timeout
        while True:
            screen = self.screen()
            if is_done(screen):
                return screen
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {timeout} s for {what}")
            time.sleep(POLL_SECONDS)

    def _tmux(self, *arguments, environment=None, check=True):
        files = ["-S", str(self.folder / "socket"), "-f", str(self.folder / "tmux.conf")]
        command = ["tmux", "-u", *files, *arguments]
        result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30)
        if check and result.returncode != 0:
            raise RuntimeError(f"tmux {arguments[0]}: {result.stderr.strip()}")
        return result.stdout


def descendants(process):
    """The ids of a process's children and theirs, parents first."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except OSError:
        return []
    return [found for child in map(int, children) for found in [child, *descendants(child)]]


def _matches(expected, screen):
    return expected in screen if isinstance(expected, str) else expected.search(screen) is not None


def _name(expected):
    return f"/{expected.pattern}/" if isinstance(expected, re.Pattern) else repr(expected)
