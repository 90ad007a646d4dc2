"""A strength curve as a person types it: '0, 1, 1, 0.5', evenly spaced from the sampling's start to its end."""

from ..typed_numbers import quoted, read_numbers
from .strength_schedule import CURVES

FREE = "free"
CURVE_NAMES = (*CURVES, FREE)


def read_curve(name: str, text: str = "") -> tuple[float, ...]:
    """The factors of a named curve, or of the text where the name is "free". Raises ValueError."""
    if name != FREE:
        return CURVES[name]
    factors = check_curve(text)
    if not factors:
        raise ValueError("strength_curve is 'free' but free_curve is empty; write numbers such as '0, 1, 1, 0.5'.")
    return factors


def check_curve(text: str) -> tuple[float, ...]:
    """The factors of a text, none for an empty one. Raises ValueError."""
    factors = tuple(read_numbers(text, "free_curve", "0, 1, 1, 0.5"))
    if min(factors, default=0) < 0:
        raise ValueError(f"free_curve should hold numbers from 0 upwards; '{quoted(text.strip())}' does not.")
    return factors
