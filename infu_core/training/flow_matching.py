"""Conditional flow matching with logit-normal times (Lipman et al. 2023; Esser et al. 2024; InfiniteYou section 3.4).

Legend for shapes: `B` batch, any shape `...` after it. Time runs from 0 (picture) to 1 (noise), as in FLUX.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Draws:
    """What chance gives to one step: `noise` [B, ...] standard normal, `time` [B] in 0..1."""

    noise: Tensor
    time: Tensor


def draw(seed: int, step: int, positions: range, shape: tuple[int, ...]) -> Draws:
    """The draws of the batch's samples at these positions: [len(positions), *shape].

    Each depends on the seed, the step and the sample's position in the whole batch alone, so a resumed run and a run
    on another number of processes see the same numbers.
    """
    noises, times = [], []
    for position in positions:
        generator = torch.Generator().manual_seed(_mixed(seed, step, position))
        times.append(torch.randn((), generator=generator))
        noises.append(torch.randn(shape, generator=generator))
    return Draws(torch.stack(noises), logit_normal(torch.stack(times)))


def logit_normal(normal: Tensor, mean: float = 0.0, deviation: float = 1.0) -> Tensor:
    """Standard normal numbers -> times in 0..1."""
    return torch.sigmoid(mean + deviation * normal)


def noised(clean: Tensor, draws: Draws) -> Tensor:
    """The point at `time` on the straight path from the picture to the noise, [B, ...]."""
    time = draws.time.reshape(-1, *[1] * (clean.ndim - 1)).to(clean)
    return (1 - time) * clean + time * draws.noise.to(clean)


def velocity(clean: Tensor, draws: Draws) -> Tensor:
    """What the network is to predict there, [B, ...]."""
    return draws.noise.to(clean) - clean


def flow_loss(predicted: Tensor, clean: Tensor, draws: Draws, region: Tensor | None = None) -> Tensor:
    """Mean squared error per sample, [B] float32; of the tokens of `region` [B, L] alone, where one is given."""
    error = (predicted.float() - velocity(clean, draws).float()).square()
    if region is None:
        return error.flatten(1).mean(1)
    return (error.mean(2) * region).sum(1) / region.sum(1)


def _mixed(seed: int, step: int, position: int) -> int:
    """Three numbers as one of 63 bits (splitmix64's finisher), so that neighbours give unrelated streams."""
    mask = (1 << 64) - 1
    value = (seed * 0x9E3779B97F4A7C15 + step * 0xBF58476D1CE4E5B9 + position * 0x94D049BB133111EB) & mask
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        value = ((value ^ (value >> shift)) * factor) & mask
    return (value ^ (value >> 31)) >> 1
