"""A laboratory in small: pictures, encoders without networks, a diffusers FLUX of one and two blocks, a config."""

import json
import math
from pathlib import Path

import numpy as np
import torch

from infu_core.faces.face import face_from
from infu_core.training.data.aspect_buckets import Bucket
from infu_core.training.data.preparation import Rules, prepare
from infu_core.training.flux_dev.laboratory import Laboratory

CONTEXT, POOLED = 32, 16
CONFIG = """
[base]
path = "{folder}/transformer"
guidance = 1.0

[base.sizes]
num_layers = 1
num_single_layers = 2
num_attention_heads = 1
attention_head_dim = 128
joint_attention_dim = 32
pooled_projection_dim = 16
guidance_embeds = true
text_tokens = 5

[infusenet]
double_blocks = 1
single_blocks = 1
guidance_embeds = true

[projector]
tokens = 4
width = 32
depth = 1
heads = 1
head_size = 64

[data]
stage1 = "{folder}/prepared"
stage2 = "{folder}/prepared"
pose_share = 0.5
height = 64
width = 64

[hardware]
sharded = true
gpu_memory_gib = 80

[watch]
samples = "{folder}/held-out"
vae = "none"
detector = "none"
recogniser = "none"
pictures = 3
steps = 2

[stages.stage1]
steps = 4
batch_size = 4
learning_rate = 1e-3
log_every = 1
average = 0.5
watch_every = 2

[stages.stage2]
steps = 2
batch_size = 4
learning_rate = 1e-3
log_every = 1
accumulate = 2
"""


class StandIn:
    """Encoders without networks: a picture's mean colour decides everything."""

    def latents(self, picture):
        height, width = picture.shape[0] // 8, picture.shape[1] // 8
        return torch.full((16, height, width), float(picture.mean()) / 128 - 1)

    def text(self, caption):
        generator = torch.Generator().manual_seed(len(caption))
        return torch.randn(5, CONTEXT, generator=generator), torch.randn(POOLED, generator=generator)

    def faces(self, picture):
        """As many faces as the picture is red: 0 for black, one for grey, two for pure red."""
        red = float(picture[..., 0].mean()) - float(picture[..., 1].mean())
        count = 0 if picture.mean() < 10 else (2 if red > 100 else 1)
        height, width = picture.shape[:2]
        x, y = np.array((0.4, 0.6, 0.5, 0.42, 0.58)) * width, np.array((0.4, 0.4, 0.5, 0.6, 0.6)) * height
        points = np.stack((x, y), 1)
        box = (0.3 * width, 0.2 * height, 0.7 * width, 0.7 * height)
        return [face_from(box, points, 0.9, "64")] * count

    def vector(self, picture, face):
        angle = float(picture.mean()) / 128
        return torch.tensor([math.cos(angle), math.sin(angle)] + [0.0] * 510)


def write_samples(folder):
    import cv2

    def picture(name, colour, height=80, width=64):
        cv2.imwrite(str(folder / name), np.full((height, width, 3), colour[::-1], np.uint8))
        return name

    lines = [
        {"picture": picture(f"good{i}.png", (90 + 4 * i,) * 3, 80, 64 if i % 2 else 96), "caption": f"a face {i}"}
        for i in range(16)
    ]
    lines += [
        {"picture": picture("empty.png", (0, 0, 0)), "caption": "nobody"},
        {"picture": picture("two.png", (250, 20, 20)), "caption": "two people"},
        {"picture": "good0.png", "caption": "  "},
        {"picture": "gone.png", "caption": "a face"},
        {"picture": "broken.png", "caption": "a face"},
        {"picture": "good1.png", "caption": "a face", "reference": picture("other.png", (255, 250, 250))},
        {"picture": "good1.png", "caption": "the same face", "reference": "good3.png"},
    ]
    (folder / "broken.png").write_bytes(b"no picture at all")
    strange = [b"not json", b'["a list"]', b'{"picture": 3, "caption": "a face"}', b'{"picture": "caf\xe9.png"}']
    strange += [b'{"picture": "good0.png", "captions": "not a list"}']
    strange += [b'{"picture": "good1.png", "caption": "a face", "reference": 3}']
    text = "\n".join(json.dumps(line) for line in lines)
    (folder / "listing.jsonl").write_bytes(text.encode() + b"\n" + b"\n".join(strange) + b"\n")


class StandInEyes:
    """Sees mean colours: no VAE, no face detector."""

    def pictures(self, latents):
        shades = ((latents.float().mean(1).clamp(-1, 1) + 1) * 127.5).round().byte()
        return shades[..., None].repeat_interleave(8, 1).repeat_interleave(8, 2).expand(-1, -1, -1, 3).cpu().numpy()

    def likeness(self, pictures, vectors):
        return [float(picture.mean()) / 255 for picture in pictures]


def mean_of_channels(latents, points):
    """A recogniser of latents that takes their mean for a face; where the face is, is told and checked."""
    assert points.shape == (len(latents), 5, 2)
    return torch.nn.functional.normalize(torch.nn.functional.pad(latents.mean((2, 3)), (0, 496)), dim=1)


class TinyLaboratory(Laboratory):
    """With eyes that need no files."""

    def eyes(self, settings, accelerator):
        return StandInEyes()

    def faces(self, settings, device):
        return mean_of_channels


def make_laboratory(folder: Path) -> str:
    """Fill `folder` with config.toml, transformer/, prepared/ and held-out/; what `prepare` says of its samples."""
    import diffusers

    write_samples(folder)
    rules = Rules((Bucket(64, 64), Bucket(80, 64)), likeness=0.8)
    report = prepare(folder / "listing.jsonl", folder / "prepared", StandIn(), rules)
    lines = (folder / "listing.jsonl").read_bytes().splitlines()[:4]
    (folder / "held-out.jsonl").write_bytes(b"\n".join(lines))
    prepare(folder / "held-out.jsonl", folder / "held-out", StandIn(), rules)
    (folder / "config.toml").write_text(CONFIG.format(folder=folder.as_posix()))
    torch.manual_seed(3)
    flux = diffusers.FluxTransformer2DModel(
        num_layers=1,
        num_single_layers=2,
        num_attention_heads=1,
        joint_attention_dim=CONTEXT,
        pooled_projection_dim=POOLED,
        guidance_embeds=True,
    )
    flux.save_pretrained(folder / "transformer")
    return report.sentence()
