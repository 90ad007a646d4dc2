"""How much faces look like an identity: cosine of ArcFace vectors, and the ID loss that papers report."""

import torch
from torch import Tensor

from .identity import Identity


def centre(identity: Identity) -> Tensor:
    """The identity's mean direction, [E]: its one vector, or the weighted mean of a stack's, of length one."""
    if len(identity.vectors) == 1:
        return identity.vectors[0]
    mean = (torch.tensor(identity.weights, dtype=torch.float64)[:, None] * identity.vectors.double()).sum(0)
    length = float(mean.norm())
    if length < 1e-3:
        raise ValueError("The vectors of this stacked identity cancel out, so there is no one face to compare with.")
    return (mean / length).float()


def cosine_to(vectors: Tensor, identity: Identity) -> Tensor:
    """Cosine of unit vectors [n, E] to an identity, [n], from -1 to 1 (1 is the same vector)."""
    return (vectors.double() @ centre(identity).double()).clamp(-1, 1).float()


def id_loss(cosine: float) -> float:
    """The ID loss of InfiniteYou's tables (section 4.1): 1 - cosine; smaller is more alike."""
    return 1 - cosine


def check_same_recogniser(*names: str) -> None:
    """Raise `ValueError` unless all vectors come from one recogniser: others cannot be compared or mixed."""
    if len(set(names)) > 1:
        raise ValueError(
            f"These faces were embedded by different recognisers ({', '.join(sorted(set(names)))}), whose vectors "
            "cannot be compared or mixed; encode all photos with the same face encoder."
        )
