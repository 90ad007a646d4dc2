"""Residual reuse and strength over time in ComfyUI: how often InfuseNet runs, and what that changes."""

import pytest
import torch
from harness.host_sampling import Bench


@pytest.fixture(scope="module")
def bench(comfyui):
    return Bench(comfyui)


def distance(a, b):
    return ((a - b).norm() / b.norm()).item()


@pytest.fixture(scope="module")
def exact(bench):
    return bench.infu(bench.identity, steps=30)


@pytest.mark.parametrize(("reuse", "most"), [("exact", 30), ("balanced", 12), ("fast", 6)])
def test_runs_of_thirty_steps(bench, exact, reuse, most):
    made = bench.infu(bench.identity, steps=30, reuse=reuse)
    run = bench.record().runs[0]
    assert (run.computed + run.reused, run.evaluations) == (30, 30)
    assert run.computed == 30 if reuse == "exact" else 3 < run.computed <= most
    effect = distance(bench.infu(bench.identity, steps=30, identity_guidance=0.0), exact)
    assert distance(made, exact) < 0.2 * effect


@pytest.mark.parametrize("sampler", ["heun", "dpm_2", "dpmpp_2s_ancestral", "dpmpp_sde", "seeds_2"])
def test_samplers_that_evaluate_twice_per_step(bench, sampler):
    bench.infu(bench.identity, steps=30, reuse="fast", sampler_name=sampler)
    run = bench.record().runs[0]
    assert run.evaluations > 50 and run.computed <= 9


def test_none_outside_the_identitys_window(bench):
    model = bench.apply(bench.model, start_percent=0.3, end_percent=0.7)
    bench.infu(model, steps=30, reuse="balanced")
    record = bench.record()
    inside = [percent for percent in record.percents if 0.3 <= percent <= 0.7]
    assert record.runs[0].evaluations == len(inside)
    assert record.runs[0].computed < len(inside)
    assert all(0.3 <= percent <= 0.7 for percent in record.runs[0].computed_at)


def test_none_where_the_curve_is_zero(bench):
    bench.infu(bench.identity, steps=12, strength_curve="free", free_curve="0")
    assert bench.record().runs[0].evaluations == 0
    assert torch.equal(bench.infu(bench.identity, strength_curve="free", free_curve="0 0"), bench.ksampler(bench.model))


def test_a_batch_is_reused_like_its_pictures(bench):
    latent = bench.latent(batch=2)
    both = bench.infu(bench.identity, steps=14, reuse="fast", latent_image=latent)
    second = {"samples": latent["samples"][1:], "batch_index": [1]}
    alone = bench.infu(bench.identity, steps=14, reuse="fast", latent_image=second)
    assert distance(both[1:], alone) < 1e-4


def test_a_threshold_computes_where_forecasts_miss(bench):
    runs = {}
    for threshold in (0.0, 0.5, 1e-6):
        bench.infu(bench.identity, steps=30, reuse="fast", reuse_threshold=threshold)
        runs[threshold] = bench.record().runs[0].computed
    assert runs[0.0] <= runs[0.5] < runs[1e-6]


def test_where_nothing_fits_it_is_exact_and_says_so(bench, exact, monkeypatch):
    injection = bench.comfyui.module("infu_core.hosts.comfyui_injection")
    monkeypatch.setattr(injection, "spare_memory", lambda patcher, shape: 1000.0)
    assert torch.equal(bench.infu(bench.identity, steps=30, reuse="fast"), exact)
    report = bench.record().text()
    assert "Residual reuse was off" in report and "30 runs computed, 0 reused" in report


def test_a_second_queue_equals_the_first(bench):
    widgets = {"steps": 14, "reuse": "fast", "identity_guidance": 1.4}
    assert torch.equal(bench.infu(bench.identity, **widgets), bench.infu(bench.identity, **widgets))


def test_with_guidance_infusenet_runs_no_more_often(bench):
    bench.infu(bench.identity, steps=30, reuse="fast", identity_guidance=1.5)
    assert bench.record().runs[0].computed <= 8


def test_easycache_skips_are_made_up_for(bench):
    cached = bench.call("EasyCache", model=bench.identity, reuse_threshold=1.0, start_percent=0.1, end_percent=0.95)[0]
    bench.infu(cached, steps=30)
    steps_run = bench.record().runs[0].computed
    assert steps_run < 30, "EasyCache skipped nothing, the test proves nothing"
    bench.infu(cached, steps=30, reuse="fast")
    run = bench.record().runs[0]
    assert run.evaluations <= steps_run + 4 and run.computed <= 8


@pytest.mark.parametrize("name", ["constant", "fade in", "fade out", "window"])
def test_curves_scale_the_strength_over_time(bench, name):
    schedule = bench.comfyui.module("infu_core.injection.strength_schedule")
    text = ", ".join(str(value) for value in schedule.CURVES[name])
    named = bench.infu(bench.identity, strength_curve=name)
    assert torch.equal(named, bench.infu(bench.identity, strength_curve="free", free_curve=text))
    assert torch.equal(named, bench.ksampler(bench.identity)) == (name == "constant")


def test_a_constant_curve_is_a_strength(bench):
    half = bench.infu(bench.identity, strength_curve="free", free_curve="0.5")
    assert distance(half, bench.ksampler(bench.apply(bench.model, strength=0.5))) < 1e-5


def test_curve_and_window_of_the_identity_multiply(bench):
    """A fade over the whole run, on an identity that acts in its second half only."""
    model = bench.apply(bench.model, start_percent=0.5)
    made = bench.infu(model, strength_curve="free", free_curve="0, 0, 1, 1")
    assert not torch.equal(made, bench.ksampler(bench.model))
    early = bench.infu(model, strength_curve="free", free_curve="1, 0, 0, 0")
    assert torch.equal(early, bench.ksampler(bench.model))
