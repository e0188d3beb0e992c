#!/usr/bin/env python3
"""Unpacks libtorch's C++ headers and libraries out of the wheels pinned in scripts/libtorch.txt.

    libtorch.py install FOLDER    makes FOLDER/include and FOLDER/lib current
    libtorch.py check FOLDER      says whether a libtorch from elsewhere will do

With a driver for NVIDIA GPUs, `install` adds the CUDA libraries; VQCLIP_CUDA=0 or 1 overrides the detection. No Python
package is installed, and only the standard library and pip are needed.
"""

import ctypes
import fcntl
import hashlib
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

PINS = Path(__file__).resolve().parent / "libtorch.txt"
# The pins below this line are for machines with an NVIDIA GPU.
CUDA_HEADING = "# With an NVIDIA driver, also:"
MACHINES = ("x86_64", "aarch64")
# The oldest glibc that the wheels run on is 2.28; pip wants every older tag named as well.
GLIBC_MINOR_VERSIONS = range(28, 16, -1)
OLDEST_LIBTORCH = (2, 6)
OLDEST_CUDA_DRIVER = 13000
GIGABYTE = 1_000_000_000
ROOM_FOR_CPU = 1.4 * GIGABYTE
ROOM_FOR_CUDA = 8 * GIGABYTE
# Changed when other files of the same wheels are needed, so that an old folder is renewed.
LAYOUT = "1"

CUDA_ONLY = ("libtorch_cuda", "libtorch_nvshmem", "libc10_cuda", "libcaffe2_nvrtc")
FROM_NVIDIA_FOR_CPU = ("libcudart.so.13", "libcupti.so.13")
# Profiling tools beside CUPTI that nothing here opens.
NVIDIA_UNUSED = ("libcheckpoint", "libnvperf", "libpcsamplingutil")


class SetupError(Exception):
    """A reason to stop, in words for the person at the terminal."""


def wheel_tags(machine):
    """pip's options that choose wheels by our tags, whatever Python runs pip."""
    tags = ["--only-binary=:all:", "--python-version", "3.11", "--implementation", "cp", "--abi", "cp311"]
    for minor in GLIBC_MINOR_VERSIONS:
        tags += ["--platform", f"manylinux_2_{minor}_{machine}"]
    return tags + ["--platform", f"manylinux2014_{machine}"]


def destination(member, with_cuda):
    """Where a file of a wheel goes below the target folder, or None if it is not needed."""
    if member.endswith("/"):
        return None
    if member.startswith("torch/include/"):
        return member.removeprefix("torch/")
    folder, _, name = member.rpartition("/")
    if not re.search(r"\.so(\.\d+)*$", name):
        return None
    if folder == "torch/lib":
        unwanted = ("libtorch_python",) if with_cuda else ("libtorch_python", *CUDA_ONLY)
        return None if name.startswith(unwanted) else f"lib/{name}"
    # Flat beside libtorch, where its run path ends with its own folder.
    if re.fullmatch(r"nvidia/[^/]+/lib", folder):
        wanted = not name.startswith(NVIDIA_UNUSED) if with_cuda else name in FROM_NVIDIA_FOR_CPU
        return f"lib/{name}" if wanted else None
    return None


def unpack(wheel, target, with_cuda):
    """Copies what is needed out of a wheel, a piece at a time; returns the number of files."""
    count = 0
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.infolist():
            relative = destination(member.filename, with_cuda)
            if relative is None:
                continue
            path = target / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as source, open(path, "wb") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
            count += 1
    return count


def cuda_driver_is_usable():
    """Whether the machine's NVIDIA driver can run the CUDA release that the pins are for."""
    override = os.environ.get("VQCLIP_CUDA", "")
    if override in ("0", "1"):
        return override == "1"
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        if os.path.exists("/proc/driver/nvidia/version"):
            say("an NVIDIA driver is loaded but libcuda.so.1 is not to be found; setting up for the CPU only")
        return False
    version = ctypes.c_int(0)
    if driver.cuDriverGetVersion(ctypes.byref(version)) != 0 or version.value < OLDEST_CUDA_DRIVER:
        say(f"the NVIDIA driver supports CUDA {version.value / 1000:.1f}, 13.0 is needed; setting up for the CPU only")
        return False
    return True


def pins(text, with_cuda):
    """The requirements that a machine needs, out of the text of the pins file."""
    everybody, heading, cuda = text.partition(CUDA_HEADING)
    if not heading:
        raise SetupError(f"{PINS} has no line '{CUDA_HEADING}'")
    return everybody + cuda if with_cuda else everybody


def stamp(requirements, machine):
    return hashlib.sha256(f"{LAYOUT}\n{machine}\n{requirements}".encode()).hexdigest()


def is_current(target, text, with_cuda, machine):
    """Whether the folder holds what the pins name. One with CUDA also serves the CPU."""
    try:
        found = (target / "stamp").read_text()
    except OSError:
        return False
    accepted = [True] if with_cuda else [True, False]
    return found in [stamp(pins(text, cuda), machine) for cuda in accepted]


