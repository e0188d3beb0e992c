"""What every picture is made of: coordinates, noise, masks, filters. Pictures are float32 [SIDE, SIDE, 3] in 0...1."""

import numpy as np
from PIL import Image, ImageDraw

SIDE = 128
Y, X = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE


def rgb(red, green, blue):
    return np.array([red, green, blue], np.float32) / 255


def pick(random, choices):
    return choices[int(random.integers(len(choices)))]


def jitter(random, colour, amount=0.05):
    return np.clip(colour + random.normal(0, amount, 3).astype(np.float32), 0, 1)


def smoothstep(x, low, high):
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def ramp(values, colours):
    """Values in 0...1 to colours [n, 3] that are spread evenly over that range."""
    v = np.clip(values, 0, 0.9999) * (len(colours) - 1)
    i = v.astype(int)
    t = (v - i)[..., None].astype(np.float32)
    return colours[i] * (1 - t) + colours[i + 1] * t


def over(picture, mask, colour):
    """Lays a colour, or a picture, over another where the mask [SIDE, SIDE] says so."""
    mask = mask[..., None]
    picture *= 1 - mask
    picture += mask * colour


def _noise_bank(count=48, side=384):
    """Fields of 1/f^a noise, from rough (a = 1) to smooth (a = 2.2), of which pictures take cut-outs."""
    random = np.random.default_rng(1)
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    frequency[0, 0] = 1
    fields = []
    for i in range(count):
        spectrum = random.normal(size=frequency.shape) + 1j * random.normal(size=frequency.shape)
        spectrum *= frequency ** -(1.0, 1.4, 1.8, 2.2)[i % 4] * (frequency > 1.5 / side)
        field = np.fft.irfft2(spectrum, s=(side, side))
        fields.append((0.5 + 0.5 * np.tanh(field / field.std() * 0.7)).astype(np.float32))
    return fields


_BANK = _noise_bank()


def noise(random, smoothness=2, across=1.0, down=1.0):
    """Fractal noise in 0...1; smoothness 0 (rough) to 3; above 1, across and down make it finer."""
    field = _BANK[random.integers(12) * 4 + smoothness]
    height, width = (int(np.clip(SIDE * s, 8, len(field))) for s in (down, across))
    y, x = random.integers(len(field) - height + 1), random.integers(len(field) - width + 1)
    part = field[y:y + height, x:x + width]
    if random.random() < 0.5:
        part = part[:, ::-1]
    if part.shape != (SIDE, SIDE):
        part = np.asarray(Image.fromarray(np.ascontiguousarray(part)).resize((SIDE, SIDE), Image.BICUBIC))
    return part.astype(np.float32)


def ridge(random, smoothness=1.8):
    """A random line from left to right, [SIDE] in 0...1."""
    frequency = np.fft.rfftfreq(SIDE * 2)
    frequency[0] = 1
    spectrum = random.normal(size=frequency.shape) + 1j * random.normal(size=frequency.shape)
    line = np.fft.irfft(spectrum * frequency**-smoothness * (frequency > 0.6 / SIDE))[:SIDE]
    return ((line - line.min()) / (np.ptp(line) + 1e-6)).astype(np.float32)


def mask_of(draw, scale=2):
    """What `draw(pen, size)` draws in white, as a mask; drawn larger and averaged, so that edges are soft."""
    image = Image.new("L", (SIDE * scale, SIDE * scale), 0)
    draw(ImageDraw.Draw(image), SIDE * scale)
    return np.asarray(image.resize((SIDE, SIDE), Image.BOX), np.float32) / 255


def draw_on(picture, draw, scale=2):
    """Lays what `draw(pen, size)` draws over a picture."""
    image = Image.new("RGBA", (SIDE * scale, SIDE * scale), (0, 0, 0, 0))
    draw(ImageDraw.Draw(image), SIDE * scale)
    drawn = np.asarray(image, np.float32) / 255
    drawn[..., :3] *= drawn[..., 3:]
    drawn = drawn.reshape(SIDE, scale, SIDE, scale, 4).mean((1, 3))
    picture *= 1 - drawn[..., 3:]
    picture += drawn[..., :3]


def ink(colour):
    """A colour in 0...1 for Pillow."""
    return tuple(int(255 * min(1, max(0, float(v)))) for v in colour) + (255,)


def _convolved(a, kernel, axis):
    radius = len(kernel) // 2
    pad = [(0, 0)] * a.ndim
    pad[axis] = (radius, radius)
    padded = np.pad(a, pad, mode="edge")
    out = np.zeros_like(a)
    for i, weight in enumerate(kernel):
        out += weight * (padded[i:i + a.shape[0]] if axis == 0 else padded[:, i:i + a.shape[1]])
    return out


def blur(a, sigma):
    """A Gaussian blur of [SIDE, SIDE] or [SIDE, SIDE, 3]."""
    radius = max(1, int(2.5 * sigma + 0.5))
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2).astype(np.float32)
    kernel /= kernel.sum()
    return _convolved(_convolved(a.astype(np.float32), kernel, 0), kernel, 1)


def box(a, side):
    """The mean over a square of an odd side."""
    kernel = np.full(side, 1 / side, np.float32)
    return _convolved(_convolved(a.astype(np.float32), kernel, 0), kernel, 1)


def edges(a, sigma=1.0):
    """The strength of the gradient of a blurred [SIDE, SIDE] or [SIDE, SIDE, 3]."""
    smooth = blur(a, sigma)
    return np.hypot(np.gradient(smooth, axis=0), np.gradient(smooth, axis=1))


def cells(random, count):
    """Voronoi cells: the nearest of `count` random points for each pixel, and how far the second is behind it."""
    points = random.random((count, 2)).astype(np.float32)
    places = np.stack([Y.ravel(), X.ravel()], 1)
    squared = (places**2).sum(1)[:, None] - 2 * places @ points.T + (points**2).sum(1)
    two = np.argpartition(squared, 1, axis=1)[:, :2]
    distance = np.sqrt(np.maximum(np.take_along_axis(squared, two, 1), 0))
    nearer = distance.argmin(1)
    index = np.take_along_axis(two, nearer[:, None], 1)[:, 0]
    return index.reshape(SIDE, SIDE), np.abs(distance[:, 1] - distance[:, 0]).reshape(SIDE, SIDE)
