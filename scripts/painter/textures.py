"""Pictures without a horizon: fire, stone, space, patterns. In groups that come equally often, see `GROUPS`."""

import math
from dataclasses import dataclass
from functools import partial
from itertools import permutations
from typing import Callable

import numpy as np

from .canvas import SIDE, X, Y, blur, cells, draw_on, ink, jitter, mask_of, noise, over, pick, ramp, rgb, smoothstep
from .words import COLOURS, with_article

FIRE = np.array([rgb(0, 0, 0), rgb(60, 5, 0), rgb(160, 25, 0), rgb(235, 80, 5), rgb(255, 160, 20),
                 rgb(255, 225, 90), rgb(255, 250, 210)])
BLUE_FIRE = np.array([rgb(0, 0, 0), rgb(0, 10, 60), rgb(0, 40, 160), rgb(20, 110, 235), rgb(90, 190, 255),
                      rgb(220, 250, 255)])


@dataclass(frozen=True)
class Texture:
    phrases: tuple[str, ...]
    paint: Callable  # random -> picture


def flat(colour):
    return np.broadcast_to(colour, (SIDE, SIDE, 3)).astype(np.float32).copy()


def fire(random, colours=FIRE):
    base = random.uniform(0.1, 0.5)
    heat = (Y - base) / (1 - base)
    heat = heat + (noise(random, 1, random.uniform(0.8, 1.3), random.uniform(0.5, 0.8)) - 0.5) * 0.7
    return ramp(heat + (noise(random, 2, 0.7, 0.35) - 0.5) * 0.9, colours)


def campfire(random):
    picture = flat(pick(random, [rgb(10, 8, 20), rgb(25, 20, 35), rgb(15, 25, 40)]))
    x, up = random.uniform(0.4, 0.6), 0.75 - Y
    half = 0.2 * np.clip(1 - up / 0.6, 0, 1) ** 0.7 + 0.02
    sway = (noise(random, 2, 0.8, 0.8) - 0.5) * 0.25 * np.clip(up * 2, 0, 1)
    heat = (1.15 - np.abs(X - x + sway) / half) * np.clip(1.25 - up / 0.62, 0, 1.2)
    heat = (heat + (noise(random, 1, 1, 0.6) - 0.5) * 0.35) * (up > -0.02)
    picture += np.exp(-(((X - x) / 0.4) ** 2 + ((Y - 0.6) / 0.4) ** 2))[..., None] * rgb(150, 60, 10)
    over(picture, smoothstep(heat, 0.1, 0.4), ramp(np.clip(heat * 0.9, 0, 1), FIRE))
    draw_on(picture, lambda pen, s: [
        pen.line([((x - 0.2) * s, (0.72 + 0.06 * k) * s), ((x + 0.2) * s, (0.8 - 0.06 * k) * s)],
                 fill=ink(rgb(80, 45, 25)), width=int(0.05 * s)) for k in (0, 1)])
    return picture


def lava(random):
    return ramp(np.clip(1 - np.abs(noise(random, 1, 1.2, 1.2) - 0.5) * 6, 0, 1), FIRE)


def gold(random):
    down, across = np.gradient(noise(random, 2, 1.5, 1.5))
    shine = np.array([rgb(70, 40, 5), rgb(160, 105, 15), rgb(220, 170, 40), rgb(250, 215, 90), rgb(255, 250, 205)])
    return ramp(0.5 + down * 14 + across * 9, shine)


def coins(random):
    picture = flat(rgb(90, 55, 10))

    def draw(pen, s):
        for _ in range(int(random.integers(60, 140))):
            x, y = random.random(2) * 1.1 - 0.05
            wide = random.uniform(0.05, 0.08)
            high, shade = wide * random.uniform(0.5, 1), random.uniform(0.7, 1.1)
            for part, drop, colour in ((1, 3, rgb(140, 95, 15)), (1, 0, rgb(240, 195, 60)), (0.7, 0, rgb(250, 215, 90))):
                pen.ellipse([(x - wide * part) * s, (y - high * part) * s + drop, (x + wide * part) * s,
                             (y + high * part) * s + drop], fill=ink(colour * shade))

    draw_on(picture, draw)
    return picture


