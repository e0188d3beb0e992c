"""A temporary home in which one test runs the program."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from terminal import Terminal

REPOSITORY = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("VQCLIP_BINARY", REPOSITORY / ".build/release/vqclip-tui"))
# What the person at this machine set for themselves must not change what a test sees.
HIDDEN = ("COLORTERM", "COLUMNS", "KITTY_WINDOW_ID", "LINES", "NO_COLOR", "TERM_PROGRAM", "TMUX", "TMUX_PANE")


class Workspace:
    """The program with a home, configuration, data and state of its own; `folder` is the working folder."""

    def __init__(self):
        self.root = Path(tempfile.mkdtemp(prefix="vqclip-"))
        self.home = self.root / "home"
        self.folder = self.root / "folder"
        self.configuration = self.home / "config/vqclip-tui"
        self.data = self.home / "data/vqclip-tui"
        self.state = self.home / "state/vqclip-tui"
        for path in (self.folder, self.configuration):
            path.mkdir(parents=True)
        self.environment = {name: value for name, value in os.environ.items() if name not in HIDDEN}
        self.environment |= {
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "XDG_CONFIG_HOME": str(self.configuration.parent),
            "XDG_DATA_HOME": str(self.data.parent),
            "XDG_STATE_HOME": str(self.state.parent),
            "XDG_CACHE_HOME": str(self.home / "cache"),
        }
        self.terminals = []

    def run(self, *arguments, timeout=60, environment=None, **options):
        """Runs the program without a terminal and returns its CompletedProcess with texts."""
        return subprocess.run(
            [str(BINARY), *map(str, arguments)],
            cwd=self.folder,
            env=self.environment | (environment or {}),
            timeout=timeout,
            text=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            **options,
        )

    def start(self, *arguments, columns=100, rows=30, environment=None, command=None):
        """Starts the program, or another command, in a terminal."""
        terminal = Terminal(self.root / f"tmux-{len(self.terminals)}")
        self.terminals.append(terminal)
        terminal.start(
            command or [str(BINARY), *map(str, arguments)],
            columns=columns,
            rows=rows,
            folder=self.folder,
            environment=self.environment | (environment or {}),
        )
        return terminal

    def close(self):
        for terminal in self.terminals:
            terminal.stop()
        shutil.rmtree(self.root, ignore_errors=True)
