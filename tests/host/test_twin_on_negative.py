"""ApplyInfuseNetConditioning's on_negative beside ControlNets, which ComfyUI copies to prompts that have none."""

import logging

import pytest
import torch
from harness.host_injection import Stage, change

SAME = 1e-4
TOLD = "on_negative reached no negative prompt"


@pytest.fixture(scope="module")
def stage(comfyui):
    return Stage(comfyui)


def advanced(stage, positive, negative):
    net = stage.call("ControlNetLoader", control_net_name=stage.names.controlnet)[0]
    hint = torch.rand(1, 64, 64, 3, generator=torch.Generator().manual_seed(0))
    return stage.call(
        "ControlNetApplyAdvanced", positive=positive, negative=negative, control_net=net, image=hint, vae=stage.vae,
        strength=1.0, start_percent=0.0, end_percent=1.0,
    )  # fmt: skip


def sample(stage, positive, negative, model=None, cfg=3.0):
    return stage.sample(model, positive, negative=negative, cfg=cfg)


@pytest.fixture
def told(caplog):
    """How often the log said it since it was asked last."""
    caplog.set_level(logging.INFO)

    def count() -> int:
        found = caplog.text.count(TOLD)
        caplog.clear()
        return found

    return count


@pytest.mark.parametrize("order", ["ControlNet last", "ControlNet first"])
def test_a_negative_with_a_controlnet_of_its_own_gets_no_copy_and_the_log_says_so(stage, told, order):
    if order == "ControlNet last":
        positive, negative = advanced(stage, stage.condition(on_negative=True), stage.negative)
    else:
        positive, negative = advanced(stage, stage.positive, stage.negative)
        positive = stage.condition(positive, on_negative=True)
    made = sample(stage, positive, negative)
    assert told() == 1
    both = advanced(stage, stage.positive, stage.negative)
    assert change(made, sample(stage, *both, stage.apply())) < SAME


@pytest.mark.parametrize("order", ["ControlNet last", "ControlNet first"])
def test_an_apply_node_of_its_own_reaches_it(stage, told, order):
    if order == "ControlNet last":
        positive, negative = advanced(stage, stage.condition(), stage.condition(stage.negative))
    else:
        positive, negative = (stage.condition(prompt) for prompt in advanced(stage, stage.positive, stage.negative))
    made = sample(stage, positive, negative)
    both = advanced(stage, stage.positive, stage.negative)
    assert change(made, sample(stage, *both, stage.apply(on_negative=True))) < SAME
    assert change(made, sample(stage, *both, stage.apply())) > 0.01
    assert told() == 0


def test_a_copy_of_the_whole_chain_keeps_each_links_rule(stage, told):
    """As the older Apply ControlNet asks for it; the identity goes along where its switch says so."""

    def controlled(prompt):
        ((context, options),) = advanced(stage, prompt, stage.negative)[0]
        return [[context, {**options, "control_apply_to_uncond": True}]]

    for switch in (False, True):
        made = sample(stage, controlled(stage.condition(on_negative=switch)), stage.negative)
        expected = sample(stage, controlled(stage.positive), stage.negative, stage.apply(on_negative=switch))
        assert change(made, expected) < SAME
    assert told() == 0


def test_without_a_controlnet_the_copy_is_made_and_nothing_said(stage, told):
    sample(stage, stage.condition(on_negative=True), stage.negative)
    sample(stage, stage.condition(), stage.negative, cfg=1.0)
    assert told() == 0
