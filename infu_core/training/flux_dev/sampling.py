"""Pictures with the networks as they are now, for sample sheets: people, prompts and noise in rows of one batch.

Hosts and the making of stage 2's pairs use the injector; here every row has its own person, and the weights may be
sharded. Legend for shapes: `B` batch, `L` image tokens.
"""

import math

import torch
from torch import Tensor

from ...networks.latent_tokens import pack, token_grid, token_positions, unpack
from ..identity_objective import FrozenBase, IdentityObjective


def flux_shift(tokens: int) -> float:
    """How far FLUX.1-dev's schedule is moved towards noise for a picture of so many tokens (its mu)."""
    return 0.5 + (tokens - 256) * (1.15 - 0.5) / (4096 - 256)


def sigmas(steps: int, shift: float) -> list[float]:
    """`steps` + 1 times from 1 to 0: even, then moved."""
    moved = math.exp(shift)
    return [moved / (moved + 1 / (1 - step / steps) - 1) for step in range(steps)] + [0.0]


@torch.no_grad()
def sample(
    base: FrozenBase,
    objective: IdentityObjective | None,
    samples: dict[str, Tensor],
    noise: Tensor,
    times: list[float],
) -> Tensor:
    """Noise [B, 16, H, W] -> latents by Euler steps over `times`. Without an `objective` no identity acts.

    `samples`: `context`, `pooled` and, with an `objective`, `vectors` and `control` of B rows, as in training.
    """
    positions = token_positions(*token_grid(*noise.shape[-2:]), noise.device)
    given = {name: value.to(noise) for name, value in samples.items()}
    image, context, pooled = pack(noise), given["context"], given["pooled"]
    for now, following in zip(times[:-1], times[1:], strict=True):
        time = noise.new_full((len(noise),), now)
        residuals = None
        if objective:
            control, vectors = pack(given["control"]), given["vectors"]
            residuals = objective.residuals(image, control, vectors, time, pooled, positions)
        velocity = base(image, context, pooled, time, positions, residuals)
        image = image + (following - now) * velocity.to(image)
    return unpack(image, *noise.shape[-2:])