def gems(random, names):
    index, border = cells(random, int(random.integers(12, 50)))
    shine = random.random(index.max() + 1)
    colours = np.stack([COLOURS[pick(random, names)] * (0.35 + 0.9 * s) + 0.35 * max(0, s - 0.7) for s in shine])
    picture = (colours[index] * (0.75 + 0.5 * noise(random, 3, 0.6, 0.6))[..., None]).astype(np.float32)
    over(picture, (1 - smoothstep(border, 0, 0.02)) * 0.6, np.clip(colours[index] * 1.6 + 0.2, 0, 1))
    return picture


def material(random, colours, smoothness=1, across=1.5, down=1.5, contrast=1.0):
    colours = np.stack([jitter(random, rgb(*c), 0.04) for c in colours])
    field = (noise(random, smoothness, across, down) - 0.5) * contrast * 1.2 + 0.5
    return ramp(np.clip(field, 0, 1), colours) * (0.9 + 0.2 * noise(random, 0, 2, 2))[..., None]


def wood(random):
    grain = noise(random, 1, 0.35, 2.8) * 0.8 + 0.2 * noise(random, 0, 0.5, 2.8)
    picture = ramp(grain, np.array([rgb(70, 40, 20), rgb(130, 80, 40), rgb(175, 120, 70), rgb(205, 155, 100)]))
    picture = picture if random.random() < 0.5 else picture.transpose(1, 0, 2).copy()
    plank = np.arange(SIDE) * int(random.integers(3, 8)) // SIDE
    picture[:, plank != np.roll(plank, 1)] *= 0.45
    return picture


def bricks(random, colour):
    count, colour = int(random.integers(5, 12)), jitter(random, colour, 0.04)
    down = Y * count
    row = down.astype(int)
    across = X * count * 0.55 + (row % 2) * 0.5
    shade = np.sin((row * 31 + across.astype(int)) * 12.9898) * 43758.5453 % 1
    picture = colour * (0.75 + 0.4 * shade + 0.25 * (noise(random, 0) - 0.5))[..., None].astype(np.float32)
    picture[(down % 1 < 0.1) | (across % 1 < 0.05)] = colour * 0.45 + 0.1
    return picture


def dungeon(random):
    picture = bricks(random, rgb(150, 145, 140)).mean(-1, keepdims=True) * rgb(140, 130, 130) * 0.75
    x = random.uniform(0.35, 0.65)
    door = lambda pen, s: (pen.rectangle([(x - 0.15) * s, 0.5 * s, (x + 0.15) * s, s], fill=255),
                           pen.ellipse([(x - 0.15) * s, 0.35 * s, (x + 0.15) * s, 0.65 * s], fill=255))
    over(picture, mask_of(door), rgb(10, 8, 12))
    for torch in (x - 0.3, x + 0.3):
        picture += (np.exp(-np.hypot(X - torch, Y - 0.42) / 0.22) * 0.9)[..., None] * rgb(255, 140, 40) * (0.35 + picture)
        over(picture, 1 - smoothstep(np.hypot((X - torch) * 1.8, Y - 0.4), 0.035, 0.07), rgb(255, 200, 80))
        over(picture, ((np.abs(X - torch) < 0.012) & (Y > 0.45) & (Y < 0.58)).astype(np.float32), rgb(70, 45, 25))
    over(picture, smoothstep(Y, 0.78, 0.84), rgb(60, 55, 55) * (0.6 + 0.6 * noise(random, 0, 1, 2))[..., None])
    return picture


