"""Makes the sketchbook: pictures of the painter as grids of codes, chosen so that they cover what can be asked for.

Each entry has its caption, its features in the space of the CLIP, and what it is, so that a program can put an object
of one entry into the scene of another: 1 is an object on even ground, which can be cut out; 2 is a landscape.
"""

import argparse
import json
import os

import numpy as np
import torch

from painter import compose, plan, sprites, styles, textures
from painter.canvas import pick
from painter.scenes import SCENES
from painter.words import SKIES, STYLES, TIMES, with_article

from . import pictures as data, tensors
from .clip import CLIP
from .vqgan import VQGAN

OTHER, OBJECT, SCENE = 0, 1, 2
# The colours that are asked for most; the rest is up to the painting.
COLOURED = ("red", "blue", "golden", "white", "black")
STYLED_EACH = 12
# How many members of a group of textures that has many: patterns in all pairs of colours would fill the book.
MEMBERS = 16
FEATURE_SCALE = 381


class Contents:
    """What the book shows: plans of pictures, with the plainest captions that say it."""

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.decks = plan.Decks(self.random)
        self.objects = sprites.objects()

    def entries(self):
        return self.things() + self.landscapes() + self.textures() + self.styled()

    def things(self):
        """Every object as it is, and in five colours, on even ground."""
        out = []
        for thing in self.objects:
            for colour in (None, *COLOURED):
                caption = with_article(f"{colour} {thing.name}" if colour else thing.name)
                out.append((OBJECT, plan.Picture("object", caption, things=((thing.name, colour),))))
        return out

    def landscapes(self):
        """Every scene at every time of day and in every weather of it."""
        out = []
        for index, scene in enumerate(SCENES):
            for time, sky in sorted(set(plan.TIMES_AND_SKIES)):
                said = [next((w for w in TIMES[time] if w), ""), next((w for w in SKIES[sky][1] if w), "")]
                caption = " ".join([pick(self.random, scene.phrases), *(w for w in said if w)])
                out.append((SCENE, plan.Picture("scene", caption, scene=index, time=time, sky=sky)))
        return out

    def textures(self):
        out = []
        for group, members in enumerate(textures.GROUPS):
            for member in self.random.permutation(len(members))[:MEMBERS]:
                for caption in members[member].phrases[:2]:
                    out.append((OTHER, plan.Picture("texture", caption, texture=(group, int(member)))))
        return out

    def styled(self):
        out = []
        for style, words in STYLES.items():
            for count in range(STYLED_EACH):
                if count % 2:
                    index = self.decks.deal("styled scene", range(len(SCENES)))
                    time = self.decks.deal("styled time", list(TIMES))
                    caption = f"{SCENES[index].phrases[0]} {TIMES[time][-1]}, {words[0]}"
                    out.append((OTHER, plan.Picture("scene", caption, scene=index, time=time, style=style)))
                else:
                    name = self.decks.deal("styled object", self.objects).name
                    caption = f"{with_article(name)}, {words[0]}"
                    out.append((OTHER, plan.Picture("object", caption, things=((name, None),), style=style)))
        return out


def even_ground(random, image):
    """A picture of one quiet colour, from which the drawing stands out best."""
    pixels = np.asarray(image, np.float32) / 255
    inside = pixels[pixels[..., 3] > 0.6][:, :3]
    grounds = np.array([[0.93, 0.93, 0.93], [0.62, 0.72, 0.82], [0.25, 0.27, 0.32], [0.75, 0.68, 0.55]], np.float32)
    distance = np.linalg.norm(inside[:, None] - grounds[None], axis=-1)
    best = int(np.percentile(distance, 8, axis=0).argmax())
    return np.broadcast_to(grounds[best], (128, 128, 3)).astype(np.float32).copy()


def paint(kind, picture, drawings, random):
    if kind != OBJECT:
        return compose.paint(picture, drawings, random)
    image = sprites.drawing(random, drawings, *picture.things[0])
    canvas = even_ground(random, image)
    sprites.paste(random, canvas, image, random.uniform(0.74, 0.84), 0.5, 0.5)
    return (np.clip(canvas, 0, 1) * 255 + 0.5).astype(np.uint8)


@torch.no_grad()
def sketched(vqgan, entries, drawings, seed):
    """The entries as codes [N, 16, 16], and what the book then shows of them, uint8 [N, 64, 64, 3]."""
    codes, seen = [], []
    for start in range(0, len(entries), 32):
        batch = [paint(kind, picture, drawings, np.random.default_rng([seed, start + i]))
                 for i, (kind, picture) in enumerate(entries[start:start + 32])]
        codes.append(vqgan.nearest(vqgan.encode(data.to_tensor(np.stack(batch)))))
        out = torch.nn.functional.avg_pool2d(vqgan.decode(vqgan.embed(codes[-1])).clamp(-1, 1), 2)
        seen.append(((out + 1) * 127.5).round().byte().permute(0, 2, 3, 1))
    return torch.cat(codes).to(torch.int16), torch.cat(seen)


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--models", required=True, help="folder with the pair; the sketchbook is written into it")
    parser.add_argument("--work", required=True, help="folder where drawings and codes are kept: a new CLIP needs no "
                                                      "new codes; empty it for a new VQGAN")
    parser.add_argument("--codes-only", action="store_true", help="stop before the CLIP looks")
    parser.add_argument("--seed", type=int, default=77)
    options = parser.parse_args()
    torch.set_num_threads(1)
    os.makedirs(options.work, exist_ok=True)
    entries = Contents(options.seed).entries()
    captions, kept = [picture.caption for _, picture in entries], f"{options.work}/codes.pt"
    stored = torch.load(kept, weights_only=True) if os.path.exists(kept) else {}
    if stored.get("captions") != captions:
        vqgan, drawings = VQGAN.load(options.models).eval(), sprites.load(f"{options.work}/sprites.npz")
        codes, seen = sketched(vqgan, entries, drawings, options.seed)
        stored = {"captions": captions, "codes": codes, "seen": seen}
        tensors.checkpoint(kept, stored)
    if options.codes_only:
        return
    clip = CLIP.load(options.models).eval()
    features = torch.cat([clip.image(data.to_tensor(part.numpy())) for part in stored["seen"].split(128)])
    features = (features * FEATURE_SCALE).round().clamp(-127, 127).to(torch.int8)
    kinds = torch.tensor([kind for kind, _ in entries], dtype=torch.int8)
    tensors.save(f"{options.models}/sketchbook.safetensors", {
        "tokens": stored["codes"], "image_features_int8": features, "kinds": kinds,
    }, {"count": str(len(entries)), "kinds": "0 other, 1 object on even ground, 2 landscape",
        "features": f"L2-normalised image embedding x {FEATURE_SCALE}, rounded and clamped to int8"})
    with open(f"{options.models}/sketchbook.json", "w", encoding="utf-8") as file:
        json.dump(captions, file, indent=0)
    print(f"{len(entries)} sketches, {int((kinds == OBJECT).sum())} of objects, {int((kinds == SCENE).sum())} landscapes")


if __name__ == "__main__":
    main()
