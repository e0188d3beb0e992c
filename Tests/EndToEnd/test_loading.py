"""libtorch is loaded when it is needed, and not before."""

import shutil
import subprocess

from workspace import BINARY, REPOSITORY

# glibc's loader names every library that it opens.
WATCHED = {"LD_DEBUG": "files"}
OWN_LIBRARY = "libvqclip-torch.so"


def moved_binary(workspace):
    """A copy of the program without the library that leads to libtorch, and where it finds its other files."""
    copy = workspace.folder / BINARY.name
    shutil.copy(BINARY, copy)
    return copy, {"VQCLIP_SHARE": str(REPOSITORY)}


def run(command, workspace, environment):
    return subprocess.run(
        [str(part) for part in command],
        cwd=workspace.folder,
        env=workspace.environment | environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )


def test_help_does_without_libtorch(workspace):
    result = workspace.run("--help", environment=WATCHED)
    assert result.returncode == 0, result.stderr
    assert "libc.so" in result.stderr and "libtorch" not in result.stderr, result.stderr
    result = workspace.run("run", "a moon", "--size", "64x64", "--steps", "1", environment=WATCHED)
    assert "libtorch_cpu.so" in result.stderr, "the test would not have seen it"


def test_a_missing_library_gives_one_line(workspace):
    binary, environment = moved_binary(workspace)
    result = run([binary, "run", "a moon", "--quiet"], workspace, environment)
    assert result.returncode == 1 and result.stdout == "", (result.returncode, result.stdout)
    (line,) = result.stderr.splitlines()
    assert "libtorch cannot be loaded" in line and OWN_LIBRARY in line and "make build" in line, line


def test_a_library_of_another_build_gives_one_line(workspace):
    binary, environment = moved_binary(workspace)
    source = workspace.folder / "old.c"
    source.write_text("void ct_torch_version(void) {}\n")
    library = binary.with_name(OWN_LIBRARY)
    subprocess.run(["cc", "-shared", "-o", str(library), str(source)], check=True)
    result = run([binary, "run", "a moon", "--quiet"], workspace, environment)
    assert result.returncode == 1, result.returncode
    (line,) = result.stderr.splitlines()
    assert "of another build" in line and "make build" in line, line


def test_the_workbench_opens_before_libtorch_is_there(workspace):
    binary, environment = moved_binary(workspace)
    terminal = workspace.start(command=[str(binary), "--device", "auto"], environment=environment)
    terminal.wait_for("prompts")
    terminal.wait_for("libtorch cannot be")
    terminal.send("q")
    assert terminal.wait_for_exit() == 0
