"""Weights as people type them: "1, 0.5"."""

import re


def read_weights(text: str) -> list[float] | None:
    """The numbers of a text, split by commas, semicolons or blanks; None for an empty text (all alike)."""
    parts = [part for part in re.split(r"[\s,;]+", text.strip()) if part]
    if not parts:
        return None
    try:
        return [float(part) for part in parts]
    except ValueError:
        raise ValueError(f"Weights are numbers such as `1, 0.5`; {text!r} cannot be read.") from None
