"""The drawings of the objects: emoji and clip art, cropped and fitted into a square of SIZE pixels."""

import io
import os
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .canvas import SIDE, pick
from .words import COLOURS

SIZE = 112
FONT = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"
ANNOTATIONS = "/usr/share/unicode/cldr/common"
CLIP_ART = "/usr/share/openclipart/svg"
LIST = os.path.join(os.path.dirname(__file__), "objects.txt")


@dataclass(frozen=True)
class Object:
    name: str
    place: str  # where it is at home: ground, air or water
    drawings: tuple[str, ...]


def objects(path=LIST):
    """The curated list, in its order."""
    out, place = [], None
    with open(path, encoding="utf-8") as file:
        text = "".join(line for line in file if not line.startswith("#"))
    for entry in re.split(r",\s*|\n\s*\n?", text):
        entry = entry.strip()
        if entry.startswith("["):
            place, _, entry = entry[1:].partition("]")
            entry = entry.strip()
        if entry:
            name, _, drawings = entry.partition("=")
            out.append(Object(name, place, tuple((drawings or name).split("+"))))
    return out


def _emoji_by_name():
    names = {}
    for folder in ("annotationsDerived", "annotations"):
        for item in ElementTree.parse(f"{ANNOTATIONS}/{folder}/en.xml").getroot().iter("annotation"):
            if item.get("type") == "tts":
                names[item.text.lower().replace("’", "'")] = item.get("cp")
    return names


def _emoji(text, font):
    image = Image.new("RGBA", (160, 160), (0, 0, 0, 0))
    ImageDraw.Draw(image).text((8, 8), text, font=font, embedded_color=True)
    return image


def _clip_art(stem):
    for folder, _, files in sorted(os.walk(CLIP_ART)):
        if f"{stem}.svg" in files:
            command = ["rsvg-convert", "-w", "160", "-h", "160", "-a", f"{folder}/{stem}.svg"]
            drawn = subprocess.run(command, capture_output=True, timeout=20, check=True).stdout
            return Image.open(io.BytesIO(drawn)).convert("RGBA")
    raise SystemExit(f"{LIST}: openclipart has no {stem}.svg")


def _fitted(image):
    """Cropped to what is drawn and scaled to the square; None where next to nothing is drawn."""
    rows, columns = np.where(np.asarray(image)[..., 3] > 24)
    if len(rows) < 200:
        return None
    image = image.crop((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))
    scale = SIZE / max(image.size)
    image = image.resize([max(1, round(side * scale)) for side in image.size], Image.LANCZOS)
    out = Image.new("RGBA", (SIZE, SIZE), (0, 0, 0, 0))
    out.paste(image, ((SIZE - image.width) // 2, (SIZE - image.height) // 2))
    return out


def load(cache=None):
    """For each object by name its drawings, as straight RGBA images; kept in a file, since clip art takes a while."""
    listed = objects()
    wanted = [(o.name, drawing) for o in listed for drawing in o.drawings]
    if cache and os.path.exists(cache):
        with np.load(cache) as file:
            if file["names"].tolist() == [f"{name}={drawing}" for name, drawing in wanted]:
                images = [Image.fromarray(a, "RGBA") for a in file["images"]]
                return _by_name(wanted, images)
    names, font = _emoji_by_name(), ImageFont.truetype(FONT, 109)
    images = []
    for name, drawing in wanted:
        if not drawing.startswith("svg:") and drawing not in names:
            raise SystemExit(f"{LIST}: there is no emoji {drawing!r} for {name!r}")
        image = _clip_art(drawing[4:]) if drawing.startswith("svg:") else _emoji(names[drawing], font)
        fitted = _fitted(image)
        if fitted is None:
            raise SystemExit(f"{LIST}: {drawing!r} for {name!r} has no picture here")
        images.append(fitted)
    if cache:
        np.savez_compressed(f"{cache}.part.npz", names=[f"{n}={d}" for n, d in wanted],
                            images=np.stack([np.asarray(i) for i in images]))
        os.replace(f"{cache}.part.npz", cache)
    return _by_name(wanted, images)


def _by_name(wanted, images):
    out = {}
    for (name, _), image in zip(wanted, images):
        out.setdefault(name, []).append(image)
    return out


def recoloured(image, colour):
    """The drawing in shades of one colour, by its lightness."""
    pixels = np.asarray(image, np.float32) / 255
    solid, light = pixels[..., 3] > 0.5, pixels[..., :3].mean(-1)
    low, high = np.percentile(light[solid], [3, 97]) if solid.any() else (0, 1)
    light = np.clip((light - low) / max(high - low, 0.15), 0, 1)[..., None]
    if colour == "black":
        shade, shine = 0.3 + 1.76 * light, 0.27
    elif colour == "white":
        shade, shine = 0.55 + 0.5 * light, 0.9
    else:
        shade, shine = 0.25 + 0.95 * light, 0.9
    out = np.clip(COLOURS[colour] * shade + np.clip(light - 0.75, 0, 1) * shine, 0, 1)
    return Image.fromarray((np.concatenate([out, pixels[..., 3:]], -1) * 255).astype(np.uint8), "RGBA")


def paste(random, picture, image, size, x, y, light=None):
    """Puts a drawing of a size in parts of the picture, now and then flipped or turned, with its middle at (x, y)."""
    side = max(8, int(size * SIDE))
    image = image.resize((side, side), Image.BICUBIC)
    if random.random() < 0.5:
        image = image.transpose(Image.FLIP_LEFT_RIGHT)
    if random.random() < 0.25:
        image = image.rotate(random.normal(0, 15), Image.BICUBIC)
    drawn = np.asarray(image, np.float32) / 255
    left, top = int(x * SIDE - side / 2), int(y * SIDE - side / 2)
    first_row, first_column = max(0, top), max(0, left)
    last_row, last_column = min(SIDE, top + side), min(SIDE, left + side)
    part = drawn[first_row - top:last_row - top, first_column - left:last_column - left]
    if not part.size:
        return
    colour = part[..., :3] if light is None else part[..., :3] * light
    place = picture[first_row:last_row, first_column:last_column]
    place += part[..., 3:] * (colour - place)


def drawing(random, sprites, name, colour):
    image = pick(random, sprites[name])
    return recoloured(image, colour) if colour else image
