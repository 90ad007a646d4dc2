"""People find the three nodes that every graph needs, first and in this order, by the words that they type."""

import pytest

FIRST = ["Apply InfiniteYou (InfuseNet)", "Load InfiniteYou (InfuseNet)", "Encode Face ID (InfiniteYou)"]
WORDS = ("infiniteyou", "infu", "face id", "pulid", "instantid", "ip adapter face", "faceswap", "face swap")
WORDS += ("consistent character", "same person", "换脸", "人脸")


@pytest.fixture(scope="module")
def answers(pages):
    pages.open()
    pages.clear()
    found = {words: pages.search(words) for words in (*WORDS, "sampler infu", "load image")}
    pages.close()
    return found


@pytest.mark.parametrize("words", WORDS)
def test_apply_load_and_encode_come_first(answers, words):
    assert answers[words][:3] == FIRST


def test_other_words_find_what_they_name(answers):
    """The order of the three is no order of everything."""
    assert answers["sampler infu"][0] == "Sampler (InfU)"
    assert answers["load image"][0] == "Load Image"


@pytest.mark.parametrize("new_nodes", [False, True], ids=["classic", "new"])
def test_a_link_out_of_an_identity_offers_apply_first(front_end, new_nodes):
    front_end.open(new_nodes=new_nodes)
    front_end.clear()
    offered = front_end.drag_from_output(front_end.add("EncodeFaceID", 200, 150), 0)
    assert offered[0] == FIRST[0] and "Mix Identities (InfU)" in offered
