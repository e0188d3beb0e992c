#!/usr/bin/env python3
"""Measures loading of weight files as large as the public ones, with random weights in the public formats.

    scripts/bench/full_size.py FOLDER [--only NAME ...] [--binary FILE] [--keep]

Makes each file in the folder unless it is there, inspects it, paints three steps at 256x256 with it, imports it, and deletes it. Needs
PyTorch and safetensors for Python and, for all files, 7 GB of free disk. Prints one line of a Markdown table per file.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import types
from pathlib import Path

import torch
from safetensors.torch import save_file

ROOT = Path(__file__).resolve().parent.parent.parent


# Shapes of the public models


def convolution(shapes, name, inputs, outputs, kernel):
    shapes[f"{name}.weight"] = (outputs, inputs, kernel, kernel)
    shapes[f"{name}.bias"] = (outputs,)


def norm(shapes, name, width):
    shapes[f"{name}.weight"] = shapes[f"{name}.bias"] = (width,)


def residual(shapes, name, inputs, outputs):
    norm(shapes, f"{name}.norm1", inputs)
    convolution(shapes, f"{name}.conv1", inputs, outputs, 3)
    norm(shapes, f"{name}.norm2", outputs)
    convolution(shapes, f"{name}.conv2", outputs, outputs, 3)
    if inputs != outputs:
        convolution(shapes, f"{name}.nin_shortcut", inputs, outputs, 1)


def attention(shapes, name, width):
    norm(shapes, f"{name}.norm", width)
    for part in ("q", "k", "v", "proj_out"):
        convolution(shapes, f"{name}.{part}", width, width, 1)


def middle(shapes, name, width):
    residual(shapes, f"{name}.block_1", width, width)
    attention(shapes, f"{name}.attn_1", width)
    residual(shapes, f"{name}.block_2", width, width)


def vqgan(codes, multipliers=(1, 1, 2, 2, 4)):
    """taming-transformers' f=16 VQModel with attention at the lowest level."""
    shapes = {}
    widths = [128 * multiplier for multiplier in multipliers]
    last = len(widths) - 1
    convolution(shapes, "encoder.conv_in", 3, 128, 3)
    width = 128
    for level, following in enumerate(widths):
        for block in range(2):
            residual(shapes, f"encoder.down.{level}.block.{block}", width, following)
            width = following
            if level == last:
                attention(shapes, f"encoder.down.{level}.attn.{block}", width)
        if level < last:
            convolution(shapes, f"encoder.down.{level}.downsample.conv", width, width, 3)
    middle(shapes, "encoder.mid", width)
    norm(shapes, "encoder.norm_out", width)
    convolution(shapes, "encoder.conv_out", width, 256, 3)
    convolution(shapes, "decoder.conv_in", 256, width, 3)
    middle(shapes, "decoder.mid", width)
    for level in reversed(range(len(widths))):
        for block in range(3):
            residual(shapes, f"decoder.up.{level}.block.{block}", width, widths[level])
            width = widths[level]
            if level == last:
                attention(shapes, f"decoder.up.{level}.attn.{block}", width)
        if level > 0:
            convolution(shapes, f"decoder.up.{level}.upsample.conv", width, width, 3)
    norm(shapes, "decoder.norm_out", width)
    convolution(shapes, "decoder.conv_out", width, 3, 3)
    convolution(shapes, "quant_conv", 256, 256, 1)
    convolution(shapes, "post_quant_conv", 256, 256, 1)
    shapes["quantize.embedding.weight"] = (codes, 256)
    return shapes


def training_loss():
    """The networks of the loss that a VQModel's checkpoint carries: VGG16 and a discriminator, by their sizes."""
    shapes = {}
    inputs = 3
    for index, outputs in enumerate((64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512)):
        convolution(shapes, f"loss.perceptual_loss.net.slice.{index}", inputs, outputs, 3)
        inputs = outputs
    inputs = 3
    for index, outputs in enumerate((64, 128, 256, 512, 1)):
        convolution(shapes, f"loss.discriminator.main.{index}", inputs, outputs, 4)
        inputs = outputs
    return shapes


