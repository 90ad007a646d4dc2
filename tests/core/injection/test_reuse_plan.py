"""Which steps are computed: the first ones without a gap, then some of the rest, never more than the runs."""

from infu_core.injection.reuse_plan import ReusePlan


def test_the_first_steps_are_computed_without_a_gap_and_no_more_of_them():
    for first in (2, 3, 5):
        computed = ReusePlan(runs=8, first=first).computed_steps(40, start=4)
        assert len(computed) == 8
        assert [step for step in range(4, 4 + first + 2) if step in computed] == list(range(4, 4 + first))
