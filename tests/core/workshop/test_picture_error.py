"""What the autoencoder's error looks at: everything, and eyes most."""

import pytest
import torch

from workshop.miniature.training.batches import Batches, picture_parts
from workshop.miniature.training.objectives import EYES, about_eyes, picture_error

SIDE = 64
EYE = torch.tensor([[[20.5, 40.5]]])


def test_weights_are_highest_at_the_eye_and_one_far_from_it():
    weights = about_eyes(EYE, SIDE)
    assert weights.shape == (1, 1, SIDE, SIDE)
    assert weights.flatten().argmax() == 40 * SIDE + 20
    assert float(weights[0, 0, 40, 20]) == pytest.approx(1 + EYES)
    assert float(weights[0, 0, 0, 63]) == pytest.approx(1, abs=1e-4)


def test_eyes_outside_of_the_square_weigh_nothing():
    assert torch.allclose(about_eyes(EYE + 500, SIDE), torch.ones(1, 1, SIDE, SIDE))


def test_the_same_fault_counts_more_at_an_eye():
    wanted = torch.full((2, 3, SIDE, SIDE), 0.5)
    made = wanted.clone()
    made[0, :, 40, 20] += 0.4
    made[1, :, 10, 50] += 0.4
    at_eye, elsewhere = picture_error(made, wanted, about_eyes(EYE.expand(2, -1, -1), SIDE))
    assert at_eye > 4 * elsewhere > 0


def test_eyes_keep_their_place_in_a_part_of_the_picture():
    """White points at the eyes of black pictures, found again where the batch says that eyes are."""
    pictures, points = torch.zeros(8, 96, 96, 3, dtype=torch.uint8), torch.zeros(8, 1, 10)
    for row in range(8):
        x, y = 40 + row, 50 - row
        pictures[row, y, x] = 255
        points[row, 0, :4] = torch.tensor([x, y, x, y]) + 0.5
    made = Batches({"pictures": pictures, "points": points}, 8, 3, picture_parts(SIDE))(0, 0, 1)
    found = 0
    for picture, ((x, y), _) in zip(made["pictures"], made["eyes"].int().tolist(), strict=True):
        if 0 <= x < SIDE and 0 <= y < SIDE:
            assert int(picture[y, x, 0]) == 255
            found += 1
    assert found > 0
