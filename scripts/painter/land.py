"""What lies under a sky: ranges, hills, ground, trees, water. Each paints onto a Landscape."""

import math

import numpy as np

from .canvas import SIDE, X, Y, blur, draw_on, ink, jitter, noise, over, pick, rgb, ridge, smoothstep


def layer(scene, top, colour, texture=None, haze=0.0):
    """Fills what is below the line `top` [SIDE] with a colour, or a picture of colours, in the scene's light."""
    colour = scene.lit(colour) * (1 - haze) + scene.low * haze
    if texture is not None:
        colour = colour * texture[..., None]
    mask = np.clip((Y - top[None]) * SIDE + 0.5, 0, 1)
    over(scene.picture, mask, np.broadcast_to(colour, scene.picture.shape))


def mountains(scene, snow=False, mist=False, colour=None):
    random, count = scene.random, int(scene.random.integers(1, 4))
    for i in range(count):
        far, height = (count - 1 - i) / count, random.uniform(0.22, 0.45) * (1 - 0.25 * i / count)
        shape = ridge(random, random.uniform(1.25, 1.7))
        top = scene.horizon + 0.03 - height * shape - 0.1 * far
        rock = jitter(random, colour if colour is not None else pick(
            random, [rgb(95, 95, 110), rgb(110, 90, 80), rgb(80, 95, 100)]), 0.04)
        rough = noise(random, 1, 1.4, 1.4)
        slope = np.gradient(blur(rough, 1), axis=1) * 7 - 0.1 * (np.gradient(shape) * SIDE)[None]
        rock = np.broadcast_to(rock, (SIDE, SIDE, 3)).copy()
        if snow:
            depth = (Y - top[None]) / height + 0.5 * (rough - 0.5)
            low = 0.22 if random.random() < 0.7 else 0.6
            over(rock, 1 - smoothstep(depth, low, low + 0.3), rgb(245, 248, 255))
        layer(scene, top, rock, np.clip(1 + slope, 0.45, 1.35), haze=0.55 * far + (0.15 if mist else 0))
        if mist:
            middle = scene.horizon - height * 0.35 * (1 - 0.3 * i)
            veil = np.exp(-(((Y - middle) / 0.07) ** 2)) * (0.35 + 0.65 * noise(random, 2, 0.8, 2))
            over(scene.picture, np.clip(veil * 1.2, 0, 0.95), scene.low * 0.5 + 0.5 * scene.light * rgb(225, 230, 235))


def hills(scene, count=None, colour=None):
    random = scene.random
    count = count or int(random.integers(1, 4))
    for i in range(count):
        top = scene.horizon - 0.1 + 0.12 * i - 0.14 * ridge(random, 2.4) * (1 - 0.2 * i)
        grass = jitter(random, colour if colour is not None else pick(
            random, [rgb(90, 150, 60), rgb(70, 130, 50), rgb(120, 160, 70)]), 0.04)
        layer(scene, top, grass, 0.8 + 0.35 * noise(random, 1, 1.5, 2.5), haze=0.25 * (count - 1 - i) / count)


def ground(scene, colour, top=None, roughness=0.25):
    random = scene.random
    line = np.full(SIDE, scene.horizon if top is None else top, np.float32) + (ridge(random, 2.2) - 0.5) * 0.03
    layer(scene, line, jitter(random, colour, 0.03), 1 - roughness / 2 + roughness * noise(random, 1, 1.5, 3))


def hill_at(scene, x, base, height, width, colour, roughness=0.5):
    """One hill; a building may stand on its top."""
    top = base - height * np.exp(-(((X[0] - x) / width) ** 2)) + 0.02 * ridge(scene.random, 1.6)
    layer(scene, top, colour, 1 - roughness / 2 + roughness * noise(scene.random, 1, 1.5, 2))


def rock_in_water(scene, x, height, width, colour, below=0.05):
    """A rock or a small island that ends at the water line."""
    random = scene.random
    top = scene.horizon + 0.02 - height * np.exp(-(((X[0] - x) / width) ** 2)) + 0.02 * ridge(random, 1.5)
    top = top + 0.9 * (np.abs(X[0] - x) > width * 1.6)
    bottom = scene.horizon + below + 0.03 * (ridge(random, 1.5)[None] - 0.5)
    mask = np.clip((Y - top[None]) * SIDE, 0, 1) * np.clip((bottom - Y) * SIDE, 0, 1)
    over(scene.picture, mask, scene.lit(colour) * (0.7 + 0.5 * noise(random, 1))[..., None])


