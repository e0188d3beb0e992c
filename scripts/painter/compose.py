"""Paints what a plan says."""

import numpy as np

from . import sprites, styles, textures
from .canvas import SIDE, X, Y, jitter, noise, pick
from .scenes import SCENES
from .sky import Landscape
from .words import COLOURS

PLACES = ((0.3, 0.3), (0.7, 0.7), (0.7, 0.3), (0.3, 0.7), (0.5, 0.5))


def landscape(random, picture):
    scene = SCENES[picture.scene]
    under_way = Landscape(random, picture.time, picture.sky, scene.horizon)
    scene.paint(under_way)
    return under_way.finish(), under_way


def backdrop(random, picture):
    if picture.backdrop == "texture":
        group, member = picture.texture
        return textures.paint(textures.GROUPS[group][member], random)
    if picture.backdrop:
        colour = jitter(random, COLOURS[picture.backdrop], 0.04)
    else:
        colour = pick(random, [np.full(3, random.uniform(0.85, 1)), random.uniform(0.4, 0.95, 3)])
    shade = pick(random, [noise(random, 3, 0.6, 0.6), np.hypot(X - 0.5, Y - 0.5), np.zeros((SIDE, SIDE)), Y])
    return np.clip(colour * (1.06 - 0.3 * shade)[..., None], 0, 1).astype(np.float32)


def paint(picture, drawings, random):
    """uint8 [SIDE, SIDE, 3]."""
    if picture.scene is not None:
        canvas, under_way = landscape(random, picture)
    elif picture.kind == "texture":
        group, member = picture.texture
        canvas, under_way = textures.paint(textures.GROUPS[group][member], random), None
    else:
        canvas, under_way = backdrop(random, picture), None
    images = [sprites.drawing(random, drawings, *thing) for thing in picture.things]
    if picture.kind == "object":
        middle = 0.5 + random.normal(0, 0.05, 2)
        sprites.paste(random, canvas, images[0], random.uniform(0.5, 0.95), *middle)
    elif picture.kind == "object in a scene":
        _in_scene(random, canvas, images[0], under_way, picture.above)
    elif picture.kind == "pair":
        sides = pick(random, [(0.28, 0.72), (0.72, 0.28)])
        for image, x in zip(images, sides):
            sprites.paste(random, canvas, image, random.uniform(0.38, 0.55), x, 0.5 + random.normal(0, 0.07))
    elif picture.kind == "several":
        for x, y in PLACES[:picture.count]:
            shift = random.normal(0, 0.04, 2)
            sprites.paste(random, canvas, images[0], random.uniform(0.28, 0.42), x + shift[0], y + shift[1])
    canvas = np.clip(canvas, 0, 1)
    if picture.style:
        canvas = styles.apply(picture.style, random, canvas)
    return (canvas * 255 + 0.5).astype(np.uint8)


def _in_scene(random, canvas, image, under_way, above):
    size = random.uniform(0.32, 0.62)
    if above:
        y = random.uniform(0.22, 0.48)
    else:
        y = min(1 - size * 0.46, under_way.horizon + 0.06 + random.uniform(-0.05, 0.1))
    light = np.clip(under_way.light * 0.75 + 0.3, 0, 1)
    sprites.paste(random, canvas, image, size, random.uniform(0.3, 0.7), y, light)
