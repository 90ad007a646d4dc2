"""The identity loss: nothing for the right face or where too little can be seen, and a pull towards it elsewhere."""

import pytest
import torch
import torch.nn.functional as F

from infu_core.training.flow_matching import draw, noised, velocity
from infu_core.training.identity_loss import IdentityLoss

BATCH, CHANNELS = 3, 16


def colours(pictures, region):
    """A recogniser that knows people by the mean of each channel."""
    return F.normalize(pictures.mean((2, 3)), dim=1)


def people():
    torch.manual_seed(3)
    clean = torch.randn(BATCH, CHANNELS, 1, 1).expand(-1, -1, 4, 4) + 0.1 * torch.randn(BATCH, CHANNELS, 4, 4)
    draws = draw(0, 0, range(BATCH), (CHANNELS, 4, 4))
    return clean, draws, noised(clean, draws), velocity(clean, draws)


def test_the_true_velocity_costs_nothing_and_a_wrong_one_does():
    clean, draws, noisy, true = people()
    wanted, loss = colours(clean, None), IdentityLoss(colours, weight=2.0)
    assert loss(noisy, true, draws.time, wanted, None).abs().max() < 1e-5
    other = loss(noisy, true, draws.time, wanted.roll(1, 0), None)
    cosine = (wanted * wanted.roll(1, 0)).sum(1)
    torch.testing.assert_close(other, 2 * (1 - draws.time) * (1 - cosine), atol=1e-5, rtol=1e-4)


def test_it_asks_nothing_of_noise_and_little_before():
    clean, _, noisy, true = people()
    wanted = -colours(noisy, None)
    time = torch.tensor([0.84, 0.85, 1.0])
    made = IdentityLoss(colours, 1.0, until=0.85, least=0.3)(noisy, 0 * true, time, wanted, None)
    torch.testing.assert_close(made, torch.tensor([0.6, 0.0, 0.0]))


def test_its_gradient_leads_to_the_person():
    clean, draws, noisy, true = people()
    wanted, loss = colours(clean, None), IdentityLoss(colours, 1.0)
    predicted = (true + torch.randn_like(true)).requires_grad_()
    before = loss(noisy, predicted, draws.time, wanted, None).sum()
    (gradient,) = torch.autograd.grad(before, predicted)
    assert loss(noisy, predicted - gradient, draws.time, wanted, None).sum() < before


def test_contrast_pushes_off_the_others_of_the_batch():
    clean, draws, noisy, true = people()
    wanted, loss = colours(clean, None), IdentityLoss(colours, 1.0, contrast=1.0)
    alike = loss(noisy, true, draws.time, wanted, None)
    same = loss(noisy, true, draws.time, wanted[:1].expand(BATCH, -1), None)
    assert alike[0] < same[0]


def test_weights_below_zero_are_refused_with_the_numbers():
    with pytest.raises(ValueError, match="weight -1, contrast 0"):
        IdentityLoss(colours, -1.0)
