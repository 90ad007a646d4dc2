"""An option that InfiniteYou does not have: the face that the predicted picture holds is to be like its person.

The picture that a prediction points to, x0 = x_t - t * v, is shown to a frozen recogniser; its vector is drawn to the
one of the true picture's face (a reward of identity as in PuLID, Guo et al. 2024, but from one step at any time), and
with `contrast` away from those of the others in the batch (WithAnyone's InfoNCE, Xu et al. 2025). What trains must not
judge: measure likeness with another recogniser.

Legend for shapes: `B` batch, `E` the recogniser's vector, `L` image tokens.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

FaceVectors = Callable[[Tensor, Tensor | None], Tensor]
"""Predicted latents [B, 16, H, W], and where the person is among others [B, L] -> unit vectors [B, E]."""


@dataclass(frozen=True, eq=False)
class IdentityLoss:
    """`weight` 0 is as published. Of times from `until` on nothing is asked: too little can be seen there.

    `least`: the least share that a time before `until` has; the share is 1 - t above it. `contrast`: weight of InfoNCE
    beside 1 - cosine, at `temperature`.
    """

    face_vectors: FaceVectors
    weight: float
    until: float = 0.85
    least: float = 0.1
    contrast: float = 0.0
    temperature: float = 0.1

    def __post_init__(self):
        if self.weight < 0 or self.contrast < 0 or self.temperature <= 0:
            raise ValueError(
                f"An identity loss has weight {self.weight:g}, contrast {self.contrast:g} and temperature "
                f"{self.temperature:g}; the first two are 0 or more, the last above 0."
            )

    def __call__(self, noisy: Tensor, predicted: Tensor, time: Tensor, wanted: Tensor, region: Tensor | None) -> Tensor:
        """Per sample [B] float32: noisy latents and predicted velocity [B, 16, H, W], time [B], `wanted` [B, E]."""
        share = (1 - time).clamp(min=self.least) * (time < self.until)
        pictures = noisy.float() - time.float()[:, None, None, None] * predicted.float()
        vectors, wanted = self.face_vectors(pictures, region).float(), wanted.float()
        loss = 1 - (vectors * wanted).sum(1)
        if self.contrast:
            own = torch.arange(len(vectors), device=vectors.device)
            loss = loss + self.contrast * F.cross_entropy(vectors @ wanted.T / self.temperature, own, reduction="none")
        return self.weight * share * loss
