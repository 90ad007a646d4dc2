"""Identity guidance in ComfyUI: what it costs, where it acts, and its two exact ends."""

import pytest
import torch
from harness.host_sampling import Bench


@pytest.fixture(scope="module")
def bench(comfyui):
    return Bench(comfyui)


def test_guidance_one_costs_nothing_and_changes_nothing(bench):
    exact, record = bench.infu(bench.identity), bench.record
    assert torch.equal(exact, bench.ksampler(bench.identity))
    assert (record().base_passes, record().text_passes, record().runs[0].computed) == (4, 0, 4)


@pytest.mark.parametrize("cfg", [1.0, 3.5])
def test_guidance_zero_is_the_bare_model(bench, cfg):
    assert torch.equal(bench.infu(bench.identity, identity_guidance=0.0, cfg=cfg), bench.ksampler(bench.model, cfg=cfg))
    assert bench.record().runs[0].computed == 0
