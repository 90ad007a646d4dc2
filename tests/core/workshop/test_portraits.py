"""What InfuseNet learns from: each person of a picture with the half where they are."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("cv2")

from miniature.networks.text_encoder import Words  # noqa: E402
from workshop.miniature.training.portraits import portraits_by_person, used, without_style  # noqa: E402


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
            "labels": torch.zeros(len(faces), 10, dtype=torch.int16),
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


def test_a_caption_without_its_style_begins_after_it():
    words = Words()
    told = torch.tensor(
        [words.indices(text, 16) for text in ("a photograph of a man, smiling", "an oil painting of of")]
    )
    left = without_style(told[None], words.known["of"])
    assert left[0, 0].tolist() == words.indices("a man, smiling", 16)
    assert left[0, 1].tolist() == words.indices("of", 16)
