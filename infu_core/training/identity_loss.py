"""An option that InfiniteYou does not have: the face that the predicted picture holds is to be like its person.

The picture that a prediction points to, x0 = x_t - t * v, is shown to a frozen recogniser; its vector is drawn to the
one of the true picture's face (a reward of identity as in PuLID, Guo et al. 2024, but from one step at any time), and
with `contrast` away from those of the others in the batch (WithAnyone's InfoNCE, Xu et al. 2025). What trains must not
judge: measure likeness with another recogniser.

Legend for shapes: `B` batch, `n` of it looked at, `E` the recogniser's vector, `L` image tokens.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

FaceVectors = Callable[[Tensor, Tensor | None], Tensor]
"""Predicted latents [n, 16, H, W], and where the person is -> unit vectors [n, E].

Where: the tokens that are theirs [n, L], or the key points of their face [n, 5, 2] in pixels; None: it is told by the
latents alone.
"""


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

    def __call__(self, noisy: Tensor, predicted: Tensor, time: Tensor, wanted: Tensor, where: Tensor | None) -> Tensor:
        """Per sample [B] float32: noisy latents and predicted velocity [B, 16, H, W], time [B], `wanted` [B, E].

        `where`: see `FaceVectors`. Only samples of which something is asked are looked at.
        """
        asked = (time < self.until).nonzero()[:, 0]
        loss = torch.zeros(len(time), device=noisy.device)
        if not len(asked):
            return loss
        pictures = (noisy.float() - time.float()[:, None, None, None] * predicted.float())[asked]
        wanted = wanted.float()
        vectors = self.face_vectors(pictures, None if where is None else where[asked]).float()
        far = 1 - (vectors * wanted[asked]).sum(1)
        if self.contrast:
            others = vectors @ wanted.T / self.temperature
            far = far + self.contrast * F.cross_entropy(others, asked, reduction="none")
        share = (1 - time[asked]).clamp(min=self.least).float()
        return loss.index_copy(0, asked, self.weight * share * far)
