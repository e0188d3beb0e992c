"""python3 -m painter render|folder|sheet|captions: see README.md."""

import argparse
import glob
import json
import os

import numpy as np
from PIL import Image

from . import compose, plan, sprites
from .canvas import SIDE


def picture_random(seed, index):
    """Every picture has its own random numbers, so that any part of a plan can be painted alone."""
    return np.random.default_rng([seed, index])


def render(options):
    """Paints one part of the plan into train-PART.npy and held-PART.npy, with captions in JSON beside them."""
    os.makedirs(options.out, exist_ok=True)
    drawings = sprites.load(f"{options.out}/sprites.npz")
    pictures = plan.Planner(options.seed).pictures(options.count)
    part, parts = (int(n) for n in options.part.split("/"))
    for name, places in zip(("train", "held"), plan.split(pictures)):
        mine = places[part::parts]
        out = np.empty((len(mine), SIDE, SIDE, 3), np.uint8)
        for row, index in enumerate(mine):
            out[row] = compose.paint(pictures[index], drawings, picture_random(options.seed, index))
        path = f"{options.out}/{name}-{part}of{parts}"
        with open(f"{path}.json", "w", encoding="utf-8") as file:
            json.dump([pictures[index].caption for index in mine], file, indent=0)
        with open(f"{path}.part", "wb") as file:
            np.save(file, out)
        os.replace(f"{path}.part", f"{path}.npy")
        print(f"{path}.npy: {len(mine)} pictures", flush=True)


def folder(options):
    """Writes the rendered pictures to train on as PNG files, with their captions as other trainers read them."""
    os.makedirs(options.out, exist_ok=True)
    with open(f"{options.out}/metadata.jsonl", "w", encoding="utf-8") as metadata:
        for path in sorted(glob.glob(f"{options.data}/train-*.npy")):
            name = os.path.basename(path)[:-4]
            os.makedirs(f"{options.out}/{name}", exist_ok=True)
            with open(f"{path[:-4]}.json", encoding="utf-8") as file:
                captions = json.load(file)
            for row, (pixels, caption) in enumerate(zip(np.load(path, mmap_mode="r"), captions, strict=True)):
                file_name = f"{name}/{row:05}.png"
                Image.fromarray(pixels).save(f"{options.out}/{file_name}", compress_level=1)
                metadata.write(json.dumps({"file_name": file_name, "text": caption}) + "\n")
            print(f"{options.out}/{name}: {len(captions)} pictures", flush=True)


def sheet(options):
    """A contact sheet of the first pictures of a plan, and their captions."""
    drawings = sprites.load(options.cache)
    pictures = plan.Planner(options.seed).pictures(options.count)
    columns = options.columns
    rows = -(-options.count // columns)
    out = np.full((rows * SIDE, columns * SIDE, 3), 255, np.uint8)
    for index, picture in enumerate(pictures):
        top, left = index // columns * SIDE, index % columns * SIDE
        out[top:top + SIDE, left:left + SIDE] = compose.paint(picture, drawings, picture_random(options.seed, index))
        print(picture.caption)
    Image.fromarray(out).save(options.out)


def captions(options):
    """The captions of a plan, one a line; those held out with a hash sign before them."""
    for picture in plan.Planner(options.seed).pictures(options.count):
        print(("# " if plan.is_held_out(picture.caption) else "") + picture.caption)


def main():
    parser = argparse.ArgumentParser(prog="painter", description="Paints captioned pictures.")
    commands = parser.add_subparsers(required=True)
    for command, count in ((render, 44000), (sheet, 64), (captions, 1000)):
        sub = commands.add_parser(command.__name__, help=command.__doc__.split(".")[0])
        sub.add_argument("--seed", type=int, default=1)
        sub.add_argument("--count", type=int, default=count, help="pictures in the plan")
        sub.set_defaults(run=command)
        if command is render:
            sub.add_argument("--out", required=True, help="folder for the pictures")
            sub.add_argument("--part", default="0/1", help="i/n: every n-th picture from the i-th on")
        if command is sheet:
            sub.add_argument("--out", required=True, help="a PNG or JPEG to write")
            sub.add_argument("--columns", type=int, default=8)
            sub.add_argument("--cache", help="where to keep the objects' drawings between calls")
    sub = commands.add_parser("folder", help=folder.__doc__.split(".")[0])
    sub.add_argument("--data", required=True, help="the folder that render has written")
    sub.add_argument("--out", required=True, help="folder for the PNG files and their captions")
    sub.set_defaults(run=folder)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
