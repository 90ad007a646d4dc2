"""Fifty random tables against scipy and statsmodels."""

import math
import random

import numpy as np
import pytest

from infu_core.evaluation.statistics.exact_tests import holm, mcnemar, t_tail, t_test, tost

pytest.importorskip("statsmodels")
from scipy import stats  # noqa: E402
from statsmodels.stats.contingency_tables import mcnemar as their_mcnemar  # noqa: E402
from statsmodels.stats.multitest import multipletests  # noqa: E402
from statsmodels.stats.weightstats import ttost_paired  # noqa: E402

SEEDS = range(50)


@pytest.mark.parametrize("seed", SEEDS)
def test_mcnemar(seed):
    rng = random.Random(seed)
    both, a, b, none = (rng.randint(0, 60) for _ in range(4))
    theirs = their_mcnemar([[both, a], [b, none]], exact=True).pvalue
    assert mcnemar(a, b) == pytest.approx(min(theirs, 1), abs=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_student_and_tost(seed):
    rng = np.random.default_rng(seed)
    people, margin = int(rng.integers(2, 60)), float(rng.uniform(0.01, 0.4))
    a = rng.normal(0, 1, people)
    b = a + rng.normal(rng.uniform(-0.3, 0.3), rng.uniform(0.01, 0.5), people)
    deltas = (a - b).tolist()
    assert t_test(deltas) == pytest.approx(float(stats.ttest_rel(a, b).pvalue), rel=1e-9, abs=1e-14)
    assert tost(deltas, margin) == pytest.approx(float(ttost_paired(a, b, -margin, margin)[0]), rel=1e-9, abs=1e-14)


@pytest.mark.parametrize("seed", SEEDS)
def test_holm(seed):
    rng = np.random.default_rng(seed)
    ps = (rng.uniform(0, 1, int(rng.integers(1, 20))) ** 3).tolist()
    assert holm(ps) == pytest.approx(multipletests(ps, method="holm")[1].tolist(), abs=1e-12)


def test_holm_leaves_out_what_was_not_measured():
    assert holm([0.01, math.nan, 0.04])[::2] == holm([0.01, 0.04])


def test_the_tail_is_right_far_out():
    for freedom in (1, 2, 7, 400):
        for t in (-30.0, -1.0, 0.0, 0.3, 4.0, 60.0):
            assert t_tail(t, freedom) == pytest.approx(float(stats.t.sf(t, freedom)), rel=1e-8, abs=1e-300)


def test_constant_differences():
    assert t_test([0.2] * 5) == 0 and t_test([0.0] * 5) == 1
    assert tost([0.2] * 5, 0.3) == 0 and tost([0.4] * 5, 0.3) == 1
    assert math.isnan(t_test([1.0])) and math.isnan(tost([1.0], 0.1))
