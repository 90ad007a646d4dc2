"""Masks come in many layouts; what is no mask is told in one sentence."""

import math

import pytest
import torch

from infu_core.injection.mask_input import read_masks


@pytest.mark.parametrize("shape", [(6, 4), (1, 6, 4), (1, 1, 6, 4)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.uint8, torch.bool, torch.int64])
def test_layouts_and_types(shape, dtype):
    masks = read_masks(torch.ones(shape).to(dtype))
    assert masks.shape == (1, 6, 4) and masks.dtype == torch.float32 and bool((masks == 1).all())


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        ("mask.png", "must be a mask, but str came"),
        (torch.ones(5), r"this one has \(5,\)"),
        (torch.ones(1, 8, 8, 3), "Convert Image to Mask"),
        (torch.ones(1, 3, 8, 8), "Convert Image to Mask"),
        (torch.ones(1, 1, 1, 8, 8), "must have the shape"),
        (torch.ones(0, 8, 8), "is empty"),
        (torch.ones(1, 0, 8), "is empty"),
        (torch.full((1, 8, 8), 255.0), "values from 255 to 255"),
        (torch.full((1, 8, 8), 255, dtype=torch.uint8), "masks run from 0 to 1"),
        (torch.full((1, 8, 8), -3.0), "values from -3"),
        (torch.full((1, 8, 8), math.nan), "not numbers"),
        (torch.full((1, 8, 8), math.inf), "not numbers"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_mask(mask, said):
    with pytest.raises(ValueError, match=said) as refused:
        read_masks(mask)
    assert "\n" not in str(refused.value)
