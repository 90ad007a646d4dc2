"""What InfuseNet learns from: each person of a picture with the half where they are."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("cv2")

from workshop.miniature.training.portraits import portraits_by_person, used  # noqa: E402


class Encoded:
    """A workshop with one portrait, one couple and one picture without anybody, of 2 x 2 tokens."""

    device = torch.device("cpu")

    def encoded(self, name):
        people = {"portraits": [[7]], "double-portraits": [[-1, -1], [8, 9]]}[name]
        faces = torch.tensor(people, dtype=torch.int32)
        return {
            "people": faces,
            "latents": torch.full((len(faces), 16, 4, 4), float(len(faces))),
            "words": torch.ones(len(faces), 3, 40, dtype=torch.uint8),
            "points": faces[..., None].expand(-1, -1, 10).float(),
            "crops": faces[..., None, None, None].expand(-1, -1, 2, 2, 3),
            "boxes": torch.tensor([0.0, 0.0, 16.0, 30.0]).expand(len(faces), faces.shape[1], -1),
        }


def test_each_person_of_a_couple_has_their_half_and_nobody_has_none():
    alone, together = portraits_by_person(Encoded(), face_weight=3.0)
    assert alone["people"].tolist() == [7] and together["people"].tolist() == [8, 9]
    assert alone["region"].tolist() == [[1, 1, 1, 1]]
    assert together["region"].tolist() == [[1, 0, 1, 0], [0, 1, 0, 1]]
    assert together["points"][:, 0, 0].tolist() == together["crops"][:, 0, 0, 0].tolist() == [8, 9]
    assert together["latents"][:, 0, 0, 0].tolist() == [2, 2]
    assert together["weight"].tolist() == 2 * [[3, 1, 3, 1]]


def test_places_that_no_caption_reaches_are_cut_off():
    words = torch.zeros(2, 3, 40, dtype=torch.uint8)
    words[1, 2, :17] = 1
    assert used(words).shape == (2, 3, 24)
