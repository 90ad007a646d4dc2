"""Residuals: spread over the host's blocks without a copy, and placed in batches."""

import math

import pytest
import torch

from infu_core.residuals import Residuals, spread


def some(double=4, single=10, batch=1):
    return Residuals(
        tuple(torch.full((batch, 2, 3), float(i + 1)) for i in range(double)),
        tuple(torch.full((batch, 2, 3), float(i + 1)) for i in range(single)),
    )


def test_spread_to_flux_as_published():
    """Doubles 0-4, 5-9, 10-14, 15-18; singles four each, the last group 36-37."""
    double, single = some().spread(19, 38)
    assert [int(residual[0, 0, 0]) for residual in double] == [1] * 5 + [2] * 5 + [3] * 5 + [4] * 4
    assert [int(residual[0, 0, 0]) for residual in single] == [i // 4 + 1 for i in range(38)]


@pytest.mark.parametrize(
    ("own", "depth"), [(1, 1), (1, 19), (2, 5), (3, 8), (4, 19), (5, 19), (10, 38), (7, 7), (4, 3)]
)
def test_spread_follows_the_ceiling(own, depth):
    residuals = [torch.tensor(float(i)) for i in range(own)]
    interval = math.ceil(depth / own)
    assert [int(residual) for residual in spread(residuals, depth)] == [i // interval for i in range(depth)]


def test_spread_shares_and_does_not_copy():
    residuals = some()
    double, single = residuals.spread(19, 38)
    assert {residual.data_ptr() for residual in (*double, *single)} == {
        residual.data_ptr() for residual in (*residuals.double, *residuals.single)
    }


def test_no_blocks_of_a_kind_give_no_residuals():
    assert some(single=0).spread(19, 38)[1] == []


def test_placed_rows_leave_zeros_elsewhere():
    residuals = some(batch=2)
    whole = residuals.placed([2, 3], 4)
    assert torch.count_nonzero(whole.double[0][:2]) == 0
    assert torch.equal(whole.double[0][2:], residuals.double[0])
    assert residuals.placed([0, 1], 2) is residuals


def test_strength_one_is_the_same_object_and_nothing_is_changed_in_place():
    residuals = some()
    assert residuals.scaled(1.0) is residuals
    before = [residual.clone() for residual in residuals.double]
    residuals.scaled(0.5)
    residuals.weighted([0.0] * 4, [2.0] * 10)
    assert all(torch.equal(a, b) for a, b in zip(before, residuals.double, strict=True))


def test_weights_of_another_length_are_refused_with_both_numbers():
    with pytest.raises(ValueError, match="3 double block weights were given for 4 double blocks"):
        some().weighted([1.0] * 3, [1.0] * 10)
