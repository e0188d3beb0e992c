"""Trains the CLIP on pictures of the painter, going on from the weights of a folder.

"Learning Transferable Visual Models From Natural Language Supervision", Radford et al., 2021 (the symmetric loss);
"Adversarial Training for Free!", Shafahi et al., 2019 (each batch twice, the second time moved, within a ball in L2,
to where the first pass says that it is worst: a tower that a painting run cannot fool with a little haze).

The second task, to name the words of the caption from the mean of the picture's features, helps a small tower to look
at everything; its head is not kept. A run that was killed goes on from its last checkpoint.
"""

import argparse
import csv
import json
import os

import numpy as np
import torch
import torch.nn.functional as F

from . import pictures as data, tensors
from .clip import CLIP, CONFIGURATION
from .clock import Budget
from .tokens import Tokenizer, Words


def augmented(x, random, noise):
    """[N, 3, 64, 64] in -1...1: slight affine changes and crops, brightness, contrast, blur, and noise of any strength.

    Noise up to half the range makes a tower that still sees through it: randomised smoothing.
    """
    n = len(x)
    uniform = lambda low, high: low + (high - low) * torch.rand(n, generator=random)
    scale, stretch = uniform(0.6, 1.05), uniform(0.9, 1.1)
    flip = (torch.rand(n, generator=random) < 0.5).float() * 2 - 1
    angle, shear = (torch.randn(n, generator=random) * amount for amount in (0.08, 0.06))
    room = (1 - scale).clamp(min=0.03)
    cos, sin = angle.cos(), angle.sin()
    rows = [torch.stack([scale * stretch * cos * flip, -scale * sin + shear, uniform(-1, 1) * room], 1),
            torch.stack([scale * sin * flip, scale / stretch * cos, uniform(-1, 1) * room], 1)]
    where = F.affine_grid(torch.stack(rows, 1), x.shape, align_corners=False)
    x = F.grid_sample(x, where, padding_mode="reflection", align_corners=False)
    x = (x * uniform(0.8, 1.15).view(-1, 1, 1, 1) + uniform(-0.12, 0.12).view(-1, 1, 1, 1)).clamp(-1, 1)
    soft = n // 4
    x = torch.cat([F.avg_pool2d(F.pad(x[:soft], (1, 1, 1, 1), mode="reflect"), 3, 1), x[soft:]])
    sigma = uniform(0, noise) * (torch.rand(n, generator=random) < 0.85)
    x = x + sigma.view(-1, 1, 1, 1) * torch.randn(x.shape, generator=random)
    return x.contiguous(memory_format=torch.channels_last)


def retrieval(images, texts, group):
    """How often a picture's own caption is the best, and among the best five, of `group`."""
    first = five = count = 0
    group = min(group, len(images))
    for start in range(0, len(images) - group + 1, group):
        score = images[start:start + group] @ texts[start:start + group].t()
        rank = (score > score.diag()[:, None]).sum(1)
        first, five, count = first + int((rank == 0).sum()), five + int((rank < 5).sum()), count + group
    return first / count, five / count


