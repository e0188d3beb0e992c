"""The landscapes: each has the phrases that captions call it by, and paints itself below a sky."""

from dataclasses import dataclass
from typing import Callable

import numpy as np

from . import buildings, land
from .canvas import SIDE, X, Y, draw_on, ink, jitter, noise, over, pick, rgb, ridge, smoothstep
from .words import COLOURS

GRASS, SNOW, PINE_FLOOR = rgb(90, 145, 60), rgb(238, 242, 252), rgb(60, 90, 50)


@dataclass(frozen=True)
class Scene:
    phrases: tuple[str, ...]
    paint: Callable
    place: str = "ground"  # what a thing in it stands on: ground or water
    horizon: float | None = None


def _mountains(floor=None, **kind):
    def paint(scene):
        land.mountains(scene, **kind)
        (floor or (lambda s: land.ground(s, pick(s.random, [rgb(90, 90, 80), rgb(80, 110, 60)]))))(scene)
    return paint


def _snow_floor(scene):
    scene.snowy = True
    land.ground(scene, SNOW)


def _pine_floor(scene):
    land.ground(scene, rgb(70, 100, 55))
    land.pines(scene, scene.horizon + 0.05, int(scene.random.integers(8, 30)), 0.1, 0.3)


def _hills(scene):
    land.hills(scene, 3)
    land.ground(scene, GRASS, min(0.97, scene.horizon + 0.15))


def _pines(snowy):
    def paint(scene):
        random = scene.random
        scene.snowy = snowy
        if random.random() < 0.3:
            land.mountains(scene, snow=True)
        land.ground(scene, SNOW if snowy else PINE_FLOOR)
        land.pines(scene, scene.horizon + 0.02, int(random.integers(12, 30)), 0.12, 0.25, 0.8)
        land.pines(scene, scene.horizon + 0.2, int(random.integers(4, 12)), 0.3, 0.6)
    return paint


def _sea(scene):
    land.water(scene, mirror=0.15)


def _beach(scene):
    _sea(scene)
    slope = 0.1 * (X[0] - 0.5) * pick(scene.random, (-1, 1))
    line = np.maximum(scene.horizon + 0.2 + slope + 0.02 * ridge(scene.random, 2.0), 0)
    land.layer(scene, line, rgb(235, 210, 150), 0.9 + 0.15 * noise(scene.random, 0))


def _island(scene):
    _sea(scene)
    x = scene.random.uniform(0.35, 0.65)
    land.rock_in_water(scene, x, 0.08, 0.2, rgb(225, 200, 140), below=0.03)
    for _ in range(int(scene.random.integers(2, 4))):
        land.palm(scene, x + scene.random.uniform(-0.12, 0.12), scene.horizon - 0.03, scene.random.uniform(0.22, 0.35))


def _cliffs(scene):
    _sea(scene)
    fall = smoothstep((X[0] - 0.5) * pick(scene.random, (-1, 1)), -0.1, 0.25)
    land.layer(scene, scene.horizon - 0.2 + 0.5 * fall + 0.05 * ridge(scene.random, 1.5), rgb(120, 100, 85),
               0.7 + 0.6 * noise(scene.random, 1, 1, 2))


def _lake(scene):
    if scene.random.random() < 0.6:
        land.mountains(scene, snow=scene.random.random() < 0.5)
    else:
        land.hills(scene, 2)
    land.pines(scene, scene.horizon, int(scene.random.integers(5, 25)), 0.06, 0.16)
    land.water(scene, mirror=0.7)


def _desert(scene):
    land.hills(scene, 3, jitter(scene.random, rgb(225, 175, 105), 0.03))
    land.ground(scene, rgb(230, 185, 115), min(0.97, scene.horizon + 0.2))


def _pyramid(scene):
    _desert(scene)
    x, size, foot = scene.random.uniform(0.3, 0.7), scene.random.uniform(0.25, 0.42), scene.horizon + 0.06
    light, dark = ink(scene.lit(rgb(215, 175, 110))), ink(scene.lit(rgb(160, 120, 75)))

    def draw(pen, s):
        tip, right = (x * s, (foot - size) * s), ((x + size) * s, foot * s)
        pen.polygon([((x - size) * s, foot * s), right, tip], fill=light)
        pen.polygon([((x + 0.25 * size) * s, foot * s), right, tip], fill=dark)

    draw_on(scene.picture, draw)


