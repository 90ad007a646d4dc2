"""Our alignment is insightface's: the matrix closely, the crop to one grey level."""

import numpy as np
import pytest

from infu_core.faces.face_alignment import TARGET_POINTS, align_face, similarity_transform

face_align = pytest.importorskip("insightface.utils.face_align")


def key_points(seed):
    random = np.random.default_rng(seed)
    angle, scale = random.uniform(-np.pi, np.pi), random.uniform(0.3, 4)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    jitter = random.normal(0, 4, (5, 2))
    return ((TARGET_POINTS - 56 + jitter) @ turn.T + random.uniform(150, 350, 2)).astype(np.float32)


@pytest.mark.parametrize("seed", range(50))
def test_matrix_and_crop_are_equal(seed):
    points = key_points(seed)
    smooth = np.random.default_rng(seed).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    cv2 = pytest.importorskip("cv2")
    picture = cv2.resize(smooth, (512, 512), interpolation=cv2.INTER_CUBIC)
    reference = face_align.estimate_norm(points)
    np.testing.assert_allclose(similarity_transform(points.astype(np.float64), TARGET_POINTS), reference, atol=1e-3)
    theirs = face_align.norm_crop(picture, points, 112)
    difference = np.abs(align_face(picture, points).astype(int) - theirs.astype(int))
    assert difference.max() <= 1
