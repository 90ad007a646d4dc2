"""Numbers that papers report of faces, from unit vectors of one recogniser.

Legend for shapes: `n` pictures, `E` vector size, `k` people, `f` faces of a picture.
"""

from collections.abc import Sequence
from itertools import permutations

import torch
from torch import Tensor

RANKED_FROM = 0.40
"""MultiID-Bench ranks copying only where a picture is like the truth by this much (one person)."""
MOST_PEOPLE, MOST_FACES = 6, 8


def angle(a: Tensor, b: Tensor) -> Tensor:
    """Radians between unit vectors, [..., E] twice -> [...]."""
    return (a * b).sum(-1).clamp(-1, 1).acos()


def copy_paste(made: Tensor, reference: Tensor, truth: Tensor, least_likeness: float = RANKED_FROM) -> Tensor:
    """[n]: 1 where a picture copies the reference photo, -1 where it equals another photo of the person.

    MultiID-Bench (WithAnyone 2025), clean: (angle to truth - angle to reference) / angle between the two photos. Only
    pictures that are like the truth by `least_likeness` count; the others are not a number.
    """
    between = angle(reference, truth).clamp_min(1e-6)
    value = (angle(made, truth) - angle(made, reference)) / between
    alike = (made * truth).sum(-1) >= least_likeness
    return torch.where(alike, value, torch.nan)


def copy_paste_released(made: Tensor, reference: Tensor, truth: Tensor, eps: float = 1e-6) -> Tensor:
    """[n]: the same as MultiID-Bench's released code counts it: every picture, and 0 where the two photos are one."""
    made, reference, truth = (one / (one.norm(dim=-1, keepdim=True) + eps) for one in (made, reference, truth))
    between = angle(truth, reference)
    value = (angle(made, truth) - angle(made, reference)) / between.clamp_min(eps)
    return torch.where(between < eps, 0.0, value)


def released_mean(values: Sequence[float]) -> float:
    """MultiID-Bench's mean: without what lies 1.5 interquartile ranges outside; the median where that takes half."""
    kept = torch.tensor([value for value in values if value == value], dtype=torch.float64)
    if len(kept) == 0:
        return float("nan")
    low, high = kept.quantile(torch.tensor([0.25, 0.75], dtype=torch.float64))
    room = 1.5 * (high - low)
    inside = kept[(kept >= low - room) & (kept <= high + room)]
    return float(kept.quantile(0.5)) if len(inside) < len(kept) / 2 else float(inside.mean())


def identity_confidence(references: Tensor, faces: Tensor) -> Tensor:
    """How clearly each person [k, E] is one of the picture's faces [f, E]: (first - second) / first, at most 1, [k].

    UMO (2025): not a number below two faces, where nothing can be confused; 0 where the best is no likeness at all.
    """
    if len(faces) < 2:
        return torch.full((len(references),), torch.nan)
    best = (references @ faces.T).topk(2, dim=1).values
    share = ((best[:, 0] - best[:, 1]) / best[:, 0]).clamp(max=1.0)
    return torch.where(best[:, 0] > 0, share, 0.0)


def id_conf(pictures: Sequence[tuple[Tensor, Tensor]]) -> float:
    """UMO's ID-Conf of (references, faces) pairs: the mean over all people that were scored, times 100."""
    scored = torch.cat([identity_confidence(references, faces) for references, faces in pictures])
    return 100 * float(scored.nanmean())


def match(references: Tensor, faces: Tensor) -> tuple[int, ...]:
    """Which face is whose, [k]: the assignment with the greatest sum of likeness.

    At most 6 people, at least as many faces; of more than 8 faces, those most like anybody.
    """
    if not len(references) <= min(len(faces), MOST_PEOPLE):
        raise ValueError(
            f"{len(references)} people cannot be matched with {len(faces)} faces; it takes at least as many faces, and "
            f"at most {MOST_PEOPLE} people."
        )
    nearest = (references @ faces.T).amax(0).topk(min(len(faces), MOST_FACES)).indices.sort().values
    likeness = (references @ faces[nearest].T).tolist()
    best = max(
        permutations(range(len(nearest)), len(references)),
        key=lambda order: sum(likeness[i][face] for i, face in enumerate(order)),
    )
    return tuple(nearest[list(best)].tolist())
