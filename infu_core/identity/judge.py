"""Judge pictures by an identity: who in them looks like the person, how much, and which picture does best."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..faces.face import Face
from ..faces.face_encoder import FaceEncoder
from .identity import Identity
from .similarity import check_same_recogniser, cosine_to, id_loss


@dataclass(frozen=True, eq=False)
class PictureScore:
    """One picture's faces and each one's cosine to the identity; both empty where no face was found."""

    picture: np.ndarray
    faces: tuple[Face, ...]
    cosines: tuple[float, ...]

    @property
    def best(self) -> int | None:
        """The face most like the identity."""
        return max(range(len(self.cosines)), key=self.cosines.__getitem__) if self.cosines else None

    @property
    def cosine(self) -> float | None:
        return None if self.best is None else self.cosines[self.best]

    def labels(self) -> list[str]:
        """What to write on each face."""
        return [f"{cosine:.2f}" for cosine in self.cosines]


@dataclass(frozen=True, eq=False)
class Judgement:
    """All pictures' scores; `best` is the picture whose best face comes closest, None if none shows a face."""

    scores: tuple[PictureScore, ...]

    @property
    def best(self) -> int | None:
        found = [(score.cosine, -number) for number, score in enumerate(self.scores) if score.cosine is not None]
        return -max(found)[1] if found else None

    @property
    def without_face(self) -> int:
        return sum(not score.faces for score in self.scores)

    @property
    def mean_cosine(self) -> float | None:
        """Mean over the pictures that show a face, each by its best face."""
        found = [score.cosine for score in self.scores if score.cosine is not None]
        return sum(found) / len(found) if found else None


def judge(
    encoder: FaceEncoder,
    pictures: Sequence[np.ndarray],
    identity: Identity,
    threshold: float = 0.5,
    on_picture: Callable[[], None] = lambda: None,
) -> Judgement:
    """Compare every face of every picture (uint8 RGB [H, W, 3]) with the identity."""
    check_same_recogniser(encoder.recogniser, identity.recogniser)
    scores = []
    for picture in pictures:
        faces = encoder.detect(picture, threshold)
        cosines: list[float] = []
        if faces:
            cosines = cosine_to(encoder.embed([encoder.crop(picture, face) for face in faces]), identity).tolist()
        scores.append(PictureScore(picture, tuple(faces), tuple(cosines)))
        on_picture()
    return Judgement(tuple(scores))


def report_judgement(judgement: Judgement) -> str:
    """The best picture, the mean, the pictures without a face, then one line per picture."""
    count = len(judgement.scores)
    if judgement.best is None:
        head = [f"No face was found in any of the {count} pictures."]
    else:
        best, mean = judgement.scores[judgement.best].cosine, judgement.mean_cosine
        assert best is not None and mean is not None
        head = [
            f"Best: picture {judgement.best}, similarity {best:.3f} (ID loss {id_loss(best):.3f})",
            f"Mean of {count - judgement.without_face}: similarity {mean:.3f} (ID loss {id_loss(mean):.3f})",
            f"Without a face: {judgement.without_face} of {count}",
        ]
    lines = []
    for number, score in enumerate(judgement.scores):
        each = ", ".join(f"{value:.3f}" for value in score.cosines) or "no face"
        lines.append(f"Picture {number}: {each}")
    return "\n".join(head + lines)