@torch.no_grad()
def evaluate(model, held, tokens, sigma=0.0):
    """R@1 and R@5 of 40 and of 1,000, and the mean likeness of pairs; with noise of `sigma` on the pictures."""
    model.eval()
    random, images = torch.Generator().manual_seed(0), []
    for batch in np.array_split(held, max(1, len(held) // 250)):
        x = data.to_tensor(batch)
        images.append(model.image(x + sigma * torch.randn(x.shape, generator=random)))
    images, texts = torch.cat(images), torch.cat([model.text(part) for part in tokens.split(250)])
    model.train()
    return (*retrieval(images, texts, 40), *retrieval(images, texts, 1000), float((images * texts).sum(1).mean()))


def parse():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", required=True, help="the painter's output folder")
    parser.add_argument("--out", required=True, help="folder for weights, checkpoint and curve")
    parser.add_argument("--init", required=True, help="folder with clip.safetensors, vocab.json and merges.txt")
    parser.add_argument("--fresh", action="store_true", help="take the tokenizer only, and start from new weights")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=1.3e-3)
    parser.add_argument("--noise", type=float, default=0.5)
    parser.add_argument("--adversarial", type=float, default=0.5, help="from this share of the time on")
    parser.add_argument("--radius", type=float, default=2.0, help="of the ball in L2, over 64 x 64 x 3 values in -1...1")
    parser.add_argument("--every", type=int, default=150, help="steps between evaluations")
    parser.add_argument("--seed", type=int, default=2)
    return parser.parse_args()


class Run:
    def __init__(self, options):
        self.options = options
        torch.manual_seed(options.seed)
        self.random = torch.Generator().manual_seed(options.seed + 7)
        self.order = np.random.default_rng(options.seed)
        train, held = data.Pictures(options.data, "train"), data.Pictures(options.data, "held")
        tokenizer, words = Tokenizer(options.init), Words(train.captions)
        self.pictures, self.held = train.halved(), held.halved()[:1000]
        self.tokens, self.held_tokens = tokenizer(train.captions), tokenizer(held.captions[:1000])
        self.words = words(train.captions)
        known = {}
        self.captions = torch.tensor([known.setdefault(c, len(known)) for c in train.captions])
        fresh = CLIP().to(memory_format=torch.channels_last)
        self.model = fresh if options.fresh else CLIP.load(options.init)
        self.model.head = torch.nn.Linear(CONFIGURATION["vision"]["widths"][-1], len(words.list))
        self.step, self.budget, self.queue = 0, Budget(options.minutes), np.zeros(0, int)
        self.path = f"{options.out}/clip.checkpoint"
        saved = torch.load(self.path, weights_only=False) if os.path.exists(self.path) else None
        if saved:
            self.model.prepare_normalisation()
        else:
            sample = self.order.choice(len(self.pictures), 512, replace=False)
            self.model.add_normalisation(augmented(data.to_tensor(self.pictures[sample]), self.random, options.noise))
        groups = [{"params": [p for p in self.model.parameters() if p.ndim > 1], "weight_decay": 0.05},
                  {"params": [p for p in self.model.parameters() if p.ndim <= 1], "weight_decay": 0.0}]
        self.optimiser = torch.optim.AdamW(groups, lr=options.rate, betas=(0.9, 0.98))
        self.average = tensors.MovingAverage(self.model, 0.99)
        if saved:
            self.resume(saved)

    def resume(self, saved):
        self.model.load_state_dict(saved["model"])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.average.state, self.average.steps = saved["average"], saved["step"]
        self.step, self.budget = saved["step"], Budget(self.options.minutes, saved["minutes"])
        self.random.set_state(saved["random"])
        self.order.bit_generator.state = saved["order"]

    def save(self):
        tensors.checkpoint(self.path, {
            "model": self.model.state_dict(), "optimiser": self.optimiser.state_dict(), "average": self.average.state,
            "step": self.step, "minutes": self.budget.spent, "random": self.random.get_state(),
            "order": self.order.bit_generator.state})

    def losses(self, x, index, texts):
        """The symmetric loss, in which equal captions share a target, and half of the loss of the words."""
        features, places = self.model.visual(x)
        score = self.model.logit_scale.exp().clamp(max=60) * F.normalize(features, dim=-1) @ texts.t()
        same = (self.captions[index][:, None] == self.captions[index][None]).float()
        target = same / same.sum(1, keepdim=True)
        contrast = -0.5 * ((target * score.log_softmax(1)).sum(1).mean() + (target * score.t().log_softmax(1)).sum(1).mean())
        words = self.words[index]
        said = torch.gather(self.model.head(places).log_softmax(1), 1, words.clamp(min=0)) * (words >= 0)
        return contrast, -(said.sum(1) / (words >= 0).sum(1).clamp(min=1)).mean()

    def learn(self):
        if len(self.queue) < self.options.batch:
            self.queue = self.order.permutation(len(self.pictures))
        index, self.queue = self.queue[:self.options.batch], self.queue[self.options.batch:]
        x = augmented(data.to_tensor(self.pictures[index]), self.random, self.options.noise)
        if self.budget.share < self.options.adversarial:
            return self.update(x, index)
        x.requires_grad_(True)
        result = self.update(x, index)
        with torch.no_grad():
            along = x.grad / (x.grad.flatten(1).norm(dim=1).view(-1, 1, 1, 1) + 1e-12)
            radius = self.options.radius * torch.rand(len(x), 1, 1, 1, generator=self.random)
            moved = (x + radius * along).contiguous(memory_format=torch.channels_last)
        self.update(moved, index)
        return result

    def update(self, x, index):
        for group in self.optimiser.param_groups:
            group["lr"] = self.budget.rate(self.options.rate, self.step)
        contrast, words = self.losses(x, index, self.model.text(self.tokens[index]))
        self.optimiser.zero_grad(set_to_none=True)
        (contrast + 0.5 * words).backward()
        if torch.isfinite(torch.nn.utils.clip_grad_norm_(self.model.parameters(), 2.0)):
            self.optimiser.step()
            self.average.update(self.model)
        self.step += 1
        return float(contrast.detach()), float(words.detach())

    def report(self, losses):
        with tensors.swapped(self.model, self.average.state):
            clean = evaluate(self.model, self.held, self.held_tokens)
            noisy = evaluate(self.model, self.held, self.held_tokens, sigma=0.4)
            state = {k: v for k, v in self.model.folded_state().items() if not k.startswith("head.")}
            tensors.save(f"{self.options.out}/clip.safetensors", state, {"config": json.dumps(CONFIGURATION)})
        row = [self.step, f"{self.budget.spent:.2f}", *(f"{v:.3f}" for v in (*losses, *clean, noisy[0], noisy[2]))]
        with open(f"{self.options.out}/clip.csv", "a", newline="") as file:
            csv.writer(file).writerow(row)
        print(f"step {row[0]}  {row[1]} min  loss {row[2]} words {row[3]}  R@1/5 of 40 {row[4]}/{row[5]}  of 1000 "
              f"{row[6]}/{row[7]}  likeness {row[8]}  with noise of 40 {row[9]}, of 1000 {row[10]}", flush=True)
        self.save()

    def loop(self):
        losses, next_report = (0.0, 0.0), self.step
        self.model.train()
        while self.budget.share < 1:
            if self.step >= next_report:
                self.report(losses)
                next_report = self.step + self.options.every
            losses = self.learn()
        self.report(losses)


def main():
    options = parse()
    torch.set_num_threads(1)
    os.makedirs(options.out, exist_ok=True)
    Run(options).loop()


if __name__ == "__main__":
    main()
