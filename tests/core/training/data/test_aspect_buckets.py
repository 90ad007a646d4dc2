"""Buckets: near the area, on the grid, every picture to the nearest, cut around the face."""

import numpy as np
import pytest

from infu_core.training.data.aspect_buckets import GRID, Bucket, buckets, cut, nearest


def test_buckets_keep_the_area_and_the_grid():
    found = buckets(1024 * 1024, 2.0, 64)
    assert Bucket(1024, 1024) in found and len(found) > 8
    for shape in found:
        assert shape.height % GRID == 0 and shape.width % GRID == 0
        assert 0.5 <= shape.width / shape.height <= 2
        assert abs(shape.height * shape.width / 1024**2 - 1) < 0.08
    assert {(shape.width, shape.height) for shape in found} >= {(864 // 64 * 64, 1280), (1280, 832)}


def test_a_step_off_the_grid_is_refused():
    with pytest.raises(ValueError, match="16"):
        buckets(step=24)


def test_the_nearest_bucket_is_by_ratio_not_by_size():
    choices = (Bucket(64, 64), Bucket(80, 64), Bucket(64, 96))
    assert nearest(4000, 3200, choices) == Bucket(80, 64)
    assert nearest(100, 160, choices) == Bucket(64, 96)


@pytest.mark.parametrize("centre", [(0, 0), (100, 75), (199, 149)])
def test_cutting_keeps_the_face_and_stays_inside(centre):
    pytest.importorskip("cv2")
    picture = np.zeros((150, 200, 3), np.uint8)
    x, y = centre
    picture[max(0, y - 10) : y + 10, max(0, x - 10) : x + 10] = 255
    made = cut(picture, Bucket(64, 48), centre)
    assert made.shape == (64, 48, 3) and made.max() > 200
