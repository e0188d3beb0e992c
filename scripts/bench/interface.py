#!/usr/bin/env python3
"""Measures the workbench as a person meets it: time to the first screen, and from a key to the screen while it paints.

Usage: scripts/bench/interface.py [BINARY] [--keys N] [--size WxH]

The program runs on a pseudo-terminal that this script reads directly; the delay of the method itself, a byte echoed by
`cat` through the same kind of terminal, is printed beside the figures.
"""

import argparse
import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import tempfile
import termios
import time

ROWS, COLUMNS = 40, 120
# A step changes figures and picture cells; words come only with the help.
HELP = rb"[A-Za-z]{6}"


class Session:
    """A command on a pseudo-terminal of its own."""

    def __init__(self, command, environment):
        self.started = time.perf_counter()
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            os.execvpe(command[0], command, environment)
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def read_until(self, pattern, limit=60.0):
        """Seconds of waiting until the output matches; raises when the limit passes."""
        begun = time.perf_counter()
        seen = b""
        while time.perf_counter() - begun < limit:
            ready, _, _ = select.select([self.terminal], [], [], 0.5)
            if ready:
                seen = (seen + os.read(self.terminal, 1 << 16))[-(1 << 18) :]
                if re.search(pattern, seen):
                    return time.perf_counter() - begun
        raise TimeoutError(f"no {pattern!r} within {limit} s")

    def drain(self, seconds):
        """Throws away what comes within a time."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            if select.select([self.terminal], [], [], left)[0]:
                os.read(self.terminal, 1 << 16)

    def send(self, keys):
        os.write(self.terminal, keys)

    def end(self):
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.terminal)


def environment():
    home = tempfile.mkdtemp(prefix="vqclip-interface-")
    return os.environ | {"HOME": home, "XDG_DATA_HOME": home, "XDG_STATE_HOME": home, "TERM": "xterm-256color"}


def first_screen(binary):
    session = Session([binary], environment())
    session.read_until(rb"prompts")
    seconds = time.perf_counter() - session.started
    session.end()
    return seconds


def key_delays(binary, count, size):
    """Opens and closes the help while the picture is painted, with the preview drawn at every step."""
    session = Session([binary, "a lighthouse by the sea", "--size", size, "--steps", "100000"], environment())
    session.read_until(rb"running")
    session.drain(2)
    delays = []
    for _ in range(count):
        session.drain(0.13)
        session.send(b"?")
        delays.append(session.read_until(HELP))
        session.drain(0.1)
        session.send(b"?")
        session.drain(0.1)
    session.end()
    return delays


def own_delay(count):
    session = Session(["cat"], environment())
    delays = []
    for _ in range(count):
        session.drain(0.01)
        session.send(b"x")
        delays.append(session.read_until(rb"x"))
    session.end()
    return delays


def summary(name, seconds):
    ordered = sorted(seconds)
    worst = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    print(f"{name:34} median {statistics.median(ordered) * 1e3:7.1f} ms   99 % {worst * 1e3:7.1f} ms   n {len(ordered)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", nargs="?", default=".build/release/vqclip-tui")
    parser.add_argument("--keys", type=int, default=60)
    parser.add_argument("--size", default="128x128")
    options = parser.parse_args()
    binary = os.path.abspath(options.binary)
    summary("the method itself", own_delay(options.keys))
    summary("launch to first screen", [first_screen(binary) for _ in range(10)])
    summary(f"key to screen, painting {options.size}", key_delays(binary, options.keys, options.size))


if __name__ == "__main__":
    main()