def _meadow(colours=()):
    def paint(scene):
        if scene.random.random() < 0.4:
            land.hills(scene)
        land.ground(scene, rgb(85, 155, 60))
        if colours:
            land.flowers(scene, [COLOURS[c] for c in colours], int(scene.random.integers(100, 300)))
    return paint


def _winter(scene):
    scene.snowy = True
    land.hills(scene, 2, rgb(235, 240, 250))
    land.ground(scene, SNOW, min(0.95, scene.horizon + 0.1))
    if scene.random.random() < 0.6:
        land.pines(scene, scene.horizon + 0.08, int(scene.random.integers(2, 10)), 0.15, 0.4)


def _city(by_water):
    def paint(scene):
        foot = min(scene.horizon + 0.1, 0.97)
        buildings.skyline(scene, foot)
        if by_water:
            land.water(scene, foot, mirror=0.6)
        else:
            land.ground(scene, rgb(70, 70, 75), foot)
    return paint


def _castle(scene):
    x, size = scene.random.uniform(0.35, 0.65), scene.random.uniform(0.5, 0.8)
    land.ground(scene, rgb(80, 120, 60))
    buildings.castle(scene, x, min(scene.horizon + 0.07, 0.93), size)


def _castle_by_the_sea(scene):
    x = scene.random.uniform(0.3, 0.7)
    land.water(scene, mirror=0.1)
    land.rock_in_water(scene, x, 0.1, 0.3, rgb(85, 95, 65), below=0.07)
    buildings.castle(scene, x, scene.horizon - 0.04, scene.random.uniform(0.4, 0.65))


def _castle_on_a_hill(scene):
    x = scene.random.uniform(0.3, 0.7)
    land.hill_at(scene, x, scene.horizon + 0.1, 0.25, 0.3, rgb(85, 130, 60))
    buildings.castle(scene, x, scene.horizon - 0.12, scene.random.uniform(0.38, 0.55))


def _castle_in_mountains(scene):
    land.mountains(scene, snow=scene.random.random() < 0.5)
    land.ground(scene, rgb(85, 120, 60))
    buildings.castle(scene, scene.random.uniform(0.3, 0.7), min(scene.horizon + 0.04, 0.93),
                     scene.random.uniform(0.4, 0.65))


def _castle_by_a_lake(scene):
    land.mountains(scene)
    foot = min(scene.horizon + 0.02, 0.9)
    buildings.castle(scene, scene.random.uniform(0.3, 0.7), foot, scene.random.uniform(0.4, 0.65))
    land.water(scene, foot, mirror=0.65)


def _lighthouse(scene):
    x = scene.random.uniform(0.25, 0.75)
    land.water(scene, mirror=0.1)
    land.rock_in_water(scene, x, 0.09, 0.16, rgb(100, 85, 75), below=0.07)
    buildings.lighthouse(scene, x, scene.horizon - 0.04, scene.random.uniform(0.3, 0.5))


def _building(build, low, high, around="hills"):
    def paint(scene):
        random = scene.random
        if around == "hills" and random.random() < 0.7:
            land.hills(scene)
        elif around == "mountains":
            land.mountains(scene, snow=True)
        scene.snowy = around == "snow"
        land.ground(scene, SNOW if scene.snowy else GRASS)
        foot = min(0.94, scene.horizon + 0.1)
        build(scene, random.uniform(0.3, 0.7), foot, random.uniform(low, high))
        if random.random() < 0.4:
            land.pines(scene, foot, int(random.integers(2, 6)), 0.2, 0.35)
    return paint


def _village(scene, x, foot, size):
    for _ in range(int(scene.random.integers(4, 8))):
        buildings.house(scene, scene.random.uniform(0.05, 0.95), foot + scene.random.uniform(-0.06, 0.05),
                        scene.random.uniform(0.13, 0.22))


