"""A square around one face, and the soft mask with which it is put back: for a second, closer look at small faces."""

from dataclasses import dataclass

import numpy as np

from .face import Face, FaceError
from .face_regions import face_region


@dataclass(frozen=True)
class FaceCrop:
    """A square of a picture, in pixels: its left upper corner and its side."""

    left: int
    top: int
    side: int

    def cut(self, picture: np.ndarray) -> np.ndarray:
        """[H, W, ...] -> [side, side, ...]."""
        return picture[self.top : self.top + self.side, self.left : self.left + self.side]


def crop_around(face: Face, picture_size: tuple[int, int], margin: float = 2.5) -> FaceCrop:
    """The square of `margin` face sizes around a face, moved into the picture [height, width], at most its short side.

    Sides are even and at least 16 pixels. Raises `FaceError` for pictures that are smaller.
    """
    height, width = picture_size
    if min(height, width) < 16:
        raise FaceError(f"The picture is {width} x {height} pixels; a face crop needs at least 16 x 16.")
    left, top, right, bottom = face.box
    wanted = margin * max(right - left, bottom - top)
    side = int(min(max(round(wanted / 2) * 2, 16), min(height, width) // 2 * 2))
    x, y = face.centre
    return FaceCrop(
        left=int(np.clip(round(x - side / 2), 0, width - side)),
        top=int(np.clip(round(y - side / 2), 0, height - side)),
        side=side,
    )


def head_mask(face: Face, picture_size: tuple[int, int], crop: FaceCrop, feather: float = 0.25) -> np.ndarray:
    """The head within a crop, [side, side] float32: 1 inside, soft towards the edge, 0 where the crop ends.

    `feather`: width of the soft edge as a share of the head. The last pixels of the crop are 0 unless the crop ends
    where the picture does, so that no seam can be seen.
    """
    head = crop.cut(face_region(face, picture_size, grow=1.7, feather=feather))
    return head * fading_edge(crop, picture_size, width=max(crop.side // 16, 1))


def fading_edge(crop: FaceCrop, picture_size: tuple[int, int], width: int) -> np.ndarray:
    """[side, side]: 1, falling to 0 over `width` pixels along each edge that lies inside the picture."""
    height, full_width = picture_size
    near = np.arange(crop.side)
    rise, fall = np.minimum(near / width, 1.0), np.minimum((crop.side - 1 - near) / width, 1.0)
    rows = np.minimum(rise if crop.top > 0 else 1.0, fall if crop.top + crop.side < height else np.ones(crop.side))
    columns = np.minimum(
        rise if crop.left > 0 else 1.0, fall if crop.left + crop.side < full_width else np.ones(crop.side)
    )
    return (rows[:, None] * columns[None, :]).astype(np.float32)
