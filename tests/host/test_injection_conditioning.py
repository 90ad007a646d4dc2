"""ApplyInfuseNetConditioning: one person for one prompt, as ControlNets travel, with the results of ApplyInfuseNet."""

import gc
import weakref

import pytest
import torch
from harness.host_injection import Stage, change

SAME = 1e-4


@pytest.fixture(scope="module")
def stage(comfyui):
    return Stage(comfyui)


def test_equals_the_model_node(stage):
    assert change(stage.sample(positive=stage.condition()), stage.sample(stage.apply())) < SAME
    widgets = {"strength": 0.6, "style_alignment": 0.5, "block_weights": "0.5; 2", "start_percent": 0.1}
    assert change(stage.sample(positive=stage.condition(**widgets)), stage.sample(stage.apply(**widgets))) < SAME


def test_zero_strength_is_the_prompt_itself(stage):
    assert stage.condition(strength=0.0) is stage.positive


def test_the_given_prompt_is_untouched(stage):
    stage.condition()
    assert "control" not in stage.positive[0][1]


@pytest.mark.parametrize("cfg", [1.0, 3.5])
def test_row_k_equals_the_picture_made_alone(stage, cfg):
    positive = stage.condition()
    whole = stage.sample(positive=positive, batch=4, cfg=cfg)
    assert change(whole[3:], stage.sample(positive=positive, row=3, cfg=cfg)) < SAME


def test_the_negative_prompt_by_a_switch(stage):
    off, on = (stage.sample(positive=stage.condition(on_negative=switch), cfg=3.0, steps=1) for switch in (False, True))
    assert change(off, stage.sample(stage.apply(), cfg=3.0, steps=1)) < SAME
    assert change(on, stage.sample(stage.apply(on_negative=True), cfg=3.0, steps=1)) < SAME


def test_a_negative_prompt_may_be_given_a_person(stage):
    """Whoever connects it there means it."""
    away = stage.sample(stage.model, negative=stage.condition(stage.negative), cfg=3.0, steps=1)
    negative = stage.sample(stage.apply(), stage.negative, steps=1)
    positive = stage.sample(steps=1)
    assert change(away, negative + 3.0 * (positive - negative)) < SAME


def test_controlnets_before_and_after(stage, monkeypatch):
    """The same picture in either order; no ControlNet sees an identity token."""
    import comfy.ldm.flux.controlnet

    original, seen = comfy.ldm.flux.controlnet.ControlNetFlux.forward, []

    def spy(self, x, timesteps, context, *args, **kwargs):
        seen.append(context.shape[1])
        return original(self, x, timesteps, context, *args, **kwargs)

    monkeypatch.setattr(comfy.ldm.flux.controlnet.ControlNetFlux, "forward", spy)
    before = stage.sample(positive=stage.condition(stage.control()))
    after = stage.sample(positive=stage.control(stage.condition()))
    assert change(after, before) < SAME
    assert change(before, stage.sample(stage.apply(), stage.control())) < SAME
    assert set(seen) == {12}


def test_with_the_model_node_both_act(stage):
    first, second = stage.identity(3), stage.identity(4)
    made = stage.sample(stage.apply(who=first), stage.condition(who=second))
    assert change(made, stage.sample(stage.apply(stage.apply(who=first), second))) < SAME


def test_two_people_on_two_prompts_with_areas_and_masks(stage):
    left = torch.zeros(1, 64, 64)
    left[..., :32] = 1
    for first, second in (
        ({"mask": left, "mask_strength": 1.0}, {"mask": 1 - left, "mask_strength": 1.0}),
        ({"area": (8, 4, 0, 0)}, {"area": (8, 4, 0, 4)}),
    ):
        one = [[stage.positive[0][0], {**stage.positive[0][1], **first}]]
        two = [[stage.prompt(5)[0][0], {**stage.prompt(5)[0][1], **second}]]
        prompts = stage.condition(one, stage.identity(3)) + stage.condition(two, stage.identity(4))
        swapped = stage.condition(one, stage.identity(4)) + stage.condition(two, stage.identity(3))
        made = stage.sample(positive=prompts)
        assert change(made, stage.sample(positive=one + two)) > 0.01
        assert change(made, stage.sample(positive=swapped)) > 0.01


