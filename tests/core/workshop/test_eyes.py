"""The judge of eyes: what it is taught, and that it can be taught."""

import numpy as np
import pytest
import torch

pytest.importorskip("cv2")

from infu_core.faces.face_alignment import align_face  # noqa: E402
from miniature.faces.render import render_random  # noqa: E402
from miniature.faces.scene import CLOSE_UP  # noqa: E402
from workshop.miniature.networks.eyes import HEIGHT, WIDTH, EyeClassifier, patches  # noqa: E402
from workshop.miniature.training.batches import Batches  # noqa: E402
from workshop.miniature.training.eye_batches import dark, eyes_and_spoilt_ones, half, shut, smeared, smudged  # noqa: E402
from workshop.miniature.training.objectives import EyesObjective, to_floats  # noqa: E402


@pytest.fixture(scope="module")
def crops():
    made = (render_random(seed, (seed,), sway=0.3, framing=CLOSE_UP) for seed in range(24))
    return torch.from_numpy(np.stack([align_face(one.image, one.key_points[0]) for one in made]))


def test_each_eye_is_cut_where_alignment_puts_it():
    crops = torch.zeros(1, 3, 112, 112)
    crops[0, :, 52, 38] = crops[0, :, 52, 74] = 1
    both = patches(crops)
    assert both.shape == (1, 2, 3, HEIGHT, WIDTH)
    assert both[0, :, 0].flatten(1).argmax(1).tolist() == 2 * [HEIGHT // 2 * WIDTH + WIDTH // 2]


def test_every_way_of_spoiling_changes_the_middle(crops):
    eyes = patches(to_floats(crops)).flatten(0, 1)
    draw = type("Still", (), {"uniform": lambda self, *s: torch.full((len(eyes), *s), 0.4)})()
    draw.normal = lambda *shape: torch.zeros(len(eyes), *shape)
    for spoilt in (smudged(eyes), smeared(eyes), dark(eyes, draw), shut(eyes, draw), half(eyes, draw)):
        assert spoilt.shape == eyes.shape and float(spoilt.min()) >= 0 and float(spoilt.max()) <= 1
        assert float((spoilt - eyes)[..., 9:15, 12:20].abs().mean()) > 0.03


def test_a_batch_depends_on_its_step_alone_and_half_of_it_is_as_rendered(crops):
    batches = Batches({"crops": crops}, 64, 5, eyes_and_spoilt_ones)
    one, again, other = batches(3, 0, 1), batches(3, 0, 1), batches(4, 0, 1)
    assert all(torch.equal(one[name], again[name]) for name in one) and not torch.equal(one["eyes"], other["eyes"])
    assert one["eyes"].shape == (64, 3, HEIGHT, WIDTH) and 16 < float(one["open"].sum()) < 48


def test_it_learns_to_tell_them_apart(crops):
    torch.manual_seed(0)
    network = EyeClassifier()
    objective, batches = EyesObjective(network), Batches({"crops": crops}, 64, 5, eyes_and_spoilt_ones)
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3)
    for step in range(60):
        optimiser.zero_grad()
        objective(**batches(step, 0, 1)).mean().backward()
        optimiser.step()
    network.eval()
    unseen = batches(1000, 0, 1)
    with torch.no_grad():
        right = (network(unseen["eyes"]) > 0) == (unseen["open"] > 0)
        assert float(right.float().mean()) > 0.8
        assert float(network.both_open(to_floats(crops)).mean()) > 0.6
