"""A detector and a recogniser together: all that turns photos into vectors. The value behind FACE_ENCODER."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from .face import Face, FaceError
from .face_alignment import CROP_SIZE, align_face


class Detector(Protocol):
    """Anything that finds faces; `FaceDetector` is one."""

    name: str
    provider_used: str

    def detect(self, picture: np.ndarray, threshold: float = 0.5) -> list[Face]: ...


@dataclass(frozen=True, eq=False)
class FaceEncoder:
    """Finds faces and embeds them.

    `recognise`: [n, 3, 112, 112] BGR in -1..1 -> [n, 512] of length one, any callable. `recogniser`: the
    name of its vectors, kept in every `Identity`. `models`: what the host manages for it, if anything.
    `limits`: half a sentence about what it can't see, told in reports and where it finds no face.
    """

    detector: Detector
    recognise: Callable[[Tensor], Tensor]
    recogniser: str
    models: tuple[Any, ...] = ()
    limits: str = ""

    def get_models(self) -> list[Any]:
        """The managed models, under the name by which ComfyUI asks a node's output for them."""
        return list(self.models)

    def detect(self, picture: np.ndarray, threshold: float = 0.5) -> list[Face]:
        """The faces of a uint8 RGB picture [H, W, 3]."""
        return self.detector.detect(picture, threshold)

    def crop(self, picture: np.ndarray, face: Face) -> np.ndarray:
        """The face as the recogniser sees it: uint8 RGB [112, 112, 3]."""
        return align_face(picture, face.points())

    def embed(self, crops: list[np.ndarray] | np.ndarray) -> Tensor:
        """Aligned crops, uint8 RGB [n, 112, 112, 3], as unit vectors [n, 512] float32 on the CPU."""
        stacked = np.asarray(crops)
        if stacked.ndim != 4 or stacked.shape[1:] != (CROP_SIZE, CROP_SIZE, 3) or len(stacked) == 0:
            raise FaceError(f"Face crops must have the shape n, 112, 112, 3; these have {stacked.shape}.")
        pixels = to_recogniser_input(stacked)
        # One by one: in a batch, rounding would make a photo's vector depend on its company.
        with torch.inference_mode():
            vectors = torch.cat([self.recognise(crop).float().cpu() for crop in pixels.split(1)])
        vectors = vectors.clone()
        lengths = vectors.norm(dim=1)
        if not torch.isfinite(vectors).all() or not torch.allclose(lengths, torch.ones_like(lengths), atol=1e-3):
            raise FaceError(
                f"The recogniser {self.recogniser} gave vectors of length {lengths.tolist()} instead of 1; "
                "its weights are damaged or belong to another network."
            )
        return vectors


def to_recogniser_input(crops: np.ndarray) -> Tensor:
    """uint8 RGB [n, 112, 112, 3] as ArcFace reads it: float32 BGR in -1..1, [n, 3, 112, 112]."""
    bgr = torch.from_numpy(np.ascontiguousarray(crops[..., ::-1]))
    return 2 * (bgr.permute(0, 3, 1, 2).float().contiguous() / 255) - 1
