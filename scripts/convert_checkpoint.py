#!/usr/bin/env python3
"""Writes the tensors of a PyTorch checkpoint to a safetensors file, as the tests' fixtures were made.

    scripts/convert_checkpoint.py model.ckpt model.safetensors [--drop loss.] [--keep-prefix first_stage_model.]

Needs nothing but Python. Runs no code from the checkpoint: whatever is not a tensor or a container becomes an inert
placeholder. Reads zip archives made by torch.save; a `state_dict` inside is found by itself.
"""
import argparse
import collections
import json
import pickle
import struct
import zipfile

TYPES = {
    "FloatStorage": ("F32", 4), "HalfStorage": ("F16", 2), "BFloat16Storage": ("BF16", 2), "DoubleStorage": ("F64", 8),
    "LongStorage": ("I64", 8), "IntStorage": ("I32", 4), "ShortStorage": ("I16", 2), "CharStorage": ("I8", 1),
    "ByteStorage": ("U8", 1), "BoolStorage": ("BOOL", 1),
}


class Inert:
    """Stands for any object that is neither a tensor nor a container."""

    def __init__(self, *arguments):
        pass

    def __setstate__(self, state):
        pass


class Storage:
    def __init__(self, kind, key):
        self.kind, self.key = kind, key


class Tensor:
    def __init__(self, storage, offset, shape, strides):
        self.storage, self.offset, self.shape, self.strides = storage, offset, shape, strides

    def bytes(self, archive, root):
        """The elements, row-major."""
        size = TYPES[self.storage.kind][1]
        data = archive.read(f"{root}/data/{self.storage.key}")
        expected, step = [], 1
        for length in reversed(self.shape):
            expected.insert(0, step)
            step *= length
        contiguous = all(a == b or n == 1 for a, b, n in zip(self.strides, expected, self.shape))
        if contiguous:
            return data[self.offset * size:(self.offset + step) * size]
        indices = [self.offset]
        for length, stride in zip(self.shape, self.strides):
            indices = [i + j * stride for i in indices for j in range(length)]
        return b"".join(data[i * size:(i + 1) * size] for i in indices)


def rebuild(storage, offset, shape, strides, *_):
    return Tensor(storage, offset, tuple(shape), tuple(strides))


class Reader(pickle.Unpickler):
    def find_class(self, module, name):
        if module == "collections" and name == "OrderedDict":
            return collections.OrderedDict
        if module == "torch._utils" and name == "_rebuild_tensor_v2":
            return rebuild
        if module == "torch._utils" and name == "_rebuild_parameter":
            return lambda tensor, *_: tensor
        if module == "torch" and name in TYPES:
            return name
        return type(name, (Inert,), {})

    def persistent_load(self, identifier):
        _, kind, key, _, _ = identifier
        return Storage(kind, key)


def tensors(value, prefix=""):
    """All tensors of nested dictionaries with their dotted keys."""
    if isinstance(value, Tensor):
        yield prefix, value
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(key, str):
                yield from tensors(item, f"{prefix}.{key}" if prefix else key)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("source")
    parser.add_argument("target")
    parser.add_argument("--drop", action="append", default=[], help="leave out keys that begin like this")
    parser.add_argument("--keep-prefix", default="", help="keep only keys that begin like this")
    options = parser.parse_args()
    archive = zipfile.ZipFile(options.source)
    root = next(name for name in archive.namelist() if name.endswith("/data.pkl"))[: -len("/data.pkl")]
    content = Reader(archive.open(f"{root}/data.pkl")).load()
    state = content.get("state_dict", content)
    header, body = {}, bytearray()
    for key, tensor in sorted(tensors(state), key=lambda item: item[0]):
        if key.startswith(tuple(options.drop)) or not key.startswith(options.keep_prefix):
            continue
        data = tensor.bytes(archive, root)
        header[key] = {"dtype": TYPES[tensor.storage.kind][0], "shape": list(tensor.shape),
                       "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(options.target, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + body)
    print(f"{options.target}: {len(header)} tensors, {len(body)} bytes")


if __name__ == "__main__":
    main()
