"""Aspect-ratio buckets: every picture is cut to the nearest of a few shapes, and a batch holds one shape only."""

import math
from dataclasses import dataclass

import numpy as np

GRID = 16
"""Pixels per image token: sides are multiples of it."""


@dataclass(frozen=True)
class Bucket:
    """A shape in pixels."""

    height: int
    width: int


def buckets(area: int = 1024 * 1024, widest: float = 2.0, step: int = 64) -> tuple[Bucket, ...]:
    """Shapes of about `area` pixels, from 1 : `widest` to `widest` : 1, sides multiples of `step`."""
    if step % GRID:
        raise ValueError(f"The step between buckets is {step} pixels; it must be a multiple of {GRID}.")
    found = set()
    width = step
    while width * width <= area * widest:
        height = max(step, round(area / width / step) * step)
        if 1 / widest <= width / height <= widest:
            found.add(Bucket(height, width))
        width += step
    return tuple(sorted(found, key=lambda shape: (shape.height, shape.width)))


def nearest(height: int, width: int, choices: tuple[Bucket, ...]) -> Bucket:
    """The bucket whose aspect ratio differs least, as a factor."""
    return min(choices, key=lambda shape: abs(math.log((width / height) / (shape.width / shape.height))))


def cut(picture: np.ndarray, bucket: Bucket, centre: tuple[float, float]) -> np.ndarray:
    """A uint8 picture [H, W, 3] scaled to cover the bucket and cut around `centre` (x, y in pixels), [h, w, 3]."""
    import cv2

    height, width = picture.shape[:2]
    scale = max(bucket.height / height, bucket.width / width)
    size = max(bucket.width, round(width * scale)), max(bucket.height, round(height * scale))
    drawn = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    left = min(max(0, round(centre[0] * scale - bucket.width / 2)), size[0] - bucket.width)
    top = min(max(0, round(centre[1] * scale - bucket.height / 2)), size[1] - bucket.height)
    return np.ascontiguousarray(drawn[top : top + bucket.height, left : left + bucket.width])
