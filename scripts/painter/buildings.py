"""Buildings, drawn onto a Landscape: x is the middle, foot the lower edge, size the height in parts of the picture."""

import math

import numpy as np

from .canvas import X, Y, draw_on, ink, jitter, over, pick, rgb, smoothstep

WINDOW = rgb(255, 215, 110)


def _places(x, foot, size, s):
    return (lambda across: (x + across * size) * s), (lambda up: (foot - up * size) * s)


def _box(pen, px, py, left, top, right, bottom, colour):
    pen.rectangle([px(left), py(top), px(right), py(bottom)], fill=ink(colour))


def castle(scene, x, foot, size):
    random = scene.random
    stone = jitter(random, pick(random, [rgb(150, 145, 140), rgb(175, 160, 140), rgb(110, 110, 120),
                                         rgb(195, 190, 185)]), 0.03)
    roof = scene.lit(jitter(random, pick(random, [rgb(150, 50, 45), rgb(60, 70, 120), rgb(70, 70, 75),
                                                  rgb(120, 60, 110)]), 0.04))
    wall, dark = scene.lit(stone), scene.lit(stone) * 0.72
    window = WINDOW if scene.time != "day" and random.random() < 0.8 else wall * 0.35
    heights, pointed = random.uniform(0.85, 1.15, 5), random.random() < 0.65
    towers = [(-0.34, 0.16, 0.55), (0.34, 0.16, 0.55), (-0.14, 0.15, 0.8), (0.15, 0.14, 0.8), (0, 0.2, 0.62)]

    def draw_tower(pen, px, py, at, width, height):
        half = width / 2
        _box(pen, px, py, at - half, height, at + half, -0.03, wall)
        _box(pen, px, py, at + width * 0.15, height, at + half, -0.03, dark)
        if pointed:
            tip, eave = (px(at), py(height + width * 2)), width * 0.65
            pen.polygon([(px(at - eave), py(height)), (px(at + eave), py(height)), tip], fill=ink(roof))
            pen.polygon([(px(at + width * 0.15), py(height)), (px(at + eave), py(height)), tip], fill=ink(roof * 0.7))
        else:
            for j in range(3):
                left = at - width * 0.6 + j * width * 0.45
                _box(pen, px, py, left, height + 0.06, left + width * 0.28, height - 0.01, wall)
        for share in (0.82, 0.52):
            _box(pen, px, py, at - 0.022, height * share, at + 0.022, height * share - 0.08, window)

    def draw(pen, s):
        px, py = _places(x, foot, size, s)
        _box(pen, px, py, -0.42, 0.34, 0.42, -0.03, wall * 0.9)
        for i in range(11):
            _box(pen, px, py, -0.42 + i * 0.08, 0.38, -0.375 + i * 0.08, 0.33, wall * 0.9)
        for (at, width, height), change in zip(towers, heights):
            draw_tower(pen, px, py, at, width, height * change)
        _box(pen, px, py, -0.06, 0.14, 0.06, -0.03, wall * 0.25)
        pen.ellipse([px(-0.06), py(0.2), px(0.06), py(0.08)], fill=ink(wall * 0.25))

    draw_on(scene.picture, draw)


def house(scene, x, foot, size):
    random = scene.random
    wall = scene.lit(jitter(random, pick(random, [rgb(235, 225, 200), rgb(190, 120, 90), rgb(160, 110, 70),
                                                  rgb(220, 220, 225)]), 0.04))
    roof = scene.lit(jitter(random, pick(random, [rgb(160, 60, 50), rgb(110, 70, 50), rgb(80, 85, 100)]), 0.04))
    window = scene.lit(rgb(90, 130, 170)) if scene.time == "day" else WINDOW

    def draw(pen, s):
        px, py = _places(x, foot, size, s)
        _box(pen, px, py, 0.2, 0.95, 0.3, 0.5, wall * 0.6)
        _box(pen, px, py, -0.4, 0.5, 0.4, 0, wall)
        pen.polygon([(px(-0.5), py(0.48)), (px(0.5), py(0.48)), (px(0), py(0.95))], fill=ink(roof))
        _box(pen, px, py, -0.07, 0.28, 0.08, 0, scene.lit(rgb(90, 55, 35)))
        _box(pen, px, py, -0.3, 0.38, -0.15, 0.2, window)
        _box(pen, px, py, 0.16, 0.38, 0.31, 0.2, window)

    draw_on(scene.picture, draw)


