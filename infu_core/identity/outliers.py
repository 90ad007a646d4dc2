"""Photos that do not show the same person as the rest."""

from collections.abc import Sequence

from torch import Tensor

from ..faces.face import FaceError


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


def drop_outliers(count: int, odd: Sequence[int]) -> list[int]:
    """The places left without the outliers. Raises `FaceError` when that leaves no majority to trust."""
    kept = [place for place in range(count) if place not in odd]
    if not kept or (count == 2 and odd):
        raise FaceError(
            f"The {count} photos look like different people, so no outlier can be told from the rest; "
            "add photos of the person, or keep outliers."
        )
    return kept
