"""Key points of a head that is turned: where eyes, nose and mouth corners come to lie when somebody looks aside.

Five points of a mean face in space, in distances between the eyes; x right, y down, z towards the viewer. Across
and down they are ArcFace's alignment template; the depths (nose 30 mm before the eyes, mouth corners 10 mm, the head's
middle 50 mm behind, eyes 63 mm apart) are those of a mean adult head. Projected without perspective.
"""

from collections.abc import Sequence

import numpy as np

from .face import FaceError

POINTS = np.array([(-0.5, 0.0, 0.0), (0.5, 0.0, 0.0), (0.0, 0.571, 0.48), (-0.415, 1.156, 0.16), (0.415, 1.156, 0.16)])
MIDDLE = np.array((0.0, 0.571, -0.8))
EYES_TO_MOUTH = 1.156
FACE = 2.2
"""Height of a face, chin to hairline, in distances from eyes to mouth."""
MOST_TURN, MOST_NOD = 60, 40
"""Degrees: further round an eye is hidden, and InfiniteYou was trained on faces whose five points were found."""


def head_turn(turn: float, nod: float, height: int, width: int, size: float, x: float, y: float) -> np.ndarray:
    """Key points [5, 2] in pixels of a picture `height` x `width`.

    `turn`: degrees to the picture's right; `nod`: degrees down. `size`: the face's height as a share of the picture's;
    `x`, `y`: where the middle of a face that looks ahead would be, as shares. Raises `FaceError` for turns too far.
    """
    if abs(turn) > MOST_TURN or abs(nod) > MOST_NOD:
        raise FaceError(
            f"A turn of {turn:g} and a nod of {nod:g} degrees were asked for; five key points can show turns of "
            f"{MOST_TURN} and nods of {MOST_NOD} at most, so make them smaller."
        )
    about_y, about_x = np.deg2rad(turn), np.deg2rad(nod)
    turned = [[np.cos(about_y), 0, np.sin(about_y)], [0, 1, 0], [-np.sin(about_y), 0, np.cos(about_y)]]
    nodded = [[1, 0, 0], [0, np.cos(about_x), np.sin(about_x)], [0, -np.sin(about_x), np.cos(about_x)]]
    seen = (POINTS - MIDDLE) @ (np.array(nodded) @ np.array(turned)).T + MIDDLE
    ahead = np.array((0.0, EYES_TO_MOUTH / 2))
    return (seen[:, :2] - ahead) * (size * height / (FACE * EYES_TO_MOUTH)) + np.array((x * width, y * height))


def pairs(turns: Sequence[float], nods: Sequence[float]) -> list[tuple[float, float]]:
    """One nod for every turn; a single one serves all. Raises `FaceError` where the numbers do not agree."""
    if len(nods) not in (1, len(turns)):
        raise FaceError(f"There are {len(turns)} turns and {len(nods)} nods; give one nod for all, or one for each.")
    return list(zip(turns, [*nods] * (len(turns) if len(nods) == 1 else 1), strict=True))
