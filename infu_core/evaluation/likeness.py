"""Numbers that papers report of faces, from unit vectors of one recogniser.

Legend for shapes: `n` pictures, `E` vector size, `k` people.
"""

from itertools import permutations

import torch
from torch import Tensor


def angle(a: Tensor, b: Tensor) -> Tensor:
    """Radians between unit vectors, [..., E] twice -> [...]."""
    return (a * b).sum(-1).clamp(-1, 1).acos()


def copy_paste(made: Tensor, reference: Tensor, truth: Tensor, least_likeness: float = 0.40) -> Tensor:
    """[n]: 1 where a picture copies the reference photo, -1 where it equals another photo of the person.

    MultiID-Bench (WithAnyone 2025): (angle to truth - angle to reference) / angle between the two photos. Only
    pictures that are like the truth by `least_likeness` count; the others are not a number.
    """
    between = angle(reference, truth).clamp_min(1e-6)
    value = (angle(made, truth) - angle(made, reference)) / between
    alike = (made * truth).sum(-1) >= least_likeness
    return torch.where(alike, value, torch.nan)


def identity_confidence(references: Tensor, faces: Tensor) -> Tensor:
    """How clearly each person [k, E] is one of the picture's faces [f, E]: (first - second) / first, at most 1, [k].

    UMO (2025), ID-Conf. With one face only there is nothing to confuse: 1.
    """
    if len(faces) < 2:
        return torch.ones(len(references))
    best = (references @ faces.T).topk(2, dim=1).values
    return ((best[:, 0] - best[:, 1]) / best[:, 0].clamp_min(1e-6)).clamp(max=1.0)


def match(references: Tensor, faces: Tensor) -> tuple[int, ...]:
    """Which face is whose, [k]: the assignment with the greatest sum of likeness. At most 6 people, as many faces."""
    if len(references) != len(faces) or len(faces) > 6:
        raise ValueError(
            f"{len(references)} people cannot be matched with {len(faces)} faces; both must be as many, at most 6."
        )
    likeness = (references @ faces.T).tolist()
    return max(
        permutations(range(len(faces))), key=lambda order: sum(likeness[i][face] for i, face in enumerate(order))
    )


def leak(references: Tensor, faces: Tensor) -> tuple[Tensor, Tensor]:
    """Faces [k, E] in the order of their people [k, E]: likeness to the own person, greatest to another, each [k]."""
    likeness = faces @ references.T
    others = likeness - 4 * torch.eye(len(references))
    return likeness.diagonal(), others.amax(1)