def pines(scene, base, count, low, high, shade=1.0):
    random = scene.random
    green = pick(random, [rgb(30, 75, 45), rgb(25, 60, 50), rgb(45, 85, 45)])
    trees = sorted((base + random.uniform(-0.02, 0.06), random.random(), random.uniform(low, high),
                    random.uniform(0.16, 0.26), random.uniform(0.7, 1.15)) for _ in range(count))

    def draw(pen, s):
        for foot, x, height, breadth, bright in trees:
            trunk, width = height * 0.06, height * breadth
            pen.rectangle([(x - trunk) * s, (foot - height * 0.15) * s, (x + trunk) * s, foot * s],
                          fill=ink(scene.lit(rgb(70, 45, 30))))
            for storey in range(3):
                top = foot - height * (1 - 0.22 * storey)
                bottom, reach = top + height * 0.42, width * (0.5 + 0.25 * storey)
                pen.polygon([(x * s, top * s), ((x - reach) * s, bottom * s), ((x + reach) * s, bottom * s)],
                            fill=ink(scene.lit(green) * bright * shade))
                if scene.snowy:
                    low_, half = top + (bottom - top) * 0.45, reach * 0.45
                    pen.polygon([(x * s, top * s), ((x - half) * s, low_ * s), ((x + half) * s, low_ * s)],
                                fill=ink(scene.lit(rgb(240, 245, 255))))

    draw_on(scene.picture, draw)


def palm(scene, x, foot, height):
    lean = scene.random.uniform(-0.15, 0.15)
    trunk, leaf = scene.lit(rgb(125, 85, 50)), scene.lit(rgb(50, 130, 50))

    def draw(pen, s):
        place = lambda across, up: ((x + across * height) * s, (foot - up * height) * s)
        pen.line([place(lean * t * t, t) for t in np.linspace(0, 1, 8)], fill=ink(trunk),
                 width=max(2, int(0.05 * height * s)))
        for k in range(7):
            angle = k / 7 * 2 * math.pi + 0.2
            end = (0.42 * math.cos(angle), 0.25 * math.sin(angle) - 0.08)
            bend = (0.22 * math.cos(angle), 0.22 * math.sin(angle) + 0.12)
            pen.polygon([place(lean, 1), place(lean + bend[0], 1 + bend[1]), place(lean + end[0], 1 + end[1]),
                         place(lean + bend[0] * 0.9, 1 + bend[1] - 0.09)], fill=ink(leaf * (0.8 + 0.3 * (k % 2))))

    draw_on(scene.picture, draw)


def water(scene, top=None, mirror=0.0):
    """From `top` (the horizon) down, with as much of the picture above mirrored in it as `mirror` says."""
    random, first = scene.random, int((scene.horizon if top is None else top) * SIDE)
    rows = SIDE - first
    if rows < 3:
        return
    down = np.linspace(0, 1, rows, dtype=np.float32)[:, None, None]
    colour = scene.low * 0.35 + scene.top * 0.35 + scene.lit(rgb(25, 85, 140)) * 0.55
    surface = np.broadcast_to(colour * (1.1 - 0.45 * down), (rows, SIDE, 3)).copy()
    if mirror > 0:
        above = scene.picture[max(0, first - rows):first][::-1]
        above = np.concatenate([above, np.repeat(above[-1:], rows - len(above), 0)]) if len(above) < rows else above
        shift = (noise(random, 1, 1, 3)[first:] - 0.5) * 8 * np.linspace(0.3, 1.5, rows)[:, None]
        columns = (np.arange(SIDE)[None] + shift.astype(int)).clip(0, SIDE - 1)
        surface = surface * (1 - mirror) + above[np.arange(rows)[:, None], columns] * mirror * 0.9
    waves = noise(random, 0, 0.7, random.uniform(2.2, 3.0))[first:]
    surface *= (1 + (waves - 0.5) * 0.5)[..., None]
    surface += (smoothstep(waves, 0.62, 0.8) * 0.35)[..., None] * (scene.light - surface)
    if scene.glow is not None:
        path = np.exp(-(((X[first:] - scene.glow) / (0.04 + 0.1 * down[..., 0])) ** 2))
        path = path * smoothstep(noise(random, 0, 0.7, 3)[first:], 0.35, 0.65) * 0.85
        surface += path[..., None] * (np.clip(scene.light * 1.6, 0, 1) * rgb(255, 245, 215) - surface)
    scene.picture[first:] = np.clip(surface, 0, 1)


def flowers(scene, colours, count):
    random, top = scene.random, scene.horizon
    rows = ((top + (1 - top) * random.random(count) ** 0.7) * SIDE).astype(int).clip(0, SIDE - 2)
    columns = (random.random(count) * (SIDE - 2)).astype(int)
    for row, column in zip(rows, columns):
        near = row > SIDE * 0.8
        scene.picture[row:row + 1 + near, column:column + 2] = scene.lit(pick(random, colours))