def lighthouse(scene, x, foot, size):
    white, red = scene.lit(rgb(240, 240, 240)), scene.lit(rgb(200, 40, 40))
    if scene.time in ("night", "storm", "sunset"):
        for side in (-1, 1):
            away = (X - x) * side
            beam = np.abs((Y - (foot - size * 0.93)) - away * 0.08) / (np.abs(away) * 0.16 + 0.01)
            mask = (1 - smoothstep(beam, 0.5, 1)) * (away > 0) * np.exp(-np.abs(away) * 1.5) * 0.6
            over(scene.picture, mask, rgb(255, 245, 190))

    def draw(pen, s):
        px, py = _places(x, foot, size, s)
        for i in range(5):
            low, high = 0.14 - 0.014 * i, 0.14 - 0.014 * (i + 1)
            pen.polygon([(px(-low), py(i * 0.17)), (px(low), py(i * 0.17)), (px(high), py(i * 0.17 + 0.17)),
                         (px(-high), py(i * 0.17 + 0.17))], fill=ink(red if i % 2 else white))
        _box(pen, px, py, -0.06, 0.98, 0.06, 0.85, rgb(255, 240, 160))
        pen.polygon([(px(-0.1), py(0.97)), (px(0.1), py(0.97)), (px(0), py(1.08))], fill=ink(red))

    draw_on(scene.picture, draw)


def tower(scene, x, foot, size):
    random = scene.random
    wall = scene.lit(jitter(random, rgb(140, 135, 135), 0.04))
    roof = scene.lit(pick(random, [rgb(90, 60, 120), rgb(150, 50, 45), rgb(60, 80, 110)]))
    window = wall * 0.3 if scene.time == "day" else WINDOW

    def draw(pen, s):
        px, py = _places(x, foot, size, s)
        pen.polygon([(px(-0.16), py(-0.02)), (px(0.16), py(-0.02)), (px(0.11), py(0.75)), (px(-0.11), py(0.75))],
                    fill=ink(wall))
        pen.polygon([(px(0.03), py(-0.02)), (px(0.16), py(-0.02)), (px(0.11), py(0.75)), (px(0.03), py(0.75))],
                    fill=ink(wall * 0.72))
        _box(pen, px, py, -0.15, 0.84, 0.15, 0.72, wall)
        pen.polygon([(px(-0.19), py(0.83)), (px(0.19), py(0.83)), (px(0), py(1.15))], fill=ink(roof))
        for up in (0.62, 0.35):
            _box(pen, px, py, -0.03, up, 0.03, up - 0.1, window)

    draw_on(scene.picture, draw)


def windmill(scene, x, foot, size):
    wall, first = scene.lit(rgb(225, 215, 200)), scene.random.uniform(0, 1.5)

    def draw(pen, s):
        px, py = _places(x, foot, size, s)
        pen.polygon([(px(-0.18), py(0)), (px(0.18), py(0)), (px(0.1), py(0.65)), (px(-0.1), py(0.65))], fill=ink(wall))
        pen.polygon([(px(-0.13), py(0.64)), (px(0.13), py(0.64)), (px(0), py(0.82))],
                    fill=ink(scene.lit(rgb(120, 70, 50))))
        for k in range(4):
            cos, sin = math.cos(first + k * math.pi / 2), math.sin(first + k * math.pi / 2)
            sail = [(0, 0), (0.45, 0), (0.45, 0.1), (0.08, 0.1)]
            pen.polygon([(px(u * cos - v * sin), py(0.62 + u * sin + v * cos)) for u, v in sail],
                        fill=ink(scene.lit(rgb(150, 110, 80))))

    draw_on(scene.picture, draw)


def skyline(scene, foot):
    random = scene.random
    lights = scene.time in ("night", "sunset", "dawn")
    colour = scene.lit(jitter(random, pick(random, [rgb(90, 95, 110), rgb(110, 100, 100), rgb(70, 80, 105)]), 0.04))

    def draw_block(pen, s, left, width, height, colour):
        pen.rectangle([left * s, (foot - height) * s, (left + width) * s, (foot + 0.02) * s], fill=ink(colour))
        for row in np.arange(foot - height + 0.02, foot - 0.01, 0.028):
            for column in np.arange(left + 0.01, left + width - 0.015, 0.02):
                if random.random() < (0.5 if lights else 0.25):
                    pen.rectangle([column * s, row * s, (column + 0.008) * s, (row + 0.01) * s],
                                  fill=ink(rgb(255, 225, 130) if lights else colour * 0.7))

    def draw(pen, s):
        for near in (0, 1):
            left = -0.02
            while left < 1:
                width, height = random.uniform(0.05, 0.12), random.uniform(0.08, 0.42) * (1 - 0.35 * near)
                shade = colour * random.uniform(0.8, 1.2) * (0.9 if near else 0.5) + (0 if near else scene.low * 0.25)
                draw_block(pen, s, left, width, height, shade)
                left += width + random.uniform(-0.01, 0.02)

    draw_on(scene.picture, draw)
