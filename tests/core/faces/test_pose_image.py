"""The pose drawing is the published one, pixel by pixel.

The hashes are of drawings that the official pack's `draw_kps` (bytedance/ComfyUI_InfiniteYou 1.0.1, utils.py)
made of the same points on canvases of the same size, with OpenCV 5.0; 2,000 random faces were equal as well.
"""

import hashlib

import numpy as np
import pytest

from infu_core.faces.pose_image import COLOURS, draw_pose, looks_like_points

pytest.importorskip("cv2")

POINTS = np.array([[412.5, 501.25], [523.75, 498.0], [470.0, 560.5], [425.25, 623.0], [512.0, 619.75]])
ON_ITS_SIDE = np.stack([470 - (POINTS[:, 1] - 470 - 90), 470 + (POINTS[:, 0] - 470)], axis=1)


@pytest.mark.parametrize(
    ("points", "height", "width", "sha256"),
    [
        (POINTS, 1152, 864, "9a36520fc56ff9e29d5ea578bfb6a4eef99e5dfa16c72ac98cebc68e6f8a5b50"),
        (POINTS / 4, 150, 200, "6858753a55b0d45e9938ae42f592ff70f7462afec8778ea9c46334e6fec7eed5"),
        (ON_ITS_SIDE, 1152, 864, "331eb85f2a0a01c002c7b47dd7b03a182f1bcbdc5e41141e4feefd828e6bfae4"),
    ],
)
def test_equal_to_the_reference_drawing(points, height, width, sha256):
    drawing = draw_pose([points], height, width)
    assert drawing.shape == (height, width, 3) and drawing.dtype == np.uint8
    assert hashlib.sha256(drawing.tobytes()).hexdigest() == sha256


def test_key_points_have_their_colours_and_limbs_are_dimmed():
    drawing = draw_pose([POINTS], 1152, 864)
    for (x, y), colour in zip(POINTS, COLOURS, strict=True):
        assert tuple(drawing[int(y), int(x)]) == colour
    halfway = (POINTS[0] + POINTS[2]) / 2
    assert tuple(drawing[int(halfway[1]), int(halfway[0])]) == (153, 0, 0)


def test_several_faces_are_each_drawn_as_alone():
    left, right = POINTS - (300, 0), POINTS + (200, 0)
    both = draw_pose([left, right], 1152, 864)
    np.testing.assert_array_equal(both, draw_pose([left], 1152, 864) + draw_pose([right], 1152, 864))


def test_no_face_is_black():
    assert not draw_pose([], 64, 64).any()


def skeleton() -> np.ndarray:
    """As OpenPose draws limbs: eighteen colours on black."""
    import colorsys

    import cv2

    canvas = np.zeros((512, 512, 3), dtype=np.uint8)
    for joint in range(18):
        colour = tuple(int(255 * channel) for channel in colorsys.hsv_to_rgb(joint / 18, 1, 1))
        cv2.line(canvas, (30 + 25 * joint, 100), (40 + 25 * joint, 400), colour, 8)
    return canvas


RNG = np.random.default_rng(0)
OTHERS = {
    "a photo": RNG.integers(0, 255, (256, 256, 3), dtype=np.uint8),
    "a depth map": np.repeat(np.tile(np.arange(256, dtype=np.uint8), (256, 1))[..., None], 3, 2),
    "a white picture": np.full((64, 64, 3), 255, dtype=np.uint8),
    "a dark photo": RNG.integers(0, 60, (256, 256, 3), dtype=np.uint8),
    "white edges": np.where(RNG.random((256, 256, 1)) > 0.95, 255, 0).astype(np.uint8).repeat(3, 2),
    "a skeleton": skeleton(),
}


@pytest.mark.parametrize("size", [(1152, 864), (256, 192), (2304, 1728)])
@pytest.mark.parametrize("faces", [1, 2])
def test_a_drawing_of_points_is_recognised_at_other_sizes_too(size, faces):
    import cv2

    drawn = draw_pose([POINTS, POINTS - [300, 200]][:faces], 1152, 864)
    assert looks_like_points(cv2.resize(drawn, size[::-1], interpolation=cv2.INTER_AREA))


def test_a_black_picture_is_one_without_a_face():
    assert looks_like_points(np.zeros((64, 64, 3), dtype=np.uint8))


@pytest.mark.parametrize("case", OTHERS)
def test_other_pictures_are_told_from_it(case):
    assert not looks_like_points(OTHERS[case])
