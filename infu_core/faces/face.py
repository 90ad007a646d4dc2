"""A face found in a picture, or drawn there by hand.

Pixels are of the picture as it was given, x to the right and y down, pixel centres at whole numbers.
"""

from dataclasses import dataclass

import numpy as np

KEY_POINT_NAMES = ("left eye", "right eye", "nose", "left mouth corner", "right mouth corner")
"""The order of every five key points in this pack; left and right are sides of the picture."""


class FaceError(ValueError):
    """Something about a picture or its faces that only the user can put right."""

    __module__ = "builtins"  # hosts show a class with its module; people need the name alone


@dataclass(frozen=True)
class Face:
    """One face: where it is, how sure the detector was, and which attempt found it.

    `box`: left, top, right, bottom. `key_points`: five (x, y), see `KEY_POINT_NAMES`.
    `score`: 0 to 1. `found_at`: the attempt, such as "640" or "320 padded", or "by hand".
    """

    box: tuple[float, float, float, float]
    key_points: tuple[tuple[float, float], ...]
    score: float
    found_at: str = ""

    @property
    def area(self) -> float:
        left, top, right, bottom = self.box
        return max(right - left, 0.0) * max(bottom - top, 0.0)

    @property
    def centre(self) -> tuple[float, float]:
        left, top, right, bottom = self.box
        return (left + right) / 2, (top + bottom) / 2

    def points(self) -> np.ndarray:
        """The key points as [5, 2] float64."""
        return np.asarray(self.key_points, dtype=np.float64)


def face_from(box, key_points, score: float, found_at: str) -> Face:
    """A `Face` of plain floats from any arrays: box [4], key points [5, 2]."""
    return Face(
        box=tuple(float(value) for value in box),  # type: ignore[arg-type]
        key_points=tuple((float(x), float(y)) for x, y in key_points),
        score=float(score),
        found_at=found_at,
    )
