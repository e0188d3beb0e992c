#!/usr/bin/env python3
"""Makes a CLIP test fixture smaller: keeps only those rows of its token embedding that the expected tokens use.

    scripts/trim_vocabulary.py clip.safetensors clip.expected.safetensors FOLDER

Writes both files to the folder, with the tokens renumbered in their old order, so that the end mark stays the greatest.
Needs nothing but Python.
"""
import json
import os
import struct
import sys


def load(path):
    data = open(path, "rb").read()
    start = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:start])
    metadata = header.pop("__metadata__", None)
    tensors = {}
    for key, entry in header.items():
        first, last = entry["data_offsets"]
        tensors[key] = (entry["dtype"], entry["shape"], data[start + first:start + last])
    return tensors, metadata


def save(path, tensors, metadata):
    header, body = {"__metadata__": metadata} if metadata else {}, bytearray()
    for key, (kind, shape, data) in sorted(tensors.items(), key=lambda item: -len(item[1][2])):
        header[key] = {"dtype": kind, "shape": shape, "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + body)


def main():
    source, expected, folder = sys.argv[1:]
    model, metadata = load(source)
    results, texts = load(expected)
    kind, shape, data = results["tokens"]
    tokens = struct.unpack(f"<{shape[0] * shape[1]}i", data)
    used = sorted(set(tokens))
    number = {old: new for new, old in enumerate(used)}
    results["tokens"] = (kind, shape, struct.pack(f"<{len(tokens)}i", *(number[token] for token in tokens)))
    kind, (rows, width), data = model["token_embedding.weight"]
    size = len(data) // rows
    kept = b"".join(data[row * size:(row + 1) * size] for row in used)
    model["token_embedding.weight"] = (kind, [len(used), width], kept)
    save(os.path.join(folder, os.path.basename(source)), model, metadata)
    save(os.path.join(folder, os.path.basename(expected)), results, texts)


if __name__ == "__main__":
    main()
