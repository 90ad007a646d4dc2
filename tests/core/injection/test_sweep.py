"""Every value of one setting meets every value of the other, in a grid's order."""

import pytest

from infu_core.injection.sweep import sweep


def test_rows_then_columns():
    tried = sweep([0.6, 1.0], [0.0, 0.25, 1.0], "strength", "style")
    assert tried.pairs() == [(0.6, 0.0), (0.6, 0.25), (0.6, 1.0), (1.0, 0.0), (1.0, 0.25), (1.0, 1.0)]
    assert tried.labels()[:2] == ["strength 0.6, style 0", "strength 0.6, style 0.25"]


def test_names_may_be_empty():
    assert sweep([1.0], [2.0], "", "").labels() == ["1, 2"]


@pytest.mark.parametrize(("rows", "columns"), [(None, [1.0]), ([1.0], None)])
def test_a_side_without_values_is_refused(rows, columns):
    with pytest.raises(ValueError, match="at least one value"):
        sweep(rows, columns, "a", "b")
