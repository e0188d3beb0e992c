"""Skies: the time of day gives colours and light, the weather gives what is seen in it and what falls from it."""

import numpy as np

from .canvas import SIDE, X, Y, blur, jitter, mask_of, noise, over, pick, rgb, ridge, smoothstep
from .words import COLOURS

# The colour of the top, of the horizon, and the light on things.
LIGHTS = {
    "day": (rgb(70, 130, 220), rgb(185, 215, 245), rgb(255, 255, 250)),
    "sunset": (rgb(70, 50, 120), rgb(255, 150, 60), rgb(204, 132, 92)),
    "night": (rgb(8, 10, 35), rgb(30, 40, 85), rgb(76, 88, 136)),
    "storm": (rgb(45, 50, 60), rgb(110, 115, 120), rgb(119, 123, 128)),
    "dawn": (rgb(120, 140, 210), rgb(255, 195, 190), rgb(230, 193, 188)),
}
CLOUDS = {
    "day": rgb(255, 255, 255), "sunset": rgb(255, 160, 125), "night": rgb(50, 55, 85), "storm": rgb(70, 72, 80),
    "dawn": rgb(255, 225, 225),
}


class Landscape:
    """A picture under way, with what later strokes need to know: horizon, light, and where the light comes from."""

    def __init__(self, random, time, sky, horizon=None):
        self.random, self.time, self.sky = random, time, sky
        self.horizon = float(random.uniform(0.45, 0.75)) if horizon is None else horizon
        top, low, self.light = LIGHTS[time]
        self.top, self.low = jitter(random, top), jitter(random, low)
        if time == "sunset" and random.random() < 0.4:
            self.top, self.low = jitter(random, rgb(160, 60, 90)), jitter(random, rgb(255, 190, 90))
        self.glow = None  # the column of the sun or the moon, for its path on water
        self.snowy = False
        share = np.clip(Y / self.horizon, 0, 1)[..., None] ** random.uniform(0.8, 1.6)
        self.picture = (self.top * (1 - share) + self.low * share).astype(np.float32)
        self._paint_sky()
        np.clip(self.picture, 0, 1, out=self.picture)

    def lit(self, colour):
        return np.clip(colour * self.light * 1.05, 0, 1)

    def _paint_sky(self):
        random, sky = self.random, self.sky
        if self.time == "night" and sky not in ("rain", "fog", "snowfall", "clouds"):
            self._stars(int(random.integers(120, 230)) if sky == "stars" else int(random.integers(8, 60)))
        if sky == "sun" or (sky == "clear" and self.time in ("sunset", "dawn")):
            self._sun()
        if sky in ("full moon", "crescent moon"):
            self._moon(sky == "crescent moon")
        if sky in ("clouds", "rain", "snowfall") or self.time == "storm" or (sky == "sun" and random.random() < 0.4):
            self._clouds()
        paint = {"aurora": self._aurora, "lightning": self._lightning, "rainbow": self._rainbow}.get(sky)
        if paint:
            paint()

    def _stars(self, count):
        random = self.random
        columns = random.integers(0, SIDE, count)
        rows = (random.random(count) * SIDE * max(self.horizon, 0.5)).astype(int).clip(0, SIDE - 1)
        brightness = random.random(count) ** 2 * 0.9 + 0.1
        self.picture[rows, columns] = np.maximum(self.picture[rows, columns], brightness[:, None] * rgb(255, 250, 235))

    def _disc(self, x, y, radius, colour, halo):
        distance = np.hypot(X - x, Y - y)
        self.picture += (np.exp(-distance / (radius * 2)) * halo)[..., None] * (colour - self.picture)
        self.glow = x
        return distance

    def _sun(self):
        random = self.random
        low = self.time in ("sunset", "dawn")
        radius = random.uniform(0.05, 0.11)
        y = self.horizon - random.uniform(0, 0.18) if low else random.uniform(0.08, 0.3)
        choices = [rgb(255, 225, 140), rgb(255, 120, 60), rgb(255, 240, 200)] if low else [rgb(255, 245, 200)]
        x, colour = random.uniform(0.15, 0.85), pick(random, choices)
        distance = self._disc(x, y, radius, colour, 0.5)
        over(self.picture, 1 - smoothstep(distance, radius * 0.9, radius * 1.08), colour)

    def _moon(self, crescent):
        random = self.random
        radius = random.uniform(0.07, 0.14) if random.random() < 0.65 else random.uniform(0.16, 0.24)
        x, y = random.uniform(0.2, 0.8), random.uniform(0.12, max(0.2, self.horizon * 0.5))
        colour = jitter(random, rgb(245, 240, 215), 0.03)
        distance = self._disc(x, y, radius, colour, 0.35)
        mask = 1 - smoothstep(distance, radius * 0.93, radius * 1.05)
        if crescent:
            shift = pick(random, (-1, 1)) * radius * random.uniform(0.35, 0.7)
            mask = mask * smoothstep(np.hypot(X - x - shift, Y - y + radius * 0.15), radius * 0.85, radius * 0.95)
            over(self.picture, mask, colour)
        else:
            seas = 1 - 0.35 * smoothstep(noise(random, 2, 1.6, 1.6), 0.5, 0.75)
            over(self.picture, mask, colour * seas[..., None])

    def _clouds(self):
        random = self.random
        heavy = self.time == "storm" or self.sky in ("rain", "snowfall")
        field = noise(random, 2, random.uniform(0.8, 1.6), random.uniform(1.6, 3.2))
        low = random.uniform(0.25, 0.4) if heavy else random.uniform(0.42, 0.55)
        mask = smoothstep(field, low, low + 0.25) * (1 - smoothstep(Y, self.horizon * 0.8, self.horizon * 1.05))
        colour = CLOUDS["storm" if heavy and self.time == "day" else self.time]
        over(self.picture, mask * 0.9, colour * (0.8 + 0.3 * noise(random, 1, 1, 2))[..., None])

    def _aurora(self):
        random = self.random
        for _ in range(int(random.integers(2, 4))):
            edge = ridge(random, 1.6)[None] * 0.4 + random.uniform(0.1, 0.3)
            veil = np.exp(-np.clip(edge - Y, 0, 9) / 0.18) * (Y < edge) * (0.4 + 0.6 * ridge(random, 0.8)[None])
            self.picture += (veil * 0.8)[..., None] * pick(
                random, [rgb(60, 255, 150), rgb(60, 230, 200), rgb(180, 90, 240)])

    def _lightning(self):
        random = self.random
        points = [(random.uniform(0.2, 0.8), 0.0)]
        while points[-1][1] < self.horizon:
            points.append((points[-1][0] + random.normal(0, 0.05), points[-1][1] + random.uniform(0.04, 0.1)))
        bolt = mask_of(lambda pen, s: pen.line([(x * s, y * s) for x, y in points], fill=255, width=4))
        self.picture += np.clip(blur(bolt, 5) * 2, 0, 0.6)[..., None] * rgb(200, 200, 255)
        over(self.picture, bolt, rgb(250, 250, 255))

    def _rainbow(self):
        random = self.random
        centre, radius = random.uniform(0.3, 0.7), random.uniform(0.4, 0.55)
        place = (np.hypot(X - centre, Y - self.horizon - 0.1) - radius) / 0.1
        for i, name in enumerate(("purple", "blue", "green", "yellow", "orange", "red")):
            over(self.picture, (np.abs(place - i / 6) < 0.09) * 0.6 * (Y < self.horizon), COLOURS[name])

    def finish(self):
        """What is between the viewer and the scene: rain, falling snow or fog."""
        random = self.random
        np.clip(self.picture, 0, 1, out=self.picture)
        if self.sky == "rain":
            drops = random.random((int(random.integers(80, 180)), 2))
            streaks = lambda pen, s: [
                pen.line([(x * s, y * s), ((x - 0.02) * s, (y + 0.07) * s)], fill=170) for x, y in drops]
            over(self.picture, mask_of(streaks) * 0.7, rgb(200, 210, 225))
        elif self.sky == "snowfall":
            flakes = [(*random.random(2), random.uniform(1, 5)) for _ in range(int(random.integers(80, 200)))]
            dots = lambda pen, s: [
                pen.ellipse([x * s, y * s, x * s + size, y * s + size], fill=255) for x, y, size in flakes]
            over(self.picture, mask_of(dots) * 0.9, rgb(250, 250, 255))
        elif self.sky == "fog":
            veil = (0.4 + 0.6 * noise(random, 3, 0.8, 1.6)) * smoothstep(Y, 0.1, 0.7)
            over(self.picture, np.clip(veil, 0, 0.85), jitter(random, self.light * rgb(215, 220, 225), 0.02))
        return np.clip(self.picture, 0, 1)
