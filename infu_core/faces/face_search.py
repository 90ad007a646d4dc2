"""Find the faces of one picture: larger to smaller sizes first, then with room around it, then turned.

The detector reads a square of fixed size. A face that is small in it needs a large square, a face that
fills the picture needs a small one or room around it. The first three attempts are InfiniteYou's
(640, 320, 160); the rest only run when those find nothing.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .face import Face, FaceError, face_from

log = logging.getLogger(__name__)

Find = Callable[[np.ndarray, int, float], tuple[np.ndarray, np.ndarray]]
"""(picture uint8 RGB [H, W, 3], square size, threshold) -> boxes with score [n, 5], key points [n, 5, 2]."""

SIZES = (640, 320, 160)
PADDING = 0.5
"""Room on each side of a padded attempt, as a share of the picture: a face that fills it comes to half."""
LARGE_SIZE = 1280
LARGE_PICTURE = 960
HUGE, SHRUNK = 6000, 2560
"""Pictures with a longer side above `HUGE` pixels are searched at `SHRUNK`: no attempt looks at more than 1280."""
THINNEST = 40
"""Long side over short side; beyond it the detector's smallest square would hold less than four pixels."""


@dataclass(frozen=True)
class Attempt:
    """One way to look: the detector's square, room around the picture, and quarter turns."""

    size: int
    padding: float = 0.0
    quarter_turns: int = 0

    def __str__(self) -> str:
        padded = " padded" if self.padding else ""
        turned = f" turned {90 * self.quarter_turns} degrees" if self.quarter_turns else ""
        return f"{self.size}{padded}{turned}"


def attempts(height: int, width: int) -> list[Attempt]:
    """The ways to look at a picture of this size, in order; the search stops at the first that finds a face."""
    plan = [Attempt(size) for size in SIZES] + [Attempt(size, PADDING) for size in SIZES]
    if max(height, width) > LARGE_PICTURE:
        plan.append(Attempt(LARGE_SIZE))
    # A photo whose rotation tag was lost lies on its side: counter-clockwise turns by 90, 270, then 180 degrees.
    return plan + [Attempt(size, PADDING, turns) for turns in (1, 3, 2) for size in (640, 320)]


def search_faces(find: Find, picture: np.ndarray, threshold: float) -> list[Face]:
    """All faces of a uint8 RGB picture [H, W, 3] by the first attempt that finds any; an empty list if none does."""
    height, width = picture.shape[:2]
    if max(height, width) > THINNEST * min(height, width):
        raise FaceError(
            f"A picture of {width} x {height} pixels is too thin to hold a face; crop it to the "
            "person before this node."
        )
    small = shrink_huge(picture)
    for attempt in attempts(*small.shape[:2]):
        faces = look(find, small, threshold, attempt)
        if faces:
            return faces if small is picture else [enlarged(face, small, picture) for face in faces]
    return []


def shrink_huge(picture: np.ndarray) -> np.ndarray:
    """The picture as it is searched: the same, or smaller where it is huge."""
    height, width = picture.shape[:2]
    scale = SHRUNK / max(height, width)
    if max(height, width) <= HUGE:
        return picture
    import cv2

    size = max(round(width * scale), 1), max(round(height * scale), 1)
    log.info("A picture of %d x %d was shrunk to %d x %d to look for faces.", width, height, *size)
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def enlarged(face: Face, small: np.ndarray, picture: np.ndarray) -> Face:
    """A face of the shrunk picture in pixels of the picture as given."""
    height, width = small.shape[:2]
    scale = np.array([picture.shape[1] / width, picture.shape[0] / height])
    corners = np.array(face.box).reshape(2, 2) * scale
    found_at = f"{face.found_at} after shrinking to {width} x {height}"
    return face_from(corners.flatten(), face.points() * scale, face.score, found_at)


def look(find: Find, picture: np.ndarray, threshold: float, attempt: Attempt) -> list[Face]:
    """One attempt; boxes and key points come back in pixels of the picture as given."""
    view, scale, room = prepare_view(picture, attempt)
    boxes, key_points = find(view, attempt.size, threshold)
    faces = []
    for box, points in zip(boxes, key_points, strict=True):
        corners = (turn_back(box[:4].reshape(2, 2), view.shape, attempt.quarter_turns) - room) / scale
        upright = (turn_back(points, view.shape, attempt.quarter_turns) - room) / scale
        faces.append(face_from((*corners.min(axis=0), *corners.max(axis=0)), upright, box[4], str(attempt)))
    return faces


def prepare_view(picture: np.ndarray, attempt: Attempt) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the detector is shown: the picture, its scale (x, y), and the room (x, y) to the left and above.

    The first three attempts show the picture itself, as the reference does.
    """
    if not attempt.padding and not attempt.quarter_turns:
        return picture, np.ones(2), np.zeros(2)
    import cv2

    height, width = picture.shape[:2]
    # Shrunk before it is padded and turned: a photo of 24 megapixels would be copied several times over.
    shrink = min(1.0, attempt.size / (max(height, width) * (1 + 2 * attempt.padding)))
    size = (max(round(width * shrink), 1), max(round(height * shrink), 1))
    small = picture if shrink == 1 else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    scale = np.array([size[0] / width, size[1] / height])
    room_x, room_y = round(size[0] * attempt.padding), round(size[1] * attempt.padding)
    view = np.pad(small, ((room_y, room_y), (room_x, room_x), (0, 0)))
    return np.ascontiguousarray(np.rot90(view, attempt.quarter_turns)), scale, np.array([room_x, room_y])


def turn_back(points: np.ndarray, turned_shape: tuple[int, ...], quarter_turns: int) -> np.ndarray:
    """Points [n, 2] of a picture turned by `numpy.rot90(k)`, in pixels of the picture before the turn."""
    points = np.asarray(points, dtype=np.float64)
    height, width = turned_shape[:2]
    for _ in range(quarter_turns):
        # One turn back (clockwise): x' = height - 1 - y, y' = x.
        points = np.stack([height - 1 - points[:, 1], points[:, 0]], axis=1)
        height, width = width, height
    return points
