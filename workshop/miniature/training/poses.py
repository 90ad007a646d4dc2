"""Pose pictures of many renderings, drawn by every core: what a user's pose picture would be."""

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import numpy as np

CHUNK = 1024


def draw_poses(points: np.ndarray, height: int, width: int, processes: int | None = None) -> Iterator[np.ndarray]:
    """Key points [n, F, 10] in pixels, -1 for no face -> uint8 pictures [m, height, width, 3] by chunks, in order."""
    parts = [points[start : start + CHUNK] for start in range(0, len(points), CHUNK)]
    processes = processes or os.cpu_count() or 1
    if processes == 1 or len(parts) == 1:
        yield from (_draw(part, height, width) for part in parts)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(parts)), mp_context=context) as pool:
        yield from pool.map(_draw, parts, [height] * len(parts), [width] * len(parts))


def _draw(points: np.ndarray, height: int, width: int) -> np.ndarray:
    from infu_core.faces.pose_image import draw_pose

    return np.stack(
        [draw_pose([face.reshape(5, 2) for face in row if face.max() >= 0], height, width) for row in points]
    )
