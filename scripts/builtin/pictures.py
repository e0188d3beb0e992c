"""The painter's pictures as a training run sees them."""

import glob
import json

import numpy as np
import torch
from PIL import Image


class Pictures:
    """One split of a rendered set: shards of uint8 [N, 128, 128, 3] and a caption for each picture."""

    def __init__(self, folder, split):
        paths = sorted(glob.glob(f"{folder}/{split}-*.npy"))
        if not paths:
            raise SystemExit(f"{folder} has no {split}-*.npy: render the set first, see scripts/painter/README.md")
        self.shards = [np.load(path, mmap_mode="r") for path in paths]
        self.captions = [c for path in paths for c in json.load(open(path[:-4] + ".json"))]
        self.starts = np.cumsum([0] + [len(shard) for shard in self.shards])
        if self.starts[-1] != len(self.captions):
            raise SystemExit(f"{folder}: {self.starts[-1]} pictures, but {len(self.captions)} captions")

    def __len__(self):
        return len(self.captions)

    def __getitem__(self, index):
        shard = int(np.searchsorted(self.starts, index, side="right")) - 1
        return self.shards[shard][index - self.starts[shard]]

    def halved(self):
        """All of them at half the size, uint8 [N, 64, 64, 3]: what the CLIP sees."""
        out = np.empty((len(self), 64, 64, 3), np.uint8)
        for start in range(0, len(self), 500):
            part = np.stack([self[i] for i in range(start, min(start + 500, len(self)))])
            out[start:start + 500] = (part.reshape(-1, 64, 2, 64, 2, 3).sum((2, 4), dtype=np.uint16) + 2) // 4
        return out


def to_tensor(pictures):
    """uint8 [N, H, W, 3] -> float [N, 3, H, W] in -1...1."""
    x = torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1
    return x.contiguous(memory_format=torch.channels_last)


def crops(pictures, count, random):
    """Random views of 64 x 64: mostly true pixels, some at a smaller scale, so that codes mean things of any size."""
    out = np.empty((count, 64, 64, 3), np.uint8)
    for k in range(count):
        picture, kind = pictures[int(random.integers(len(pictures)))], random.random()
        side = 64 if kind < 0.65 else 96 if kind < 0.85 else 128
        y, x = random.integers(129 - side, size=2)
        view = picture[y:y + side, x:x + side]
        if side != 64:
            view = np.asarray(Image.fromarray(view).resize((64, 64), Image.BICUBIC if side == 96 else Image.BOX))
        out[k] = view[:, ::-1] if random.random() < 0.5 else view
    return to_tensor(out)


def grid(rows):
    """Rows of pictures, each [N, 3, H, W] in -1...1, as one PIL image."""
    sheet = torch.cat([torch.cat(list(row), 2) for row in rows], 1)
    return Image.fromarray(((sheet + 1) * 127.5).clamp(0, 255).byte().permute(1, 2, 0).contiguous().numpy())