def cave(random, kind):
    rock = jitter(random, pick(random, [rgb(75, 65, 60), rgb(60, 65, 80), rgb(95, 70, 55)]), 0.03)
    picture = rock * (0.25 + noise(random, 1, 1.3, 1.3))[..., None]
    x, y = random.uniform(0.35, 0.65), random.uniform(0.4, 0.6)
    away = np.hypot(X - x, (Y - y) * 1.1) + (noise(random, 2, 1.2, 1.2) - 0.5) * 0.35
    dark = kind == "dark"
    picture *= (0.5 + 0.8 * smoothstep(away, 0.2, 0.6) if dark else 1.4 - smoothstep(away, 0.15, 0.6))[..., None]
    opening = rgb(5, 5, 8) if dark else pick(random, [rgb(190, 215, 235), rgb(255, 215, 150)])
    over(picture, 1 - smoothstep(away, 0.14, 0.2), opening)
    if kind == "crystal":
        colour = COLOURS[pick(random, ["blue", "purple", "turquoise", "pink"])]

        def draw(pen, s):
            for _ in range(9):
                across, end, length, lean = random.random(), pick(random, (0, 1)), random.uniform(0.1, 0.35), random.normal(0, 0.08)
                tip = length if end == 0 else 1 - length
                pen.polygon([((across - 0.03) * s, end * s), ((across + 0.03) * s, end * s), ((across + lean) * s, tip * s)],
                            fill=ink(colour * (0.7 + 0.7 * random.random()) + 0.1))

        draw_on(picture, draw)
    return picture


def space(random, kind, colour=None):
    picture = flat(pick(random, [rgb(5, 5, 18), rgb(2, 2, 8), rgb(15, 5, 30)]))
    if kind == "nebula" or random.random() < 0.2:
        clouds = [rgb(200, 50, 140), rgb(60, 80, 220), rgb(40, 190, 190), rgb(220, 110, 50), rgb(130, 50, 200)]
        for _ in range(2):
            picture += (smoothstep(noise(random, 2, 1, 1), 0.45, 0.95) * 0.9)[..., None] * pick(random, clouds)
    count = int(random.integers(60, 260))
    places = random.integers(0, SIDE, (2, count))
    picture[places[0], places[1]] = (random.random(count) ** 2)[:, None] * rgb(255, 250, 240)
    if kind in ("planet", "ringed"):
        _planet(random, picture, COLOURS[colour or pick(random, ["brown", "golden", "orange"])], kind == "ringed")
    if kind == "galaxy":
        _galaxy(random, picture)
    return picture


def _planet(random, picture, colour, ringed):
    x, y, radius = random.uniform(0.35, 0.65), random.uniform(0.35, 0.65), random.uniform(0.17, 0.34)
    dx, dy = (X - x) / radius, (Y - y) / radius
    away = np.hypot(dx, dy)
    angle = random.uniform(0, 2 * math.pi)
    front = np.sqrt(np.clip(1 - away**2, 0, 1))
    shade = np.clip(0.15 + 0.7 * (dx * math.cos(angle) + dy * math.sin(angle) + front), 0.04, 1.2)
    bands = noise(random, 1, 1.2, 1.2) if random.random() < 0.5 else noise(random, 2, 0.3, 2.5)
    over(picture, 1 - smoothstep(away, 0.97, 1.03), colour * (shade * (0.55 + 0.8 * bands))[..., None])
    if ringed:
        tilt = random.normal(0, 0.3)
        u, v = dx * math.cos(tilt) + dy * math.sin(tilt), (dy * math.cos(tilt) - dx * math.sin(tilt)) * 3.2
        out = np.hypot(u, v)
        mask = ((out > 1.3) & (out < 1.9) & ((v > 0) | (away > 1))) * (0.6 + 0.4 * np.sin(out * 25)) * 0.85
        over(picture, mask.astype(np.float32), np.clip(colour * 0.6 + 0.35, 0, 1))


def _galaxy(random, picture):
    x, y, tilt = random.uniform(0.4, 0.6), random.uniform(0.4, 0.6), random.uniform(0, 3.1)
    u, v = (X - x) * math.cos(tilt) + (Y - y) * math.sin(tilt), (Y - y) * math.cos(tilt) - (X - x) * math.sin(tilt)
    away, turn = np.hypot(u, v * 2), np.arctan2(v * 2, u)
    arms = (0.5 + 0.5 * np.cos(2 * turn - 9 * np.sqrt(away) * pick(random, (-1, 1)) * 2)) * np.exp(-away / 0.16)
    colour = pick(random, [rgb(150, 170, 255), rgb(220, 160, 255), rgb(160, 230, 255)])
    picture += (arms * 1.3)[..., None] * colour + np.exp(-away / 0.05)[..., None] * rgb(255, 240, 200)


