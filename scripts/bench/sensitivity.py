#!/usr/bin/env python3
"""How much a change of the picture as small as rounding changes a step's gradient with respect to it, in plain PyTorch.

Usage: sensitivity.py FOLDER [--relative R]     (FOLDER: the weights that reference.py --make-weights writes)

The cut method takes the largest pixel of every pool and turns the hue through the largest of three colours. Where two
are almost equal, the gradient goes to one or to the other, so it jumps, whichever program computes it. The picture is
the same, changed by noise of the given relative size; so are all random numbers.
"""

import argparse

import cutouts
import reference
import torch
from torch.nn import functional as F


def gradient(loop, picture, pool, jitter):
    """Of the loss of eight cutouts with respect to the picture."""
    largest, colours = F.adaptive_max_pool2d, cutouts.jitter
    picture = picture.clone().requires_grad_()
    torch.manual_seed(5)
    F.adaptive_max_pool2d = pool
    cutouts.jitter = colours if jitter else lambda x: x
    try:
        batch = cutouts.latest(picture.clamp(0, 1), 8)
    finally:
        F.adaptive_max_pool2d, cutouts.jitter = largest, colours
    features = loop.clip.visual((batch - loop.mean) / loop.deviation)
    reference.distance(features, loop.target).backward()
    return picture.grad


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="where vqgan.safetensors and clip.safetensors are")
    parser.add_argument("--relative", type=float, default=3.9e-5, help="size of the change, of the picture's length")
    options = parser.parse_args()
    torch.manual_seed(0)
    loop = reference.Loop(options.folder, 256, 256)
    with torch.no_grad():
        picture = (loop.vqgan.decode(reference.quantized(loop.z, loop.vqgan.codebook)) + 1) / 2
    noise = torch.randn_like(picture)
    changed = picture + noise * (options.relative * picture.norm() / noise.norm())
    for name, pool in (("the usual pools", F.adaptive_max_pool2d), ("means instead of largest", F.adaptive_avg_pool2d)):
        for jitter in (True, False):
            before, after = (gradient(loop, x, pool, jitter) for x in (picture, changed))
            relative = float((after - before).norm() / before.norm())
            print(f"{name}, {'with' if jitter else 'without'} colour jitter: gradient changes by {relative:.1e}", flush=True)


if __name__ == "__main__":
    main()
