"""A turned head's key points lie as geometry says, and what cannot be shown is refused."""

import numpy as np
import pytest

from infu_core.faces.face import FaceError
from infu_core.faces.head_turns import EYES_TO_MOUTH, FACE, head_turn, pairs

LEFT, RIGHT, NOSE, MOUTH_LEFT, MOUTH_RIGHT = range(5)


def seen(turn=0.0, nod=0.0, height=1000, width=800, size=0.4, x=0.5, y=0.4):
    return head_turn(turn, nod, height, width, size, x, y)


def test_straight_ahead_is_symmetrical_about_the_asked_middle():
    points = seen()
    assert np.allclose(points[[LEFT, MOUTH_LEFT], 0] + points[[RIGHT, MOUTH_RIGHT], 0], 800)
    assert points[NOSE, 0] == pytest.approx(400)
    assert (points[LEFT, 1] + points[MOUTH_LEFT, 1]) / 2 == pytest.approx(400)


def test_size_is_the_face_s_share_of_the_height():
    points = seen(size=0.3)
    assert points[MOUTH_LEFT, 1] - points[LEFT, 1] == pytest.approx(0.3 * 1000 / FACE)
    eyes = points[RIGHT, 0] - points[LEFT, 0]
    assert eyes * EYES_TO_MOUTH == pytest.approx(0.3 * 1000 / FACE)


@pytest.mark.parametrize("turn", [10, 25, 40])
def test_a_turn_to_the_right_narrows_the_face_and_moves_the_nose_right(turn):
    ahead, points = seen(), seen(turn)
    width = points[RIGHT, 0] - points[LEFT, 0]
    assert width == pytest.approx((ahead[RIGHT, 0] - ahead[LEFT, 0]) * np.cos(np.deg2rad(turn)))
    assert points[NOSE, 0] > points[[LEFT, RIGHT], 0].mean() + 0.05 * width
    assert points[RIGHT, 0] > points[LEFT, 0]


def test_left_is_right_mirrored():
    left, right = seen(-30), seen(30)
    assert np.allclose(left[[RIGHT, LEFT, NOSE, MOUTH_RIGHT, MOUTH_LEFT]] * (-1, 1) + (800, 0), right)


def test_looking_down_moves_the_nose_towards_the_mouth():
    ahead, down = seen(), seen(nod=20)

    def place(points):
        return (points[NOSE, 1] - points[LEFT, 1]) / (points[MOUTH_LEFT, 1] - points[LEFT, 1])

    assert place(down) > place(ahead) > place(seen(nod=-20))


@pytest.mark.parametrize(("turn", "nod"), [(61, 0), (-70, 0), (0, 41)])
def test_too_far_is_refused_with_both_numbers(turn, nod):
    with pytest.raises(FaceError, match=f"turn of {turn} and a nod of {nod} degrees.*turns of 60 and nods of 40"):
        seen(turn, nod)


def test_one_nod_serves_all_turns():
    assert pairs([1, 2, 3], [5]) == [(1, 5), (2, 5), (3, 5)]
    assert pairs([1, 2], [5, 6]) == [(1, 5), (2, 6)]
    with pytest.raises(FaceError, match="3 turns and 2 nods"):
        pairs([1, 2, 3], [5, 6])
