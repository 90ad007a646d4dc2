"""Several identities into one: blend, slerp, stack, and the way from one to another.

The ends are exact: when only one weight is not zero, that identity itself comes back.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from .identity import FaceSource, Identity
from .similarity import check_same_recogniser

BLEND, SLERP, STACK = "blend", "slerp", "stack"
MODES = (BLEND, SLERP, STACK)
CANCELLED = 1e-3
"""A mean shorter than this share of the weights has no direction left."""


def mix(identities: Sequence[Identity], weights: Sequence[float] | None = None, mode: str = BLEND) -> Identity:
    """Mix identities; `weights` has one number of 0 or more for each, all 1 by default.

    blend: weighted mean of the unit vectors, made unit again; the order of the inputs does not matter.
    slerp: two identities, along the great circle from the first to the second; the second's share is
    w2 / (w1 + w2). stack: the vectors side by side in the order of the inputs, so that InfuseNet sees
    8 tokens of each (Infinite-ID section 3.4); weights scale each one's tokens relative to the largest
    weight, and an identity of weight 0 is left out. Raises `ValueError` on weights that say nothing.
    """
    weights = check_weights(identities, weights)
    check_same_recogniser(*(identity.recogniser for identity in identities))
    if mode not in MODES:
        raise ValueError(f"There is no way of mixing called {mode!r}; choose one of {', '.join(MODES)}.")
    if mode == SLERP and len(identities) != 2:
        raise ValueError(f"slerp goes from one identity to another, but {len(identities)} are connected; use blend.")
    taking_part = [(identity, weight) for identity, weight in zip(identities, weights, strict=True) if weight > 0]
    if len(taking_part) == 1:
        return taking_part[0][0]
    if mode == STACK:
        return stack(taking_part)
    if mode == SLERP:
        first, second = identities
        return slerp(first, second, weights[1] / (weights[0] + weights[1]))
    return blend(taking_part)


def report_mix(identities: Sequence[Identity], weights: Sequence[float] | None, mode: str) -> str:
    """What the mix is made of: each input's share (in a stack its strength), and the photos behind it."""
    values = check_weights(identities, weights)
    whole, what = (max(values), "strength") if mode == STACK else (sum(values), "share")
    lines = []
    for number, (identity, value) in enumerate(zip(identities, values, strict=True), start=1):
        count = len(identity.sources)
        part = f"{what} {value / whole:.2f}" if value else "left out"
        lines.append(f"{number}: {part}, from {count} photo{'s' if count != 1 else ''}")
    return "\n".join([f"{mode} of {sum(value > 0 for value in values)} identities", *lines])


def check_weights(identities: Sequence[Identity], weights: Sequence[float] | None) -> list[float]:
    """One finite weight of 0 or more per identity, not all 0; all 1 when none are given."""
    if not identities:
        raise ValueError("No identity is connected; connect at least one.")
    values = [1.0] * len(identities) if not weights else [float(weight) for weight in weights]
    if len(values) != len(identities):
        raise ValueError(f"{len(identities)} identities need {len(identities)} weights, but {len(values)} are given.")
    if not all(math.isfinite(value) and value >= 0 for value in values):
        raise ValueError(f"Weights must be numbers of 0 or more, not {values}.")
    if sum(values) == 0:
        raise ValueError("All weights are 0, so nobody is left; give at least one identity a weight above 0.")
    return values


def blend(taking_part: Sequence[tuple[Identity, float]]) -> Identity:
    """The weighted mean direction of all vectors, as an identity of one vector."""
    rows: list[Tensor] = []
    total = 0.0
    for identity, weight in taking_part:
        shares = torch.tensor(identity.weights, dtype=torch.float64)
        shares = weight * shares / shares.sum()
        rows += list(shares[:, None] * identity.vectors.double())
        total += weight
    # fsum rounds once, so the sum does not depend on the order of the inputs.
    mean = torch.tensor([math.fsum(column) for column in zip(*(row.tolist() for row in rows), strict=True)])
    length = math.sqrt(math.fsum(value * value for value in mean.tolist()))
    if length < CANCELLED * total:
        raise ValueError("These identities point in opposite directions and cancel out; change the weights, or stack.")
    recogniser = taking_part[0][0].recogniser
    return Identity((mean / length).float()[None], (1.0,), all_sources(taking_part), recogniser)


def slerp(first: Identity, second: Identity, share: float) -> Identity:
    """The point at `share` (0 is the first, 1 the second) of the great circle between two single identities."""
    if len(first.vectors) != 1 or len(second.vectors) != 1:
        raise ValueError("slerp needs identities of one vector each, but one of these is a stack; blend it first.")
    if share <= 0:
        return first
    if share >= 1:
        return second
    a, b = first.vectors[0].double(), second.vectors[0].double()
    # atan2 keeps its precision for vectors that nearly agree, where acos loses half of it.
    angle = 2 * math.atan2(float((a - b).norm()), float((a + b).norm()))
    if math.pi - angle < CANCELLED:
        raise ValueError("These identities point in opposite directions, so no way between them is the shortest.")
    if angle < 1e-9:
        return replace(first, sources=all_sources([(first, 1.0), (second, 1.0)]))
    vector = (math.sin((1 - share) * angle) * a + math.sin(share * angle) * b) / math.sin(angle)
    sources = all_sources([(first, 1.0), (second, 1.0)])
    return Identity((vector / vector.norm()).float()[None], (1.0,), sources, first.recogniser)


def stack(taking_part: Sequence[tuple[Identity, float]]) -> Identity:
    """All vectors side by side; the largest weight becomes 1."""
    weights = [weight * own for identity, weight in taking_part for own in identity.weights]
    largest = max(weights)
    return Identity(
        torch.cat([identity.vectors for identity, _ in taking_part]),
        tuple(weight / largest for weight in weights),
        all_sources(taking_part),
        taking_part[0][0].recogniser,
    )


def interpolate(first: Identity, second: Identity, steps: int, mode: str = SLERP) -> list[Identity]:
    """`steps` identities from the first to the second, both ends exact, evenly spaced in the share of the second."""
    if steps < 2:
        raise ValueError(f"A series from one identity to another has at least 2 steps, not {steps}.")
    shares = [step / (steps - 1) for step in range(steps)]
    return [mix([first, second], [1 - share, share], mode) for share in shares]


def all_sources(taking_part: Sequence[tuple[Identity, float]]) -> tuple[FaceSource, ...]:
    """The faces behind all identities, each once, in the order of the inputs."""
    return tuple(dict.fromkeys(source for identity, _ in taking_part for source in identity.sources))
