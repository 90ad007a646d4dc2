"""The pose image that InfuseNet reads: five key points per face, drawn as the published pipeline draws them.

Four limbs run from the eyes and mouth corners to the nose, then a disc sits on every key point
(InfiniteYou, official pipeline; the drawing comes from InstantID). The numbers below are part of the
format: a network trained on such drawings sees every change of them.
"""

import math
from collections.abc import Sequence

import numpy as np

COLOURS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (255, 0, 255))
"""Left eye, right eye, nose, left mouth corner, right mouth corner."""
NOSE = 2
LIMB_HALF_WIDTH = 4
LIMB_BRIGHTNESS = 0.6
DISC_RADIUS = 10
MOSTLY = 0.7


def draw_pose(faces: Sequence[np.ndarray], height: int, width: int) -> np.ndarray:
    """Key points [5, 2] of any number of faces, in pixels of the drawing, on black: uint8 RGB [H, W, 3].

    Several faces are drawn one over the other, each as it would be alone.
    """
    canvas = np.zeros((height, width, 3), dtype=np.uint8)
    for points in faces:
        drawn, covered = draw_face_pose(np.asarray(points), height, width)
        canvas[covered] = drawn[covered]
    return canvas


def draw_face_pose(points: np.ndarray, height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """One face's drawing [H, W, 3] and where it has any colour [H, W]."""
    import cv2

    canvas = np.zeros((height, width, 3), dtype=np.uint8)
    nose = points[NOSE]
    for end in (index for index in range(len(points)) if index != NOSE):
        middle, span = (points[end] + nose) / 2, points[end] - nose
        half_length = int((span[0] ** 2 + span[1] ** 2) ** 0.5 / 2)
        angle = int(math.degrees(math.atan2(span[1], span[0])))
        outline = cv2.ellipse2Poly((int(middle[0]), int(middle[1])), (half_length, LIMB_HALF_WIDTH), angle, 0, 360, 1)
        cv2.fillConvexPoly(canvas, np.asarray(outline), COLOURS[end])
    canvas = (canvas * LIMB_BRIGHTNESS).astype(np.uint8)
    for (x, y), colour in zip(points, COLOURS, strict=True):
        cv2.circle(canvas, (int(x), int(y)), DISC_RADIUS, colour, -1)
    return canvas, canvas.max(axis=2) > 0


def looks_like_points(picture: np.ndarray) -> bool:
    """Whether uint8 RGB [H, W, 3] may be such a drawing, resized perhaps: black, with bright discs of five colours.

    A black picture is one without a face. Photos and depth maps are not black, skeletons have other colours too.
    """
    brightest = picture.max(axis=2)
    if (brightest < 26).mean() < MOSTLY:
        return False
    bright = picture[brightest > 217].astype(np.int16)
    if len(bright) == 0:
        return bool(brightest.max(initial=0) < 26)
    distances = np.stack([np.abs(bright - np.array(colour)).max(axis=1) for colour in COLOURS])
    return bool((distances.min(axis=0) < 64).mean() > MOSTLY)
