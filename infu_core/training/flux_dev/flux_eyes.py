"""What sees a laboratory's sample sheets: FLUX's VAE, a face detector and a recogniser."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...faces.face_encoder import FaceEncoder
from .flux_encoders import decode, open_face_encoder


@dataclass(frozen=True, eq=False)
class FluxEyes:
    """See `identity_watch.Eyes`. `vae`: diffusers' AutoencoderKL."""

    vae: Any
    face_encoder: FaceEncoder

    @classmethod
    def open(cls, vae: Path, detector: Path, recogniser: Path, device: str) -> "FluxEyes":
        from diffusers import AutoencoderKL

        if not (vae / "config.json").is_file():
            raise ValueError(f"{vae} holds no config.json; set watch.vae to the vae folder of FLUX.1-dev.")
        network: Any = AutoencoderKL.from_pretrained(vae, torch_dtype=torch.bfloat16)
        return cls(network.to(device).eval(), open_face_encoder(detector, recogniser, device))

    def pictures(self, latents: Tensor) -> np.ndarray:
        return np.concatenate([decode(self.vae, one) for one in latents.split(1)])

    def likeness(self, pictures: np.ndarray, vectors: Tensor) -> list[float]:
        return [self._likeness(picture, vector) for picture, vector in zip(pictures, vectors.cpu(), strict=True)]

    def _likeness(self, picture: np.ndarray, vector: Tensor) -> float:
        faces = self.face_encoder.detect(picture)
        if not faces:
            return 0.0
        largest = max(faces, key=lambda face: face.area)
        return float(self.face_encoder.embed([self.face_encoder.crop(picture, largest)])[0] @ vector.float())
