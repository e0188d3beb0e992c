#!/usr/bin/env python3
"""The usual VQGAN+CLIP loop in plain PyTorch, to measure the program against: seconds by phase and peak memory.

Usage: reference.py FOLDER [--size WxH] [--cuts N] [--steps N] [--threads N]
       reference.py FOLDER --make-weights
       reference.py FOLDER --floor [--size WxH] [--cuts N] [--threads N]

With --floor: the step's floating-point operations, and what they take at the rate of a large matrix product here.

One line of JSON, with the keys of `vqclip-tui bench --json`. float32 on the CPU, one text, Adam. Needs torch and
safetensors; `make bench` puts them into .venv-bench.
"""

import argparse
import json
import resource
import statistics
import time

import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

import cutouts
import models

MEAN, DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


class ClampWithGradient(torch.autograd.Function):
    """Clamps; backward lets through what brings a clipped value back."""

    @staticmethod
    def forward(context, x, low, high):
        context.save_for_backward(x)
        context.limits = low, high
        return x.clamp(low, high)

    @staticmethod
    def backward(context, gradient):
        (x,) = context.saved_tensors
        return gradient * (gradient * (x - x.clamp(*context.limits)) >= 0), None, None


class ReplaceGradient(torch.autograd.Function):
    """The values of one tensor, whose gradient goes to another."""

    @staticmethod
    def forward(context, values, source):
        return values

    @staticmethod
    def backward(context, gradient):
        return None, gradient


def quantized(z, codebook):
    cells = z.movedim(1, 3)
    distances = cells.pow(2).sum(-1, keepdim=True) + codebook.pow(2).sum(1) - 2 * cells @ codebook.T
    values = F.embedding(distances.argmin(-1), codebook)
    return ReplaceGradient.apply(values, cells).movedim(3, 1)


def distance(features, target):
    features, target = F.normalize(features, dim=-1), F.normalize(target, dim=-1)
    return features.sub(target).norm(dim=-1).div(2).arcsin().pow(2).mul(2).mean()


class Loop:
    def __init__(self, folder, width, height):
        self.vqgan, self.clip = models.load(folder)
        codebook = self.vqgan.codebook
        cells = torch.randint(models.CODES, (1, height // models.CELL, width // models.CELL))
        self.z = F.embedding(cells, codebook).movedim(3, 1).clone().requires_grad_()
        self.low = codebook.min(0).values.view(1, -1, 1, 1)
        self.high = codebook.max(0).values.view(1, -1, 1, 1)
        self.optimizer = torch.optim.Adam([self.z], lr=0.1)
        self.mean, self.deviation = (torch.tensor(v).view(1, 3, 1, 1) for v in (MEAN, DEVIATION))
        with torch.no_grad():
            self.target = self.clip.encode_text(torch.randint(models.VOCABULARY, (1, models.CONTEXT)))

    def step(self, count):
        """Seconds by phase."""
        marks = [time.perf_counter()]
        self.optimizer.zero_grad(set_to_none=True)
        q = quantized(self.z, self.vqgan.codebook)
        picture = ClampWithGradient.apply((self.vqgan.decode(q) + 1) / 2, 0, 1)
        marks.append(time.perf_counter())
        batch = cutouts.latest(picture, count)
        marks.append(time.perf_counter())
        features = self.clip.visual((batch - self.mean) / self.deviation)
        loss = distance(features, self.target)
        marks.append(time.perf_counter())
        loss.backward()
        marks.append(time.perf_counter())
        self.optimizer.step()
        with torch.no_grad():
            self.z.copy_(self.z.maximum(self.low).minimum(self.high))
        marks.append(time.perf_counter())
        names = ("decode", "cutouts", "clip", "backward", "rest")
        return {name: after - before for name, before, after in zip(names, marks, marks[1:])}


def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def floor(width, height, cuts):
    """Operations of a step, forward and with respect to its inputs backward, and the machine's rate for products."""
    with torch.device("meta"):
        vqgan, clip = models.VQGAN(), models.CLIP()
        with FlopCounterMode(display=False) as counter:
            vqgan.decode(torch.zeros(1, models.CODE_WIDTH, height // models.CELL, width // models.CELL))
            clip.visual(torch.zeros(cuts, 3, models.RESOLUTION, models.RESOLUTION))
    operations = 2 * counter.get_total_flops()
    side = 2048
    a, b = torch.randn(side, side), torch.randn(side, side)
    best = float("inf")
    for _ in range(8):
        begun = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - begun)
    rate = 2 * side**3 / best
    return {"operations": operations, "operationsPerSecond": rate, "seconds": operations / rate}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="where vqgan.safetensors and clip.safetensors are")
    parser.add_argument("--make-weights", action="store_true", help="write random weights there and end")
    parser.add_argument("--floor", action="store_true", help="print the least that the arithmetic takes and end")
    parser.add_argument("--size", default="256x256")
    parser.add_argument("--cuts", type=int, default=32)
    parser.add_argument("--steps", type=int, default=3, help="the first one warms up and does not count")
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    if options.make_weights:
        models.make_weights(options.folder)
        return
    if options.threads:
        torch.set_num_threads(options.threads)
    imported = peak_bytes()
    width, height = (int(side) // models.CELL * models.CELL for side in options.size.split("x"))
    if options.floor:
        print(json.dumps(floor(width, height, options.cuts)))
        return
    torch.manual_seed(0)
    loop = Loop(options.folder, width, height)
    steps = [loop.step(options.cuts) for _ in range(options.steps)]
    counted = steps[1:] or steps
    result = {
        "size": f"{width}x{height}",
        "secondsPerStep": statistics.median(sum(step.values()) for step in counted),
        "phases": {name: statistics.median(step[name] for step in counted) for name in counted[0]},
        "peakBytes": peak_bytes(),
        "importedBytes": imported,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
    }
    print(json.dumps(result, sort_keys=True))


if __name__ == "__main__":
    main()
