"""A person, as the networks know one: unit ArcFace vectors and where they came from. Holds no picture.

Legend for shapes: `K` vectors, `E` = 512 (ArcFace).
"""

import hashlib
import math
from dataclasses import dataclass

import torch
from torch import Tensor

EMBEDDING_SIZE = 512
RECOGNISER = "arcface_ir_se50"
"""The recogniser that InfiniteYou's projectors were trained on (InfiniteYou section 3.2)."""


@dataclass(frozen=True)
class FaceSource:
    """Where one vector came from: the photo's hash and the face in it, in pixels of that photo."""

    image_sha256: str
    box: tuple[float, float, float, float]  # left, top, right, bottom
    key_points: tuple[tuple[float, float], ...]  # left eye, right eye, nose, left mouth, right mouth
    score: float


@dataclass(frozen=True, eq=False)
class Identity:
    """One person, independent of any InfuseNet: its projector turns the vectors into tokens.

    `vectors`: [K, E] float32 on the CPU, each of length one. K is 1 but for stacked identities,
    whose tokens stand side by side (Infinite-ID section 3.4). `weights`: one positive number per
    vector. `sources`: every face that took part. `recogniser`: the network that made the vectors.
    """

    vectors: Tensor
    weights: tuple[float, ...] = (1.0,)
    sources: tuple[FaceSource, ...] = ()
    recogniser: str = RECOGNISER

    def __post_init__(self):
        shape = tuple(self.vectors.shape)
        if self.vectors.ndim != 2 or self.vectors.shape[1] != EMBEDDING_SIZE or len(self.vectors) == 0:
            raise ValueError(f"An identity holds vectors of {EMBEDDING_SIZE} numbers; this one has the shape {shape}.")
        if len(self.weights) != len(self.vectors):
            raise ValueError(f"An identity of {len(self.vectors)} vectors was given {len(self.weights)} weights.")
        if not all(math.isfinite(weight) and weight > 0 for weight in self.weights):
            raise ValueError(f"The weights of an identity must be positive numbers, not {list(self.weights)}.")
        lengths = self.vectors.float().norm(dim=1)
        if not torch.allclose(lengths, torch.ones_like(lengths), atol=1e-3):
            raise ValueError(f"The vectors of an identity must have length 1; these have {lengths.tolist()}.")

    def digest(self) -> str:
        """A name for this value: equal vectors and weights give equal digests."""
        content = self.vectors.contiguous().numpy().tobytes() + repr(self.weights).encode()
        return hashlib.sha256(content).hexdigest()
