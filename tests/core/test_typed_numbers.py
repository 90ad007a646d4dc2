"""Numbers in text fields: one rule, and what could mean two things is asked."""

import pytest

from infu_core.typed_numbers import complaint, read_numbers


def read(text, counts=()):
    return read_numbers(text, "field", "1, 0.5", counts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("  \n", []),
        ("1", [1]),
        ("1, 0.5", [1, 0.5]),
        ("1 .5;2.", [1, 0.5, 2]),
        ("1,0.5", [1, 0.5]),
        ("1,1,1", [1, 1, 1]),
        ("1,", [1]),
        ("1;", [1]),
        (" 1 ,\n 2 ", [1, 2]),
        ("1e-3, +2, -3", [0.001, 2, -3]),
        ("0,5; 0,7", [0.5, 0.7]),
        ("0,5;1", [0.5, 1]),
        ("1, 2; 3", [1, 2, 3]),
    ],
)
def test_what_is_certain(text, expected):
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "count", "expected"),
    [
        ("0,5", 1, [0.5]),
        ("0,5", 2, [0, 5]),
        ("0,0 0,5 1", 5, [0, 0, 0, 5, 1]),
        ("0,5 0 0,5 1", 4, [0.5, 0, 0.5, 1]),
        ("0,0,1,1", 4, [0, 0, 1, 1]),
        ("10,20; 30,40", 4, [10, 20, 30, 40]),
    ],
)
def test_the_number_of_numbers_makes_a_comma_certain(text, count, expected):
    assert read(text, {count}) == expected


@pytest.mark.parametrize("text", ["0,5", "0,5 0,7", "1 0,5"])
def test_what_may_mean_two_things_is_asked(text):
    with pytest.raises(ValueError, match=r"may be one number or two; write \d\.5 for one, or \d, 5 for two"):
        read(text)


@pytest.mark.parametrize("text", ["1,,1", ",1", ";1", "1;;2"])
def test_nothing_between_two_commas(text):
    with pytest.raises(ValueError, match="nothing stands between"):
        read(text)


OTHERS = ("1_0", "\u0663", "\uff11", "0x10", "nan", "inf", "-inf", "1e999", "one", "1.2.3", "--1", "\u00bd", ".", "+")


@pytest.mark.parametrize("word", OTHERS)
def test_other_numbers(word):
    with pytest.raises(ValueError, match="is no number"):
        read(f"1, {word}")


def test_at_most_eighty_letters_are_quoted():
    with pytest.raises(ValueError) as refused:
        read("x" * 10_000 + "\ny")
    assert len(str(refused.value)) < 300 and "\n" not in str(refused.value)


def test_what_comfyui_is_told():
    assert complaint(read, "1, 2") is True
    assert complaint(read, None) is True
    assert complaint(read, ["1, x"]) == complaint(read, "1, x")
    assert "is no number" in str(complaint(read, "1, x"))
