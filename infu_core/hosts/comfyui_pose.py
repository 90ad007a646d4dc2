"""Pose images as the base's latents, through ComfyUI's VAE."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import comfy.model_management
import comfy.utils
import torch
from torch import Tensor

log = logging.getLogger(__name__)

MOST_SIZES = 16
"""A picture's areas and tiles have few sizes; more than these are sizes of earlier pictures."""


@dataclass(eq=False)
class PoseLatents:
    """A pose image, encoded once for each size that is asked; a black picture where there is none.

    Lives with its node's output, not with a run: a new seed does not encode the same picture again.
    `process_latent_in`: the base's own scaling of latents.
    """

    image: Tensor | None  # [F, height, width, 3] in 0..1
    vae: Any
    process_latent_in: Callable[[Tensor], Tensor]
    latents: dict[tuple[int, int], Tensor] = field(default_factory=dict, repr=False)

    def __call__(self, height: int, width: int) -> Tensor:
        """[F, 16, height, width] on the CPU, in the base's latent scale."""
        size = (height, width)
        if size not in self.latents:
            if len(self.latents) == MOST_SIZES:
                self.latents.pop(next(iter(self.latents)))
            self.latents[size] = self.process_latent_in(self.vae.encode(self.pixels(height, width))).float().cpu()
        return self.latents[size]

    def pixels(self, height: int, width: int) -> Tensor:
        scale = self.vae.spacial_compression_encode()
        height, width = height * scale, width * scale
        if self.image is None:
            return torch.zeros(1, height, width, 3)
        image = self.image[..., :3].movedim(-1, 1)
        if image.shape[-2:] != (height, width):
            log.info(
                "The pose image of %d x %d was scaled and cropped around its centre to the picture's %d x %d.",
                *(image.shape[-1], image.shape[-2], width, height),
            )
            image = comfy.utils.common_upscale(image, width, height, "bicubic", "center").clamp(0, 1)
        return image.movedim(1, -1)


def within_sampling(pose: PoseLatents, height: int, width: int) -> Tensor:
    """The same in the middle of a sampling: what is loaded for it is loaded again after the VAE."""
    if (height, width) in pose.latents:
        return pose(height, width)
    loaded = comfy.model_management.loaded_models(only_currently_used=True)
    latents = pose(height, width)
    comfy.model_management.load_models_gpu(loaded)
    return latents
