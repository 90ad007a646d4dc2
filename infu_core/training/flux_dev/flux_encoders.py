"""FLUX.1's own VAE and text encoders, and the pack's face encoder, for preparing samples."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...checkpoints.arcface_file import load_arcface
from ...faces.face import Face
from ...faces.face_detector import FaceDetector
from ...faces.face_encoder import FaceEncoder
from ...identity.identity import RECOGNISER


class FluxEncoders:
    """`pipeline`: a diffusers FluxPipeline; its transformer is not used here. See `preparation.Encoders`."""

    def __init__(self, pipeline, face_encoder: FaceEncoder, text_tokens: int = 512):
        self.pipeline, self.face_encoder, self.text_tokens = pipeline, face_encoder, text_tokens

    @classmethod
    def open(
        cls, flux: Path, detector: Path, recogniser: Path, device: str, text_tokens: int = 512, whole: bool = False
    ) -> "FluxEncoders":
        """`flux`: the folder of FLUX.1-dev in diffusers' layout, its transformer too where `whole`; the others as the
        nodes use them.
        """
        from diffusers import FluxPipeline

        if not (flux / "model_index.json").is_file():
            raise ValueError(f"{flux} holds no model_index.json; give the folder of FLUX.1-dev in diffusers' layout.")
        left_out = {} if whole else {"transformer": None}
        pipeline = FluxPipeline.from_pretrained(flux, torch_dtype=torch.bfloat16, **left_out)
        return cls(pipeline.to(device), open_face_encoder(detector, recogniser, device), text_tokens)

    @torch.no_grad()
    def latents(self, picture: np.ndarray) -> Tensor:
        """uint8 RGB [H, W, 3] -> [16, H / 8, W / 8]: the distribution's mode, shifted and scaled as FLUX expects."""
        vae = self.pipeline.vae
        pixels = torch.from_numpy(picture).to(vae.device).permute(2, 0, 1)[None].to(vae.dtype) / 127.5 - 1
        mode = vae.encode(pixels).latent_dist.mode()[0].float()
        return ((mode - vae.config.shift_factor) * vae.config.scaling_factor).cpu()

    @torch.no_grad()
    def text(self, caption: str) -> tuple[Tensor, Tensor]:
        context, pooled, _ = self.pipeline.encode_prompt(caption, None, max_sequence_length=self.text_tokens)
        return context[0].float().cpu(), pooled[0].float().cpu()

    def faces(self, picture: np.ndarray) -> list[Face]:
        return self.face_encoder.detect(picture)

    def vector(self, picture: np.ndarray, face: Face) -> Tensor:
        return self.face_encoder.embed([self.face_encoder.crop(picture, face)])[0]


@torch.no_grad()
def decode(vae, latents: Tensor) -> np.ndarray:
    """FLUX's VAE backwards: latents [B, 16, H, W] in the denoiser's scale -> uint8 RGB [B, 8 H, 8 W, 3]."""
    latents = latents.to(vae.device, vae.dtype)
    pixels = vae.decode(latents / vae.config.scaling_factor + vae.config.shift_factor, return_dict=False)[0]
    return ((pixels.float().clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()


def open_face_encoder(detector: Path, recogniser: Path, device: str) -> FaceEncoder:
    """SCRFD and ArcFace IR-SE50 outside of any host."""
    network = load_arcface(recogniser).to(device)
    return FaceEncoder(FaceDetector(detector), lambda crops: network(crops.to(device)), RECOGNISER)
