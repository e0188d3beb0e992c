#!/usr/bin/env python3
"""Runs the plain PyTorch loop and `vqclip-tui bench` on the same files in turn, and prints the ratios.

Usage: compare.py [BINARY] [--sizes WxH …] [--cuts N] [--steps N] [--rounds N] [--threads N]

The first call makes .venv-bench, with the torch whose version scripts/libtorch.txt pins, and random weights in
.build-bench. Both are ignored by git; nothing else of the project needs them.
"""

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv-bench"
WEIGHTS = ROOT / ".build-bench" / "reference"
REFERENCE = ROOT / "scripts" / "bench" / "reference.py"
PHASES = ("decode", "cutouts", "clip", "backward", "rest")


def prepare():
    """The Python of the virtual environment, with torch in it, and the weights."""
    python = VENV / "bin" / "python"
    pinned = re.search(r"^torch==(\S+)", (ROOT / "scripts" / "libtorch.txt").read_text(), re.MULTILINE).group(1)
    if not python.exists():
        print(f"making {VENV.name}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
    ready = f"import torch, safetensors, numpy; assert torch.__version__.startswith('{pinned}')"
    if subprocess.run([python, "-c", ready], capture_output=True).returncode:
        print(f"fetching torch {pinned} for comparison into {VENV.name}", file=sys.stderr)
        subprocess.run([python, "-m", "pip", "install", "-q", f"torch=={pinned}", "safetensors", "numpy"], check=True)
    if not all((WEIGHTS / name).exists() for name in ("vqgan.safetensors", "clip.safetensors", "merges.txt")):
        print(f"writing random weights into {WEIGHTS.relative_to(ROOT)}", file=sys.stderr)
        subprocess.run([python, REFERENCE, WEIGHTS, "--make-weights"], check=True)
    return python


def machine():
    """One line about where the figures come from."""
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text()).group(1)) / (1 << 20)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    name = model.group(1) if model else platform.machine()
    return f"{os.cpu_count()} cores of {name}, {memory:.0f} GiB, load {load}"


def measured(command):
    """The JSON that a command prints in its last line."""
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(output.splitlines()[-1])


def median(results, value):
    return statistics.median(value(result) for result in results)


def report(size, reference, ours, floor):
    columns = f"{'':12}{'s/step':>9}" + "".join(f"{name:>10}" for name in PHASES) + f"{'peak MiB':>10}"
    print(f"\n{size}\n{columns}")
    for name, results in (("PyTorch", reference), ("vqclip-tui", ours)):
        line = f"{name:12}{median(results, lambda r: r['secondsPerStep']):9.3f}"
        line += "".join(f"{median(results, lambda r, p=phase: r['phases'][p]):10.3f}" for phase in PHASES)
        print(line + f"{median(results, lambda r: r['peakBytes']) / (1 << 20):10.0f}")

    def ratio(value):
        return median(ours, value) / median(reference, value)

    print(
        f"ratio: time {ratio(lambda r: r['secondsPerStep']):.3f}, memory {ratio(lambda r: r['peakBytes']):.3f}"
        f" (of the reference's peak, {median(reference, lambda r: r['importedBytes']) / (1 << 20):.0f} MiB are the import)"
    )
    seconds = floor["seconds"]
    print(
        f"floor: {floor['operations'] / 1e12:.2f} TFLOP take {seconds:.2f} s at the {floor['operationsPerSecond'] / 1e9:.0f}"
        f" GFLOP/s of a matrix product; ours takes {median(ours, lambda r: r['secondsPerStep']) / seconds:.2f} of that"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", nargs="?", default=ROOT / ".build" / "release" / "vqclip-tui", type=Path)
    parser.add_argument("--sizes", nargs="+", default=["256x256"])
    parser.add_argument("--cuts", default="32")
    parser.add_argument("--steps", default="4", help="per run; the first does not count")
    parser.add_argument("--rounds", type=int, default=2, help="how often both are run in turn")
    parser.add_argument("--threads", help="CPU threads of both; by default each chooses")
    parser.add_argument("bench", nargs="*", help="after --: further options of `vqclip-tui bench`")
    options = parser.parse_args()
    python = prepare()
    threads = ["--threads", options.threads] if options.threads else []
    print(machine())
    for size in options.sizes:
        reference, ours = [], []
        for _ in range(options.rounds):
            command = [python, REFERENCE, WEIGHTS, "--size", size, "--cuts", options.cuts, "--steps", options.steps]
            reference.append(measured(command + threads))
            command = [options.binary, "bench", "--json", "--vqgan", WEIGHTS, "--clip", WEIGHTS, "--sizes", size]
            command += ["--cuts", options.cuts, "--bench-steps", options.steps, "--device", "cpu"]
            ours.append(measured(command + threads + options.bench))
        command = [python, REFERENCE, WEIGHTS, "--floor", "--size", size, "--cuts", options.cuts]
        report(size, reference, ours, measured(command + threads))


if __name__ == "__main__":
    main()
