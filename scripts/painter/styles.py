"""Styles as operations on a finished picture."""

import numpy as np
from PIL import Image

from .canvas import SIDE, X, Y, blur, box, cells, edges, noise, over, pick, ramp, rgb, smoothstep
from .words import COLOURS

PAPER = rgb(245, 243, 238)


def _resized(picture, side, back):
    small = Image.fromarray((picture * 255).astype(np.uint8)).resize((side, side), Image.BOX)
    return small, lambda image: np.asarray(image.resize((SIDE, SIDE), back), np.float32) / 255


def _contrast(picture, factor):
    return np.clip((picture - 0.5) * factor + 0.5, 0, 1)


def kuwahara(picture, side=3):
    """The mean of whichever of four neighbouring squares varies least: strokes of one colour with sharp ends."""
    reach = side // 2 + 1
    mean = box(picture, side)
    variance = (box(picture * picture, side) - mean * mean).sum(-1)
    best = least = None
    for shift in ((-reach, -reach), (-reach, reach), (reach, -reach), (reach, reach)):
        there, spread = np.roll(mean, shift, (0, 1)), np.roll(variance, shift, (0, 1))
        if best is None:
            best, least = there.copy(), spread.copy()
        else:
            better = spread < least
            best[better], least[better] = there[better], spread[better]
    return best


def oil(random, picture):
    strokes = noise(random, 0, 0.8, 2.4) if random.random() < 0.5 else noise(random, 0, 2.4, 0.8)
    return _contrast(kuwahara(picture, pick(random, (3, 5))), 1.15) * (0.88 + 0.24 * strokes)[..., None]


def watercolor(random, picture):
    wet = kuwahara(box(picture, 3), 5)
    rim = np.clip(edges(wet.mean(-1)) * 1.5, 0, 0.25)
    out = (wet * 0.6 + 0.4) * (0.9 + 0.2 * noise(random, 2, 1.5, 1.5))[..., None] - rim[..., None]
    border = np.minimum(np.minimum(X, 1 - X), np.minimum(Y, 1 - Y)) + (noise(random, 1, 1.5, 1.5) - 0.5) * 0.12
    over(out, 1 - smoothstep(border, 0, 0.05), rgb(250, 248, 242))
    return out


def _dodged(gray, sigma):
    """Divided by its own blur: paper where it is even, lines where it changes."""
    return np.clip(gray / (blur(gray, sigma) + 0.08), 0, 1)


def pencil(random, picture):
    gray = picture.mean(-1)
    hatching = gray + 0.15 * (noise(random, 0, 2.8, 2.8) - 0.5) + 0.1 * np.sin((X + Y) * SIDE * 1.2)
    return np.clip(_dodged(gray, 3) * 0.75 + 0.25 * hatching, 0, 1)[..., None] * PAPER


def charcoal(random, picture):
    gray = picture.mean(-1)
    smudge = gray + 0.15 * (noise(random, 0, 2.8, 2.8) - 0.5)
    return np.clip(_dodged(gray, 5) * 0.4 + 0.55 * smudge - 0.05, 0, 1)[..., None] * PAPER


def pixels(random, picture):
    small, back = _resized(picture, pick(random, (16, 21, 32)), Image.NEAREST)
    return back(small.quantize(pick(random, (8, 12, 16, 24))).convert("RGB"))


def _cell_means(picture, index):
    flat, count = index.ravel(), np.bincount(index.ravel()).clip(1)
    means = np.stack([np.bincount(flat, picture[..., c].ravel()) / count for c in range(3)], -1)
    return means[index].astype(np.float32)


def mosaic(random, picture):
    if random.random() < 0.4:
        index, border = cells(random, 260)
        out = _cell_means(picture, index)
        over(out, 1 - smoothstep(border, 0.003, 0.012), rgb(60, 58, 55))
        return out
    count = pick(random, (16, 20, 26))
    small, back = _resized(picture, count, Image.NEAREST)
    across, down = (X * count).astype(int), (Y * count).astype(int)
    out = _contrast(back(small), 1.2) * (0.9 + 0.2 * (np.sin(across * 12.9 + down * 78.2) * 43758 % 1))[..., None]
    joints = (X * count % 1 < 0.14) | (Y * count % 1 < 0.14)
    out[joints] = out[joints] * 0.3 + 0.12
    return out