def gpt(layers=24, width=1024, codes=1024, places=512):
    shapes = {
        "transformer.tok_emb.weight": (codes, width),
        "transformer.pos_emb": (1, places, width),
        "transformer.head.weight": (codes, width),
    }
    norm(shapes, "transformer.ln_f", width)
    for layer in range(layers):
        place = f"transformer.blocks.{layer}"
        norm(shapes, f"{place}.ln1", width)
        norm(shapes, f"{place}.ln2", width)
        for part in ("query", "key", "value", "proj"):
            shapes[f"{place}.attn.{part}.weight"] = (width, width)
            shapes[f"{place}.attn.{part}.bias"] = (width,)
        shapes[f"{place}.attn.mask"] = (1, 1, places, places)
        shapes[f"{place}.mlp.0.weight"], shapes[f"{place}.mlp.0.bias"] = (4 * width, width), (4 * width,)
        shapes[f"{place}.mlp.2.weight"], shapes[f"{place}.mlp.2.bias"] = (width, 4 * width), (width,)
    return shapes


def transformer(shapes, name, width, layers):
    for index in range(layers):
        place = f"{name}.resblocks.{index}"
        shapes[f"{place}.attn.in_proj_weight"], shapes[f"{place}.attn.in_proj_bias"] = (3 * width, width), (3 * width,)
        for part, (outputs, inputs) in (
            ("attn.out_proj", (width, width)), ("mlp.c_fc", (4 * width, width)), ("mlp.c_proj", (width, 4 * width)),
        ):
            shapes[f"{place}.{part}.weight"], shapes[f"{place}.{part}.bias"] = (outputs, inputs), (outputs,)
        norm(shapes, f"{place}.ln_1", width)
        norm(shapes, f"{place}.ln_2", width)


def text_tower(embedding, width):
    shapes = {
        "positional_embedding": (77, width), "text_projection": (width, embedding), "logit_scale": (),
        "token_embedding.weight": (49408, width),
    }
    norm(shapes, "ln_final", width)
    transformer(shapes, "transformer", width, 12)
    return shapes


