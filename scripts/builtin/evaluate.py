"""Paints the prompts of prompts.txt with the program itself, and lays the pictures out for somebody to name.

    python3 -m builtin.evaluate check --data DIR                        # no caption trained on contains a prompt
    python3 -m builtin.evaluate paint --models DIR --out DIR --start sketch -- --steps 60 --size 128x128
    python3 -m builtin.evaluate sheet --out DIR --jpeg sheet.jpg        # the pictures with their prompts
    python3 -m builtin.evaluate blind --out DIR                         # the same shuffled and without names
    python3 -m builtin.evaluate score --out DIR --answers answers.json  # {"01": 17, ...}: picture and prompt, from 1
    python3 -m builtin.evaluate judge --out DIR --clip JUDGE            # how a CLIP assigns them that painted none
"""

import argparse
import json
import os
import random
import subprocess

from PIL import Image, ImageDraw

HERE = os.path.dirname(os.path.abspath(__file__))
BINARY = os.path.join(HERE, "../../.build/release/vqclip-tui")


def prompts():
    with open(os.path.join(HERE, "prompts.txt"), encoding="utf-8") as file:
        return file.read().splitlines()


def check(options):
    """Counts the training captions that contain a prompt."""
    from .pictures import Pictures
    captions = Pictures(options.data, "train").captions
    found = [(p, c) for p in prompts() for c in captions if p in c]
    print(f"{len(captions)} captions, {len(found)} of which contain one of {len(prompts())} prompts", *found, sep="\n")


def paint(options):
    """Paints every prompt with the product's binary."""
    os.makedirs(options.out, exist_ok=True)
    for number, prompt in enumerate(prompts(), 1):
        command = [BINARY, "run", prompt, "--vqgan", options.models, "--clip", options.models, "--start", options.start,
                   "--seed", "0", "--quiet", "-o", f"{options.out}/{number:02}.png", *options.more]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        print(number, prompt, flush=True)


def laid_out(pictures, labels, columns=6, side=160):
    rows = -(-len(pictures) // columns)
    out = Image.new("RGB", (columns * (side + 4), rows * (side + 18)), "white")
    pen = ImageDraw.Draw(out)
    for i, (picture, label) in enumerate(zip(pictures, labels)):
        x, y = i % columns * (side + 4), i // columns * (side + 18)
        out.paste(picture.convert("RGB").resize((side, side), Image.BICUBIC), (x, y))
        pen.text((x + 1, y + side + 2), label if len(label) < 28 else label[:26] + "..", fill="black")
    return out


def pictures(options):
    return [Image.open(f"{options.out}/{number:02}.png") for number in range(1, len(prompts()) + 1)]


def order(options):
    numbers = list(range(len(prompts())))
    random.Random(f"{options.seed}").shuffle(numbers)
    return numbers


def sheet(options):
    """Writes the pictures with their prompts as one JPEG."""
    laid_out(pictures(options), prompts()).save(options.jpeg, quality=82)


def blind(options):
    """Writes blind.png, the pictures in a random order, and the prompts in another."""
    all_pictures, shown = pictures(options), order(options)
    laid_out([all_pictures[i] for i in shown], [f"{n:02}" for n in range(1, len(shown) + 1)]).save(f"{options.out}/blind.png")
    names = prompts()
    random.Random(f"names {options.seed}").shuffle(names)
    with open(f"{options.out}/names.txt", "w", encoding="utf-8") as file:
        file.writelines(f"{n}. {name}\n" for n, name in enumerate(names, 1))


def score(options):
    """Counts the right answers of somebody who saw blind.png and names.txt."""
    with open(options.answers, encoding="utf-8") as file:
        answers = json.load(file)
    names, shown = prompts(), order(options)
    random.Random(f"names {options.seed}").shuffle(names)
    right = 0
    for place, index in enumerate(shown, 1):
        said, true = names[int(answers[f"{place:02}"]) - 1], prompts()[index]
        right += said == true
        print("right" if said == true else "WRONG", f"{place:02} {true!r}" + ("" if said == true else f", taken for {said!r}"))
    print(f"{right} of {len(shown)}")


def judge(options):
    """Counts how often a CLIP finds the prompt of a picture, and the picture of a prompt, among all."""
    paths = [f"{options.out}/{number:02}.png" for number in range(1, len(prompts()) + 1)]
    lines = subprocess.run([BINARY, "score", *paths, "--clip", options.clip, "--json", "--text", *prompts()],
                           check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    cosine = {(e["image"], e["text"]): e["cosine"] for e in map(json.loads, lines)}
    for name, rows in (("prompt of a picture", [[cosine[p, t] for t in prompts()] for p in paths]),
                       ("picture of a prompt", [[cosine[p, t] for p in paths] for t in prompts()])):
        places = [sum(other > row[i] for other in row) for i, row in enumerate(rows)]
        first, five = (sum(place < count for place in places) for count in (1, 5))
        print(f"{name}: first for {first} of {len(rows)}, among the first five for {five}")
    print(f"mean likeness {sum(cosine[pair] for pair in zip(paths, prompts())) / len(paths):.3f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    commands = parser.add_subparsers(required=True)
    for command in (check, paint, sheet, blind, score, judge):
        sub = commands.add_parser(command.__name__, help=command.__doc__.split(".")[0])
        sub.set_defaults(run=command)
        if command is check:
            sub.add_argument("--data", required=True)
            continue
        sub.add_argument("--out", required=True, help="folder of the pictures")
        sub.add_argument("--seed", type=int, default=1, help="of the two orders")
        if command is paint:
            sub.add_argument("--models", required=True)
            sub.add_argument("--start", required=True)
            sub.add_argument("more", nargs="*", help="options for the program, after --")
        elif command is sheet:
            sub.add_argument("--jpeg", required=True)
        elif command is score:
            sub.add_argument("--answers", required=True)
        elif command is judge:
            sub.add_argument("--clip", required=True)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()