def download(requirements, folder, machine):
    if importlib.util.find_spec("pip") is None:
        raise SetupError("Python has no pip; install it with: apt-get install python3-pip")
    listing = folder / "requirements.txt"
    listing.write_text(requirements)
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--dest", str(folder)]
    command += ["--no-deps", "--require-hashes", "--no-cache-dir", *wheel_tags(machine), "-r", str(listing)]
    if subprocess.run(command).returncode != 0:
        raise SetupError("pip could not download libtorch; see its message above, then run the same command again")
    return sorted(folder.glob("*.whl"))


def loads(library):
    """Whether a library and everything it needs can be opened here; what is missing is said."""
    script = "import ctypes, sys; ctypes.CDLL(sys.argv[1])"
    result = subprocess.run([sys.executable, "-c", script, str(library)], capture_output=True, text=True)
    if result.returncode != 0:
        say(result.stderr.strip().rpartition("\n")[2])
    return result.returncode == 0


def install(target):
    """Makes the folder current. Interrupted at any point, it leaves the old folder or none, and a next call recovers."""
    machine = platform.machine()
    with_cuda = cuda_driver_is_usable()
    text = PINS.read_text()
    if is_current(target, text, with_cuda, machine):
        return
    if machine not in MACHINES:
        raise SetupError(
            f"libtorch is pinned for {' and '.join(MACHINES)}, this is {machine}; set LIBTORCH to a libtorch of your own"
        )
    parent = os.open(target.parent, os.O_RDONLY)
    fcntl.flock(parent, fcntl.LOCK_EX)
    if is_current(target, text, with_cuda, machine):
        return
    partial = target.with_name(target.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    room, free = ROOM_FOR_CUDA if with_cuda else ROOM_FOR_CPU, shutil.disk_usage(target.parent).free
    if free < room:
        raise SetupError(f"{target.parent} has {free / GIGABYTE:.1f} GB free; set-up needs {room / GIGABYTE:.1f} GB")
    requirements = pins(text, with_cuda)
    say(f"downloading libtorch {'with CUDA' if with_cuda else 'for the CPU'} into {target}")
    partial.mkdir()
    with tempfile.TemporaryDirectory(prefix="wheels-", dir=partial) as wheels:
        for wheel in download(requirements, Path(wheels), machine):
            say(f"unpacking {wheel.name}")
            if unpack(wheel, partial, with_cuda) == 0:
                raise SetupError(f"{wheel.name} holds none of the files that were expected")
            wheel.unlink()
    if not loads(partial / "lib/libtorch_cpu.so"):
        raise SetupError("libtorch does not run on this system; it needs glibc 2.28 and libstdc++ of GCC 8 or newer")
    if with_cuda and not loads(partial / "lib/libtorch_cuda.so"):
        say("libtorch's CUDA part does not load here (see above); the program will use the CPU")
    (partial / "stamp").write_text(stamp(requirements, machine))
    old = target.with_name(target.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    partial.rename(target)
    shutil.rmtree(old, ignore_errors=True)
    say(f"libtorch is ready in {target}")


def check(folder):
    """Says what is wrong with a libtorch from elsewhere."""
    if not folder.is_absolute():
        raise SetupError(f"LIBTORCH is '{folder}'; write it as an absolute path")
    headers = folder / "include/torch"
    # Releases since 2.9 keep the numbers in the second file and include it from the first.
    files = [headers / "csrc/api/include/torch/version.h", headers / "headeronly/version.h"]
    if not files[0].is_file():
        raise SetupError(f"LIBTORCH is '{folder}', but there is no {files[0].relative_to(folder)} in it")
    source = "".join(file.read_text(errors="replace") for file in files if file.is_file())
    numbers = [re.search(rf"define TORCH_VERSION_{part} (\d+)", source) for part in ("MAJOR", "MINOR")]
    version = tuple(int(number.group(1)) for number in numbers if number)
    if len(version) != 2 or version < OLDEST_LIBTORCH:
        found = ".".join(map(str, version)) or "unknown"
        raise SetupError(f"LIBTORCH is '{folder}' of version {found}; 2.6 or newer is needed")
    if not (folder / "lib/libtorch_cpu.so").is_file():
        raise SetupError(f"LIBTORCH is '{folder}', but there is no lib/libtorch_cpu.so in it")


def say(message):
    print(f"set-up: {message}", file=sys.stderr, flush=True)


def main():
    commands = {"install": install, "check": check}
    if len(sys.argv) != 3 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    try:
        folder = Path(sys.argv[2])
        commands[sys.argv[1]](folder if sys.argv[1] == "check" else folder.absolute())
    except (SetupError, OSError) as error:
        sys.exit(f"set-up: {error}")
    except KeyboardInterrupt:
        sys.exit("set-up: interrupted; run the same command again to finish")


if __name__ == "__main__":
    main()
