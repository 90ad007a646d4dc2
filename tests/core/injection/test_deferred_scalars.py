"""Numbers of a device, fetched together."""

import torch

from infu_core.injection.deferred_scalars import DeferredScalars


def test_whatever_waits_comes_with_the_number_that_is_needed():
    scalars, got = DeferredScalars(), []
    scalars.later(torch.tensor(2.0), got.append)
    scalars.later(torch.tensor(3.0, dtype=torch.bfloat16), got.append)
    assert got == []
    sigma = torch.tensor([0.1, 0.1])
    assert scalars.fetch(sigma[0]) == sigma[0].item()
    assert got == [2.0, 3.0]
    assert scalars.fetch(torch.tensor(0.5)) == 0.5 and got == [2.0, 3.0]


def test_numbers_of_another_device_go_on_waiting():
    scalars, got = DeferredScalars(), []
    scalars.later(torch.empty((), device="meta"), got.append)
    assert scalars.fetch(torch.tensor(0.5)) == 0.5
    assert got == [] and len(scalars.waiting) == 1
