#!/usr/bin/env python3
"""Writes scripts/libtorch.txt: the wheels that hold libtorch, with versions and checksums.

Run it by hand to move to another release, `python3 scripts/pin_libtorch.py 2.15.0`, and review the difference.
Only the package index is asked; no large wheel is downloaded.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import libtorch

# Parts of the toolkit that torch lists for its Python side or for compiling; libtorch opens none of their libraries.
UNUSED = {"cuda-toolkit", "nvidia-cuda-cccl", "nvidia-nvtx"}
# All that libtorch_cpu opens besides the C and C++ run time.
FOR_EVERYBODY = {"torch", "nvidia-cuda-runtime", "nvidia-cuda-cupti"}

HEADER = """\
# libtorch's wheels for CPython 3.11, {machines}. Only their C++ headers and libraries are used.
# Written by scripts/pin_libtorch.py; pip refuses a wheel whose checksum is not listed here.
"""


def linux_cuda_requirements(requires_dist):
    """The CUDA libraries among a torch wheel's `Requires-Dist` values, as requirements for pip."""
    found = []
    for entry in requires_dist:
        requirement, _, marker = entry.partition(";")
        if "extra" in marker or not re.match(r"(nvidia-|cuda-toolkit\b)", requirement):
            continue
        found.append(requirement.strip())
    return found


def resolve(requirements, machine, *options):
    """What pip would install on a machine: pairs of metadata and SHA-256."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed", *options]
        command += ["--target", folder, "--report", str(report), *libtorch.wheel_tags(machine), *requirements]
        subprocess.run(command, check=True)
        installs = json.loads(report.read_text())["install"]
    return [(item["metadata"], item["download_info"]["archive_info"]["hashes"]["sha256"]) for item in installs]


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: pin_libtorch.py TORCH-VERSION")
    checksums = {}
    for machine in libtorch.MACHINES:
        wheels = resolve([f"torch=={sys.argv[1]}"], machine, "--no-deps")
        wheels += resolve(linux_cuda_requirements(wheels[0][0]["requires_dist"]), machine)
        for metadata, checksum in wheels:
            if metadata["name"] not in UNUSED:
                checksums.setdefault((metadata["name"], metadata["version"]), []).append(checksum)

    def block(chosen):
        lines = []
        for (name, version), values in sorted(checksums.items()):
            if (name in FOR_EVERYBODY) == chosen:
                lines += [f"{name}=={version}", *(f"--hash=sha256:{value}" for value in values)]
        return re.sub(r"\n--hash", " \\\\\n    --hash", "\n".join(lines)) + "\n"

    text = HEADER.format(machines=" and ".join(libtorch.MACHINES))
    text += block(True) + f"\n{libtorch.CUDA_HEADING}\n" + block(False)
    libtorch.PINS.write_text(text)


if __name__ == "__main__":
    main()
