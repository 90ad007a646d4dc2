"""Similarity: cosine and ID loss per face, the best picture of a batch, and pictures without a face."""

import numpy as np
import pytest
import torch

from infu_core.faces.face import face_from
from infu_core.faces.face_encoder import FaceEncoder
from infu_core.identity.identity import Identity
from infu_core.identity.judge import judge, report_judgement
from infu_core.identity.similarity import centre, check_same_recogniser, cosine_to, id_loss

pytest.importorskip("cv2")
AXES = torch.eye(512)


class OneFacePerBrightPixel:
    """Each pixel of the first row above 0 is a face; its brightness decides how its vector turns from A to B."""

    name, provider_used = "bright pixels", "CPU"

    def detect(self, picture, threshold=0.5):
        points = np.array([[30, 40], [70, 40], [50, 60], [35, 80], [65, 80]])
        return [face_from((0, 0, 9, 9), points, value / 255, "640") for value in picture[0, :, 0] if value]


class Encoder(FaceEncoder):
    def crop(self, picture, face):
        return np.full((112, 112, 3), round(face.score * 255), dtype=np.uint8)


def turn_by_brightness(pixels):
    share = (pixels[:, 0, 0, 0] + 1) / 2
    return share[:, None] * AXES[0] + (1 - share**2).sqrt()[:, None] * AXES[1]


ENCODER = Encoder(OneFacePerBrightPixel(), turn_by_brightness, "tiny")
A = Identity(AXES[:1].clone(), recogniser="tiny")


def picture(*values):
    made = np.zeros((100, 100, 3), dtype=np.uint8)
    made[0, : len(values), 0] = values
    return made


def test_the_best_face_of_the_best_picture_wins():
    result = judge(ENCODER, [picture(51), picture(), picture(102, 204, 25), picture(153)], A)
    assert result.best == 2 and result.scores[2].best == 1
    assert result.scores[2].cosine == pytest.approx(0.8, abs=1e-3)
    assert result.without_face == 1
    assert result.mean_cosine == pytest.approx((0.2 + 0.8 + 0.6) / 3, abs=1e-3)


def test_the_report_has_the_numbers():
    report = report_judgement(judge(ENCODER, [picture(51), picture()], A))
    assert "Best: picture 0, similarity 0.200 (ID loss 0.800)" in report
    assert "Without a face: 1 of 2" in report and "Picture 1: no face" in report


def test_equal_pictures_keep_the_first():
    assert judge(ENCODER, [picture(51), picture(51)], A).best == 0


def test_no_face_anywhere():
    result = judge(ENCODER, [picture(), picture()], A)
    assert result.best is None and result.mean_cosine is None
    assert "No face was found in any of the 2 pictures" in report_judgement(result)


def test_a_stack_is_compared_by_its_weighted_middle():
    stack = Identity(AXES[:2].clone(), (1.0, 1.0), recogniser="tiny")
    torch.testing.assert_close(cosine_to(AXES[:3], stack), torch.tensor([0.5**0.5, 0.5**0.5, 0.0]))
    with pytest.raises(ValueError, match="cancel out"):
        centre(Identity(torch.stack([AXES[0], -AXES[0]]), (1.0, 1.0)))


def test_id_loss_and_recognisers():
    assert id_loss(0.75) == 0.25
    with pytest.raises(ValueError, match="different recognisers"):
        judge(ENCODER, [picture(51)], Identity(AXES[:1].clone()))
    check_same_recogniser("a", "a")