def glass(random, picture):
    index, border = cells(random, 70)
    out = np.clip((_cell_means(picture, index) - 0.5) * 1.5 + 0.55, 0, 1)
    out *= (0.85 + 0.3 * noise(random, 2))[..., None]
    over(out, 1 - smoothstep(border, 0.008, 0.022), rgb(15, 15, 18))
    return out


def low_poly(random, picture):
    index, _ = cells(random, 130)
    return _cell_means(picture, index) * (0.93 + 0.14 * random.random(index.max() + 1)[index])[..., None]


def monochrome(random, picture):
    gray = _contrast(picture.mean(-1), 1.2) + random.normal(0, 0.03, (SIDE, SIDE))
    return gray[..., None].repeat(3, -1)


def sepia(random, picture):
    out = picture.mean(-1, keepdims=True) * rgb(255, 225, 175) * 1.05 + random.normal(0, 0.02, (SIDE, SIDE, 1))
    return out * (1.1 - 0.5 * np.hypot(X - 0.5, Y - 0.5))[..., None]


def neon(random, picture):
    strength = np.clip(edges(picture) * 5, 0, 1).max(-1, keepdims=True)
    hue = noise(random, 3, 0.6, 0.6)[..., None]
    warm = pick(random, [rgb(255, 30, 200), rgb(40, 255, 240), rgb(255, 80, 40)])
    tubes = strength * (warm * hue + pick(random, [rgb(60, 80, 255), rgb(40, 255, 140)]) * (1 - hue)) * 1.4
    return picture * 0.18 + tubes + blur(tubes, 3) * 0.8


def impressionist(random, picture):
    down, across = (((noise(random, 0, 2.5, 2.5) - 0.5) * 14).astype(int) for _ in range(2))
    rows = (np.arange(SIDE)[:, None] + down).clip(0, SIDE - 1)
    columns = (np.arange(SIDE)[None] + across).clip(0, SIDE - 1)
    return kuwahara(picture[rows, columns], 3) * 1.1 + 0.04


def ink_drawing(random, picture):
    gray = picture.mean(-1)
    line = gray - blur(gray, 6) + 0.35 * (gray - 0.35) + 0.08 * (noise(random, 0, 2, 2) - 0.5)
    return smoothstep(line, -0.06, 0.06)[..., None] * rgb(245, 240, 228) + 0.02


def cartoon(random, picture):
    flat = np.round(kuwahara(picture, 3) * 4) / 4
    mean = flat.mean(-1, keepdims=True)
    lines = smoothstep(edges(picture.mean(-1), 0.8), 0.06, 0.14)
    return np.clip((flat - mean) * 1.4 + mean, 0, 1) * (1 - lines)[..., None]


def synthwave(random, picture):
    colours = np.array([rgb(20, 5, 50), rgb(110, 10, 130), rgb(240, 40, 150), rgb(255, 140, 110), rgb(120, 240, 250)])
    rows = (Y * SIDE).astype(int) % 4 < 2
    return ramp(np.clip(picture.mean(-1) * 1.1, 0, 1), colours) * (1 - 0.12 * rows)[..., None]


def pop_art(random, picture):
    colours = [COLOURS[name] for name in random.choice(list(COLOURS), 4, replace=False)]
    colours = np.stack(sorted(colours, key=lambda c: float(c.sum())))
    return colours[np.round(picture.mean(-1) * 3).astype(int).clip(0, 3)]


def photo(random, picture):
    corners = 1.06 - 0.35 * np.hypot(X - 0.5, Y - 0.5) ** 1.5
    return picture * corners[..., None] + random.normal(0, 0.012, picture.shape)


STYLES = {
    "oil": oil, "watercolor": watercolor, "pencil": pencil, "charcoal": charcoal, "pixels": pixels, "mosaic": mosaic,
    "glass": glass, "low poly": low_poly, "monochrome": monochrome, "sepia": sepia, "neon": neon,
    "impressionist": impressionist, "ink": ink_drawing, "cartoon": cartoon, "synthwave": synthwave, "pop art": pop_art,
    "blurry": lambda random, picture: blur(picture, 2.5), "photo": photo,
}


def apply(name, random, picture):
    return np.clip(STYLES[name](random, picture), 0, 1).astype(np.float32)
