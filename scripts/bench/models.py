"""The two networks of the usual VQGAN+CLIP loop in plain PyTorch: taming's VQGAN f=16 with 16384 codes, CLIP ViT-B/32.

Only shapes and keys follow taming-transformers and OpenAI's CLIP, so that one weight file serves this loop and the
program. The weights are random: time and memory do not depend on them.
"""

import os

import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn import functional as F

CODES, CODE_WIDTH, CHANNELS, MULTIPLIERS, BLOCKS, CELL = 16384, 256, 128, (1, 1, 2, 2, 4), 2, 16
RESOLUTION, PATCH, VISION_WIDTH, TEXT_WIDTH, EMBEDDING, LAYERS = 224, 32, 768, 512, 512, 12
CONTEXT, VOCABULARY = 77, 49408


def norm(channels):
    return nn.GroupNorm(32, channels, eps=1e-6)


def swish(x):
    return x * torch.sigmoid(x)


class Block(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.norm1, self.conv1 = norm(inputs), nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm2, self.conv2 = norm(outputs), nn.Conv2d(outputs, outputs, 3, padding=1)
        if inputs != outputs:
            self.nin_shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x):
        h = self.conv1(swish(self.norm1(x)))
        h = self.conv2(swish(self.norm2(h)))
        return (self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x) + h


class Attention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = norm(channels)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(channels, channels, 1) for _ in range(4))

    def forward(self, x):
        h = self.norm(x)
        q, k, v = (layer(h).flatten(2) for layer in (self.q, self.k, self.v))
        weights = torch.softmax(q.transpose(1, 2) @ k * x.shape[1] ** -0.5, dim=2)
        return x + self.proj_out((v @ weights.transpose(1, 2)).view_as(x))


def middle(channels):
    return nn.ModuleDict({"block_1": Block(channels, channels), "attn_1": Attention(channels), "block_2": Block(channels, channels)})


class Level(nn.Module):
    """The blocks of one resolution; the lowest one has attention after each of them."""

    def __init__(self, inputs, outputs, count, attends, resampling=None):
        super().__init__()
        self.block = nn.ModuleList(Block(inputs if i == 0 else outputs, outputs) for i in range(count))
        self.attn = nn.ModuleList(Attention(outputs) for _ in range(count if attends else 0))
        if resampling:
            name, stride, padding = resampling
            self.add_module(name, nn.ModuleDict({"conv": nn.Conv2d(outputs, outputs, 3, stride, padding)}))

    def forward(self, h):
        for index, block in enumerate(self.block):
            h = block(h)
            if len(self.attn):
                h = self.attn[index](h)
        return h


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        channels = [CHANNELS * m for m in MULTIPLIERS]
        last = len(channels) - 1
        self.conv_in = nn.Conv2d(3, CHANNELS, 3, padding=1)
        self.down = nn.ModuleList(
            Level(channels[max(0, i - 1)], c, BLOCKS, i == last, ("downsample", 2, 0) if i < last else None)
            for i, c in enumerate(channels)
        )
        self.mid = middle(channels[-1])
        self.norm_out, self.conv_out = norm(channels[-1]), nn.Conv2d(channels[-1], CODE_WIDTH, 3, padding=1)


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        channels = [CHANNELS * m for m in MULTIPLIERS]
        last = len(channels) - 1
        self.conv_in = nn.Conv2d(CODE_WIDTH, channels[-1], 3, padding=1)
        self.mid = middle(channels[-1])
        self.up = nn.ModuleList(
            Level(channels[min(last, i + 1)], c, BLOCKS + 1, i == last, ("upsample", 1, 1) if i else None)
            for i, c in enumerate(channels)
        )
        self.norm_out, self.conv_out = norm(channels[0]), nn.Conv2d(channels[0], 3, 3, padding=1)

    def forward(self, z):
        h = self.conv_in(z)
        for part in ("block_1", "attn_1", "block_2"):
            h = self.mid[part](h)
        for index in reversed(range(len(self.up))):
            h = self.up[index](h)
            if index:
                h = self.up[index].upsample["conv"](F.interpolate(h, scale_factor=2.0, mode="nearest"))
        return self.conv_out(swish(self.norm_out(h)))


