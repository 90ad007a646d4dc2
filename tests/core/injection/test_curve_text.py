"""Strength curves as people type them."""

import pytest

from infu_core.injection.curve_text import CURVE_NAMES, read_curve
from infu_core.injection.strength_schedule import CURVES


def test_named_curves_ignore_the_text():
    assert [read_curve(name, "7, 8") for name in CURVES] == list(CURVES.values())
    assert CURVE_NAMES[-1] == "free"


@pytest.mark.parametrize("text", ["0, 1, 0.5", "0 1 .5", "0;1;0.5", " 0,1 ,\n0.5 "])
def test_a_free_curve_is_a_list_of_numbers(text):
    assert read_curve("free", text) == (0.0, 1.0, 0.5)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "free_curve is empty"),
        ("0, one", "'one' is no number"),
        ("0, -1", "from 0 upwards"),
        ("nan", "is no number"),
    ],
)
def test_what_is_no_curve_is_refused_in_one_sentence(text, sentence):
    with pytest.raises(ValueError, match=sentence):
        read_curve("free", text)
