"""Which steps are computed: the shares of them, never two runs on one step, and all of a short sampling."""

import pytest

from infu_core.injection.reuse_plan import FEW, REUSE_PLANS, ReusePlan

FAST = REUSE_PLANS["fast"]


def test_the_shares_are_of_the_whole_sampling_from_where_the_identity_acts():
    plan = ReusePlan((0.0, 0.25, 0.5, 0.9))
    assert sorted(plan.computed_steps(40)) == [0, 10, 20, 36]
    assert sorted(plan.computed_steps(40, start=8)) == [8, 18, 28]


def test_shares_that_fall_on_one_step_take_the_next_ones():
    assert sorted(ReusePlan((0.0, 0.01, 0.02, 0.5)).computed_steps(10)) == [0, 1, 2, 5]


@pytest.mark.parametrize("steps", [1, 4, FEW])
def test_few_steps_are_all_computed(steps):
    assert FAST.computed_steps(steps) == frozenset(range(steps))


def test_fast_comes_more_often_where_sigma_falls_faster():
    computed = sorted(FAST.computed_steps(30))
    gaps = [later - earlier for earlier, later in zip(computed, computed[1:], strict=False)]
    assert len(computed) == 6 and gaps == sorted(gaps, reverse=True)
