"""The VQGAN of the built-in pair, under the keys of taming-transformers, so that its state is what the program loads.

It differs from taming's in what the configuration says: the picture is folded 2 x 2 into channels first, groups of
normalisation are min(16, channels / 4), and there is attention only in the middle.
"""

import torch
import torch.nn.functional as F
from torch import nn

from . import tensors

CONFIGURATION = {
    "embed_dim": 32,
    "n_embed": 1024,
    "ddconfig": {
        "double_z": False, "z_channels": 64, "resolution": 128, "in_channels": 3, "out_ch": 3, "ch": 32,
        "ch_mult": [1, 2, 4], "num_res_blocks": 1, "attn_resolutions": [], "mid_attention": True, "patch_size": 2,
        "norm_groups": "min(16, channels / 4)", "norm_eps": 1e-6,
    },
}


def normalisation(channels):
    return nn.GroupNorm(min(16, channels // 4), channels, eps=1e-6)


class ResidualBlock(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.norm1, self.conv1 = normalisation(inputs), nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm2, self.conv2 = normalisation(outputs), nn.Conv2d(outputs, outputs, 3, padding=1)
        if inputs != outputs:
            self.nin_shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x):
        h = self.conv1(F.silu(self.norm1(x)))
        h = self.conv2(F.silu(self.norm2(h)))
        return (self.nin_shortcut(x) if hasattr(self, "nin_shortcut") else x) + h


class Attention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = normalisation(channels)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(channels, channels, 1) for _ in range(4))

    def forward(self, x):
        n, c, h, w = x.shape
        normal = self.norm(x)
        q, k, v = (part(normal).flatten(2).transpose(1, 2) for part in (self.q, self.k, self.v))
        y = torch.softmax(q @ k.transpose(1, 2) * c**-0.5, -1) @ v
        return x + self.proj_out(y.transpose(1, 2).reshape(n, c, h, w))


class Middle(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.block_1, self.attn_1, self.block_2 = (
            ResidualBlock(channels, channels), Attention(channels), ResidualBlock(channels, channels))

    def forward(self, x):
        return self.block_2(self.attn_1(self.block_1(x)))


class Level(nn.Module):
    """One resolution of the encoder or the decoder: residual blocks, then a change of scale, if any."""

    def __init__(self, inputs, outputs, blocks, scale=None):
        super().__init__()
        self.block = nn.ModuleList(ResidualBlock(inputs if i == 0 else outputs, outputs) for i in range(blocks))
        self.scale = scale
        if scale:
            stride, padding = (2, 0) if scale == "downsample" else (1, 1)
            setattr(self, scale, nn.Module())
            getattr(self, scale).conv = nn.Conv2d(outputs, outputs, 3, stride=stride, padding=padding)

    def forward(self, x):
        for block in self.block:
            x = block(x)
        if self.scale == "downsample":
            return self.downsample.conv(F.pad(x, (0, 1, 0, 1)))
        if self.scale == "upsample":
            return self.upsample.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))
        return x


class Encoder(nn.Module):
    def __init__(self, ch, multipliers, blocks, z_channels, channels):
        super().__init__()
        widths = [ch * m for m in multipliers]
        self.conv_in = nn.Conv2d(channels, ch, 3, padding=1)
        self.down = nn.ModuleList(
            Level(([ch] + widths)[i], width, blocks, "downsample" if i < len(widths) - 1 else None)
            for i, width in enumerate(widths))
        self.mid, self.norm_out = Middle(widths[-1]), normalisation(widths[-1])
        self.conv_out = nn.Conv2d(widths[-1], z_channels, 3, padding=1)

    def forward(self, x):
        x = self.conv_in(x)
        for level in self.down:
            x = level(x)
        return self.conv_out(F.silu(self.norm_out(self.mid(x))))


class Decoder(nn.Module):
    def __init__(self, ch, multipliers, blocks, z_channels, channels):
        super().__init__()
        widths = [ch * m for m in multipliers]
        self.conv_in, self.mid = nn.Conv2d(z_channels, widths[-1], 3, padding=1), Middle(widths[-1])
        self.up = nn.ModuleList(
            Level((widths + [widths[-1]])[i + 1], width, blocks + 1, "upsample" if i > 0 else None)
            for i, width in enumerate(widths))
        self.norm_out, self.conv_out = normalisation(widths[0]), nn.Conv2d(widths[0], channels, 3, padding=1)

    def forward(self, x):
        x = self.mid(self.conv_in(x))
        for level in reversed(self.up):
            x = level(x)
        return self.conv_out(F.silu(self.norm_out(x)))


class VQGAN(nn.Module):
    def __init__(self, configuration=CONFIGURATION):
        super().__init__()
        self.configuration, dd = configuration, configuration["ddconfig"]
        self.patch = dd["patch_size"]
        sizes = (dd["ch"], dd["ch_mult"], dd["num_res_blocks"], dd["z_channels"], 3 * self.patch**2)
        self.encoder, self.decoder = Encoder(*sizes), Decoder(*sizes)
        self.quant_conv = nn.Conv2d(dd["z_channels"], configuration["embed_dim"], 1)
        self.post_quant_conv = nn.Conv2d(configuration["embed_dim"], dd["z_channels"], 1)
        self.quantize = nn.Module()
        self.set_codes(configuration["n_embed"])

    def set_codes(self, count):
        """Another codebook, of vectors that mean nothing yet."""
        self.configuration = {**self.configuration, "n_embed": count}
        self.quantize.embedding = nn.Embedding(count, self.configuration["embed_dim"])
        self.quantize.embedding.weight.requires_grad_(False)  # it follows the encoder as a moving average

    @classmethod
    def load(cls, folder):
        weights, configuration = tensors.load(f"{folder}/vqgan.safetensors")
        model = cls(configuration)
        model.load_state_dict(weights)
        return model.to(memory_format=torch.channels_last)

    @property
    def codebook(self):
        return self.quantize.embedding.weight

    def encode(self, pictures):
        """[N, 3, H, W] in -1...1 -> [N, width, H/8, W/8], before the look-up."""
        return self.quant_conv(self.encoder(F.pixel_unshuffle(pictures, self.patch)))

    def decode(self, z):
        """[N, width, h, w] -> [N, 3, 8h, 8w] in about -1...1."""
        return F.pixel_shuffle(self.decoder(self.post_quant_conv(z)), self.patch)

    def nearest(self, z):
        """[N, width, h, w] -> the nearest codes [N, h, w]."""
        flat = z.permute(0, 2, 3, 1).reshape(-1, z.shape[1])
        distance = self.codebook.square().sum(1) - 2 * flat @ self.codebook.t()
        return distance.argmin(1).view(z.shape[0], z.shape[2], z.shape[3])

    def embed(self, codes):
        """Codes [N, h, w] -> their vectors [N, width, h, w]."""
        return self.codebook[codes].permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)

    def reconstruct(self, pictures):
        """The pictures through the codes, in -1...1, and the codes."""
        codes = self.nearest(self.encode(pictures))
        return self.decode(self.embed(codes)).clamp(-1, 1), codes
