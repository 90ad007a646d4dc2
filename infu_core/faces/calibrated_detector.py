"""A detector for one kind of faces that answers to others too, but less surely: its scores, made to mean the usual."""

import os

import numpy as np

from .face import Face
from .face_detector import FaceDetector
from .face_search import SIZES, Attempt, look


class CalibratedDetector(FaceDetector):
    """A SCRFD file whose own score `even` counts as 0.5; see `calibrated`. Thresholds keep their usual values.

    It looks once, at the largest size: among many looks one would be sure of anything.
    """

    def __init__(self, path: str | os.PathLike, even: float, provider: str = "auto"):
        super().__init__(path, provider)
        self.even = even

    def detect(self, picture: np.ndarray, threshold: float = 0.5) -> list[Face]:
        return look(self.find, picture, threshold, Attempt(SIZES[0]))

    def find(self, picture: np.ndarray, size: int, threshold: float) -> tuple[np.ndarray, np.ndarray]:
        boxes, key_points = super().find(picture, size, float(own_score(threshold, self.even)))
        return np.concatenate([boxes[:, :4], calibrated(boxes[:, 4:], self.even)], axis=1), key_points


def calibrated(score, even: float):
    """The detector's own scores 0..1 -> scores 0..1 that are 0.5 at `even`, in two straight lines."""
    return np.interp(score, (0, even, 1), (0, 0.5, 1))


def own_score(score: float, even: float):
    """The inverse of `calibrated`."""
    return np.interp(score, (0, 0.5, 1), (0, even, 1))
