"""What a picture is by itself: how sharp, whether it is the photo again, and a coarse look for diversity."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .item import Item, Values
from .photos import PhotoShelf

SIDE = 512
"""Sharpness is measured at this width, so that pictures of several sizes compare."""
ALIKE = 10
"""Of 64 bits; the usual limit for difference hashes (dHash) of the same photo."""


@dataclass(frozen=True)
class PictureMeasures:
    shelf: PhotoShelf
    group: str = "picture"
    by: str = "laplacian at 512, dhash 64, gist 8 x 8"

    def score(self, items: Sequence[Item]) -> list[Values]:
        return [self.of(item) for item in items]

    def of(self, item: Item) -> Values:
        own = difference_hash(item.picture)
        photos = [difference_hash(self.shelf.reference(person).picture) for person in item.people]
        return {
            "sharpness": sharpness(item.picture),
            "near_duplicate": int(any(int((own != other).sum()) <= ALIKE for other in photos)),
            "gist": gist(item.picture),
        }


def sharpness(picture: np.ndarray) -> float:
    import cv2

    height = max(1, round(picture.shape[0] * SIDE / picture.shape[1]))
    shrinks = picture.shape[1] > SIDE
    sized = cv2.resize(picture, (SIDE, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return float(cv2.Laplacian(cv2.cvtColor(sized, cv2.COLOR_RGB2GRAY), cv2.CV_64F).var())


def difference_hash(picture: np.ndarray) -> np.ndarray:
    """Whether each of 8 x 8 places is brighter than its right neighbour, [64] of bool."""
    import cv2

    small = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (9, 8), interpolation=cv2.INTER_AREA)
    return (small[:, 1:] > small[:, :-1]).flatten()


def gist(picture: np.ndarray) -> list[int]:
    """The picture at 8 x 8, 192 numbers."""
    import cv2

    return cv2.resize(picture, (8, 8), interpolation=cv2.INTER_AREA).flatten().tolist()


def diversity(gists: Sequence[Sequence[int]]) -> float | None:
    """How far apart pictures of one person and prompt are, 0..1: root mean square of pairs; None for one picture."""
    if len(gists) < 2:
        return None
    looks = np.asarray(gists, dtype=np.float64) / 255
    first, second = np.triu_indices(len(looks), 1)
    return float(np.sqrt(((looks[first] - looks[second]) ** 2).mean(1)).mean())
