"""Weights as people type them: "1, 0.5"."""

from ..typed_numbers import read_numbers


def read_weights(text: str, field: str = "weights") -> list[float] | None:
    """The numbers of a text; None for an empty text (all alike). Raises ValueError in one sentence."""
    return read_numbers(text, field, "1, 0.5") or None