def underwater(random):
    share = Y[..., None]
    picture = (rgb(60, 170, 210) * (1 - share) + rgb(5, 40, 90) * share).astype(np.float32)
    for _ in range(4):
        x, lean = random.random(), random.normal(0, 0.15)
        picture += (np.exp(-(((X - x - lean * Y) / 0.05) ** 2)) * (1 - Y) * 0.25)[..., None]
    floor = 0.85 - 0.12 * noise(random, 3)[0][None]
    over(picture, smoothstep(Y - floor, 0, 0.03), rgb(150, 150, 110) * (0.5 + 0.5 * noise(random, 0, 1.5, 2))[..., None] * 0.8)
    bubbles = [(*random.random(2), random.uniform(0.01, 0.05)) for _ in range(14)]
    draw_on(picture, lambda pen, s: [pen.ellipse([x * s, y * s, (x + d) * s, (y + d) * s], outline=(210, 240, 255, 200),
                                                 width=2) for x, y, d in bubbles])
    return picture


def plain(random, colour):
    return jitter(random, COLOURS[colour], 0.03) * (0.95 + 0.1 * noise(random, 2))[..., None]


def gradient(random, first, second):
    share = pick(random, [Y, X, np.clip(np.hypot(X - 0.5, Y - 0.5) * 1.5, 0, 1)])[..., None]
    return COLOURS[first] * (1 - share) + COLOURS[second] * share


def pattern(random, kind, first, second):
    count, angle = int(random.integers(3, 9)), random.uniform(0, 3.14)
    away, turn = np.hypot(X - 0.5, Y - 0.5), np.arctan2(Y - 0.5, X - 0.5)
    mask = {
        "stripes": lambda: np.sin((X * math.cos(angle) + Y * math.sin(angle)) * count * 6.28) > 0,
        "checkerboard": lambda: ((X * count).astype(int) + (Y * count).astype(int)) % 2 == 0,
        "dots": lambda: np.hypot(X * count % 1 - 0.5, Y * count % 1 - 0.5) < 0.32,
        "spiral": lambda: np.sin(turn * int(random.integers(1, 5)) + away * count * 8) > 0,
        "circles": lambda: np.sin(away * count * 12) > 0,
        "waves": lambda: np.sin((Y + 0.05 * np.sin(X * 20)) * count * 6.28) > 0,
        "zigzag": lambda: np.sin((Y + 0.12 * np.abs(X * 6 % 2 - 1)) * count * 6.28) > 0,
    }[kind]()
    share = blur(mask.astype(np.float32), 0.6)[..., None]
    return COLOURS[first] * share + COLOURS[second] * (1 - share)


def _materials():
    table = (
        (("grass", "green grass"), ((20, 60, 15), (50, 110, 30), (110, 160, 60)), 0, 1.8, 1.2),
        (("ice", "blue ice", "frozen ice"), ((120, 165, 200), (190, 225, 240), (245, 252, 255)), 1, 1.5, 1.5, 1.3),
        (("clouds", "white clouds"), ((80, 130, 215), (160, 195, 240), (250, 250, 255), (255, 255, 255)), 2, 1, 1.6, 1.2),
        (("smoke", "dark smoke"), ((20, 20, 22), (70, 70, 72), (150, 150, 150)), 2, 1, 1, 1.2),
        (("sand", "desert sand"), ((200, 160, 100), (225, 190, 130), (240, 215, 165)), 0, 1, 2),
        (("water", "blue water"), ((10, 50, 95), (30, 100, 150), (120, 190, 220)), 0, 0.8, 2.5),
        (("rust", "rusty metal"), ((90, 40, 20), (150, 75, 30), (190, 110, 60)), 1),
        (("marble", "white marble"), ((235, 235, 235), (215, 215, 220), (120, 120, 130), (240, 240, 240)), 2, 1.5, 1.5, 1.5),
        (("rock", "gray rock", "stone"), ((70, 70, 75), (110, 108, 105), (150, 148, 145)), 0, 1.6, 1.6),
    )
    return [(Texture(phrases, partial(material, colours=colours, **dict(zip(
        ("smoothness", "across", "down", "contrast"), rest)))),) for phrases, colours, *rest in table]


