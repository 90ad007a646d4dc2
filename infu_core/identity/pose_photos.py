"""Photos into pose images: find the faces, place them in a frame, edit, draw."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..faces.face_encoder import FaceEncoder
from ..faces.pose_image import draw_pose
from ..faces.pose_layout import PAD, PoseEdit, edit_points, fit_points
from .face_choice import FaceChoice, find_chosen, place_name


@dataclass(frozen=True)
class PoseFrame:
    """The pose image's size in pixels and how a photo of another shape is fitted into it."""

    width: int
    height: int
    fit: str = PAD
    edit: PoseEdit = PoseEdit()


def pose_images(
    encoder: FaceEncoder | None,
    photos: Sequence[np.ndarray],
    choice: FaceChoice,
    frame: PoseFrame,
    on_photo: Callable[[], None] = lambda: None,
) -> list[np.ndarray]:
    """One pose image (uint8 RGB [H, W, 3]) per photo; black where a photo shows no face and may be skipped."""
    size = (frame.height, frame.width)
    drawings = []
    for number, photo in enumerate(photos):
        found = find_chosen(encoder, photo, choice, place_name(number, len(photos)))
        points = [face.points() for face in found.chosen_faces]
        fitted = fit_points(points, (photo.shape[0], photo.shape[1]), size, frame.fit)
        drawings.append(draw_pose(edit_points(fitted, size, frame.edit), *size))
        on_photo()
    return drawings
