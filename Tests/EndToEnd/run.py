#!/usr/bin/env python3
"""Runs the end-to-end tests: every function `test_*` in the files `test_*.py` beside this one.

    python3 Tests/EndToEnd/run.py [FILTER]

A test takes a Workspace and fails by raising. With a filter, only tests with it in `file.name` run.
"""

import importlib
import sys
import time
import traceback
from pathlib import Path

from workspace import BINARY, Workspace

FOLDER = Path(__file__).resolve().parent


def collect(text):
    """Pairs of name and function, in the order in which they are written."""
    tests = []
    for path in sorted(FOLDER.glob("test_*.py")):
        module = importlib.import_module(path.stem)
        for name, value in vars(module).items():
            if name.startswith("test_") and callable(value):
                tests.append((f"{path.stem.removeprefix('test_')}.{name.removeprefix('test_')}", value))
    return [(name, test) for name, test in tests if text in name]


def report_failure(workspace):
    traceback.print_exc(limit=-4, file=sys.stdout)
    for terminal in workspace.terminals:
        try:
            lines = terminal.screen().rstrip("\n").split("\n")
        except RuntimeError as error:
            print(f"  (no last screen: {error})")
            continue
        print(f"  last screen, {terminal.columns}x{terminal.rows}:")
        print("\n".join(f"  |{line}" for line in lines))


def passes(name, test):
    workspace = Workspace()
    start = time.monotonic()
    try:
        test(workspace)
    except Exception:
        print(f"FAIL {name} ({time.monotonic() - start:.1f} s)")
        report_failure(workspace)
        return False
    finally:
        workspace.close()
    print(f"ok   {name} ({time.monotonic() - start:.1f} s)", flush=True)
    return True


def main():
    text = sys.argv[1] if len(sys.argv) > 1 else ""
    if not BINARY.is_file():
        sys.exit(f"{BINARY} is missing; build it with: make build")
    tests = collect(text)
    if not tests:
        sys.exit(f"no test has '{text}' in its name")
    passed = sum(passes(name, test) for name, test in tests)
    print(f"{passed} passed, {len(tests) - passed} failed")
    sys.exit(0 if passed == len(tests) else 1)


if __name__ == "__main__":
    main()
