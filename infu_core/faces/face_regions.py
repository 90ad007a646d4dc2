"""Soft masks around the faces of a layout picture: where each person goes."""

from collections.abc import Sequence

import numpy as np

from .face import Face, FaceError

HEAD, PERSON, NEAREST = "head", "person", "nearest"
SHAPES = (HEAD, PERSON, NEAREST)
SHOULDERS = 2.2
"""Width of a person's column, in head widths."""


def face_region(
    face: Face, picture_size: tuple[int, int], shape: str = HEAD, grow: float = 1.6, feather: float = 0.15
) -> np.ndarray:
    """One face's mask [H, W], float32 in 0..1.

    "head": an ellipse around the face box, `grow` times as large. "person": that and a column below it, two
    heads wide. `feather`: width of the soft edge as a share of the grown face; the mask is 0.5 where the hard
    edge would be.
    """
    height, width = picture_size
    left, top, right, bottom = face.box
    x, y = face.centre
    radius_x, radius_y = max(right - left, 1.0) * grow / 2, max(bottom - top, 1.0) * grow / 2
    rows, columns = np.arange(height)[:, None] + 0.0, np.arange(width)[None, :] + 0.0
    across, along = (columns - x) / radius_x, (rows - y) / radius_y
    # Distance from the edge in units of the smaller radius, positive inside.
    smaller = min(radius_x, radius_y)
    inside = (1 - np.hypot(across, along)) * smaller
    if shape == PERSON:
        beside = SHOULDERS * radius_x / 1.6 - np.abs(columns - x)
        inside = np.maximum(inside, np.minimum(beside, rows - y))
    return soft_step(inside, feather * 2 * smaller)


def nearest_regions(faces: Sequence[Face], picture_size: tuple[int, int], feather: float = 0.15) -> list[np.ndarray]:
    """The whole picture shared out: every pixel goes to the face that is nearest, as masks [H, W] float32.

    Soft where two faces are about as near (`feather` in mean face sizes); the masks add up to 1 everywhere.
    """
    height, width = picture_size
    rows, columns = np.arange(height)[:, None] + 0.0, np.arange(width)[None, :] + 0.0
    size = max(float(np.mean([np.sqrt(face.area) for face in faces])), 1.0)
    distances = np.stack([np.hypot(columns - face.centre[0], rows - face.centre[1]) / size for face in faces])
    sharpness = 4 / max(feather, 1e-3)
    weights = np.exp(-sharpness * (distances - distances.min(axis=0)))
    return list((weights / weights.sum(axis=0)).astype(np.float32))


def face_regions(
    faces: Sequence[Face], picture_size: tuple[int, int], shape: str = HEAD, grow: float = 1.6, feather: float = 0.15
) -> np.ndarray:
    """Masks [N, H, W] of N faces, in their order. Raises `FaceError` for no face or an unknown shape."""
    if not faces:
        raise FaceError("There is no face to make a region for.")
    if shape not in SHAPES:
        raise FaceError(f"There is no region shape called {shape!r}; choose one of {', '.join(SHAPES)}.")
    if shape == NEAREST:
        return np.stack(nearest_regions(faces, picture_size, feather))
    return np.stack([face_region(face, picture_size, shape, grow, feather) for face in faces])


def soft_step(inside: np.ndarray, width: float) -> np.ndarray:
    """0 outside, 1 inside, a smooth ramp of this width (pixels) around the edge where `inside` is 0."""
    if width <= 0:
        return (inside >= 0).astype(np.float32)
    ramp = np.clip(inside / width + 0.5, 0, 1)
    return (ramp * ramp * (3 - 2 * ramp)).astype(np.float32)


def report_faces(faces: Sequence[Face], ordered: Sequence[int], chosen: Sequence[int]) -> str:
    """Which faces of the layout got a region, by the numbers in the preview, each with its size and place in pixels."""
    lines = [f"{len(chosen)} of {len(faces)} faces have a region"]
    for number, place in enumerate(ordered):
        left, top, right, bottom = faces[place].box
        none = "" if place in chosen else ", no region"
        lines.append(f"{number}: {right - left:.0f} x {bottom - top:.0f} px at ({left:.0f}, {top:.0f}){none}")
    return "\n".join(lines)
