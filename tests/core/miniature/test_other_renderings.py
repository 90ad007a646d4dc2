"""Pairs of renderings: two pictures, one person, and never the picture itself."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("cv2")

from miniature.training.other_renderings import other_photos  # noqa: E402

PEOPLE = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1, 2])
PHOTO = torch.tensor([True, True, False, True, False, False, True, False, True])


def test_the_others_are_photos_of_the_same_person():
    rows, photos = other_photos(PEOPLE, PHOTO, count=9)
    assert (PEOPLE[photos] == PEOPLE[rows][:, None]).all()
    assert PHOTO[photos].all()
    assert (photos != rows[:, None]).all()


def test_every_other_photo_takes_part_and_the_last_ones_come_again():
    rows, photos = other_photos(PEOPLE, PHOTO, count=9)
    shown = {int(row): sorted(chosen.tolist()) for row, chosen in zip(rows, photos, strict=True)}
    assert shown == {0: [3, 6], 2: [8, 8], 3: [0, 6], 4: [1, 1], 5: [8, 8], 6: [0, 3], 7: [1, 1]}


def test_only_the_first_pictures_are_paired_but_with_all():
    rows, photos = other_photos(PEOPLE, PHOTO, count=3)
    assert rows.tolist() == [0, 2]
    assert photos.tolist() == [[3, 6], [8, 8]]


def test_one_picture_of_each_is_an_error_with_the_number():
    with pytest.raises(ValueError, match="None of 3 pictures has another photo"):
        other_photos(PEOPLE[:3], PHOTO[:3], count=3)
