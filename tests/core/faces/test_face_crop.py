"""Face crops: inside the picture, around the face, and a mask that leaves no seam."""

import numpy as np
import pytest

from infu_core.faces.face import Face, FaceError
from infu_core.faces.face_crop import FaceCrop, crop_around, head_mask

SIZE = (300, 400)


def face_at(x, y, size=40):
    return Face((x - size / 2, y - size / 2, x + size / 2, y + size / 2), ((x, y),) * 5, 0.9)


@pytest.mark.parametrize("place", [(200, 150), (5, 5), (398, 297), (5, 290)])
@pytest.mark.parametrize("margin", [1.2, 2.5, 6.0])
def test_the_square_lies_in_the_picture_and_holds_the_face(place, margin):
    crop = crop_around(face_at(*place), SIZE, margin)
    assert crop.side % 2 == 0 and crop.side == min(round(margin * 20) * 2, 300)
    assert 0 <= crop.left <= SIZE[1] - crop.side and 0 <= crop.top <= SIZE[0] - crop.side
    x, y = place
    assert crop.left <= x <= crop.left + crop.side and crop.top <= y <= crop.top + crop.side


def test_a_face_in_the_middle_is_in_the_middle():
    assert crop_around(face_at(200, 150), SIZE, 2.5) == FaceCrop(left=150, top=100, side=100)


def test_a_crop_put_back_with_its_mask_changes_only_the_head():
    picture = np.zeros(SIZE, np.float32)
    face = face_at(200, 150)
    crop = crop_around(face, SIZE)
    mask = head_mask(face, SIZE, crop)
    assert mask.shape == (100, 100) and mask[50, 50] == 1
    assert all(edge.max() == 0 for edge in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))
    crop.cut(picture)[:] += mask
    assert picture[:, :150].max() == 0 and picture[150, 200] == 1


def test_where_the_picture_ends_the_mask_need_not_fade():
    face = face_at(20, 20)
    mask = head_mask(face, SIZE, crop_around(face, SIZE))
    assert mask[0, 20] > 0.5 and mask[20, 0] > 0.5 and mask[-1].max() == 0


def test_tiny_pictures_are_refused():
    with pytest.raises(FaceError, match="10 x 8 pixels"):
        crop_around(face_at(4, 4), (8, 10))
