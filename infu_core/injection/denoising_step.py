"""One evaluation of the base model, in no host's words.

Legend for shapes: `B` batch, `H W` latent pixels.
"""

from collections.abc import Hashable
from dataclasses import dataclass

from torch import Tensor

from ..networks.flux_blocks import Attention
from .region_layout import Window
from .strength_schedule import Within


@dataclass(frozen=True, eq=False)
class DenoisingStep:
    """One evaluation of the base model, as its host sees it.

    `latent` [B, 16, H, W]: the noisy latent, without extra channels. `timestep` [B] in 0..1. `pooled` [B, P] or None.
    `began`, `ended`: the host's percent at this evaluation, and at the end of its step where the host counts steps.
    `within`: the host's rule for windows of percents, where it has one. `step`: its number, None where the host's
    schedule does not tell. `rows` tells apart batches that are denoised side by side. `pictures`: how many pictures the
    batch holds, in turn, where a host denoises each for several prompts; None for B. `window`: where the latent lies
    in the whole picture, None where it is the whole picture. `sigma`: as in `timestep`, where the host knows it
    without asking the device. `attention`: what the host has InfuseNet attend with at this evaluation, None for its
    own.
    """

    latent: Tensor
    timestep: Tensor
    pooled: Tensor | None
    began: float
    step: int | None
    steps: int
    ended: float | None = None
    within: Within | None = None
    attention: Attention | None = None
    rows: Hashable = None
    pictures: int | None = None
    window: Window | None = None
    sigma: float | None = None

    @property
    def time(self) -> float:
        """Where this evaluation lies between the computed ones: latents change evenly with sigma."""
        return self.began if self.sigma is None else self.sigma
