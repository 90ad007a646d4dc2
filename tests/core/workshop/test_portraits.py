"""What InfuseNet learns from: each person of a picture with the half where they are."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("cv2")

from workshop.miniature.training.portraits import portraits_by_person  # noqa: E402


class Encoded:
    """A workshop with one portrait, one couple and one picture without anybody, of 2 x 2 tokens."""

    device = torch.device("cpu")

    def encoded(self, name):
        people = {"portraits": [[7]], "double-portraits": [[-1, -1], [8, 9]]}[name]
        faces = torch.tensor(people, dtype=torch.int32)
        return {
            "people": faces,
            "latents": torch.full((len(faces), 16, 4, 4), float(len(faces))),
            "words": torch.zeros(len(faces), 3, 40, dtype=torch.uint8),
            "points": faces[..., None].expand(-1, -1, 10).float(),
            "crops": faces[..., None, None, None].expand(-1, -1, 2, 2, 3),
        }


def test_each_person_of_a_couple_has_their_half_and_nobody_has_none():
    rows = portraits_by_person(Encoded())
    assert rows["people"].tolist() == [7, 8, 9]
    assert rows["region"].tolist() == [[1, 1, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]]
    assert rows["points"][:, 0, 0].tolist() == rows["crops"][:, 0, 0, 0].tolist() == [7, 8, 9]
    assert rows["latents"][:, 0, 0, 0].tolist() == [1, 2, 2]
