"""Where the key points of a photo go in a pose image of another size, and how they are edited on the way.

Everything here is about points [5, 2]; nothing is drawn, and no face leaves the frame unless it is moved.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .face import FaceError

PAD, FILL = "pad", "fill"
FITS = (PAD, FILL)
MARGIN = 0.6
"""Room kept around the key points of a face when the frame is filled, in shares of their height and width."""
MIRRORED_ORDER = [1, 0, 2, 4, 3]


@dataclass(frozen=True)
class PoseEdit:
    """Changes to every face: shift as a share of the frame (x right, y down), scale about the face's own
    middle, degrees clockwise, and mirroring of the whole frame."""

    shift_x: float = 0.0
    shift_y: float = 0.0
    scale: float = 1.0
    rotate: float = 0.0
    mirror: bool = False


def fit_points(
    faces: Sequence[np.ndarray], source: tuple[int, int], target: tuple[int, int], fit: str = PAD
) -> list[np.ndarray]:
    """Key points in pixels of a photo `source` (height, width) as pixels of a frame `target`.

    "pad": the whole photo is shown, centred, as in the reference where the shapes agree. "fill": the photo
    fills the frame and is moved so that the faces stay inside; where they cannot all fit, it is padded.
    """
    if fit not in FITS:
        raise FaceError(f"There is no way to fit a pose called {fit!r}; choose one of {', '.join(FITS)}.")
    source_size, target_size = np.array(source[::-1], dtype=float), np.array(target[::-1], dtype=float)
    ratios = target_size / source_size
    contained = ratios.min()
    if fit == PAD or not faces:
        return [points * contained + (target_size - source_size * contained) / 2 for points in faces]
    low, high = bounds(faces)
    scale = ratios.max()
    room = (high - low) * scale
    if (room > target_size).any():
        scale = max(contained, float((target_size / (high - low)).min()))
    shift = (target_size - source_size * scale) / 2
    # Move the photo as little as possible, so that the faces lie inside the frame.
    shift = np.minimum(np.maximum(shift, -low * scale), target_size - high * scale)
    return [points * scale + shift for points in faces]


def bounds(faces: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The corners (x, y) of what must stay visible: all key points with some room around each face."""
    lows, highs = [], []
    for points in faces:
        room = MARGIN * np.ptp(points, axis=0).max()
        lows.append(points.min(axis=0) - room)
        highs.append(points.max(axis=0) + room)
    return np.min(lows, axis=0), np.max(highs, axis=0)


def edit_points(faces: Sequence[np.ndarray], frame: tuple[int, int], edit: PoseEdit) -> list[np.ndarray]:
    """Key points in pixels of a frame (height, width), changed as `edit` says."""
    if edit.scale <= 0:
        raise FaceError(f"A face cannot be scaled by {edit.scale:g}; use a number above 0.")
    height, width = frame
    angle = np.deg2rad(edit.rotate)
    turn = edit.scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    edited = []
    for points in faces:
        middle = points.mean(axis=0)
        moved = (points - middle) @ turn.T + middle + np.array([edit.shift_x * width, edit.shift_y * height])
        if edit.mirror:
            # Left and right are sides of the picture, so mirroring swaps the names as well.
            moved = np.stack([width - 1 - moved[:, 0], moved[:, 1]], axis=1)[MIRRORED_ORDER]
        edited.append(moved)
    return edited
