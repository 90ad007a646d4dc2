"""Photos that do not show the same person as the rest."""

from collections.abc import Sequence

from torch import Tensor

from ..faces.face import FaceError

KEEP, DROP = "keep", "drop"
OUTLIER_BELOW = 0.3
"""Cosine to the mean of the others: photos of one person usually reach 0.4 and more, strangers stay near 0."""


def likeness_to_others(vectors: Tensor) -> Tensor | None:
    """Cosine of each unit vector [n, E] to the mean direction of the others, [n]; None for a single vector."""
    if len(vectors) < 2:
        return None
    exact = vectors.double()
    others = exact.sum(0) - exact
    return (exact * others / others.norm(dim=1, keepdim=True).clamp_min(1e-9)).sum(1).float()


def name_outliers(likeness: Tensor | None, below: float) -> list[int]:
    """The places whose likeness to the others is under `below`."""
    return [] if likeness is None else [place for place, value in enumerate(likeness.tolist()) if value < below]


def keep_or_drop(count: int, odd: Sequence[int], policy: str) -> list[int]:
    """The places to use. Raises `FaceError` when dropping leaves nothing that outweighs the outliers."""
    if policy == KEEP or not odd:
        return list(range(count))
    kept = [place for place in range(count) if place not in odd]
    if len(kept) <= len(odd):
        raise FaceError(
            f"{len(odd)} of the {count} photos do not look like the others, too many to tell who is the outlier; "
            "use photos of one person, or keep outliers."
        )
    return kept
