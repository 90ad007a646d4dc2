"""Key points keep their place when the shape changes, and edits do what they say."""

import numpy as np
import pytest

from infu_core.faces.face import FaceError
from infu_core.faces.pose_layout import FILL, PAD, PoseEdit, edit_points, fit_points

FACE = np.array([[40.0, 40], [60, 40], [50, 50], [42, 60], [58, 60]])


def test_the_same_shape_only_scales():
    (fitted,) = fit_points([FACE], (200, 100), (400, 200))
    np.testing.assert_allclose(fitted, FACE * 2)


@pytest.mark.parametrize("corner", [(540, 150), (540, 1800), (60, 60), (1000, 1850)])
@pytest.mark.parametrize("fit", [PAD, FILL])
@pytest.mark.parametrize("target", [(1152, 864), (864, 1152), (1024, 1024)])
def test_a_face_anywhere_in_a_tall_photo_stays_in_the_frame(corner, fit, target):
    # The reference loses 192 pixels at the top and at the bottom of this photo.
    face = FACE - FACE.mean(0) + corner
    (fitted,) = fit_points([face], (1920, 1080), target, fit)
    assert (fitted >= 0).all() and (fitted <= (target[1], target[0])).all()


def test_pad_shows_the_whole_photo():
    photo_corners = np.array([[0.0, 0], [1080, 0], [540, 960], [0, 1920], [1080, 1920]])
    (fitted,) = fit_points([photo_corners], (1920, 1080), (1152, 864), PAD)
    np.testing.assert_allclose(fitted[0], [(864 - 648) / 2, 0])
    np.testing.assert_allclose(fitted[4], [(864 + 648) / 2, 1152])


def test_fill_keeps_the_size_that_filling_gives():
    (padded,) = fit_points([FACE + (500, 900)], (1920, 1080), (1152, 864), PAD)
    (filled,) = fit_points([FACE + (500, 900)], (1920, 1080), (1152, 864), FILL)
    assert np.ptp(filled[:, 0]) == pytest.approx(20 * 0.8)
    assert np.ptp(padded[:, 0]) == pytest.approx(20 * 0.6)


def test_fill_pads_when_faces_lie_too_far_apart():
    faces = [FACE + (0, 100), FACE + (900, 1700)]
    for fitted in fit_points(faces, (1920, 1080), (1152, 864), FILL):
        assert (fitted >= 0).all() and (fitted <= (864, 1152)).all()


def test_no_edit_changes_nothing():
    (edited,) = edit_points([FACE], (200, 100), PoseEdit())
    np.testing.assert_allclose(edited, FACE)


def test_shift_is_a_share_of_the_frame():
    (edited,) = edit_points([FACE], (200, 100), PoseEdit(shift_x=0.1, shift_y=-0.1))
    np.testing.assert_allclose(edited, FACE + (10, -20))


def test_scale_and_rotate_keep_the_middle():
    (edited,) = edit_points([FACE], (200, 100), PoseEdit(scale=2, rotate=90))
    np.testing.assert_allclose(edited.mean(0), FACE.mean(0))
    np.testing.assert_allclose(np.ptp(edited, axis=0), np.ptp(FACE, axis=0)[::-1] * 2)
    # clockwise: the eyes, above the middle, go to the right
    assert edited[0, 0] > FACE.mean(0)[0]


def test_mirror_swaps_sides_so_that_left_stays_left():
    face = FACE + (10, 0)
    (edited,) = edit_points([face], (200, 100), PoseEdit(mirror=True))
    assert edited[0, 0] < edited[1, 0] and edited[3, 0] < edited[4, 0]
    np.testing.assert_allclose(edited[0], (99 - face[1, 0], face[1, 1]))


def test_mirroring_twice_gives_the_face_back():
    edit = PoseEdit(mirror=True)
    np.testing.assert_allclose(edit_points(edit_points([FACE], (200, 100), edit), (200, 100), edit)[0], FACE)


def test_a_scale_of_nothing_is_refused():
    with pytest.raises(FaceError, match="cannot be scaled by 0"):
        edit_points([FACE], (200, 100), PoseEdit(scale=0))
