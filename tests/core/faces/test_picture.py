"""Pictures: 8-bit sources come back exactly, odd channels are handled, and nonsense is refused in words."""

import numpy as np
import pytest
import torch

from infu_core.faces.face import FaceError
from infu_core.faces.picture import first_picture, picture_sha256, to_image, to_picture, to_pictures


def test_eight_bit_pictures_come_back_exactly():
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1).repeat(3, axis=2)
    np.testing.assert_array_equal(to_picture(to_image([levels])[0]), levels)


def test_a_batch_becomes_pictures():
    assert [p.shape for p in to_pictures(torch.zeros(3, 4, 5, 3))] == [(4, 5, 3)] * 3


def test_grey_becomes_rgb():
    picture = to_picture(torch.full((2, 2, 1), 0.5))
    assert picture.shape == (2, 2, 3) and (picture == 128).all()


def test_transparency_is_laid_over_white():
    image = torch.zeros(1, 2, 4)
    image[0, 1, 3] = 1.0
    np.testing.assert_array_equal(to_picture(image)[0], [[255] * 3, [0] * 3])


def test_a_little_overshoot_is_clamped():
    np.testing.assert_array_equal(to_picture(torch.tensor([[[-0.02, 0.5, 1.03]]])), [[[0, 128, 255]]])


@pytest.mark.parametrize(
    ("image", "sentence"),
    [
        (torch.zeros(0, 8, 8, 3), r"is empty \(shape \(0, 8, 8, 3\)\)"),
        (torch.zeros(1, 0, 8, 3), "is empty"),
        (torch.zeros(1, 8, 8, 2), "must have the shape batch, height, width, 3"),
        (torch.zeros(8, 8), "must have the shape batch, height, width, 3"),
        (torch.full((1, 8, 8, 3), float("nan")), "not numbers"),
        (torch.full((1, 8, 8, 3), 255.0), "from 255 to 255, but pictures run from 0 to 1"),
        (torch.linspace(-1, 1, 192).reshape(1, 8, 8, 3), "from -1 to 1, but pictures run from 0 to 1"),
    ],
)
def test_nonsense_is_refused_in_words(image, sentence):
    with pytest.raises(FaceError, match=sentence):
        to_pictures(image)


def test_the_hash_tells_pictures_and_shapes_apart():
    a = np.zeros((2, 6, 3), dtype=np.uint8)
    assert picture_sha256(a) == picture_sha256(a.copy())
    assert len({picture_sha256(a), picture_sha256(a + 1), picture_sha256(a.reshape(6, 2, 3))}) == 3


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, torch.bool])
def test_pictures_of_whole_numbers_are_refused(dtype):
    with pytest.raises(FaceError, match="pictures are floats from 0 to 1"):
        to_pictures(torch.zeros(1, 4, 4, 3).to(dtype))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_every_kind_of_float_is_taken(dtype):
    assert to_pictures(torch.ones(1, 4, 4, 3).to(dtype))[0].max() == 255


def test_the_first_of_a_batch_is_all_that_is_looked_at():
    batch = torch.stack((torch.zeros(4, 4, 3), torch.full((4, 4, 3), float("nan"))))
    assert first_picture(batch, "image of a node").max() == 0
    with pytest.raises(FaceError, match="The image of a node is empty"):
        first_picture(batch[:0], "image of a node")


def test_bands_change_nothing():
    """Large pictures are converted some rows at a time."""
    image = torch.rand(600, 1000, 4, generator=torch.Generator().manual_seed(0))
    whole = image[..., :3] * image[..., 3:] + (1 - image[..., 3:])
    np.testing.assert_array_equal(to_picture(image), (whole * 255).round().to(torch.uint8).numpy())