def clip_vit(embedding, side, patch, width, layers, text_width):
    shapes = text_tower(embedding, text_width)
    shapes["visual.class_embedding"] = (width,)
    shapes["visual.positional_embedding"] = ((side // patch) ** 2 + 1, width)
    shapes["visual.proj"] = (width, embedding)
    shapes["visual.conv1.weight"] = (width, 3, patch, patch)
    norm(shapes, "visual.ln_pre", width)
    norm(shapes, "visual.ln_post", width)
    transformer(shapes, "visual.transformer", width, layers)
    return shapes


def clip_resnet():
    shapes = text_tower(1024, 512)

    def normalized(place, conv, batch, inputs, outputs, kernel):
        shapes[f"{place}{conv}.weight"] = (outputs, inputs, kernel, kernel)
        for part in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{place}{batch}.{part}"] = (outputs,)

    inputs = 3
    for index, outputs in enumerate((32, 32, 64), 1):
        normalized("visual.", f"conv{index}", f"bn{index}", inputs, outputs, 3)
        inputs = outputs
    for stage, count in enumerate((3, 4, 6, 3)):
        planes = 64 << stage
        for block in range(count):
            place = f"visual.layer{stage + 1}.{block}."
            normalized(place, "conv1", "bn1", inputs, planes, 1)
            normalized(place, "conv2", "bn2", planes, planes, 3)
            normalized(place, "conv3", "bn3", planes, 4 * planes, 1)
            if block == 0:
                normalized(place, "downsample.0", "downsample.1", inputs, 4 * planes, 1)
            inputs = 4 * planes
    shapes["visual.attnpool.positional_embedding"] = (50, 2048)
    for part, outputs in (("q_proj", 2048), ("k_proj", 2048), ("v_proj", 2048), ("c_proj", 1024)):
        shapes[f"visual.attnpool.{part}.weight"], shapes[f"visual.attnpool.{part}.bias"] = (outputs, 2048), (outputs,)
    return shapes


# Files


def weights(shapes, prefix="", half=False):
    """Random weights that keep activations finite."""
    result = {}
    for name, shape in shapes.items():
        if len(shape) == 1 and name.endswith((".weight", "running_var")):
            tensor = torch.ones(shape)
        elif name.endswith((".bias", "running_mean")):
            tensor = torch.zeros(shape)
        else:
            tensor = torch.empty(shape).normal_(0, 0.03)
        result[prefix + name] = tensor.half() if half else tensor
    return result


def lightning(state, trained, path):
    """A checkpoint as pytorch-lightning 1.x writes it: a class as a key, and Adam's two moments."""
    names = ["pytorch_lightning", "pytorch_lightning.callbacks", "pytorch_lightning.callbacks.model_checkpoint"]
    for name in names:
        module = sys.modules[name] = types.ModuleType(name)
    module.ModelCheckpoint = type("ModelCheckpoint", (), {"__module__": module.__name__})
    moments = {
        index: {"step": 1000, "exp_avg": torch.zeros_like(state[key]), "exp_avg_sq": torch.zeros_like(state[key])}
        for index, key in enumerate(trained)
    }
    checkpoint = {
        "epoch": 1, "global_step": 1000, "pytorch-lightning_version": "1.0.8", "state_dict": state,
        "callbacks": {module.ModelCheckpoint: {"best_model_score": torch.tensor(0.5)}},
        "optimizer_states": [{"state": moments, "param_groups": [{"lr": 4.5e-6, "params": list(moments)}]}],
        "lr_schedulers": [],
    }
    torch.save(checkpoint, path)


class Node(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


def torchscript(state, path):
    """An archive of torch.jit.save with the module tree that the names tell."""
    root = Node()
    for name, tensor in state.items():
        *places, leaf = name.split(".")
        module = root
        for place in places:
            if place not in module._modules:
                module.add_module(place, Node())
            module = module._modules[place]
        module.register_buffer(leaf, tensor)
    torch.jit.save(torch.jit.script(root), str(path))


def openai(shapes, path):
    torchscript(weights(shapes, half=True), path)


def imagenet(path):
    state = weights(vqgan(16384))
    trained = list(state)
    state |= weights(training_loss())
    lightning(state, trained + [key for key in state if key.startswith("loss.discriminator")], path)


def sflckr(path):
    state = weights(gpt())
    trained = [key for key in state if not key.endswith(".mask")]
    state |= weights(vqgan(1024), "first_stage_model.")
    state |= weights(vqgan(1024), "cond_stage_model.")
    lightning(state, trained, path)


def huggingface(path):
    """ViT-L/14 as Hugging Face's CLIPModel."""
    state = {}
    parts = {"ln_1": "layer_norm1", "ln_2": "layer_norm2", "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2",
             "attn.out_proj": "self_attn.out_proj"}
    single = {
        "positional_embedding": "text_model.embeddings.position_embedding.weight",
        "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
        "visual.class_embedding": "vision_model.embeddings.class_embedding",
        "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
        "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight", "logit_scale": "logit_scale",
    }
    places = {"ln_final": "text_model.final_layer_norm", "visual.ln_pre": "vision_model.pre_layrnorm",
              "visual.ln_post": "vision_model.post_layernorm"}
    for name, tensor in weights(clip_vit(768, 224, 14, 1024, 24, 768)).items():
        place, _, kind = name.rpartition(".")
        if name in single:
            state[single[name]] = tensor
        elif name in ("text_projection", "visual.proj"):
            state["text_projection.weight" if name[0] == "t" else "visual_projection.weight"] = tensor.T.contiguous()
        elif place in places:
            state[f"{places[place]}.{kind}"] = tensor
        else:
            tower, rest = name.split("transformer.resblocks.")
            index, _, part = rest.partition(".")
            start = f"{'vision' if tower else 'text'}_model.encoder.layers.{index}."
            if part.startswith("attn.in_proj_"):
                for letter, piece in zip("qkv", tensor.chunk(3)):
                    state[f"{start}self_attn.{letter}_proj.{part.removeprefix('attn.in_proj_')}"] = piece.contiguous()
            else:
                part, _, kind = part.rpartition(".")
                state[f"{start}{parts[part]}.{kind}"] = tensor
    save_file(state, path)


FILES = {
    "imagenet-f16-16384": ("vqgan", "last.ckpt", imagenet),
    "sflckr": ("vqgan", "last.ckpt", sflckr),
    "ViT-B-32": ("clip", "ViT-B-32.pt", lambda path: openai(clip_vit(512, 224, 32, 768, 12, 512), path)),
    "RN50": ("clip", "RN50.pt", lambda path: openai(clip_resnet(), path)),
    "ViT-L-14": ("clip", "model.safetensors", huggingface),
}


# Measurements


def highest_resident(pid):
    """Bytes; `None` when the process has ended. What `wait4` reports would count this script's own memory from before
    the program took its place."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 if "VmHWM:" in status else None


def watched(arguments, environment, at=None):
    """Runs a command. Returns seconds, the highest resident bytes and, where its output is JSON lines, when the event
    `at` came and how much was resident at most by then."""
    start = time.monotonic()
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, env=environment, text=True)
    peaks = [0]

    def watch():
        while (peak := highest_resident(process.pid)) is not None:
            peaks[0] = peak
            time.sleep(0.005)

    watcher = threading.Thread(target=watch)
    watcher.start()
    event = None
    for line in process.stdout:
        if at and event is None and json.loads(line).get("event") == at:
            event = (time.monotonic() - start, highest_resident(process.pid) or peaks[0])
    if process.wait() != 0:
        sys.exit(f"{' '.join(map(str, arguments))} failed with status {process.returncode}")
    seconds = time.monotonic() - start
    watcher.join()
    return seconds, peaks[0], event


def size(path):
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def measure(name, folder, binary):
    kind, file, make = FILES[name]
    place = folder / name
    place.mkdir(parents=True, exist_ok=True)
    path = place / file
    if not path.exists():
        make(path)
    environment = os.environ | {"XDG_DATA_HOME": str(folder / "data"), "XDG_STATE_HOME": str(folder / "state")}
    inspected, inspect_peak, _ = watched([binary, "inspect", path, "--json"], environment)
    run = [binary, "run", "a forest", f"--{kind}", path, "--size", "256x256", "--steps", "3", "--start", "codes",
           "--json", "-o", folder / f"{name}.png"]
    painted, paint_peak, loaded = watched(run, environment, at="start")
    imported, import_peak, _ = watched([binary, "models", "import", path, "--name", name.lower()], environment)
    kept = size(folder / "data/vqclip-tui/models" / name.lower())

    def megabytes(count):
        return f"{count / 1e6:,.0f}"

    row = [name, megabytes(path.stat().st_size), f"{inspected:.2f}", megabytes(inspect_peak), f"{loaded[0]:.1f}",
           megabytes(loaded[1]), f"{painted:.1f}", megabytes(paint_peak), f"{imported:.1f}", megabytes(import_peak),
           megabytes(kept)]
    print("| " + " | ".join(row) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs="+", choices=FILES, default=list(FILES))
    parser.add_argument("--binary", default=ROOT / ".build/release/vqclip-tui")
    parser.add_argument("--keep", action="store_true", help="leave the files")
    options = parser.parse_args()
    torch.manual_seed(1)
    print("| file | MB | inspect s | peak MB | loaded s | peak MB | 3 steps s | peak MB | import s | peak MB | kept MB |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for name in options.only:
        try:
            measure(name, options.folder, options.binary)
        finally:
            if not options.keep:
                shutil.rmtree(options.folder / name, ignore_errors=True)
                shutil.rmtree(options.folder / "data", ignore_errors=True)


if __name__ == "__main__":
    main()
