"""Regions: one mask per face, 1 on it, 0 away from it, soft in between, the size that was asked for."""

import numpy as np
import pytest

from infu_core.faces.face import Face, FaceError
from infu_core.faces.face_regions import HEAD, NEAREST, PERSON, SHAPES, face_region, face_regions, report_faces


def face(x, y, width=40, height=60):
    return Face((x - width / 2, y - height / 2, x + width / 2, y + height / 2), ((x, y),) * 5, 0.9)


SIZE = (240, 400)
LEFT, RIGHT = face(100, 80), face(300, 80)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_face_has_its_mask(shape):
    masks = face_regions([LEFT, RIGHT], SIZE, shape)
    assert masks.shape == (2, *SIZE) and masks.dtype == np.float32
    assert masks.min() >= 0 and masks.max() <= 1
    assert masks[0, 80, 100] == pytest.approx(1, abs=1e-3) and masks[0, 80, 300] == pytest.approx(0, abs=1e-3)
    assert masks[1, 80, 300] == pytest.approx(1, abs=1e-3) and masks[1, 80, 100] == pytest.approx(0, abs=1e-3)


def test_the_order_of_faces_is_the_order_of_masks():
    forward, backward = face_regions([LEFT, RIGHT], SIZE), face_regions([RIGHT, LEFT], SIZE)
    np.testing.assert_array_equal(forward, backward[::-1])


def test_grow_sets_the_area():
    small, large = (face_region(LEFT, SIZE, HEAD, grow, 0.1).sum() for grow in (1.0, 1.5))
    assert small == pytest.approx(np.pi * 20 * 30, rel=0.03)
    assert large / small == pytest.approx(1.5**2, rel=0.03)


def test_without_feather_the_edge_is_hard_and_with_it_half_way_there():
    hard = face_region(LEFT, SIZE, HEAD, 1.0, 0.0)
    assert set(np.unique(hard)) == {0.0, 1.0}
    soft = face_region(LEFT, SIZE, HEAD, 1.0, 0.3)
    assert soft[80, 120] == pytest.approx(0.5, abs=0.05)
    assert 0.01 < soft[80, 123] < 0.5 < soft[80, 117] < 0.99


def test_a_person_goes_down_to_the_bottom():
    mask = face_region(LEFT, SIZE, PERSON)
    assert mask[-1, 100] == 1 and mask[0, 100] < 1 and mask[-1, 300] == 0


def test_nearest_shares_out_the_whole_picture():
    masks = face_regions([LEFT, RIGHT], SIZE, NEAREST)
    np.testing.assert_allclose(masks.sum(0), 1, atol=1e-6)
    np.testing.assert_allclose(masks[:, :, 200], 0.5, atol=1e-6)


def test_a_face_at_the_border_is_cut_by_it():
    assert face_region(face(0, 0), SIZE).sum() == pytest.approx(face_region(LEFT, SIZE).sum() / 4, rel=0.05)


def test_no_face_and_unknown_shapes_are_refused():
    with pytest.raises(FaceError, match="no face to make a region"):
        face_regions([], SIZE)
    with pytest.raises(FaceError, match="no region shape called 'star'"):
        face_regions([LEFT], SIZE, "star")


def test_the_report_names_every_face_by_its_number():
    assert report_faces([LEFT, RIGHT], [1, 0], [1]) == (
        "1 of 2 faces have a region\n0: 40 x 60 px at (280, 50)\n1: 40 x 60 px at (80, 50), no region"
    )
