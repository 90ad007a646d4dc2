"""The report says what an identity is made of, before it says what each photo showed."""

import numpy as np

from infu_core.faces.face import Face
from infu_core.identity.encode_report import PhotoLine, listed, made_of
from infu_core.identity.face_choice import FoundFaces

PICTURE = np.zeros((8, 8, 3), dtype=np.uint8)
POINTS = ((1.0, 1.0), (2.0, 1.0), (1.5, 1.5), (1.0, 2.0), (2.0, 2.0))


def photo(used: bool = True, face: bool = True) -> PhotoLine:
    found = FoundFaces(PICTURE, (Face((0, 0, 4, 4), POINTS, 0.9),), (0,), (0,)) if face else FoundFaces(PICTURE)
    return PhotoLine(found, used=used and face)


def test_skipped_and_left_out_photos_are_counted_and_named():
    lines = [photo(), photo(), photo(face=False), photo(used=False), photo(), photo(face=False)]
    assert made_of(lines) == [
        "Made of 3 of 6 photos: 1 to 2, 5",
        "Skipped, no face found: 2 (3, 6)",
        "Left out: 1 (4)",
    ]


def test_a_single_photo_is_not_counted():
    assert made_of([photo()]) == []


def test_neighbours_are_listed_as_a_run():
    assert listed([1, 2, 3, 7, 9, 10]) == "1 to 3, 7, 9 to 10"
