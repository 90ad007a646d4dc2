"""Alignment: the similarity transform is exact where one exists, never mirrors, and refuses points on one spot."""

import numpy as np
import pytest

from infu_core.faces.face import FaceError
from infu_core.faces.face_alignment import TARGET_POINTS, align_face, similarity_transform


def turned(points, degrees, scale, shift):
    angle = np.deg2rad(degrees)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return points @ turn.T + shift


@pytest.mark.parametrize(("degrees", "scale"), [(0, 1), (30, 0.2), (-90, 7), (180, 2)])
def test_it_undoes_any_turn_scale_and_shift(degrees, scale):
    points = turned(TARGET_POINTS, degrees, scale, (300, -40))
    matrix = similarity_transform(points, TARGET_POINTS)
    np.testing.assert_allclose(points @ matrix[:, :2].T + matrix[:, 2], TARGET_POINTS, atol=1e-9)


def test_it_never_mirrors():
    mirrored = TARGET_POINTS * (-1, 1)
    matrix = similarity_transform(mirrored, TARGET_POINTS)
    assert np.linalg.det(matrix[:, :2]) > 0


def test_it_is_the_least_squares_answer():
    points = TARGET_POINTS + np.random.default_rng(0).normal(0, 3, (5, 2))

    def error(matrix):
        return ((points @ matrix[:, :2].T + matrix[:, 2] - TARGET_POINTS) ** 2).sum()

    best = similarity_transform(points, TARGET_POINTS)
    a, b = best[0, 0], best[1, 0]
    for da, db in [(1e-3, 0), (-1e-3, 0), (0, 1e-3), (0, -1e-3)]:
        rotation = np.array([[a + da, -(b + db)], [b + db, a + da]])
        shift = TARGET_POINTS.mean(0) - rotation @ points.mean(0)
        assert error(best) < error(np.hstack([rotation, shift[:, None]]))


def test_points_on_one_spot_are_refused():
    with pytest.raises(FaceError, match="on one spot"):
        similarity_transform(np.full((5, 2), 7.0), TARGET_POINTS)


def test_a_face_already_in_place_is_cut_out_unchanged():
    pytest.importorskip("cv2")
    picture = np.random.default_rng(0).integers(0, 255, (112, 112, 3)).astype(np.uint8)
    np.testing.assert_array_equal(align_face(picture, TARGET_POINTS), picture)
