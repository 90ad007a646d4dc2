"""Scores of a detector that answers to more than its own kind of face."""

import numpy as np
import pytest

from infu_core.faces.calibrated_detector import calibrated, own_score


@pytest.mark.parametrize("even", (0.3, 0.5, 0.87))
def test_even_counts_as_a_half_and_the_ends_stay(even):
    assert calibrated(even, even) == pytest.approx(0.5)
    assert calibrated(0.0, even) == 0 and calibrated(1.0, even) == 1
    scores = np.linspace(0, 1, 21)
    assert (np.diff(calibrated(scores, even)) > 0).all()
    assert own_score(calibrated(scores, even), even) == pytest.approx(scores)


def test_it_changes_nothing_where_it_need_not():
    assert calibrated(np.array([0.2, 0.9]), 0.5) == pytest.approx([0.2, 0.9])
