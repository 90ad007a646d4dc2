"""The search goes from the reference's sizes to padded and turned views, and says which one found the face."""

import numpy as np
import pytest

from infu_core.faces.face import FaceError
from infu_core.faces.face_search import Attempt, attempts, look, search_faces, turn_back

NOTHING = (np.empty((0, 5)), np.empty((0, 5, 2)))


def one_face_at(points):
    points = np.asarray(points, dtype=float)
    box = np.array([[*points.min(0), *points.max(0), 0.9]])
    return box, points[None]


class MarkedPixels:
    """Finds a face whose five key points are pixels of values 1 to 5, in the attempts it is allowed."""

    def __init__(self, allowed=lambda view, size: True):
        self.allowed, self.seen = allowed, []

    def __call__(self, view, size, threshold):
        self.seen.append((view.shape[:2], size))
        if not self.allowed(view, size):
            return NOTHING
        points = []
        for value in range(1, 6):
            where = np.argwhere(view[..., 0] == value * 40)
            if len(where) == 0:
                return NOTHING
            points.append(where.mean(0)[::-1])
        return one_face_at(points)


def marked_picture(height=60, width=90):
    picture = np.zeros((height, width, 3), dtype=np.uint8)
    points = [(30, 20), (50, 22), (41, 30), (32, 40), (52, 44)]
    for value, (x, y) in enumerate(points, start=1):
        picture[y, x] = value * 40
    return picture, np.array(points, dtype=float)


def test_the_first_three_attempts_are_the_references():
    find = MarkedPixels(lambda view, size: False)
    picture, _ = marked_picture()
    assert search_faces(find, picture, 0.5) == []
    assert find.seen[:3] == [((60, 90), 640), ((60, 90), 320), ((60, 90), 160)]


def test_the_search_stops_at_the_first_attempt_that_finds_a_face():
    find = MarkedPixels(lambda view, size: size <= 320)
    picture, points = marked_picture()
    (face,) = search_faces(find, picture, 0.5)
    assert face.found_at == "320"
    assert len(find.seen) == 2
    np.testing.assert_array_equal(face.points(), points)


def test_a_padded_attempt_reports_pixels_of_the_picture_as_given():
    find = MarkedPixels(lambda view, size: view.shape[:2] == (120, 180))
    picture, points = marked_picture()
    (face,) = search_faces(find, picture, 0.5)
    assert face.found_at == "640 padded"
    np.testing.assert_array_equal(face.points(), points)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_attempt_reports_pixels_of_the_picture_as_given(turns):
    picture, points = marked_picture()
    (face,) = look(MarkedPixels(), picture, 0.5, Attempt(640, 0.5, turns))
    np.testing.assert_allclose(face.points(), points)
    np.testing.assert_allclose(face.box, (*points.min(0), *points.max(0)))


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_turn_back_is_the_inverse_of_rot90(turns):
    picture = np.zeros((5, 8), dtype=int)
    picture[1, 6] = 1
    turned = np.rot90(picture, turns)
    (row, column) = np.argwhere(turned == 1)[0]
    np.testing.assert_array_equal(turn_back(np.array([[column, row]]), turned.shape, turns), [[6, 1]])


def test_large_padded_views_are_shrunk_before_they_are_copied():
    pytest.importorskip("cv2")
    find = MarkedPixels(lambda view, size: False)
    search_faces(find, np.zeros((3000, 2000, 3), dtype=np.uint8), 0.5)
    turned_or_padded = [shape for shape, _ in find.seen if shape != (3000, 2000)]
    assert turned_or_padded and max(max(shape) for shape in turned_or_padded) <= 642


def test_large_pictures_are_also_searched_for_small_faces():
    assert [str(a) for a in attempts(2000, 1000)].count("1280") == 1
    assert "1280" not in [str(a) for a in attempts(600, 800)]


def test_a_picture_too_thin_for_the_detector_is_refused():
    with pytest.raises(FaceError, match="5000 x 10 pixels is too thin"):
        search_faces(MarkedPixels(), np.zeros((10, 5000, 3), dtype=np.uint8), 0.5)


@pytest.mark.parametrize("shape", [(2, 4000), (4000, 2), (1, 20000), (20000, 1), (1, 1), (3, 2)])
def test_extreme_shapes_are_searched_or_refused_in_words(shape):
    pytest.importorskip("cv2")
    find = MarkedPixels(lambda view, size: False)
    picture = np.zeros((*shape, 3), dtype=np.uint8)
    if max(shape) > 40 * min(shape):
        with pytest.raises(FaceError, match="too thin to hold a face; crop it"):
            search_faces(find, picture, 0.5)
    else:
        assert search_faces(find, picture, 0.5) == []


def test_huge_pictures_are_shrunk_and_the_face_is_told_in_pixels_of_the_picture_as_given():
    pytest.importorskip("cv2")
    seen = []

    def find(view, size, threshold):
        seen.append(max(view.shape[:2]))
        return one_face_at([(100, 100), (200, 100), (150, 150), (110, 200), (190, 200)])

    (face,) = search_faces(find, np.zeros((12000, 8000, 3), dtype=np.uint8), 0.5)
    assert seen == [2560] and "after shrinking to 1707 x 2560" in face.found_at
    np.testing.assert_allclose(face.points()[0], [100 * 8000 / 1707, 100 * 12000 / 2560])
