"""The cut method `latest` of the classic tools with its four augmentations, in plain PyTorch, one after the other."""

import math

import torch
from torch.nn import functional as F

SIDE = 224


def latest(picture, count, noise=0.1):
    """[1, 3, H, W] in 0…1 → [count, 3, 224, 224]. As in the classic tools, the picture is pooled for every cutout."""
    pooled = [(F.adaptive_avg_pool2d(picture, SIDE) + F.adaptive_max_pool2d(picture, SIDE)) / 2 for _ in range(count)]
    x = torch.cat(pooled)
    for change in (affine, perspective, jitter, erasing):
        x = change(x)
    return x + torch.empty(count, 1, 1, 1).uniform_(0, noise) * torch.randn_like(x)


def chosen(count, probability=0.7):
    return torch.rand(count) < probability


def uniform(count, limit):
    return torch.empty(count).uniform_(-limit, limit)


def warped(x, matrices, who):
    """Samples some of the cutouts through 3 × 3 maps from the result's coordinates to the cutout's."""
    axis = (torch.arange(SIDE) * 2 + 1) / SIDE - 1
    rows, columns = torch.meshgrid(axis, axis, indexing="ij")
    points = torch.stack([columns, rows, torch.ones_like(rows)], -1).view(1, -1, 3) @ matrices.transpose(1, 2)
    grid = (points[..., :2] / points[..., 2:]).view(-1, SIDE, SIDE, 2)
    result = x.clone()
    result[who] = F.grid_sample(x[who], grid, align_corners=False)
    return result


def affine(x):
    """±15° of turn, ±0.1 of shift, ±5° of shear."""
    who = chosen(len(x))
    count = int(who.sum())
    if not count:
        return x
    angle, shear, shift = uniform(count, math.radians(15)), uniform(count, math.radians(5)), uniform(count, 0.2)
    zero, one = torch.zeros(count), torch.ones(count)
    turn = torch.stack([angle.cos(), -angle.sin(), zero, angle.sin(), angle.cos(), shift, zero, zero, one], 1)
    slant = torch.stack([one, shear.tan(), zero, zero, one, zero, zero, zero, one], 1)
    return warped(x, slant.view(-1, 3, 3) @ turn.view(-1, 3, 3), who)


def perspective(x, distortion=0.7):
    who = chosen(len(x))
    count = int(who.sum())
    if not count:
        return x
    corners = torch.tensor([[-1.0, -1], [1, -1], [1, 1], [-1, 1]])
    moved = corners * (1 - torch.rand(count, 4, 2) * distortion)
    px, py = moved.unbind(-1)
    u, v = corners.expand(count, 4, 2).unbind(-1)
    zero, one = torch.zeros(count, 4), torch.ones(count, 4)
    first = torch.stack([px, py, one, zero, zero, zero, -u * px, -u * py], -1)
    second = torch.stack([zero, zero, zero, px, py, one, -v * px, -v * py], -1)
    solution = torch.linalg.solve(torch.cat([first, second], 1), torch.cat([u, v], 1))
    return warped(x, torch.cat([solution, torch.ones(count, 1)], 1).view(-1, 3, 3), who)


def jitter(x):
    """Brightness, contrast, saturation and hue by up to 0.1, in a random order."""
    who = chosen(len(x))
    count = int(who.sum())
    if not count:
        return x

    def amount(middle):
        return (middle + uniform(count, 0.1)).view(-1, 1, 1, 1)

    y = x[who]
    for operation in torch.randperm(4).tolist():
        if operation == 0:
            y = y + amount(0)
        elif operation == 1:
            y = y * amount(1)
        else:
            hue, saturation, value = hsv(y)
            if operation == 2:
                saturation = (saturation * amount(1)).clamp(0, 1)
            else:
                hue = hue + amount(0) * 6
            y = rgb(hue, saturation, value)
        y = y.clamp(0, 1)
    result = x.clone()
    result[who] = y
    return result


def hsv(x):
    """Hue in 0…6, saturation and value in 0…1, each [N, 1, H, W]."""
    value, which = x.max(1, keepdim=True)
    chroma = value - x.min(1, keepdim=True).values
    safe = chroma.clamp(min=1e-6)
    r, g, b = x.split(1, 1)
    hues = torch.cat([(g - b) / safe, (b - r) / safe + 2, (r - g) / safe + 4], 1)
    return hues.gather(1, which), chroma / value.clamp(min=1e-6), value


def rgb(hue, saturation, value):
    k = (hue + torch.tensor([5.0, 3.0, 1.0]).view(1, 3, 1, 1)) % 6
    return value - value * saturation * torch.minimum(k, 4 - k).clamp(0, 1)


def erasing(x):
    """One black rectangle of 0.1–0.4 of the area for all cutouts that get one."""
    area = float(torch.empty(()).uniform_(0.1, 0.4)) * SIDE * SIDE
    ratio = math.exp(float(torch.empty(()).uniform_(math.log(0.3), -math.log(0.3))))
    height, width = min(SIDE, round(math.sqrt(area * ratio))), min(SIDE, round(math.sqrt(area / ratio)))
    top, left = (int(torch.randint(SIDE - side + 1, ())) for side in (height, width))
    mask = torch.ones(len(x), 1, SIDE, SIDE)
    mask[chosen(len(x)), :, top : top + height, left : left + width] = 0
    return x * mask
