"""Numbers as people type them into a text field: one rule for all fields, and nothing guessed.

Numbers are written with the digits 0 to 9 and a decimal point (1, 0.5, -2, 1e-3), and separated by commas, blanks or
semicolons. A comma within a number (0,5) is taken where nothing else can be meant: where semicolons separate, or where
only so the right number of numbers comes out.
"""

import re
from collections.abc import Callable, Collection

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?", re.ASCII)
GLUED = re.compile(r"(?<=[0-9]),(?=[0-9])", re.ASCII)
LONGEST_QUOTE = 80


def read_numbers(text: str, field: str, example: str, counts: Collection[int] = ()) -> list[float]:
    """All numbers of a text, none for an empty one. `counts`: how many may be right, empty for any.

    `field`, `example`: for the sentence of the ValueError.
    """
    words = [word for word in re.split(r"[\s;]+", text.strip()) if word]
    as_list, as_decimals = split_words(text), split_words(GLUED.sub(".", text))
    if not GLUED.search(text) or any("." in word or len(GLUED.findall(word)) > 1 for word in words):
        return numbers(as_list, text, field, example)
    fits_list, fits_decimals = (bool(counts) and len(parts) in counts for parts in (as_list, as_decimals))
    if fits_list != fits_decimals or ";" in text:
        return numbers(as_list if fits_list and not fits_decimals else as_decimals, text, field, example)
    word = next(word for word in words if GLUED.search(word))
    raise ValueError(
        f"{field}: '{quoted(word)}' may be one number or two; write {quoted(GLUED.sub('.', word))} for one, or "
        f"{quoted(GLUED.sub(', ', word))} for two."
    )


def split_words(text: str) -> list[str]:
    """Nothing between two commas or semicolons is an empty word; the text's end is none."""
    tidy = re.sub(r"\s*([,;])\s*", r"\1", text.strip()).removesuffix(",").removesuffix(";")
    return re.split(r"[,;]|\s+", tidy) if tidy else []


def numbers(words: list[str], text: str, field: str, example: str) -> list[float]:
    wrong = next((word for word in words if not NUMBER.fullmatch(word)), None)
    if wrong is None:
        return [float(word) for word in words]
    what = f"'{quoted(wrong)}' is no number" if wrong else "nothing stands between two commas"
    raise ValueError(f"{field} should hold numbers such as {example}; in '{quoted(text.strip())}' {what}.")


def quoted(text: str) -> str:
    """At most 80 characters of what was typed, in one line."""
    shown = re.sub(r"\s+", " ", text)
    return shown if len(shown) <= LONGEST_QUOTE else f"{shown[: LONGEST_QUOTE - 3]}..."


def complaint(read: Callable[[str], object], text: str | list[str] | None) -> bool | str:
    """What ComfyUI's `validate_inputs` wants: True, or why the text can't be read; None came by a wire."""
    first = text[0] if isinstance(text, list) else text
    try:
        if first is not None:
            read(first)
    except ValueError as error:
        return str(error)
    return True


def first_complaint(*answers: bool | str) -> bool | str:
    """The first of several fields' complaints, or True."""
    return next((answer for answer in answers if answer is not True), True)
