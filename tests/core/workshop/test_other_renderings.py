"""Pairs of renderings: a picture and a photo of the same person."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("cv2")

from workshop.miniature.training.other_renderings import photos_of  # noqa: E402

PEOPLE = torch.tensor([0, 1, 2, 3, 0])
OWNERS = torch.tensor([2, 0, 1, 0, 5])


def test_every_photo_of_a_person_takes_part_and_the_last_ones_come_again():
    rows, photos = photos_of(PEOPLE, OWNERS)
    shown = list(zip(rows.tolist(), photos.tolist(), strict=True))
    assert shown == [(0, [1, 3]), (1, [2, 2]), (2, [0, 0]), (4, [1, 3])]
    assert (OWNERS[photos] == PEOPLE[rows][:, None]).all()


def test_nobody_with_a_photo_is_an_error_with_the_number():
    with pytest.raises(ValueError, match="Nobody in 5 pictures has a photo"):
        photos_of(PEOPLE, OWNERS + 10)
