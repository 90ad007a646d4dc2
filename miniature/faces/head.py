"""The shape of one head in space, and where its points fall in the picture.

Head coordinates: x right, y down, z towards the viewer, in units of half the height of the head; the origin is between
the ears. Only a rotation and a scale follow, so a turned head shows its features where a turned head has them.
"""

import numpy as np

from .canvas import smooth
from .person import Person
from .scene import Placement

DEPTH = 0.78


class Head:
    """A person at a place. `at` brings head coordinates to pixels; `skin_depth` is the face's own surface."""

    def __init__(self, person: Person, placement: Placement, height: int, width: int):
        self.person = person
        self.placement = placement
        self.scale = placement.size * height
        self.centre = np.array((placement.x * width, placement.y * height))
        yaw, pitch, roll = placement.yaw, placement.pitch, placement.roll
        around_y = np.array(((np.cos(yaw), 0, np.sin(yaw)), (0, 1, 0), (-np.sin(yaw), 0, np.cos(yaw))))
        around_x = np.array(((1, 0, 0), (0, np.cos(pitch), np.sin(pitch)), (0, -np.sin(pitch), np.cos(pitch))))
        around_z = np.array(((np.cos(roll), -np.sin(roll), 0), (np.sin(roll), np.cos(roll), 0), (0, 0, 1)))
        self.rotation = around_z @ around_x @ around_y
        self.eye_y = person.eye_height
        self.eye_x = person.eye_spacing * person.face_width
        self.nose_y = min(self.eye_y + person.nose_length, 0.5)
        self.mouth_y = min(self.nose_y + person.mouth_height, person.chin_drop - 0.24)

    def at(self, x, y, z) -> np.ndarray:
        """Head coordinates (numbers or arrays) -> pixels [n, 2]."""
        x, y, z = np.broadcast_arrays(np.asarray(x, np.float64), y, z)
        points = np.stack((x.ravel(), y.ravel(), z.ravel())) if x.ndim else np.array(((x,), (y,), (z,)), np.float64)
        return (self.rotation @ points)[:2].T * self.scale + self.centre

    def on_skin(self, points, lift: float = 0.0) -> np.ndarray:
        """Points (x, y) of the face -> pixels [n, 2]; `lift` raises them off the skin."""
        points = np.asarray(points, np.float64)
        return self.at(points[:, 0], points[:, 1], self.skin_depth(points[:, 0], points[:, 1]) + lift)

    def flat(self, points, z: float) -> np.ndarray:
        points = np.asarray(points, np.float64)
        return self.at(points[:, 0], points[:, 1], np.full(len(points), z))

    def skin_depth(self, x, y) -> np.ndarray:
        inside = 1 - (np.asarray(x) / (1.08 * self.person.face_width)) ** 2 - (np.asarray(y) / 1.25) ** 2
        return DEPTH * np.sqrt(np.clip(inside, 0.02, None))

    def outline(self) -> np.ndarray:
        """The face's edge in head coordinates (x, y), from the left ear over the chin to the right and over the top."""
        who = self.person
        width, drop = who.face_width, who.chin_drop
        if self.placement.expression in ("laughing", "surprised"):
            drop += 0.06
        right = [
            (0.0, -1.0),
            (0.42 * width, -0.93),
            (0.8 * width, -0.66),
            (0.97 * width, -0.25),
            (width, who.cheek),
            (0.5 * (1 + who.jaw) * width, 0.5 * (who.cheek + 0.62)),
            (who.jaw * width, 0.62 * drop),
            (0.5 * (who.jaw + who.chin) * width * 1.04, 0.86 * drop),
            (who.chin * width * 0.62, 0.985 * drop),
        ]
        bottom = [(0.0, drop)]
        left = [(-x, y) for x, y in reversed(right[1:])]
        return smooth(right + bottom + left, 6, closed=True)

    def key_points(self) -> np.ndarray:
        """Left eye, right eye, nose, left and right mouth corner as the picture shows them: [5, 2] pixels."""
        eyes = self.on_skin([(-self.eye_x, self.eye_y), (self.eye_x, self.eye_y)])
        nose = self.at(0.0, self.nose_y - 0.03, self.nose_lift())
        width = self.mouth_half_width()
        mouth = self.on_skin([(-width, self.mouth_y), (width, self.mouth_y)])
        return np.concatenate((eyes, nose, mouth))

    def nose_lift(self) -> float:
        return float(self.skin_depth(0.0, self.nose_y)) + 0.2 + 0.4 * abs(self.person.nose_hook)

    def mouth_half_width(self) -> float:
        stretch = {"smiling": 1.14, "laughing": 1.18, "surprised": 0.72, "sad": 0.94}
        return self.person.mouth_width * stretch.get(self.placement.expression, 1.0)

    def box(self) -> np.ndarray:
        """Left, top, right, bottom in pixels, from the hairline to the chin as face detectors draw it."""
        edge = self.outline()
        edge = edge[edge[:, 1] > -0.75]
        points = np.concatenate((self.flat(edge, 0.12), self.key_points()))
        return np.concatenate((points.min(0), points.max(0)))
