"""The encoder hands the recogniser what ArcFace was trained on, and refuses vectors that are none."""

import numpy as np
import pytest
import torch

from infu_core.faces.face import FaceError
from infu_core.faces.face_encoder import FaceEncoder, to_recogniser_input


def encoder(recognise):
    return FaceEncoder(detector=None, recognise=recognise, recogniser="test", models=("a",))  # type: ignore[arg-type]


def unit(pixels):
    return torch.nn.functional.normalize(torch.ones(len(pixels), 512), dim=1)


def crops(count):
    return np.zeros((count, 112, 112, 3), dtype=np.uint8)


def test_pixels_are_bgr_from_minus_one_to_one_and_contiguous():
    crop = crops(1)
    crop[..., 0] = 255
    pixels = to_recogniser_input(crop)
    assert pixels.shape == (1, 3, 112, 112) and pixels.dtype == torch.float32 and pixels.is_contiguous()
    assert pixels[0, :, 0, 0].tolist() == [-1, -1, 1]


def test_crops_are_embedded_one_by_one_so_that_company_does_not_matter():
    sizes = []

    def recognise(pixels):
        sizes.append(len(pixels))
        return unit(pixels)

    assert encoder(recognise).embed(crops(3)).shape == (3, 512)
    assert sizes == [1, 1, 1]


@pytest.mark.parametrize("wrong", [lambda p: 2 * unit(p), lambda p: unit(p) * float("nan")])
def test_vectors_that_are_not_unit_are_refused(wrong):
    with pytest.raises(FaceError, match="recogniser test gave vectors of length"):
        encoder(wrong).embed(crops(1))


def test_crops_of_another_size_are_refused():
    with pytest.raises(FaceError, match=r"these have \(1, 64, 64, 3\)"):
        encoder(unit).embed(np.zeros((1, 64, 64, 3), dtype=np.uint8))


def test_the_host_can_ask_for_the_managed_models():
    assert encoder(unit).get_models() == ["a"]
