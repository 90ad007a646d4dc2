"""The tests that verdicts rest on, in closed form: McNemar, Student's t, two one-sided tests, Holm.

Legend for shapes: `k` people, one mean difference each.
"""

import math
from collections.abc import Sequence


def mcnemar(only_a: int, only_b: int) -> float:
    """Two-sided exact p of yes/no pairs: `only_a` said yes for a alone, `only_b` for b alone (McNemar 1947)."""
    count, least = only_a + only_b, min(only_a, only_b)
    tail = sum(math.comb(count, k) for k in range(least + 1)) / 2**count
    return min(1.0, 2 * tail)


def t_test(deltas: Sequence[float]) -> float:
    """Two-sided p of the mean [k] being zero; not a number for fewer than two people."""
    if len(deltas) < 2:
        return math.nan
    t = t_value(deltas, 0.0)
    return 2 * t_tail(abs(t), len(deltas) - 1)


def tost(deltas: Sequence[float], margin: float) -> float:
    """p of the mean [k] lying outside of -margin..margin: the larger of two one-sided tests (Schuirmann 1987)."""
    if len(deltas) < 2:
        return math.nan
    freedom = len(deltas) - 1
    return max(t_tail(t_value(deltas, -margin), freedom), t_tail(-t_value(deltas, margin), freedom))


def holm(ps: Sequence[float]) -> list[float]:
    """Adjusted for all being asked at once (Holm 1979); those that are no number stay so and do not count."""
    order = sorted((p, place) for place, p in enumerate(ps) if not math.isnan(p))
    adjusted, highest = list(ps), 0.0
    for rank, (p, place) in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * p))
        adjusted[place] = highest
    return adjusted


def t_value(deltas: Sequence[float], against: float) -> float:
    mean, deviation = mean_and_deviation(deltas)
    distance = mean - against
    if deviation == 0:
        return math.copysign(math.inf, distance) if distance else 0.0
    return distance / (deviation / math.sqrt(len(deltas)))


def mean_and_deviation(values: Sequence[float]) -> tuple[float, float]:
    mean = math.fsum(values) / len(values)
    if all(value == values[0] for value in values):
        return values[0], 0.0
    return mean, math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def t_tail(t: float, freedom: int) -> float:
    """P(T > t) of Student's distribution."""
    if math.isinf(t):
        return 0.0 if t > 0 else 1.0
    half = incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t)) / 2
    return half if t >= 0 else 1 - half


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function, by its continued fraction (Abramowitz & Stegun 26.5.8)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - incomplete_beta(b, a, 1 - x)
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    return front * fraction(a, b, x) / a


def fraction(a: float, b: float, x: float, terms: int = 400) -> float:
    """Lentz's way of summing it."""
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    total = d
    for m in range(1, terms):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            d, c = 1 / (1 + step * d), 1 + step / c
            total *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return total
