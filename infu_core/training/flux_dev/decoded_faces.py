"""Who is in a predicted picture of FLUX.1: its face decoded, aligned by the true picture's key points, recognised.

Only the latents about the face are decoded, and a face at a time: what one of them keeps for the backward pass is
thrown away and computed again there, so that memory is one face's, however large the batch.

Legend for shapes: `B` batch, latents [B, 16, H, W] in the denoiser's scale, key points [B, 5, 2] in pixels, 8 to a
latent.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from ...checkpoints.arcface_file import load_arcface
from ...faces.arcface import build_arcface
from ...faces.face_alignment import CROP_SIZE, TARGET_POINTS
from .flux_base import in_bf16

PIXELS = 8
"""Of a latent's side."""
MARGIN = 4
"""Latents that are decoded around the crop, so that its edge looks as in the whole picture."""


@dataclass(frozen=True, eq=False)
class DecodedFaces:
    """The `FaceVectors` of an identity loss. `vae`: diffusers' AutoencoderKL; `recognise`: crops [n, 3, 112, 112] BGR
    in -1..1 -> unit vectors. Both are frozen; gradients pass through them to the latents.
    """

    vae: Any
    recognise: Callable[[Tensor], Tensor]

    @classmethod
    def open(cls, vae: Path, recogniser: Path, device: str | torch.device) -> "DecodedFaces":
        from diffusers import AutoencoderKL

        if not (vae / "config.json").is_file():
            raise ValueError(f"{vae} holds no config.json; set identity_loss.vae to the vae folder of FLUX.1-dev.")
        network: Any = AutoencoderKL.from_pretrained(vae, torch_dtype=torch.bfloat16)
        return cls(network.to(device).eval().requires_grad_(False), load_arcface(recogniser).to(device))

    @classmethod
    def of_shapes(cls) -> "DecodedFaces":
        """FLUX.1's VAE and ArcFace IR-SE50 without weights, for a dry run."""
        from diffusers import AutoencoderKL

        levels: dict[str, Any] = {
            "down_block_types": 4 * ("DownEncoderBlock2D",),
            "up_block_types": 4 * ("UpDecoderBlock2D",),
        }
        sizes: dict[str, Any] = {
            "block_out_channels": (128, 256, 512, 512),
            "layers_per_block": 2,
            "latent_channels": 16,
        }
        unused: dict[str, Any] = {"use_quant_conv": False, "use_post_quant_conv": False}
        scale: dict[str, Any] = {"scaling_factor": 0.3611, "shift_factor": 0.1159}
        vae = in_bf16(lambda: AutoencoderKL(**levels, **sizes, **unused, **scale))
        return cls(vae.eval().requires_grad_(False), build_arcface("cpu").requires_grad_(False))

    def modules(self) -> tuple[nn.Module, ...]:
        return tuple(part for part in (self.vae, self.recognise) if isinstance(part, nn.Module))

    def __call__(self, latents: Tensor, points: Tensor | None) -> Tensor:
        """Unit vectors [B, 512] float32 of the faces with these key points."""
        if points is None:
            raise ValueError(
                "An identity loss looks where the face is, and the samples do not say it; prepare them again."
            )
        found = []
        for one, face in zip(latents, points, strict=True):
            left, top, right, bottom = window(face, *one.shape[-2:])
            shift = face.new_tensor([left, top]) * PIXELS
            part = one[None, :, top:bottom, left:right]
            found.append(checkpoint(self.look, part, (face - shift)[None], use_reentrant=False))
        return torch.cat(found)

    def look(self, latents: Tensor, points: Tensor) -> Tensor:
        """[n, 16, h, w] latents about a face with its key points in their pixels -> [n, 512]."""
        config = self.vae.config
        decoded = latents.to(self.vae.dtype) / config.scaling_factor + config.shift_factor
        pictures = self.vae.decode(decoded, return_dict=False)[0].float().clamp(-1, 1)
        with torch.autocast(pictures.device.type, enabled=False):
            return F.normalize(self.recognise(aligned(pictures, points.float()).flip(1)).float(), dim=1)


def window(points: Tensor, height: int, width: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom, in latents, of what the aligned crop of this face [5, 2] needs."""
    inverse = from_crop(points[None])[0]
    corners = points.new_tensor([[0, 0, 1], [CROP_SIZE, 0, 1], [0, CROP_SIZE, 1], [CROP_SIZE, CROP_SIZE, 1]])
    reached = corners @ inverse.T / PIXELS
    (left, top), (right, bottom) = reached.min(0).values.floor().tolist(), reached.max(0).values.ceil().tolist()
    left, top = (max(0, int(value) - MARGIN) for value in (left, top))
    right, bottom = min(width, int(right) + MARGIN), min(height, int(bottom) + MARGIN)
    return left, top, max(right, left + 1), max(bottom, top + 1)


def from_crop(points: Tensor) -> Tensor:
    """[B, 2, 3]: takes a place in the aligned crop to its place in the picture with these key points [B, 5, 2].

    The inverse of `face_alignment.similarity_transform`, for a batch.
    """
    target = torch.as_tensor(TARGET_POINTS, dtype=points.dtype, device=points.device)
    centre, target_centre = points.mean(1), target.mean(0)
    (x, y), (u, v) = (points - centre[:, None]).unbind(2), (target - target_centre).unbind(1)
    spread = (x * x + y * y).sum(1).clamp(min=1e-6)
    a, b = (x * u + y * v).sum(1) / spread, (x * v - y * u).sum(1) / spread
    size = a * a + b * b
    turn = torch.stack((torch.stack((a, b), 1), torch.stack((-b, a), 1)), 1) / size[:, None, None]
    return torch.cat((turn, (centre - turn @ target_centre)[:, :, None]), 2)


def aligned(pictures: Tensor, points: Tensor) -> Tensor:
    """Pictures [B, 3, H, W] in -1..1 with key points [B, 5, 2] -> upright crops [B, 3, 112, 112]; outside is black."""
    size = torch.tensor(pictures.shape[-1:-3:-1], device=pictures.device)
    place = torch.arange(CROP_SIZE, dtype=points.dtype, device=points.device)
    down, across = torch.meshgrid(place, place, indexing="ij")
    at = torch.stack((across, down, torch.ones_like(across)), -1) @ from_crop(points)[:, None].transpose(-1, -2)
    grid = (2 * at + 1) / size - 1
    return F.grid_sample(pictures + 1, grid, align_corners=False) - 1