def test_a_timestep_range_of_the_prompt_holds(stage):
    late = stage.call("ConditioningSetTimestepRange", conditioning=stage.condition(), start=0.3, end=1.0)[0]
    early = stage.call("ConditioningSetTimestepRange", conditioning=stage.positive, start=0.0, end=0.3)[0]
    with stage.watching() as seen:
        stage.sample(positive=early + late, steps=4)
    assert 0 < len(seen) < 4


def test_a_mask_on_the_node(stage):
    left = torch.zeros(1, 64, 64)
    left[..., :32] = 1
    made = stage.sample(positive=stage.condition(mask=left))
    assert change(made, stage.sample(stage.apply(who=stage.region(7, left)))) < SAME
    with pytest.raises(ValueError, match="Both a mask and identity regions"):
        stage.condition(who=stage.region(3), mask=left)


def test_a_region_chain_works_too(stage):
    left = torch.zeros(1, 64, 64)
    left[..., :32] = 1
    chain = stage.region(4, 1 - left, stage.region(3, left))
    assert change(stage.sample(positive=stage.condition(who=chain)), stage.sample(stage.apply(who=chain))) < SAME


def test_our_sampler_drives_it_too(stage):
    """Curves, reuse and identity guidance reach an identity in the prompt."""

    def sample(model, positive, **dials):
        return stage.call(
            "InfuSampler", model=model, positive=positive, negative=stage.negative, seed=1, steps=3,
            latent_image={"samples": torch.zeros(1, 16, 8, 8)}, **dials,
        )[0]["samples"]  # fmt: skip

    for dials in ({}, {"identity_guidance": 1.5}, {"identity_guidance": 0.0}):
        by_prompt = sample(stage.model, stage.condition(), **dials)
        assert change(by_prompt, sample(stage.apply(), stage.positive, **dials)) < SAME


def test_copies_and_what_comfyui_asks_of_a_controlnet(stage):
    control = stage.condition(stage.control())[0][1]["control"]
    copied = control.copy()
    copied.set_previous_controlnet(control.previous_controlnet)
    assert copied is not control and copied.injection is control.injection
    assert stage.infusenet.network in copied.get_models()
    assert len(copied.get_models()) == 2
    assert copied.inference_memory_requirements(torch.bfloat16) > 0
    with_copy = [[stage.positive[0][0], {**stage.positive[0][1], "control": copied}]]
    assert change(stage.sample(positive=with_copy), stage.sample(positive=stage.condition(stage.control()))) < SAME


def test_the_model_is_checked_before_sampling(stage):
    positive = stage.condition()
    stage.model.model.model_config.unet_config["image_model"] = "flux2"
    try:
        with pytest.raises(ValueError, match="this MODEL is of the kind 'flux2'"):
            stage.sample(positive=positive)
    finally:
        stage.model.model.model_config.unet_config["image_model"] = "flux"


def test_nothing_is_kept_after_a_run_or_an_error(stage):
    runs = []
    injector = stage.module("infu_core.injection.injector")
    original = injector.InjectionRun.__init__

    def remember(self, *args, **kwargs):
        original(self, *args, **kwargs)
        runs.append(weakref.ref(self))

    injector.InjectionRun.__init__ = remember
    positive = stage.condition()
    try:
        stage.sample(positive=positive)
        hook = stage.model.model.diffusion_model.single_blocks[0].register_forward_pre_hook(stop)
        with pytest.raises(RuntimeError, match="stopped by the test"):
            stage.sample(positive=positive)
        hook.remove()
    finally:
        injector.InjectionRun.__init__ = original
    gc.collect()
    assert len(runs) == 2
    assert [run() for run in runs] == [None, None]


def stop(*args):
    raise RuntimeError("stopped by the test")


def test_a_patcher_that_is_gone_does_not_stop_the_pose(stage, monkeypatch):
    """ComfyUI may list None where a patcher died before its parent was told; the soak met that."""
    import comfy.model_management

    original = comfy.model_management.loaded_models
    monkeypatch.setattr(
        comfy.model_management, "loaded_models", lambda *args, **kwargs: [*original(*args, **kwargs), None]
    )
    assert change(stage.sample(positive=stage.condition()), stage.sample(stage.apply())) < SAME
