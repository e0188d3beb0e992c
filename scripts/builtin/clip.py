"""The CLIP of the built-in pair: OpenAI's text tower, and a small convolutional network with OpenAI's attention pool.

In the files, batch normalisation is folded into the convolutions. For training it is put back (`add_normalisation`),
such that the function stays the same; `folded_state` takes it out again.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

from . import tensors

CONFIGURATION = {
    "embed_dim": 256, "image_resolution": 64,
    "vision": {"kind": "convnet", "widths": [24, 48, 48, 96, 224], "heads": 4, "activation": "silu",
               "input_range": [-1, 1]},
    "context_length": 32, "vocab_size": 4096, "transformer_width": 128, "transformer_heads": 4,
    "transformer_layers": 3, "activation": "gelu", "pad_id": 0, "sot_id": 1, "eot_id": 2, "norm_eps": 1e-5,
}


class Convolution(nn.Conv2d):
    """A convolution, followed by a batch normalisation while the network trains."""

    def __init__(self, *sizes, **options):
        super().__init__(*sizes, **options)
        self.normal = None

    def forward(self, x):
        if self.normal is None:
            return super().forward(x)
        return self.normal(self._conv_forward(x, self.weight, None))


class Block(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv1 = Convolution(inputs, outputs, 3, padding=1)
        self.conv2 = Convolution(outputs, outputs, 3, padding=1)
        self.downsample = Convolution(inputs, outputs, 1) if inputs != outputs else None

    def forward(self, x):
        h = self.conv2(F.silu(self.conv1(x)))
        return F.silu(h + (x if self.downsample is None else self.downsample(x)))


class AttentionPool(nn.Module):
    """The mean of the places asks all places, and itself, what to say."""

    def __init__(self, width, places, outputs, heads):
        super().__init__()
        self.positional_embedding = nn.Parameter(torch.randn(places + 1, width) * width**-0.5)
        self.q_proj, self.k_proj, self.v_proj = (nn.Linear(width, width) for _ in range(3))
        self.c_proj, self.heads = nn.Linear(width, outputs), heads

    def forward(self, x):
        x = x.flatten(2).transpose(1, 2)
        x = torch.cat([x.mean(1, keepdim=True), x], 1) + self.positional_embedding
        split = lambda y: y.view(y.shape[0], y.shape[1], self.heads, -1).transpose(1, 2)
        q, k, v = split(self.q_proj(x[:, :1])), split(self.k_proj(x)), split(self.v_proj(x))
        y = torch.softmax(q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5, -1) @ v
        return self.c_proj(y.transpose(1, 2).reshape(len(x), -1))


class ImageTower(nn.Module):
    def __init__(self, widths, resolution, outputs, heads):
        super().__init__()
        stem1, stem2, *stages = widths
        self.stem = nn.Module()
        self.stem.conv1 = Convolution(3, stem1, 3, stride=2, padding=1)
        self.stem.conv2 = Convolution(stem1, stem2, 3, padding=1)
        inputs = [stem2, *stages]
        for i, width in enumerate(stages):
            setattr(self, f"layer{i + 1}", nn.Sequential(Block(inputs[i], width), Block(width, width)))
        self.attnpool = AttentionPool(stages[-1], (resolution // 16) ** 2, outputs, heads)

    def early(self, x):
        """The features of the stem and the first two stages, for a perceptual loss."""
        x = F.avg_pool2d(F.silu(self.stem.conv2(F.silu(self.stem.conv1(x)))), 2)
        first = self.layer1(x)
        return [x, first, self.layer2(F.avg_pool2d(first, 2))]

    def forward(self, x):
        """Pictures [N, 3, 64, 64] in -1...1 -> features [N, embed_dim], and the mean over places before the pool."""
        x = self.layer3(F.avg_pool2d(self.early(x)[-1], 2))
        return self.attnpool(x), x.mean((2, 3))


class ResidualAttentionBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = nn.Module()
        self.attn.in_proj_weight = nn.Parameter(torch.randn(3 * width, width) * width**-0.5)
        self.attn.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.attn.out_proj = nn.Linear(width, width)
        self.mlp = nn.Module()
        self.mlp.c_fc, self.mlp.c_proj = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.heads = heads

    def forward(self, x):
        n, length, width = x.shape
        qkv = F.linear(self.ln_1(x), self.attn.in_proj_weight, self.attn.in_proj_bias)
        q, k, v = qkv.view(n, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.attn.out_proj(y.transpose(1, 2).reshape(n, length, width))
        return x + self.mlp.c_proj(F.gelu(self.mlp.c_fc(self.ln_2(x))))


class CLIP(nn.Module):
    def __init__(self, configuration=CONFIGURATION):
        super().__init__()
        c, width = configuration, configuration["transformer_width"]
        self.visual = ImageTower(c["vision"]["widths"], c["image_resolution"], c["embed_dim"], c["vision"]["heads"])
        self.token_embedding = nn.Embedding(c["vocab_size"], width)
        self.positional_embedding = nn.Parameter(torch.randn(c["context_length"], width) * 0.01)
        self.transformer = nn.Module()
        self.transformer.resblocks = nn.ModuleList(
            ResidualAttentionBlock(width, c["transformer_heads"]) for _ in range(c["transformer_layers"]))
        self.ln_final = nn.LayerNorm(width)
        self.text_projection = nn.Parameter(torch.randn(width, c["embed_dim"]) * width**-0.5)
        self.logit_scale = nn.Parameter(torch.tensor([math.log(14.0)]))

    @classmethod
    def load(cls, folder):
        weights, configuration = tensors.load(f"{folder}/clip.safetensors")
        model = cls(configuration)
        weights["logit_scale"] = weights["logit_scale"].reshape(1)  # the program writes a number
        model.load_state_dict(weights)
        return model.to(memory_format=torch.channels_last)

    def image(self, pictures):
        """[N, 3, 64, 64] in -1...1 -> [N, embed_dim] of length 1."""
        return F.normalize(self.visual(pictures)[0], dim=-1)

    def text(self, tokens):
        return F.normalize(self.text_features(tokens), dim=-1)

    def text_features(self, tokens):
        """[N, 32] ids, padded with 0 -> [N, embed_dim], taken at the end token."""
        last = (tokens != 0).sum(1) - 1
        tokens = tokens[:, :int(last.max()) + 1]
        x = self.token_embedding(tokens) + self.positional_embedding[:tokens.shape[1]]
        for block in self.transformer.resblocks:
            x = block(x)
        return self.ln_final(x)[torch.arange(len(x)), last] @ self.text_projection

    def convolutions(self):
        return [(name, m) for name, m in self.visual.named_modules() if isinstance(m, Convolution)]

    @torch.no_grad()
    def add_normalisation(self, pictures):
        """Follows each convolution by a batch normalisation that, with the statistics of these pictures, does nothing."""
        seen = {}
        hooks = [m.register_forward_hook(lambda module, _, y: seen.__setitem__(module, y)) for _, m in self.convolutions()]
        self.visual(pictures)
        for hook in hooks:
            hook.remove()
        for _, convolution in self.convolutions():
            y = seen[convolution]
            mean, variance = y.mean((0, 2, 3)), y.var((0, 2, 3))
            normal = nn.BatchNorm2d(convolution.out_channels)
            normal.running_mean.copy_(mean - convolution.bias)
            normal.running_var.copy_(variance)
            normal.weight.copy_((variance + normal.eps).sqrt())
            normal.bias.copy_(mean)
            self.replace_bias(convolution, normal)

    @staticmethod
    def replace_bias(convolution, normal):
        convolution.normal = normal
        convolution.bias = None

    def prepare_normalisation(self):
        """The same modules without statistics, to load a checkpoint into."""
        for _, convolution in self.convolutions():
            self.replace_bias(convolution, nn.BatchNorm2d(convolution.out_channels))

    @torch.no_grad()
    def folded_state(self):
        """The weights as the program loads them."""
        state = {k: v for k, v in self.state_dict().items() if ".normal." not in k}
        for name, convolution in self.convolutions():
            normal = convolution.normal
            if normal is None:
                continue
            scale = normal.weight / (normal.running_var + normal.eps).sqrt()
            state[f"visual.{name}.weight"] = convolution.weight * scale[:, None, None, None]
            state[f"visual.{name}.bias"] = normal.bias - normal.running_mean * scale
        return state
