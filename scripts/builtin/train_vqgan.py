"""Trains the VQGAN on pictures of the painter, from scratch or from the weights of a folder.

"Neural Discrete Representation Learning", van den Oord et al., 2017 (straight-through, codes as moving averages);
"Taming Transformers for High-Resolution Image Synthesis", Esser et al., 2021 (the layout).

The loss is L1 with the differences of neighbours at three scales, 0.3 of a perceptual distance in the early features
of a CLIP, 0.25 of the commitment, and the error in decibels, in which quiet pictures count as much as busy ones. A run
that was killed goes on from its last checkpoint.
"""

import argparse
import csv
import json
import os

import numpy as np
import torch
import torch.nn.functional as F

from . import pictures as data, tensors
from .clip import CLIP
from .clock import Budget
from .vqgan import VQGAN


def pyramid_loss(a, b):
    """L1 and L1 of the differences of neighbours, at the picture's scale, half and a quarter of it."""
    total = (a - b).abs().mean()
    for scale in range(3):
        d = a - b
        total = total + 0.5 * ((d[..., 1:] - d[..., :-1]).abs().mean() + (d[..., 1:, :] - d[..., :-1, :]).abs().mean())
        if scale < 2:
            a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
            total = total + 0.25 * (a - b).abs().mean()
    return total


def perceptual_loss(clip, a, b):
    with torch.no_grad():
        theirs = clip.visual.early(b)
    pairs = zip(clip.visual.early(a), theirs)
    return sum((F.normalize(x, dim=1) - F.normalize(y, dim=1)).square().sum(1).mean() for x, y in pairs)


def decibels(a, b, least=0.0):
    """[N, 3, H, W] in -1...1 -> the PSNR of each, [N]; `least` is added to the error, to keep its gradient finite."""
    return -10 * (((a - b) / 2).square().flatten(1).mean(1) + least).log10()


class Codes:
    """The codebook as a moving average of the vectors that fall to each code; codes that nothing falls to start anew.

    The average goes back over about 16 vectors for each code, however many codes share those of a step.
    """

    def __init__(self, model, vectors):
        self.model, self.share = model, vectors / len(model.codebook)
        self.decay = max(0.0, 1 - self.share / 16)
        self.counts = torch.ones(len(model.codebook))
        self.sums = model.codebook.detach().clone()

    @torch.no_grad()
    def measure(self, batches):
        """Starts the averages from what falls to the present codes."""
        count = torch.zeros_like(self.counts)
        for batch in batches:
            count += torch.bincount(self.model.nearest(self.model.encode(batch)).flatten(), minlength=len(count))
        self.counts = (count / len(batches)).clamp(min=0.12 * self.share)
        self.sums = self.model.codebook * self.counts[:, None]

    @torch.no_grad()
    def spread(self, batches, rounds=8):
        """k-means over the encoder's vectors: where a new codebook starts."""
        z = torch.cat([self.model.encode(b).permute(0, 2, 3, 1).flatten(0, 2) for b in batches])
        book = z[torch.randperm(len(z))[:len(self.counts)]].clone()
        for _ in range(rounds):
            nearest = torch.cat([(book.square().sum(1) - 2 * q @ book.t()).argmin(1) for q in z.split(8192)])
            count = torch.bincount(nearest, minlength=len(book)).float()
            mean = torch.zeros_like(book).index_add_(0, nearest, z) / count.clamp(min=1)[:, None]
            book = torch.where(count[:, None] > 0, mean, z[torch.randint(0, len(z), (len(book),))])
        self.model.codebook.copy_(book)
        self.counts.fill_(self.share)
        self.sums = book * self.share

    @torch.no_grad()
    def update(self, z, codes, restart):
        z, codes = z.permute(0, 2, 3, 1).flatten(0, 2), codes.flatten()
        self.counts.mul_(self.decay).add_(
            torch.bincount(codes, minlength=len(self.counts)).float(), alpha=1 - self.decay)
        self.sums.mul_(self.decay).add_(torch.zeros_like(self.sums).index_add_(0, codes, z), alpha=1 - self.decay)
        dead, anew = self.counts < 0.1 * self.share, 0.6 * self.share
        if restart and dead.any():
            self.sums[dead] = z[torch.randint(0, len(z), (int(dead.sum()),))] * anew
            self.counts[dead] = anew
        self.model.codebook.copy_(self.sums / self.counts.clamp(min=1e-6)[:, None])


@torch.no_grad()
def evaluate(model, held):
    """Mean PSNR in dB over the held-out pictures, the codes in use, and the reconstructions."""
    out, used = [], set()
    for batch in held.split(16):
        picture, codes = model.reconstruct(batch)
        out.append(picture)
        used.update(codes.unique().tolist())
    out = torch.cat(out)
    return float(decibels(out, held).mean()), len(used), out


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, help="the painter's output folder")
    parser.add_argument("--out", required=True, help="folder for weights, checkpoint, curve and reconstructions")
    parser.add_argument("--init", help="folder with a vqgan.safetensors to go on from")
    parser.add_argument("--perceptual", help="folder with the CLIP whose early features judge")
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--unquantised", type=int, default=500, help="first steps of a run from scratch")
    parser.add_argument("--codes", type=int, help="give the model of --init so many codes, found by k-means")
    parser.add_argument("--decibels", type=float, default=0.02, help="what a decibel counts in the loss")
    parser.add_argument("--every", type=int, default=250, help="steps between evaluations")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.codes and not options.init:
        parser.error("--codes is for a model of --init; a new one has the codes of its configuration")
    return options