def _volcano(scene):
    random, horizon = scene.random, scene.horizon
    x, width, height = random.uniform(0.35, 0.65), random.uniform(0.3, 0.5), random.uniform(0.35, 0.5)
    cone = np.clip(1 - np.abs(X[0] - x) / width, 0, 1) ** 1.3
    top = np.maximum(horizon + 0.05 - height * cone + 0.02 * ridge(random, 1.2), horizon + 0.05 - height * 0.85)
    lean = 0.15 * (horizon - Y) * pick(random, (-1, 1))
    plume = np.exp(-(((X - x - lean) / (0.05 + 0.25 * np.clip(horizon - height - Y + 0.1, 0, 1))) ** 2))
    plume = plume * (Y < horizon - height + 0.12) * smoothstep(noise(random, 1, 1.5, 1.5), 0.25, 0.6)
    over(scene.picture, np.clip(plume, 0, 0.9), rgb(54, 45, 43))
    glow = np.exp(-(((X - x) / 0.14) ** 2 + ((Y - (horizon + 0.05 - height * 0.9)) / 0.12) ** 2))
    over(scene.picture, np.clip(glow, 0, 0.9), rgb(255, 120, 20))
    land.layer(scene, top, rgb(70, 55, 55), 0.6 + 0.6 * noise(random, 1, 1.5, 1.5))
    stream = np.exp(-(((X - x - 0.2 * (noise(random, 2) - 0.5)) / random.uniform(0.02, 0.04)) ** 2))
    over(scene.picture, np.clip(stream * 1.2, 0, 1) * (Y > top[None]) * (Y < horizon + 0.05), rgb(255, 110, 10))
    land.ground(scene, rgb(60, 45, 45))


def _forest(greens, fogs):
    def paint(scene):
        random = scene.random
        leaf = pick(random, greens)
        fog = jitter(random, pick(random, fogs), 0.05) * scene.light
        scene.picture[:] = fog * (1 - Y[..., None] * 0.4)
        for near in (1 / 3, 2 / 3, 1.0):
            bark = rgb(70, 50, 40) * near * (scene.light if near == 1 else 1) + fog * (1 - near)
            trunks = [(random.random(), 0.012 + 0.035 * near * random.uniform(0.6, 1.3))
                      for _ in range(int(18 - 12 * near))]
            foot = 0.6 + 0.4 * near

            def draw(pen, s):
                for x, w in trunks:
                    pen.polygon([((x - w) * s, foot * s), ((x + w) * s, foot * s), ((x + w * 0.6) * s, 0),
                                 ((x - w * 0.6) * s, 0)], fill=ink(bark))

            draw_on(scene.picture, draw)
            crown = smoothstep(noise(random, 1, 1.3, 1.3) + (0.45 - Y) * 0.9, 0.45, 0.65) * 0.85
            colour = leaf * near * scene.light + fog * (1 - near) * 0.8
            over(scene.picture, crown, colour * (0.6 + 0.7 * noise(random, 0, 1.5, 1.5))[..., None])
        floor = leaf * 0.7 * scene.light * (0.6 + 0.7 * noise(random, 0, 1.5, 2))[..., None]
        over(scene.picture, smoothstep(Y, 0.7, 0.85) * 0.95, floor)
    return paint


def _waterfall(scene):
    random = scene.random
    x, half, edge = random.uniform(0.35, 0.65), random.uniform(0.08, 0.16), random.uniform(0.25, 0.35)
    cliff = np.full(SIDE, edge, np.float32) + 0.1 * ridge(random, 1.6)
    land.layer(scene, cliff, pick(random, [rgb(100, 90, 80), rgb(85, 110, 70)]), 0.5 + 0.8 * noise(random, 1, 2, 1))
    moss = smoothstep(noise(random, 1, 1.5, 1.5), 0.55, 0.7) * 0.8 * (Y > edge + 0.05)
    over(scene.picture, moss, scene.lit(rgb(60, 110, 50)))
    fall = (1 - smoothstep(np.abs(X - x), half * 0.85, half)) * (Y > edge + 0.04)
    streaks = (0.75 + 0.4 * noise(random, 0, 2.8, 0.5))[..., None]
    over(scene.picture, fall, scene.lit(rgb(225, 240, 250)) * streaks)
    land.water(scene, 0.8, mirror=0.3)
    foam = np.exp(-(((X - x) / (half * 1.8)) ** 2 + ((Y - 0.8) / 0.06) ** 2)) * 0.8
    over(scene.picture, foam, scene.lit(rgb(245, 250, 255)))


def _winding(colour, edge):
    def paint(scene):
        random = scene.random
        land.hills(scene, 2)
        land.ground(scene, GRASS)
        near = np.clip((Y - scene.horizon) / (1 - scene.horizon), 0, 1)
        middle = 0.5 + 0.18 * np.sin(near * random.uniform(3, 7) + random.uniform(0, 6)) * (0.3 + near)
        half = 0.02 + 0.16 * near
        mask = (1 - smoothstep(np.abs(X - middle), half * edge, half)) * (Y > scene.horizon + 0.01)
        over(scene.picture, mask, scene.lit(colour) * (0.85 + 0.3 * noise(random, 0, 1, 2.5))[..., None])
    return paint


