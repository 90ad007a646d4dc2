"""Key points placed by hand, as text: for drawn faces that no detector finds, and for poses without a photo."""

import re
from collections.abc import Sequence

import numpy as np

from ..typed_numbers import read_numbers
from .face import KEY_POINT_NAMES, Face, FaceError, face_from

BY_HAND = "by hand"
HEAD_ABOVE, HEAD_BELOW, HEAD_BESIDE = 1.0, 0.65, 0.75
"""A face box around typed points, in distances between eyes and mouth: above the eyes, below the mouth, beside."""


def read_faces(text: str, picture_size: tuple[int, int]) -> list[Face]:
    """The faces of a text: ten numbers each, as x,y pairs in the order of `KEY_POINT_NAMES`.

    Numbers that all lie in 0..1 are shares of the picture (height, width); otherwise they are pixels. An
    empty text gives no face. Raises `FaceError` when the numbers do not make whole faces.
    """
    numbers = read_key_points(text)
    if len(numbers) == 0:
        return []
    points = numbers.reshape(-1, 5, 2)
    height, width = picture_size
    if numbers.min() >= 0 and numbers.max() <= 1:
        points = points * (width, height)
    return [face_from(box_around(face), face, 1.0, BY_HAND) for face in points]


def read_key_points(text: str) -> np.ndarray:
    """Ten numbers for each face, brackets passed over. Raises `FaceError`."""
    plain = re.sub(r"[()\[\]]", " ", text)
    try:
        numbers = np.array(read_numbers(plain, "key_points", "0.4,0.4 0.6,0.4 ...", range(10, 1001, 10)))
    except ValueError as error:
        raise FaceError(str(error)) from None
    if len(numbers) % 10:
        raise FaceError(
            f"A face has five key points, so ten numbers ({', '.join(KEY_POINT_NAMES)}); {len(numbers)} are given."
        )
    return numbers


def box_around(points: Sequence | np.ndarray) -> tuple[float, float, float, float]:
    """A face box around five key points [5, 2], about as a detector draws it."""
    points = np.asarray(points, dtype=np.float64)
    height = float(np.linalg.norm(points[:2].mean(0) - points[3:].mean(0)))
    left, top = points.min(0)
    right, bottom = points.max(0)
    beside = HEAD_BESIDE * height / 2
    return (left - beside, top - HEAD_ABOVE * height * 0.7, right + beside, bottom + HEAD_BELOW * height * 0.7)