class VQGAN(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = Encoder(), Decoder()
        self.quantize = nn.ModuleDict({"embedding": nn.Embedding(CODES, CODE_WIDTH)})
        self.quant_conv = nn.Conv2d(CODE_WIDTH, CODE_WIDTH, 1)
        self.post_quant_conv = nn.Conv2d(CODE_WIDTH, CODE_WIDTH, 1)

    @property
    def codebook(self):
        return self.quantize["embedding"].weight

    def decode(self, q):
        return self.decoder(self.post_quant_conv(q))


class QuickGELU(nn.Module):
    def forward(self, x):
        return x * torch.sigmoid(1.702 * x)


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = nn.MultiheadAttention(width, width // 64)
        self.mlp = nn.Sequential()
        self.mlp.add_module("c_fc", nn.Linear(width, width * 4))
        self.mlp.add_module("gelu", QuickGELU())
        self.mlp.add_module("c_proj", nn.Linear(width * 4, width))

    def forward(self, x, mask):
        h = self.ln_1(x)
        x = x + self.attn(h, h, h, need_weights=False, attn_mask=mask)[0]
        return x + self.mlp(self.ln_2(x))


class Transformer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.resblocks = nn.ModuleList(Residual(width) for _ in range(LAYERS))

    def forward(self, x, mask=None):
        x = x.transpose(0, 1)  # tokens first, as in OpenAI's CLIP
        for block in self.resblocks:
            x = block(x, mask)
        return x.transpose(0, 1)


class Vision(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, VISION_WIDTH, PATCH, PATCH, bias=False)
        self.class_embedding = nn.Parameter(torch.randn(VISION_WIDTH) * 0.02)
        self.positional_embedding = nn.Parameter(torch.randn((RESOLUTION // PATCH) ** 2 + 1, VISION_WIDTH) * 0.02)
        self.ln_pre, self.ln_post = nn.LayerNorm(VISION_WIDTH), nn.LayerNorm(VISION_WIDTH)
        self.transformer = Transformer(VISION_WIDTH)
        self.proj = nn.Parameter(torch.randn(VISION_WIDTH, EMBEDDING) * VISION_WIDTH**-0.5)

    def forward(self, x):
        x = self.conv1(x).flatten(2).transpose(1, 2)
        first = self.class_embedding.expand(len(x), 1, VISION_WIDTH)
        x = self.ln_pre(torch.cat([first, x], 1) + self.positional_embedding)
        return self.ln_post(self.transformer(x)[:, 0]) @ self.proj


class CLIP(nn.Module):
    def __init__(self):
        super().__init__()
        self.visual = Vision()
        self.token_embedding = nn.Embedding(VOCABULARY, TEXT_WIDTH)
        self.positional_embedding = nn.Parameter(torch.randn(CONTEXT, TEXT_WIDTH) * 0.01)
        self.transformer = Transformer(TEXT_WIDTH)
        self.ln_final = nn.LayerNorm(TEXT_WIDTH)
        self.text_projection = nn.Parameter(torch.randn(TEXT_WIDTH, EMBEDDING) * TEXT_WIDTH**-0.5)
        self.logit_scale = nn.Parameter(torch.tensor(4.6))

    def encode_text(self, tokens):
        x = self.token_embedding(tokens) + self.positional_embedding
        mask = torch.full((CONTEXT, CONTEXT), float("-inf")).triu(1)
        x = self.ln_final(self.transformer(x, mask))
        return x[torch.arange(len(x)), tokens.argmax(1)] @ self.text_projection


def paths(folder):
    return os.path.join(folder, "vqgan.safetensors"), os.path.join(folder, "clip.safetensors")


def make_weights(folder):
    """Writes random weights once, in the layout that the program reads. The merges are empty: letters are tokens."""
    os.makedirs(folder, exist_ok=True)
    torch.manual_seed(0)
    for path, make in zip(paths(folder), (VQGAN, CLIP)):
        if not os.path.exists(path):
            save_file(make().state_dict(), path + ".part")
            os.replace(path + ".part", path)
    with open(os.path.join(folder, "merges.txt"), "w", encoding="utf-8") as file:
        file.write("#version: 0.2\n")


def load(folder):
    """Both models with the weights of the folder, frozen."""
    loaded = []
    for path, make in zip(paths(folder), (VQGAN, CLIP)):
        with torch.device("meta"):
            model = make()
        model.load_state_dict(load_file(path), assign=True)
        loaded.append(model.eval().requires_grad_(False))
    return loaded
