"""Key points typed by hand: shares or pixels, several faces, and what unreadable text says."""

import numpy as np
import pytest

from infu_core.faces.face import FaceError
from infu_core.faces.key_points_text import BY_HAND, read_faces

SHARES = "0.4,0.4 0.6,0.4 0.5,0.5 0.42,0.6 0.58,0.6"


def test_shares_become_pixels():
    (face,) = read_faces(SHARES, (200, 100))
    np.testing.assert_allclose(face.points(), [[40, 80], [60, 80], [50, 100], [42, 120], [58, 120]])
    assert (face.score, face.found_at) == (1.0, BY_HAND)


def test_pixels_stay_and_any_separator_will_do():
    (face,) = read_faces("(40, 80), (60, 80); [50 100] 42,120\n58,120", (200, 100))
    np.testing.assert_allclose(face.points()[4], [58, 120])


def test_the_box_surrounds_the_points():
    (face,) = read_faces(SHARES, (200, 100))
    left, top, right, bottom = face.box
    assert left < 40 and top < 80 and right > 60 and bottom > 120


def test_several_faces():
    assert len(read_faces(SHARES + " " + SHARES, (64, 64))) == 2


def test_empty_text_means_no_face():
    assert read_faces("  ", (64, 64)) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("0.1,0.2 0.3,0.4", "five key points, so ten numbers .*; 4 are given"), ("left eye", "is no number")],
)
def test_unreadable_text(text, sentence):
    with pytest.raises(FaceError, match=sentence):
        read_faces(text, (64, 64))
