"""A strength curve as a person types it: '0, 1, 1, 0.5', evenly spaced from the sampling's start to its end."""

import math

from .strength_schedule import CURVES

FREE = "free"
CURVE_NAMES = (*CURVES, FREE)


def read_curve(name: str, text: str = "") -> tuple[float, ...]:
    """The factors of a named curve, or of the text where the name is "free". Raises ValueError."""
    if name != FREE:
        return CURVES[name]
    words = text.replace(",", " ").replace(";", " ").split()
    if not words:
        raise ValueError("strength_curve is 'free' but free_curve is empty; write numbers such as '0, 1, 1, 0.5'.")
    try:
        factors = tuple(float(word) for word in words)
    except ValueError:
        raise ValueError(f"free_curve should hold numbers such as '0, 1, 1, 0.5'; '{text.strip()}' does not.") from None
    if not all(math.isfinite(factor) and factor >= 0 for factor in factors):
        raise ValueError(f"free_curve should hold numbers from 0 upwards; '{text.strip()}' does not.")
    return factors
