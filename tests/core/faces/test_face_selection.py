"""Selection: every order, ties, best match, and what an index that does not exist says."""

import pytest
import torch

from infu_core.faces.face import Face, FaceError
from infu_core.faces.face_selection import (
    BEST_MATCH,
    HIGHEST_SCORE,
    LARGEST,
    LEFT_TO_RIGHT,
    MOST_CENTRAL,
    RIGHT_TO_LEFT,
    TOP_TO_BOTTOM,
    order_faces,
    pick_face,
    pick_several,
)


def face(x, y, size, score):
    return Face((x - size / 2, y - size / 2, x + size / 2, y + size / 2), ((x, y),) * 5, score)


FACES = [face(100, 300, 40, 0.6), face(290, 100, 80, 0.7), face(210, 160, 20, 0.9)]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (LARGEST, [1, 0, 2]),
        (MOST_CENTRAL, [2, 1, 0]),
        (HIGHEST_SCORE, [2, 1, 0]),
        (LEFT_TO_RIGHT, [0, 2, 1]),
        (RIGHT_TO_LEFT, [1, 2, 0]),
        (TOP_TO_BOTTOM, [1, 2, 0]),
    ],
)
def test_orders(order, expected):
    assert order_faces(FACES, order, (400, 400)) == expected


def test_best_match_goes_by_similarity():
    assert order_faces(FACES, BEST_MATCH, (400, 400), torch.tensor([0.2, -0.1, 0.8])) == [2, 0, 1]


def test_best_match_without_an_identity_says_what_to_connect():
    with pytest.raises(FaceError, match="connect an identity to `match`"):
        order_faces(FACES, BEST_MATCH, (400, 400))


def test_ties_keep_the_detectors_order():
    twins = [face(100, 100, 40, 0.5), face(100, 100, 40, 0.5)]
    assert order_faces(twins, LARGEST, (400, 400)) == [0, 1]


def test_an_unknown_order_is_refused():
    with pytest.raises(FaceError, match="no order of faces called 'tallest'"):
        order_faces(FACES, "tallest", (400, 400))


def test_an_index_that_does_not_exist_says_how_many_faces_there_are():
    with pytest.raises(FaceError, match="Face 20 was asked for, but the photo shows 12 faces; choose an index from 0"):
        pick_face(list(range(12)), 20, "the photo")
    with pytest.raises(FaceError, match="shows 1 face; only index 0 exists"):
        pick_face([0], 1)


def test_several_faces_from_an_index_on():
    assert pick_several([4, 2, 7], 1, 2) == [2, 7]
    assert pick_several([4, 2, 7], 1, 0) == [2, 7]
    with pytest.raises(FaceError, match="4 faces from index 0 on were asked for, but the picture shows 3"):
        pick_several([4, 2, 7], 0, 4)
