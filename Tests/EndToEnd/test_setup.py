"""The set-up scripts, on small wheels of their own. Nothing is downloaded."""

import subprocess
import sys
import zipfile

from workspace import REPOSITORY

sys.path.insert(0, str(REPOSITORY / "scripts"))
import libtorch  # noqa: E402
import pin_libtorch  # noqa: E402

WHEEL = {
    "torch/include/ATen/ATen.h": "header",
    "torch/lib/libtorch_cpu.so": "cpu",
    "torch/lib/libgomp.so.1": "openmp",
    "torch/lib/libtorch_cuda.so": "cuda",
    "torch/lib/libc10_cuda.so": "cuda",
    "torch/lib/libtorch_python.so": "python",
    "torch/lib/libshm/err.h": "header",
    "torch/__init__.py": "python",
    "nvidia/cu13/lib/libcudart.so.13": "runtime",
    "nvidia/cu13/lib/libnvperf_host.so": "profiler",
    "nvidia/cudnn/lib/libcudnn.so.9": "cudnn",
}


def unpacked(workspace, with_cuda):
    wheel, target = workspace.folder / "wheel.whl", workspace.folder / "target"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in WHEEL.items():
            archive.writestr(name, text)
    count = libtorch.unpack(wheel, target, with_cuda)
    files = sorted(str(path.relative_to(target)) for path in target.rglob("*") if path.is_file())
    assert len(files) == count
    return files


def test_unpacks_for_the_cpu(workspace):
    expected = ["include/ATen/ATen.h", "lib/libcudart.so.13", "lib/libgomp.so.1", "lib/libtorch_cpu.so"]
    assert unpacked(workspace, with_cuda=False) == expected


def test_unpacks_for_cuda(workspace):
    files = unpacked(workspace, with_cuda=True)
    assert {"lib/libtorch_cuda.so", "lib/libc10_cuda.so", "lib/libcudnn.so.9"} <= set(files), files
    assert not any("python" in file or "nvperf" in file for file in files), files


def test_every_pin_has_a_checksum_for_every_machine(workspace):
    text = libtorch.PINS.read_text()
    assert libtorch.pins(text, False) in text and libtorch.CUDA_HEADING not in libtorch.pins(text, True)
    assert text.count("--hash=sha256:") == text.count("==") * len(libtorch.MACHINES)


def test_stamp_of_cuda_serves_the_cpu(workspace):
    text = f"a==1\n{libtorch.CUDA_HEADING}\nb==2\n"
    stamp = workspace.folder / "stamp"
    for held, wanted, current in [(True, False, True), (True, True, True), (False, False, True), (False, True, False)]:
        stamp.write_text(libtorch.stamp(libtorch.pins(text, held), "x86_64"))
        assert libtorch.is_current(workspace.folder, text, wanted, "x86_64") == current
        assert not libtorch.is_current(workspace.folder, text.replace("1", "2"), wanted, "x86_64")


def test_cuda_requirements_of_a_wheel(workspace):
    found = pin_libtorch.linux_cuda_requirements(
        [
            "filelock",
            'cuda-toolkit[cublas,cudart]==13.2.2; platform_system == "Linux"',
            'cuda-bindings<14,>=13.0.3; platform_system == "Linux"',
            'nvidia-cudnn-cu13==9.26.0.51; platform_system == "Linux"',
            'nvidia-nothing==1; extra == "more"',
        ]
    )
    assert found == ["cuda-toolkit[cublas,cudart]==13.2.2", "nvidia-cudnn-cu13==9.26.0.51"]


def check(folder):
    command = [sys.executable, str(REPOSITORY / "scripts/libtorch.py"), "check", str(folder)]
    return subprocess.run(command, capture_output=True, text=True)


def test_libtorch_from_elsewhere_is_checked(workspace):
    header = workspace.folder / "include/torch/csrc/api/include/torch/version.h"
    assert "version.h" in check(workspace.folder).stderr
    header.parent.mkdir(parents=True)
    header.write_text("#define TORCH_VERSION_MAJOR 1\n#define TORCH_VERSION_MINOR 13\n")
    assert "of version 1.13; 2.6 or newer" in check(workspace.folder).stderr
    header.write_text("#define TORCH_VERSION_MAJOR 2\n#define TORCH_VERSION_MINOR 10\n")
    assert "no lib/libtorch_cpu.so" in check(workspace.folder).stderr
    (workspace.folder / "lib").mkdir()
    (workspace.folder / "lib/libtorch_cpu.so").touch()
    assert check(workspace.folder).returncode == 0
    assert "absolute" in check("libtorch").stderr
