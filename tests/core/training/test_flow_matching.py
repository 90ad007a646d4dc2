"""Flow matching: the path's ends, the times' distribution, draws that depend on seed, step and place alone."""

import torch

from infu_core.training.flow_matching import Draws, draw, flow_loss, logit_normal, noised, velocity


def test_the_path_runs_from_the_picture_to_the_noise():
    clean = torch.randn(3, 4, 5)
    noise = torch.randn(3, 4, 5)
    draws = Draws(noise, torch.tensor([0.0, 0.25, 1.0]))
    there = noised(clean, draws)
    assert torch.equal(there[0], clean[0]) and torch.equal(there[2], noise[2])
    assert torch.allclose(there[1], 0.75 * clean[1] + 0.25 * noise[1])
    back = there - draws.time[:, None, None] * velocity(clean, draws)
    assert torch.allclose(back, clean, atol=1e-5)


def test_the_loss_is_zero_at_the_true_velocity_and_counts_each_sample_alone():
    clean, draws = torch.randn(2, 6), Draws(torch.randn(2, 6), torch.rand(2))
    right = velocity(clean, draws)
    wrong = right.clone()
    wrong[1] += 2
    assert torch.equal(flow_loss(right, clean, draws), torch.zeros(2))
    assert torch.allclose(flow_loss(wrong, clean, draws), torch.tensor([0.0, 4.0]))


def test_times_are_logit_normal():
    times = logit_normal(torch.randn(20000, generator=torch.Generator().manual_seed(1)))
    logits = torch.logit(times.double())
    assert abs(float(logits.mean())) < 0.03 and abs(float(logits.std()) - 1) < 0.03
    assert 0 < float(times.min()) and float(times.max()) < 1


def test_draws_depend_on_seed_step_and_place_alone():
    whole = draw(3, 17, range(0, 6), (2, 2))
    part = draw(3, 17, range(4, 6), (2, 2))
    assert torch.equal(whole.noise[4:], part.noise) and torch.equal(whole.time[4:], part.time)
    others = [draw(4, 17, range(6), (2, 2)), draw(3, 18, range(6), (2, 2))]
    assert all(not torch.equal(whole.noise, other.noise) for other in others)
    assert len(set(whole.time.tolist())) == 6


def test_many_draws_are_standard_normal_and_unrelated():
    noise = torch.stack([draw(0, step, range(8), (16,)).noise for step in range(200)]).flatten(0, 1)
    assert abs(float(noise.mean())) < 0.02 and abs(float(noise.std()) - 1) < 0.02
    neighbours = (noise[:-1] * noise[1:]).mean(1)
    assert abs(float(neighbours.mean())) < 0.03
