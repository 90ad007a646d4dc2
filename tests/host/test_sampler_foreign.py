"""A sampling whose predictions another pack makes in its own way: our dials act, or the report says that they can't."""

import pytest
import torch
from harness.host_sampling import Bench

DIALS = {"identity_guidance": 1.5, "style_alignment": 0.3}
TOLD = "identity_guidance, the dials that go with it and feature_interaction did not act"


@pytest.fixture(scope="module")
def bench(comfyui):
    return Bench(comfyui)


def foreign(monkeypatch, calculate):
    """As packs do it that put a `sampling_function` of their own into ComfyUI's; they ask for no function of a node."""
    import comfy.samplers

    def sampling_function(model, x, timestep, uncond, cond, cond_scale, model_options=None, seed=None):
        positive, negative = calculate(model, [cond, uncond], x, timestep, model_options or {})
        return negative + cond_scale * (positive - negative)

    monkeypatch.setattr(comfy.samplers, "sampling_function", sampling_function)


def test_one_that_asks_for_all_prompts_at_once_is_guided(bench, monkeypatch):
    import comfy.samplers

    ours = bench.infu(bench.identity, cfg=2.0, **DIALS)
    foreign(monkeypatch, comfy.samplers.calc_cond_batch)
    made = bench.infu(bench.identity, cfg=2.0, **DIALS)
    assert (made - ours).norm() / ours.norm() < 1e-4
    assert TOLD not in bench.record().text()
    assert torch.equal(bench.infu(bench.identity, cfg=2.0, identity_guidance=0.0), bench.ksampler(bench.model, cfg=2.0))


def test_one_that_goes_past_every_node_is_told(bench, monkeypatch):
    """Strength, curve and reuse still act; guidance can't, in the node's report and in the guider's."""
    import comfy.samplers

    foreign(monkeypatch, comfy.samplers._calc_cond_batch)
    for dials in (DIALS, {"identity_guidance": 0.0}):
        made = bench.infu(bench.identity, cfg=2.0, **dials)
        assert torch.equal(made, bench.ksampler(bench.identity, cfg=2.0))
        assert TOLD in bench.record().text()
    widgets = {"positive": bench.positive, "negative": bench.negative, "cfg": 2.0, **DIALS}
    bench.advanced(bench.call("InfuGuider", model=bench.identity, **widgets)[0])
    assert TOLD in bench.record().text()
    bench.infu(bench.identity, cfg=2.0, reuse="fast", steps=12)
    assert TOLD not in bench.record().text() and bench.record().runs[0].reused > 0


def test_nothing_is_said_where_guidance_acts_or_has_no_step(bench):
    for dials in (DIALS, {"identity_guidance": 0.0}, {**DIALS, "guidance_start_percent": 1.0}, {}):
        bench.infu(bench.identity, **dials)
        assert TOLD not in bench.record().text()
