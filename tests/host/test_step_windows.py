"""start_percent and end_percent act on exactly the steps on which ComfyUI's ControlNetApplyAdvanced acts."""

import pytest
import torch
from harness.host_injection import Stage

WINDOWS = [(0.0, 1.0), (0.1, 0.5), (0.2, 0.7), (0.3, 0.9), (0.5, 0.5), (0.0, 0.25)]


@pytest.fixture(scope="module")
def stage(comfyui):
    return Stage(comfyui)


@pytest.fixture
def controls(monkeypatch):
    """The times at which ComfyUI's ControlNet ran."""
    import comfy.ldm.flux.controlnet

    original, seen = comfy.ldm.flux.controlnet.ControlNetFlux.forward, []

    def spy(self, x, timesteps, *args, **kwargs):
        seen.append(float(timesteps[0]))
        return original(self, x, timesteps, *args, **kwargs)

    monkeypatch.setattr(comfy.ldm.flux.controlnet.ControlNetFlux, "forward", spy)
    return seen


def with_control(stage, start, end):
    net = stage.call("ControlNetLoader", control_net_name=stage.names.controlnet)[0]
    return stage.call(
        "ControlNetApplyAdvanced", positive=stage.positive, negative=stage.negative, control_net=net,
        image=torch.rand(1, 64, 64, 3), vae=stage.vae, strength=1.0, start_percent=start, end_percent=end,
    )[0]  # fmt: skip


def sampled(stage, model, positive, sigmas, sampler_name="euler"):
    guider = stage.call("BasicGuider", model=model, conditioning=positive)[0]
    stage.call(
        "SamplerCustomAdvanced", noise=stage.call("RandomNoise", noise_seed=1)[0], guider=guider, sigmas=sigmas,
        sampler=stage.call("KSamplerSelect", sampler_name=sampler_name)[0],
        latent_image={"samples": torch.zeros(1, 16, 4, 4)},
    )  # fmt: skip


def check(stage, controls, sigmas, start, end, **sampling):
    controls.clear()
    positive = with_control(stage, start, end)
    with stage.watching() as seen:
        sampled(stage, stage.apply(start_percent=start, end_percent=end), positive, sigmas, **sampling)
    expected = list(controls)
    assert [float(run["timestep"][0]) for run in seen] == expected
    controls.clear()
    with stage.watching() as seen:
        identity = stage.condition(positive, start_percent=start, end_percent=end)
        sampled(stage, stage.model, identity, sigmas, **sampling)
    assert [float(run["timestep"][0]) for run in seen] == controls == expected
    return expected


def schedules():
    import comfy.samplers

    return list(comfy.samplers.SCHEDULER_NAMES)


def test_on_every_scheduler(stage, controls):
    acted = set()
    for name in schedules():
        sigmas = stage.call("BasicScheduler", model=stage.model, scheduler=name, steps=10, denoise=1.0)[0]
        acted |= {len(check(stage, controls, sigmas, *window)) for window in WINDOWS[1:4]}
    assert acted > {3, 4, 5}


@pytest.mark.parametrize("window", WINDOWS)
def test_with_denoise_below_one_and_a_split_schedule(stage, controls, window):
    sigmas = stage.call("BasicScheduler", model=stage.model, scheduler="ddim_uniform", steps=10, denoise=0.7)[0]
    check(stage, controls, sigmas, *window)
    high, low = stage.call("SplitSigmas", sigmas=sigmas, step=4)
    for part in (high, low):
        check(stage, controls, part, *window)


def test_on_the_very_edges(stage, controls):
    """Windows that begin and end at the percents of the steps themselves, where rounding decides."""
    clock = stage.module("infu_core.hosts.comfyui_clock")
    sampling = stage.model.model.model_sampling
    sigmas = stage.call("BasicScheduler", model=stage.model, scheduler="simple", steps=6, denoise=1.0)[0]
    percents = [clock.percent_of(sigma, sampling) for sigma in sigmas.tolist()]
    for start, end in zip(percents[:-2], percents[2:], strict=True):
        check(stage, controls, sigmas, start, end)


@pytest.mark.parametrize("sampler", ["heun", "dpmpp_2s_ancestral", "euler_ancestral"])
def test_samplers_that_evaluate_between_the_steps(stage, controls, sampler):
    sigmas = stage.call("BasicScheduler", model=stage.model, scheduler="beta", steps=8, denoise=1.0)[0]
    check(stage, controls, sigmas, 0.2, 0.6, sampler_name=sampler)


def test_unsampling(stage, controls):
    sigmas = stage.call("BasicScheduler", model=stage.model, scheduler="ddim_uniform", steps=10, denoise=1.0)[0]
    check(stage, controls, stage.call("FlipSigmas", sigmas=sigmas)[0], 0.2, 0.7)


@pytest.mark.parametrize("window", WINDOWS[1:4])
def test_the_guidances_window_is_the_same(stage, controls, window):
    """Where the guidance is the text alone, InfuseNet rests on the steps on which the ControlNet acts."""
    start, end = window
    sigmas = stage.call("BasicScheduler", model=stage.model, scheduler="ddim_uniform", steps=10, denoise=1.0)[0]
    guider = stage.call(
        "InfuGuider", model=stage.apply(), positive=with_control(stage, start, end), identity_guidance=0.0,
        guidance_start_percent=start, guidance_end_percent=end,
    )[0]  # fmt: skip
    with stage.watching() as seen:
        stage.call(
            "SamplerCustomAdvanced", noise=stage.call("RandomNoise", noise_seed=1)[0], guider=guider, sigmas=sigmas,
            sampler=stage.call("KSamplerSelect", sampler_name="euler")[0],
            latent_image={"samples": torch.zeros(1, 16, 4, 4)},
        )  # fmt: skip
    assert sorted([float(run["timestep"][0]) for run in seen] + controls, reverse=True) == sigmas[:-1].tolist()
