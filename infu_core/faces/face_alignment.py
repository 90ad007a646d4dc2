"""Turn a face upright into the 112 x 112 crop that ArcFace reads: five points, one similarity transform.

The target positions are those of ArcFace's training crops (Deng et al. 2019), as in insightface.
"""

import numpy as np

from .face import FaceError

CROP_SIZE = 112
TARGET_POINTS = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
"""Where the five key points lie in a crop of 112 x 112 pixels, [5, 2]."""


def similarity_transform(points: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The rotation, scale and shift [2, 3] that takes `points` [n, 2] closest to `target` [n, 2].

    Least squares without mirroring (Umeyama 1991), solved in closed form for the plane. Raises
    `FaceError` when all points coincide.
    """
    centre, target_centre = points.mean(axis=0), target.mean(axis=0)
    x, y = (points - centre).T
    u, v = (target - target_centre).T
    spread = float((x * x + y * y).sum())
    if spread < 1e-6:
        raise FaceError("The five key points of a face lie on one spot, so the face cannot be aligned.")
    # scale * cos and scale * sin of the best rotation
    a = float((x * u + y * v).sum()) / spread
    b = float((x * v - y * u).sum()) / spread
    rotation = np.array([[a, -b], [b, a]])
    return np.hstack([rotation, (target_centre - rotation @ centre)[:, None]])


def align_face(picture: np.ndarray, key_points: np.ndarray, size: int = CROP_SIZE) -> np.ndarray:
    """Cut the face with these key points [5, 2] out of a uint8 picture [H, W, 3], upright, [size, size, 3]."""
    import cv2

    matrix = similarity_transform(np.asarray(key_points, dtype=np.float64), TARGET_POINTS * (size / CROP_SIZE))
    return cv2.warpAffine(picture, matrix, (size, size), borderValue=(0, 0, 0))
