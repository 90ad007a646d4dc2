"""Shares of a long work: each thing is in one of them, and each has a folder."""

from pathlib import Path

import pytest

from infu_core.training.data.parts import WHOLE, Part
from infu_core.training.data.prepare import part


def test_every_place_is_in_one_part():
    for place in range(7):
        assert sum(Part(index, 3).has(place) for index in (1, 2, 3)) == 1
        assert WHOLE.has(place)


def test_parts_have_folders_of_their_own_and_the_whole_has_none():
    assert WHOLE.folder(Path("a")) == Path("a")
    assert Part.parse("3/64").folder(Path("a")) == Path("a/part-0003-of-0064")


@pytest.mark.parametrize("text", ["3", "0/4", "5/4", "a/b", "-1/2", ""])
def test_other_words_are_refused_with_an_example(text):
    with pytest.raises(ValueError, match="3/64"):
        Part.parse(text)
    with pytest.raises(Exception, match="3/64"):
        part(text)
