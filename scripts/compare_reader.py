#!/usr/bin/env python3
"""Makes files with PyTorch in every way that it has of saving tensors, to compare the program's reader with.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install torch numpy
    /tmp/venv/bin/python scripts/compare_reader.py /tmp/variants
    VQCLIP_VARIANTS=/tmp/variants swift test --no-parallel --disable-xctest --filter VariantTests

Beside each file lies NAME.expected.safetensors with the names, types, shapes and bytes that PyTorch says are in it.
`--small` makes the few that are kept in Tests/WeightFilesTests/Fixtures. PyTorch is no dependency of the program.
"""
import argparse
import collections
import io
import json
import pathlib
import struct
import warnings
import zipfile

import numpy
import torch

TYPES = {
    torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.float64: "F64", torch.int64: "I64",
    torch.int32: "I32", torch.int16: "I16", torch.int8: "I8", torch.uint8: "U8", torch.bool: "BOOL",
}


class Callback:
    """Stands for a callback of a trainer: its class is a key, as in PyTorch Lightning's checkpoints."""


class Settings(dict):
    """Stands for the settings of a trainer: a dictionary of a class of its own."""


class Block(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm = torch.nn.GroupNorm(2, width)
        self.conv = torch.nn.Conv2d(width, width, 3, bias=False)
        self.register_buffer("mask", torch.ones(width, dtype=torch.bool))
        self.scale = torch.nn.Parameter(torch.tensor(0.5))

    def forward(self, x):
        return self.conv(self.norm(x)) * self.scale + 1.5


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(Block(4), torch.nn.SiLU(), Block(4))
        self.batch = torch.nn.BatchNorm2d(4)
        self.tied = self.layers[0].conv

    def forward(self, x):
        return self.batch(self.layers(x))


def typed(type_):
    if type_ == torch.bool:
        return torch.arange(12).reshape(3, 4) % 3 == 0
    return (torch.arange(12).reshape(3, 4) - (0 if type_ == torch.uint8 else 5)).to(type_)


def mixed():
    """Tensors of every type and kind of memory."""
    base = torch.randn(6, 8)
    tensors = {str(type_).split(".")[1]: typed(type_) for type_ in TYPES}
    tensors |= {
        "scalar": torch.tensor(3.25), "scalar.half": torch.tensor(-1.5, dtype=torch.float16),
        "empty": torch.empty(0), "empty.shape": torch.empty(3, 0, 2), "one": torch.ones(1, 1, 1, 1),
        "base": base, "transposed": base.t(), "row": base[2], "column": base[:, 3], "every.other": base[::2, 1::3],
        "permuted": torch.randn(2, 3, 4, 5).permute(3, 0, 2, 1), "expanded": torch.randn(3, 1).expand(3, 5),
        "expanded.front": torch.randn(4).expand(2, 3, 4), "narrow": torch.randn(100)[40:60],
        "channels.last": torch.randn(2, 3, 4, 4).to(memory_format=torch.channels_last),
        "windows": torch.arange(10.0).unfold(0, 4, 2), "diagonal": torch.randn(5, 5).diagonal(),
        "name with spaces/é": torch.ones(2),
        "special": torch.tensor([float("nan"), float("inf"), -0.0, 1e-45]),
    }
    return tensors


def lightning(state):
    return {
        "epoch": 3, "global_step": 1234, "pytorch-lightning_version": "1.0.8",
        "callbacks": {Callback: {"best": torch.tensor(0.5), "path": pathlib.PurePosixPath("/a/b")}},
        "optimizer_states": [{"state": {0: {"step": 3, "exp_avg": torch.zeros(4)}}, "param_groups": [{"lr": 1e-4}]}],
        "lr_schedulers": [numpy.float64(0.1), numpy.arange(3)],
        "hyper_parameters": Settings(a=1, b=argparse.Namespace(c=[1, 2])),
        "state_dict": state,
    }


def contents():
    """Names of variants, what is saved, and the state dict in it."""
    module = Net()
    module_state = dict(module.state_dict())
    state = mixed()
    many = {f"layer.{i}.weight": torch.full((3,), float(i)) for i in range(300)}
    yield "mixed", state, state
    yield "module-state", module.state_dict(), module_state
    yield "module", module, module_state
    yield "parallel", torch.nn.DataParallel(module).state_dict(), {f"module.{k}": v for k, v in module_state.items()}
    yield "lightning", lightning(collections.OrderedDict(state)), state
    yield "wrapped", {"model": module.state_dict(), "optimizer": {"m": torch.ones(9)}, "epoch": 1}, module_state
    yield "wrapped-module", {"model": module, "ema": torch.ones(2)}, module_state
    yield "nested", {"a": {"b": torch.ones(2), "c": {"d": torch.zeros(3)}}, "e": torch.tensor(1)}, {
        "a.b": torch.ones(2), "a.c.d": torch.zeros(3), "e": torch.tensor(1)}
    yield "list", [torch.ones(2), torch.zeros(3)], {"0": torch.ones(2), "1": torch.zeros(3)}
    yield "tensor", torch.arange(5), {"tensor": torch.arange(5)}
    yield "parameters", {"p": torch.nn.Parameter(torch.randn(2, 2))}, None
    attributed = torch.ones(3)
    attributed.note = "kept"
    yield "attributed", {"a": attributed}, {"a": torch.ones(3)}
    yield "many", many, many


def files(small):
    """Names of files, their bytes, and the state dict in them."""
    for name, value, state in contents():
        state = {k: v.detach() for k, v in (value if state is None else state).items()}
        for protocol in (2,) if small else (2, 3, 4, 5):
            for is_zip in (True, False):
                if small and (name not in ("mixed", "module", "lightning") or (name == "module" and not is_zip)):
                    continue  # the old format keeps the source text of modules, which is PyTorch's
                buffer = io.BytesIO()
                torch.save(value, buffer, pickle_protocol=protocol, _use_new_zipfile_serialization=is_zip)
                yield f"{name}-{'zip' if is_zip else 'legacy'}-{protocol}.pt", buffer.getvalue(), state
                if is_zip and name == "mixed":
                    yield f"{name}-deflated-{protocol}.pt", repacked(buffer.getvalue()), state
    module = Net().eval()
    state = dict(module.state_dict())
    for kind in ("traced",) if small else ("traced", "scripted", "frozen"):
        if kind == "traced":
            script = torch.jit.trace(module, torch.randn(1, 4, 8, 8))
        else:
            script = torch.jit.script(module)
        if kind == "frozen":
            script.half()
            state = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
        buffer = io.BytesIO()
        torch.jit.save(script, buffer)
        yield f"{kind}.jit.pt", buffer.getvalue(), state


def repacked(data):
    """The same archive as another program would make it: compressed, under another folder."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr("my model/" + name.split("/", 1)[1], source.read(name))
    return buffer.getvalue()


def safetensors(state):
    header, body = {}, bytearray()
    for name, tensor in state.items():
        data = tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() if tensor.numel() else b""
        header[name] = {"dtype": TYPES[tensor.dtype], "shape": list(tensor.shape),
                        "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + body


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--small", action="store_true", help="only those kept with the tests")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.manual_seed(7)
    options.folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for name, data, state in files(options.small):
        (options.folder / name).write_bytes(data)
        (options.folder / f"{name}.expected.safetensors").write_bytes(safetensors(state))
        count += 1
    print(f"{count} files in {options.folder}")


if __name__ == "__main__":
    main()
