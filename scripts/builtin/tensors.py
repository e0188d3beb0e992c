"""Reading and writing safetensors, the seed, and checkpoints that a killed run leaves whole."""

import json
import os

import torch
from safetensors import safe_open
from safetensors.torch import save_file


def load(path):
    """The tensors of a file as float32 and the configuration in its header."""
    with safe_open(path, "pt") as file:
        weights = {key: file.get_tensor(key).float() for key in file.keys()}
        return weights, json.loads((file.metadata() or {}).get("config", "null"))


def save(path, weights, metadata, half=True):
    """Writes under a temporary name first, so that a file of this name is always whole."""
    out = {k: (v.half() if half and v.is_floating_point() else v).contiguous() for k, v in weights.items()}
    save_file(out, f"{path}.part", metadata=metadata)
    os.replace(f"{path}.part", path)


def checkpoint(path, state):
    torch.save(state, f"{path}.part")
    os.replace(f"{path}.part", path)


class MovingAverage:
    """An exponential moving average of a model's state; with few steps behind it, it follows faster."""

    def __init__(self, model, decay):
        self.decay, self.steps = decay, 0
        self.state = {k: v.detach().clone() for k, v in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model):
        self.steps += 1
        share = 1 - min(self.decay, (1 + self.steps) / (10 + self.steps))
        for key, value in model.state_dict().items():
            if value.is_floating_point():
                self.state[key].lerp_(value, share)
            else:
                self.state[key].copy_(value)


class swapped:
    """with swapped(model, state): ... lends a model other weights."""

    def __init__(self, model, state):
        self.model, self.state = model, state

    def __enter__(self):
        self.own = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        self.model.load_state_dict(self.state)

    def __exit__(self, *_):
        self.model.load_state_dict(self.own)
