"""Each comparison of a study reads EQUIVALENT, DIFFERS or INCONCLUSIVE; all are asked at once (Holm).

Legend for shapes: `k` people, `n` pictures of each, paired: place [i, j] is the same person, prompt and size.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import torch
from torch import Tensor

from ..paired import Difference, difference
from ..spread import means_of_people
from .exact_tests import holm, mcnemar, mean_and_deviation, t_test, tost

EQUIVALENT, DIFFERS, INCONCLUSIVE, UNMEASURED = "EQUIVALENT", "DIFFERS", "INCONCLUSIVE", "NOT MEASURED"
LEVEL, POWER = 0.05, 0.8


@dataclass(frozen=True)
class Verdict:
    """`difference`: a - b over people, with the interval of the bootstrap that draws people.

    `p`: of no difference (exact McNemar for yes/no, else Student's t over people); `p_equal`: of a difference as great
    as the margin (TOST over people). Both are Holm's. `more_people`: how many more it would take, if what was seen is
    so. `pairs` had a value on both sides, `dropped` had not.
    """

    word: str
    difference: Difference | None
    p: float = math.nan
    p_equal: float = math.nan
    margin: float | None = None
    pairs: int = 0
    dropped: int = 0
    only_a: int | None = None
    only_b: int | None = None
    more_people: int | None = None

    def __str__(self) -> str:
        if self.difference is None:
            return UNMEASURED
        way = ("a is higher" if self.difference.mean > 0 else "a is lower") if self.word == DIFFERS else ""
        more = f"about {self.more_people} more people would tell" if self.more_people is not None else ""
        return ": ".join(part for part in (self.word, way or more) if part)


def verdicts(asked: Sequence[tuple[Tensor, Tensor, float | None, bool]]) -> list[Verdict]:
    """(a [k, n], b [k, n], margin, whether yes/no) for each comparison -> verdicts in the same order."""
    first = [measured(*one) for one in asked]
    ps, equal = holm([one.p for one in first]), holm([one.p_equal for one in first])
    return [
        decided(replace(one, p=p, p_equal=p_equal), a, b, len(first))
        for one, p, p_equal, (a, b, _, _) in zip(first, ps, equal, asked, strict=True)
    ]


def measured(a: Tensor, b: Tensor, margin: float | None, yes_no: bool) -> Verdict:
    both = torch.isfinite(a) & torch.isfinite(b)
    pairs, dropped = int(both.sum()), int((~both).sum())
    if not pairs:
        return Verdict(UNMEASURED, None, margin=margin, dropped=dropped)
    deltas = people_deltas(a, b)
    p_equal = math.nan if margin is None else tost(deltas, margin)
    told = Verdict("", difference(b, a), t_test(deltas), p_equal, margin, pairs, dropped)
    if not yes_no:
        return told
    only_a, only_b = (int((both & (one > other)).sum()) for one, other in ((a, b), (b, a)))
    return replace(told, p=mcnemar(only_a, only_b), only_a=only_a, only_b=only_b)


def decided(verdict: Verdict, a: Tensor, b: Tensor, asked: int) -> Verdict:
    """A difference that is there but within the margin counts as none: the margin says so."""
    if verdict.difference is None:
        return verdict
    if verdict.p_equal < LEVEL:
        return replace(verdict, word=EQUIVALENT)
    # McNemar takes pictures of one person for independent witnesses; the interval over people must agree.
    if verdict.p < LEVEL and (verdict.only_a is None or verdict.difference.is_sure):
        return replace(verdict, word=DIFFERS)
    return replace(verdict, word=INCONCLUSIVE, more_people=more_people(people_deltas(a, b), verdict.margin, asked))


def people_deltas(a: Tensor, b: Tensor) -> list[float]:
    """Each person's mean of a - b over the pairs that have both, [k or fewer]."""
    return means_of_people(a.double() - b.double()).tolist()


def more_people(deltas: Sequence[float], margin: float | None, asked: int) -> int | None:
    """How many more decide it four times in five, if mean and spread stay as they are; None if none do."""
    if len(deltas) < 2:
        return None
    mean, deviation = mean_and_deviation(deltas)
    quantile = NormalDist().inv_cdf
    needed = []
    if mean:
        needed.append(((quantile(1 - LEVEL / asked / 2) + quantile(POWER)) * deviation / mean) ** 2)
    if margin is not None and abs(mean) < margin:
        room = margin - abs(mean)
        needed.append(((quantile(1 - LEVEL / asked) + quantile((1 + POWER) / 2)) * deviation / room) ** 2)
    return max(1, math.ceil(min(needed)) - len(deltas)) if needed else None
