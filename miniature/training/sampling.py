"""Pictures from the miniature itself, for sample sheets and for stage 2's data. Hosts have their own samplers."""

import math

import torch
from torch import Tensor

from infu_core.networks.identity_projector import IdentityProjector
from infu_core.networks.infusenet import InfuseNet
from infu_core.networks.latent_tokens import pack, token_grid, token_positions, unpack
from infu_core.training.identity_objective import INFUSENET_GUIDANCE

from ..networks.flux import Flux

SHIFT = 1.15


def sigmas(steps: int, shift: float = SHIFT) -> list[float]:
    """`steps` + 1 times from 1 to 0, moved towards noise as ComfyUI's FLUX moves them."""
    times = [1 - index / steps for index in range(steps)]
    return [math.exp(shift) / (math.exp(shift) + 1 / time - 1) for time in times] + [0.0]


@torch.no_grad()
def sample(
    flux: Flux,
    context: Tensor,
    pooled: Tensor,
    noise: Tensor,
    steps: int = 20,
    guidance: float = 3.5,
    infusenet: InfuseNet | None = None,
    projector: IdentityProjector | None = None,
    vectors: Tensor | None = None,
    control: Tensor | None = None,
    strength: float = 1.0,
) -> Tensor:
    """Noise [B, 16, H, W] -> latents, by Euler steps. `vectors` [B, 512], `control` [B or 1, 16, H, W]."""
    positions = token_positions(*token_grid(*noise.shape[-2:]), noise.device)
    image = pack(noise)
    identity = projector(vectors[:, None]) if projector is not None and vectors is not None else None
    drawn = pack(control.expand(len(noise), -1, -1, -1)) if control is not None else None
    plan = sigmas(steps)
    for now, following in zip(plan[:-1], plan[1:], strict=True):
        time = noise.new_full((len(noise),), now)
        residuals = None
        if infusenet is not None and strength and identity is not None and drawn is not None:
            one = torch.full_like(time, INFUSENET_GUIDANCE)
            residuals = infusenet(image, drawn, identity, time, pooled, one, positions=positions).scaled(strength)
        velocity = flux(image, context, pooled, time, torch.full_like(time, guidance), positions, residuals)
        image = image + (following - now) * velocity
    return unpack(image, *noise.shape[-2:])
