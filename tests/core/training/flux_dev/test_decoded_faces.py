"""What an identity loss sees of FLUX.1's predictions: the crop that the face encoder would cut, with a gradient."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

pytest.importorskip("cv2")

from infu_core.faces.face_alignment import TARGET_POINTS, align_face, similarity_transform  # noqa: E402
from infu_core.training.flux_dev.decoded_faces import (  # noqa: E402
    MARGIN,
    DecodedFaces,
    aligned,
    from_crop,
    window,
)

POINTS = np.array([[150.0, 120.0], [210.0, 132.0], [176.0, 160.0], [148.0, 190.0], [196.0, 200.0]])


class EveryEighthPixel:
    """A VAE whose latents are a picture's means in squares of 8: in the first three channels, -1..1."""

    dtype = torch.float32
    config = type("Config", (), {"scaling_factor": 2.0, "shift_factor": 0.5})()

    def decode(self, latents, return_dict):
        self.seen = latents.shape
        return (F.interpolate(latents[:, :3], scale_factor=8.0, mode="nearest"),)


def colours(crops):
    return F.pad(crops.mean((2, 3)), (0, 509))


def smooth_picture():
    y, x = np.mgrid[0:320, 0:360]
    waves = [128 + 100 * np.sin(x / a + y / b) for a, b in ((40, 60), (70, 35), (55, 50))]
    return np.stack(waves, -1).astype(np.uint8)


def test_the_transform_is_the_inverse_of_the_face_encoder_s():
    there = similarity_transform(POINTS, TARGET_POINTS)
    back = from_crop(torch.tensor(POINTS)[None])[0].numpy()
    whole = np.vstack([there, [0, 0, 1]]) @ np.vstack([back, [0, 0, 1]])
    assert whole == pytest.approx(np.eye(3), abs=1e-9)


def test_crops_are_those_of_the_face_encoder():
    picture = smooth_picture()
    expected = align_face(picture, POINTS).astype(np.float32)
    given = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 127.5 - 1
    made = (aligned(given, torch.tensor(POINTS)[None].float())[0].permute(1, 2, 0).numpy() + 1) * 127.5
    assert np.abs(made - expected)[4:-4, 4:-4].mean() < 1.5


def test_the_window_holds_the_crop_and_stays_in_the_picture():
    points = torch.tensor(POINTS)
    left, top, right, bottom = window(points, 40, 45)
    corners = torch.tensor([[0.0, 0, 1], [112, 112, 1]]).double() @ from_crop(points[None])[0].T / 8
    assert left <= corners[0, 0] - MARGIN + 1 and top <= corners[0, 1] - MARGIN + 1
    assert 0 <= left < right <= 45 and 0 <= top < bottom <= 40
    assert window(points + 5000, 40, 45)[2] <= 5000 + 45


def test_only_what_is_about_the_face_is_decoded_and_a_gradient_comes_back():
    vae = EveryEighthPixel()
    faces = DecodedFaces(vae, colours)
    latents = torch.randn(2, 16, 60, 90, requires_grad=True)
    points = torch.tensor(np.stack([POINTS, POINTS + 40])).float()
    vectors = faces(latents, points)
    assert vectors.shape == (2, 512) and torch.allclose(vectors.norm(dim=1), torch.ones(2))
    assert vae.seen[-1] < 60 and vae.seen[-2] < 60
    vectors[:, 0].sum().backward()
    where = latents.grad.abs().sum((0, 1)) > 0
    assert where.any() and not where[:, 70:].any() and latents.grad[:, 3:].abs().sum() == 0


def test_latents_are_scaled_back_before_they_are_decoded():
    latents = torch.zeros(1, 16, 40, 45)
    latents[:, :3] = torch.tensor([-1.0, -0.2, 0.4])[:, None, None]  # 0, 0.4 and 0.7 after the shift
    made = DecodedFaces(EveryEighthPixel(), colours)(latents, torch.tensor(POINTS)[None].float())[0, :3]
    assert torch.allclose(made, F.normalize(torch.tensor([0.7, 0.4, 0.0]), dim=0), atol=1e-5)


def test_samples_without_key_points_are_refused():
    with pytest.raises(ValueError, match="prepare them again"):
        DecodedFaces(EveryEighthPixel(), colours)(torch.zeros(1, 16, 8, 8), None)