_GEMS = {"red": "rubies", "green": "emeralds", "blue": "sapphires", "purple": "purple crystals", "white": "diamonds",
         "turquoise": "turquoise crystals", "pink": "pink crystals"}
_PLANETS = ("red", "blue", "orange", "green", "purple", "brown", "gray", "turquoise")
_PAIRS = list(permutations(COLOURS, 2))

GROUPS = tuple(_materials()) + (
    (Texture(("fire", "flames", "a blazing fire"), fire),),
    (Texture(("fire", "burning flames", "a wall of fire"), fire),),
    (Texture(("blue fire", "blue flames"), partial(fire, colours=BLUE_FIRE)),),
    (Texture(("a campfire", "a bonfire", "a campfire at night"), campfire),),
    (Texture(("lava", "molten lava"), lava),),
    (Texture(("gold", "shiny gold"), gold),),
    (Texture(("gold coins", "a pile of gold coins", "treasure"), coins),),
    tuple(Texture((name, f"{colour} gems"), partial(gems, names=(colour,))) for colour, name in _GEMS.items()),
    (Texture(("gemstones", "colorful gems"), partial(gems, names=tuple(_GEMS))),),
    (Texture(("wood", "wooden planks", "a wooden wall"), wood),),
    (Texture(("a stone wall", "a castle wall"), partial(bricks, colour=rgb(150, 145, 140))),),
    (Texture(("a brick wall", "red bricks"), partial(bricks, colour=rgb(165, 75, 55))),),
    (Texture(("a dungeon", "a dungeon with torches", "a stone dungeon"), dungeon),),
    (Texture(("a cave", "inside a cave"), partial(cave, kind="light")),
     Texture(("a dark cave", "a cave entrance"), partial(cave, kind="dark"))),
    (Texture(("a crystal cave", "a cave with crystals"), partial(cave, kind="crystal")),),
    tuple(Texture((with_article(f"{c} planet"), with_article(f"{c} planet in space")), partial(space, kind="planet", colour=c))
          for c in _PLANETS),
    tuple(Texture((with_article(f"{c} planet with rings"), f"a ringed {c} planet"), partial(space, kind="ringed", colour=c))
          for c in _PLANETS),
    (Texture(("a galaxy", "a spiral galaxy", "a galaxy in space"), partial(space, kind="galaxy")),),
    (Texture(("a nebula", "a nebula in space"), partial(space, kind="nebula")),),
    (Texture(("space", "stars in space", "outer space"), partial(space, kind="stars")),),
    (Texture(("underwater", "the sea floor", "under the sea"), underwater),),
    tuple(Texture((c, f"plain {c}", f"{with_article(c)} background"), partial(plain, colour=c)) for c in COLOURS),
    tuple(Texture((f"{a} and {b} gradient", f"a gradient from {a} to {b}"), partial(gradient, first=a, second=b))
          for a, b in _PAIRS),
) + tuple(
    tuple(Texture((f"{a} dots on {b}" if kind == "dots" else f"{a} and {b} {kind}",),
                  partial(pattern, kind=kind, first=a, second=b)) for a, b in _PAIRS)
    for kind in ("stripes", "checkerboard", "dots", "spiral", "circles", "waves", "zigzag"))
# What an object may stand before: no patterns, in which it would drown.
BACKDROPS = tuple(t for group in GROUPS[:-9] for t in group)


def paint(texture, random):
    return np.clip(texture.paint(random), 0, 1).astype(np.float32)
