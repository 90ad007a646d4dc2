"""What each edition of the weights was told in: how many words, and how near people are."""

import pytest

pytest.importorskip("cv2")

from miniature.edition import FIRST, FIRST_WORDS, SECOND, edition_of, shipped_edition  # noqa: E402
from miniature.faces.captions import MOST_WORDS, caption, vocabulary  # noqa: E402
from miniature.faces.person import person  # noqa: E402
from miniature.faces.scene import scene  # noqa: E402
from miniature.faces.stranger import draw_stranger  # noqa: E402
from miniature.networks.text_encoder import LENGTH, Words  # noqa: E402


def test_words_tell_the_edition():
    assert edition_of(FIRST_WORDS) == FIRST and edition_of(len(vocabulary()) + 1) == SECOND
    assert Words().places == SECOND.places == MOST_WORDS[1:]
    assert len(Words(FIRST_WORDS)) == FIRST_WORDS and Words(FIRST_WORDS).places == (LENGTH, LENGTH)


@pytest.mark.parametrize("people", [1, 2])
def test_a_text_is_read_in_as_many_words_as_such_pictures_were_trained_in(people):
    words = Words()
    for seed in range(300):
        drawn = scene(seed, tuple(person(seed + place) for place in range(people)))
        text = caption(drawn, seed, face=0.5)
        length = words.length(text)
        assert length == words.places[people - 1], text
        assert len(words.split(text)) <= length
        assert len(words.indices(text, length)) == length


def test_people_are_as_near_as_the_shipped_weights_know_them():
    near = shipped_edition().framing
    assert (draw_stranger(3) == draw_stranger(3, framing=near)).all()
    other = SECOND.framing if near == FIRST.framing else FIRST.framing
    assert (draw_stranger(3) != draw_stranger(3, framing=other)).any()
