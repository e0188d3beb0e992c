"""Writes what PyTorch computes with the built-in pair, for the program's tests to compare with.

    python3 -m builtin.reference --models ../models/built-in --out ../Tests/CoreTests/Fixtures/built-in-expected.safetensors
"""

import argparse
import json

import torch

from . import tensors
from .clip import CLIP
from .tokens import Tokenizer
from .vqgan import VQGAN

TEXTS = ("a red dragon over snowy mountains at night", "a golden crown", "misty mountains, oil painting",
         "The King's 3 harps!")


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--models", required=True)
    parser.add_argument("--out", required=True)
    options = parser.parse_args()
    torch.manual_seed(3)
    vqgan, clip = VQGAN.load(options.models).eval(), CLIP.load(options.models).eval()
    indices = torch.randint(0, len(vqgan.codebook), (1, 12, 16))
    image, small = torch.rand(1, 3, 96, 128), torch.rand(2, 3, 64, 64)
    tokens = Tokenizer(options.models)(TEXTS)
    expected = {
        "indices": indices.int(), "decoded": vqgan.decode(vqgan.embed(indices)),
        "image": image, "encoded": vqgan.encode(image * 2 - 1),
        "clip_image": small, "image_features": clip.visual(small * 2 - 1)[0],
        "tokens": tokens.int(), "text_features": clip.text_features(tokens),
    }
    tensors.save(options.out, expected, {"texts": json.dumps(TEXTS)}, half=False)
    for name, value in expected.items():
        print(name, tuple(value.shape), f"{value.float().abs().mean():.5f}")


if __name__ == "__main__":
    main()
