"""What each verdict takes, on tables whose truth is known."""

import pytest
import torch

from infu_core.evaluation.statistics.verdicts import DIFFERS, EQUIVALENT, INCONCLUSIVE, UNMEASURED, verdicts


def tables(shift, noise=0.05, people=20, pictures=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    b = torch.randn(people, pictures, generator=generator)
    return b + shift + noise * torch.randn(people, pictures, generator=generator), b


def test_a_difference_is_found_and_has_a_direction():
    higher, lower = verdicts([(*tables(0.2), 0.05, False), (*tables(-0.2, seed=1), 0.05, False)])
    assert higher.word == lower.word == DIFFERS
    assert "a is higher" in str(higher) and "a is lower" in str(lower)
    assert higher.difference.low < 0.2 < higher.difference.high and higher.pairs == 80


def test_nothing_within_a_wide_margin_is_equivalence_and_within_a_narrow_one_inconclusive():
    same, narrow = verdicts([(*tables(0.0), 0.1, False), (*tables(0.0), 0.001, False)])
    assert same.word == EQUIVALENT
    assert narrow.word == INCONCLUSIVE and narrow.more_people > 10 and "more people" in str(narrow)


def test_without_a_margin_nothing_is_equivalent():
    (verdict,) = verdicts([(*tables(0.0), None, False)])
    assert verdict.word == INCONCLUSIVE


def test_a_difference_within_the_margin_counts_as_none():
    (verdict,) = verdicts([(*tables(0.03, noise=0.01), 0.1, False)])
    assert verdict.p < 0.001 and verdict.word == EQUIVALENT


def test_people_are_the_witnesses_not_pictures():
    """One person's forty pictures, all better, are one vote."""
    b = torch.zeros(3, 40)
    a = torch.tensor([[1.0], [0.0], [0.0]]).expand(3, 40).clone()
    (verdict,) = verdicts([(a, b, None, False)])
    assert verdict.word == INCONCLUSIVE
    (yes_no,) = verdicts([(a, b, None, True)])
    assert yes_no.p < 1e-9 and (yes_no.only_a, yes_no.only_b) == (40, 0)
    assert yes_no.word == INCONCLUSIVE  # McNemar alone would be sure


def test_yes_and_no():
    generator = torch.Generator().manual_seed(4)
    b = (torch.rand(24, 4, generator=generator) < 0.3).float()
    a = (torch.rand(24, 4, generator=generator) < 0.9).float()
    (verdict,) = verdicts([(a, b, 0.1, True)])
    assert verdict.word == DIFFERS and verdict.only_a > verdict.only_b


def test_what_is_missing_is_dropped_in_pairs_and_counted():
    a, b = tables(0.2)
    a[0], b[1, :2] = torch.nan, torch.nan
    (verdict,) = verdicts([(a, b, None, False)])
    assert (verdict.pairs, verdict.dropped) == (74, 6) and verdict.word == DIFFERS
    (none,) = verdicts([(a * torch.nan, b, None, False)])
    assert none.word == UNMEASURED and str(none) == UNMEASURED


def test_many_comparisons_at_once_are_not_many_chances():
    """Twenty comparisons of nothing: on its own one in twenty would differ."""
    found = [
        sum(
            verdict.word == DIFFERS
            for verdict in verdicts([(*tables(0.0, seed=20 * n + k), None, False) for k in range(20)])
        )
        for n in range(20)
    ]
    assert sum(count > 0 for count in found) <= 4  # 5 % of 20 families, with room


@pytest.mark.parametrize("seed", range(5))
def test_the_people_asked_for_are_about_enough(seed):
    a, b = tables(0.04, noise=0.3, people=8, pictures=1, seed=seed)
    (verdict,) = verdicts([(a, b, None, False)])
    if verdict.word == INCONCLUSIVE:
        assert verdict.more_people >= 1


def rate(word: str, shift: float, studies: int = 300, people: int = 20, comparisons: int = 3) -> float:
    """How many of many studies, whose true difference is `shift`, have `word` in any of their comparisons."""
    generator = torch.Generator().manual_seed(5)

    found = 0
    for _ in range(studies):
        own = 0.3 * torch.randn(people, 1, generator=generator)  # a person is easy or hard, by either way
        ways = [own + 0.1 * torch.randn(people, 4, generator=generator) for _ in range(2 * comparisons)]
        asked = [(a + shift, b, 0.05, False) for a, b in zip(ways[::2], ways[1::2], strict=True)]
        found += any(verdict.word == word for verdict in verdicts(asked))
    return found / studies


def test_a_study_of_the_same_twice_seldom_finds_a_difference():
    """At most one study in twenty, all of its comparisons together."""
    assert rate("DIFFERS", 0.0) <= 0.08


def test_a_difference_as_great_as_the_margin_seldom_counts_as_none():
    assert rate("EQUIVALENT", 0.05) <= 0.08