_FOREST_FOGS = [rgb(190, 210, 180), rgb(215, 225, 225), rgb(150, 180, 140)]
SCENES = (
    Scene(("snowy mountains", "snow-capped peaks", "mountains covered in snow"), _mountains(snow=True)),
    Scene(("snowy mountains", "snowy mountains and snow"), _mountains(_snow_floor, snow=True)),
    Scene(("mountains", "rocky mountains", "a mountain range"), _mountains()),
    Scene(("misty mountains", "foggy mountains", "mountains in the mist"), _mountains(mist=True)),
    Scene(("red mountains",), _mountains(colour=rgb(165, 80, 55))),
    Scene(("mountains and a lake", "mountains by a lake"), _mountains(lambda s: land.water(s, mirror=0.6)), "water"),
    Scene(("mountains and pines", "mountains with a pine forest"), _mountains(_pine_floor)),
    Scene(("mountains and green hills",), _mountains(land.hills)),
    Scene(("green hills", "rolling hills", "hills"), _hills),
    Scene(("a pine forest", "pines", "pine trees"), _pines(False)),
    Scene(("a snowy pine forest", "snowy pines", "pines covered in snow"), _pines(True)),
    Scene(("the sea", "the ocean", "a calm sea"), _sea, "water"),
    Scene(("a beach", "a sandy beach"), _beach),
    Scene(("an island", "an island in the sea", "a desert island with palm trees"), _island, "water"),
    Scene(("cliffs by the sea", "a rocky coast"), _cliffs, "water"),
    Scene(("a lake", "a mountain lake", "a calm lake"), _lake, "water"),
    Scene(("a desert", "the desert", "sand dunes"), _desert),
    Scene(("a pyramid in the desert", "a pyramid"), _pyramid),
    Scene(("a meadow", "a grassy field"), _meadow()),
    Scene(("a meadow with red flowers", "a field of red flowers"), _meadow(("red",))),
    Scene(("a meadow with yellow flowers", "a field of yellow flowers"), _meadow(("yellow",))),
    Scene(("a meadow with flowers", "a field of flowers"), _meadow(("red", "yellow", "white", "purple", "pink"))),
    Scene(("a winter landscape", "a snowy field", "snow"), _winter),
    Scene(("a city", "a city skyline", "skyscrapers"), _city(False)),
    Scene(("a city by the water", "a city by a river"), _city(True), "water"),
    Scene(("a castle", "a stone castle"), _castle, horizon=0.68),
    Scene(("a castle by the sea", "a castle by the ocean"), _castle_by_the_sea, "water"),
    Scene(("a castle on a hill", "a castle on a green hill"), _castle_on_a_hill),
    Scene(("a castle in the mountains", "a castle and mountains"), _castle_in_mountains),
    Scene(("a castle by a lake",), _castle_by_a_lake, "water"),
    Scene(("a lighthouse", "a lighthouse by the sea", "a lighthouse on a rock"), _lighthouse, "water"),
    Scene(("a house", "a cottage", "a small house"), _building(buildings.house, 0.35, 0.6)),
    Scene(("a house in the mountains", "a cabin in the mountains"), _building(buildings.house, 0.3, 0.5, "mountains")),
    Scene(("a house in the snow", "a snowy cottage"), _building(buildings.house, 0.3, 0.55, "snow")),
    Scene(("a village", "a small village"), _building(_village, 0.2, 0.3)),
    Scene(("a tower", "a stone tower"), _building(buildings.tower, 0.45, 0.65)),
    Scene(("a windmill", "a windmill on the hills"), _building(buildings.windmill, 0.45, 0.65)),
    Scene(("a volcano", "an erupting volcano", "a volcano with lava"), _volcano),
    Scene(("a forest", "a green forest", "deep woods"), _forest([rgb(60, 110, 50), rgb(40, 90, 60)], _FOREST_FOGS)),
    Scene(("an autumn forest", "a forest in autumn"), _forest([rgb(160, 95, 30), rgb(185, 80, 25)],
                                                              [rgb(220, 200, 160), rgb(225, 215, 190)])),
    Scene(("a waterfall", "a waterfall on cliffs"), _waterfall, "water"),
    Scene(("a river", "a winding river"), _winding(rgb(80, 140, 200), 0.85), "water"),
    Scene(("a road", "a winding road", "a path through the hills"), _winding(rgb(175, 150, 115), 0.85)),
)
