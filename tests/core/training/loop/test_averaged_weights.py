"""The average of the weights: its decay rises to the one given, and never above it."""

import torch

from infu_core.training.loop.averaged_weights import AveragedWeights


def share_kept(step: int, decay: float) -> float:
    """What is left of an average of 1 after one update with weights of 0."""
    average = AveragedWeights([torch.ones(1)], decay)
    average.update([torch.zeros(1)], step)
    return average.weights[0].item()


def test_the_decay_rises_to_the_one_given_and_no_further():
    kept = torch.tensor([share_kept(step, 0.9) for step in (0, 10, 10_000)])
    torch.testing.assert_close(kept, torch.tensor([1 / 10, 11 / 20, 0.9]))
