"""Weights as people type them."""

import pytest

from infu_core.identity.weights_text import read_weights


@pytest.mark.parametrize(
    ("text", "weights"),
    [("1, 0.5", [1, 0.5]), ("1 .5;2", [1, 0.5, 2]), ("", None), ("  ", None), ("0", [0.0]), ("1,", [1.0])],
)
def test_numbers(text, weights):
    assert read_weights(text) == weights


def test_words_are_refused():
    with pytest.raises(ValueError, match="weights should hold numbers such as 1, 0.5; in 'half' 'half' is no number"):
        read_weights("half")