class Run:
    def __init__(self, options):
        self.options = options
        torch.manual_seed(options.seed)
        self.random = np.random.default_rng(options.seed)
        self.train = data.Pictures(options.data, "train")
        held = data.Pictures(options.data, "held")
        self.held = data.to_tensor(np.stack([held[i] for i in range(min(96, len(held)))]))
        self.model = VQGAN.load(options.init) if options.init else VQGAN().to(memory_format=torch.channels_last)
        if options.codes:
            self.model.set_codes(options.codes)
        self.judge = CLIP.load(options.perceptual).eval().requires_grad_(False) if options.perceptual else None
        learning = [p for p in self.model.parameters() if p.requires_grad]
        self.optimiser = torch.optim.AdamW(learning, lr=options.rate, betas=(0.9, 0.99), weight_decay=1e-4)
        # 8 x 8 of each crop.
        self.codes, self.step, self.budget = Codes(self.model, options.batch * 64), 0, Budget(options.minutes)
        self.path = f"{options.out}/vqgan.checkpoint"
        continued = os.path.exists(self.path)
        if options.codes and not continued:
            self.codes.spread([self.batch() for _ in range(max(1, options.codes // 16))])
        elif options.init and not continued:
            self.codes.measure([self.batch() for _ in range(100)])
        self.average = tensors.MovingAverage(self.model, 0.995)
        if continued:
            self.resume()

    def batch(self):
        return data.crops(self.train, self.options.batch, self.random)

    def resume(self):
        saved = torch.load(self.path, weights_only=False)
        self.model.load_state_dict(saved["model"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.average.state, self.average.steps = saved["average"], saved["step"]
        self.codes.counts, self.codes.sums = saved["counts"], saved["sums"]
        self.step, self.budget = saved["step"], Budget(self.options.minutes, saved["minutes"])
        self.random.bit_generator.state = saved["random"]
        torch.set_rng_state(saved["torch"])

    def save(self):
        tensors.checkpoint(self.path, {
            "model": self.model.state_dict(), "optimiser": self.optimiser.state_dict(), "average": self.average.state,
            "counts": self.codes.counts, "sums": self.codes.sums, "step": self.step, "minutes": self.budget.spent,
            "random": self.random.bit_generator.state, "torch": torch.get_rng_state()})

    def learn(self):
        for group in self.optimiser.param_groups:
            group["lr"] = self.budget.rate(self.options.rate, self.step)
        x = self.batch()
        quantised = bool(self.options.init) or self.step >= self.options.unquantised
        if not self.options.init and self.step == self.options.unquantised:
            self.codes.spread([self.batch() for _ in range(96)])
        z = self.model.encode(x)
        if quantised:
            codes = self.model.nearest(z.detach())
            vectors = self.model.embed(codes)
            loss = 0.25 * (z - vectors).square().mean()
            y = self.model.decode(z + (vectors - z).detach())
        else:
            loss, y = 0, self.model.decode(z)
        loss = loss + pyramid_loss(y, x) - self.options.decibels * decibels(y, x, least=1e-6).mean()
        if self.judge is not None and self.step % 2 == 0:
            loss = loss + 0.3 * perceptual_loss(self.judge, y, x)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        if not torch.isfinite(norm):
            return
        self.optimiser.step()
        if quantised:
            self.codes.update(z.detach(), codes, restart=self.budget.share < 0.85)
        self.average.update(self.model)
        self.average.state["quantize.embedding.weight"].copy_(self.model.codebook)

    def report(self):
        with tensors.swapped(self.model, self.average.state):
            quality, used, out = evaluate(self.model, self.held)
            metadata = {"config": json.dumps(self.model.configuration)}
            tensors.save(f"{self.options.out}/vqgan.safetensors", self.model.state_dict(), metadata)
        with open(f"{self.options.out}/vqgan.csv", "a", newline="") as file:
            csv.writer(file).writerow([self.step, f"{self.budget.spent:.2f}", f"{quality:.3f}", used])
        print(f"step {self.step}  {self.budget.spent:.1f} min  PSNR {quality:.2f} dB  {used} codes", flush=True)
        rows = [t for i in range(0, 24, 8) for t in (self.held[i:i + 8], out[i:i + 8])]
        data.grid(rows).save(f"{self.options.out}/vqgan.png")
        self.save()

    def loop(self):
        self.report()
        while self.budget.share < 1:
            self.learn()
            self.step += 1
            if self.step % self.options.every == 0:
                self.report()
        self.report()


def main():
    options = parse()
    torch.set_num_threads(1)
    os.makedirs(options.out, exist_ok=True)
    Run(options).loop()


if __name__ == "__main__":
    main()
