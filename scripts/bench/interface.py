#!/usr/bin/env python3
"""Measures the workbench as a person meets it: time to the first screen, from a key to the screen while it paints, and
what the preview costs a step.

Usage: scripts/bench/interface.py [BINARY] [--keys N] [--size WxH] [--rounds N] [--seconds N] [-- OPTIONS OF THE PROGRAM]

The program runs on a pseudo-terminal that this script reads directly; the delay of the method itself, a byte echoed by
`cat` through the same kind of terminal, is printed beside the figures. For the preview's cost two workbenches take
turns, one with the preview and one without; steps and times come from the program's own log.
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
        self.home = environment.get("HOME", "")
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


def environment(configuration=""):
    home = tempfile.mkdtemp(prefix="vqclip-interface-")
    os.mkdir(os.path.join(home, "vqclip-tui"))
    with open(os.path.join(home, "vqclip-tui", "config.toml"), "w", encoding="utf-8") as file:
        file.write(configuration)
    folders = {f"XDG_{name}_HOME": home for name in ("CONFIG", "DATA", "STATE")}
    return os.environ | folders | {"HOME": home, "TERM": "xterm-256color"}


def first_screen(binary):
    session = Session([binary], environment())
    session.read_until(rb"prompts")
    seconds = time.perf_counter() - session.started
    session.end()
    return seconds


def painting(binary, size, further, configuration=""):
    """A workbench that has begun to paint."""
    command = [binary, "a lighthouse by the sea", "--size", size, "--steps", "100000", *further]
    session = Session(command, environment(configuration))
    session.read_until(rb"running", limit=600)
    return session


class Clock:
    """A workbench whose seconds per step are taken between two pauses."""

    def __init__(self, session):
        self.session = session
        self.log = os.path.join(session.home, "vqclip-tui", "vqclip-tui.log")
        self.pause()

    def pause(self):
        """Pauses and returns the step and the time at which the program did so."""
        known = self.pauses()
        self.session.send(b" ")
        while len(found := self.pauses()) == len(known):
            self.session.drain(0.02)
        return found[-1], time.perf_counter()

    def pauses(self):
        with open(self.log, encoding="utf-8") as file:
            return [int(step) for step in re.findall(r"step (\d+): paused", file.read())]

    def seconds_per_step(self, seconds):
        begun, first = time.perf_counter(), self.pauses()[-1]
        self.session.send(b" ")
        self.session.drain(seconds)
        last, ended = self.pause()
        return (ended - begun) / max(1, last - first)


def preview_cost(binary, size, further, rounds, seconds):
    """Medians of the seconds per step without and with the preview, measured in turn, and of the ratios of neighbours,
    which a machine that grows slower or faster meanwhile does not change."""
    hidden = 'preview = "off"\n[settings]\npreview-every = 100000\n'
    clocks = [Clock(painting(binary, size, further, text)) for text in (hidden, "")]
    taken = [[], []]
    for _ in range(rounds):
        for clock, values in zip(clocks, taken):
            values.append(clock.seconds_per_step(seconds))
    for clock in clocks:
        clock.session.end()
    ratio = statistics.median(shown / without for without, shown in zip(*taken))
    return *map(statistics.median, taken), ratio


def key_delays(binary, count, size, further):
    """Opens and closes the help while the picture is painted, with the preview shown."""
    session = painting(binary, size, further)
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
    parser.add_argument("--rounds", type=int, default=12, help="measurements of the preview's cost each way")
    parser.add_argument("--seconds", type=float, default=4.0, help="of painting per measurement")
    parser.add_argument("further", nargs="*", help="after --: further options of the program, such as --vqgan FOLDER")
    options = parser.parse_args()
    binary = os.path.abspath(options.binary)
    summary("the method itself", own_delay(options.keys))
    summary("launch to first screen", [first_screen(binary) for _ in range(10)])
    delays = key_delays(binary, options.keys, options.size, options.further)
    summary(f"key to screen, painting {options.size}", delays)
    without, shown, ratio = preview_cost(binary, options.size, options.further, options.rounds, options.seconds)
    print(
        f"step without preview {without * 1e3:.1f} ms, with {shown * 1e3:.1f} ms: "
        f"the preview costs {(ratio - 1) * 100:.1f} %"
    )


if __name__ == "__main__":
    main()
