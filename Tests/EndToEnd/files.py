"""What the tests read from the files that the program writes."""

import json
import struct
import zlib
from pathlib import Path

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class Picture:
    """A PNG with its size, its texts by keyword and its samples as they are stored, filter bytes included."""

    def __init__(self, path):
        chunks = list(png_chunks(Path(path).read_bytes()))
        assert chunks[0][0] == b"IHDR" and chunks[-1][0] == b"IEND", [kind for kind, _ in chunks]
        self.width, self.height = struct.unpack(">II", chunks[0][1][:8])
        self.texts = dict(png_text(kind, data) for kind, data in chunks if kind in (b"tEXt", b"iTXt"))
        self.samples = zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT"))
        assert len(self.samples) == (3 * self.width + 1) * self.height, len(self.samples)


def png_chunks(content):
    """Pairs of kind and data; every checksum is looked at."""
    assert content.startswith(PNG_SIGNATURE), content[:16]
    place = len(PNG_SIGNATURE)
    while place < len(content):
        (length,) = struct.unpack(">I", content[place : place + 4])
        kind, data = content[place + 4 : place + 8], content[place + 8 : place + 8 + length]
        (checksum,) = struct.unpack(">I", content[place + 8 + length : place + 12 + length])
        assert checksum == zlib.crc32(kind + data), kind
        yield kind, data
        place += 12 + length


def png_text(kind, data):
    keyword, rest = data.split(b"\0", 1)
    if kind == b"tEXt":
        return keyword.decode("latin-1"), rest.decode("latin-1")
    is_compressed = rest[0] == 1
    text = rest[2:].split(b"\0", 2)[2]
    return keyword.decode("latin-1"), (zlib.decompress(text) if is_compressed else text).decode()


def write_png(path, width, height, data=None):
    """A grey picture; or with `data` whatever that is as the picture's compressed samples."""
    samples = zlib.compress((b"\0" + b"\x80" * (3 * width)) * height) if data is None else data
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", samples), (b"IEND", b"")]
    content = PNG_SIGNATURE
    for kind, body in chunks:
        content += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    Path(path).write_bytes(content)


def checkpoint_step(path):
    """The number of steps in a checkpoint, from its header."""
    content = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    tensors = [value for key, value in header.items() if key != "__metadata__"]
    assert max(tensor["data_offsets"][1] for tensor in tensors) == len(content) - 8 - length
    return json.loads(header["__metadata__"]["vqclip-tui"])["step"]


def run_files(workspace, pattern="*"):
    """Files in the folders of all runs, by name."""
    return sorted((workspace.data / "runs").glob(f"*/{pattern}"))


def leftovers(workspace):
    """Temporary files and empty folders of runs, of which there should be none."""
    temporary = [path for path in workspace.root.rglob("*") if ".vqclip-" in path.name or path.name.endswith(".tmp")]
    return temporary + [path for path in (workspace.data / "runs").glob("*") if not any(path.iterdir())]
