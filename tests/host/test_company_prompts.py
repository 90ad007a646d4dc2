"""What ComfyUI's own nodes do to a prompt, beside an identity in the model or in that prompt.

Nothing of the identity is the bare picture to the bit, a whole one is another picture, and both ways in are one.
"""

import pytest
import torch
from harness.host_injection import Stage, change

SAME = 1e-4


@pytest.fixture(scope="module")
def stage(comfyui):
    return Stage(comfyui)


def hooked(stage, prompt):
    """A LoRA for this prompt alone, from the middle of the run on."""
    hooks = stage.call("CreateHookLora", lora_name=stage.names.lora, strength_model=1.0, strength_clip=0.0)[0]
    late = stage.call("CreateHookKeyframe", strength_mult=0.0, start_percent=0.0)[0]
    late = stage.call("CreateHookKeyframe", strength_mult=1.0, start_percent=0.4, prev_hook_kf=late)[0]
    hooks = stage.call("SetHookKeyframes", hooks=hooks, hook_kf=late)[0]
    return stage.call("ConditioningSetProperties", cond_NEW=prompt, hooks=hooks, strength=1.0,
                      set_cond_area="default")[0]  # fmt: skip


def early_and_late(stage, prompt):
    """One prompt for the first steps and this one for the others."""
    late = stage.call("ConditioningSetTimestepRange", conditioning=prompt, start=0.3, end=1.0)[0]
    return stage.call("ConditioningSetTimestepRange", conditioning=stage.prompt(5), start=0.0, end=0.3)[0] + late


def with_area(stage, prompt):
    placed = stage.call("ConditioningSetArea", conditioning=prompt, width=32, height=64, x=0, y=0, strength=1.0)[0]
    return stage.prompt(5) + placed


def with_mask(stage, prompt):
    mask = torch.zeros(1, 64, 64)
    mask[..., :32] = 1
    placed = stage.call("ConditioningSetMask", conditioning=prompt, mask=mask, strength=1.0, set_cond_area="default")
    return stage.prompt(5) + placed[0]


def default_elsewhere(stage, prompt):
    """This prompt fills what the other one's mask leaves."""
    mask = torch.zeros(1, 64, 64)
    mask[..., :32] = 1
    placed = stage.call("ConditioningSetMask", conditioning=stage.prompt(5), mask=mask, strength=1.0,
                        set_cond_area="default")[0]  # fmt: skip
    return stage.call("ConditioningSetDefaultCombine", cond=placed, cond_DEFAULT=prompt)[0]


def with_reference(stage, prompt):
    return stage.call("ReferenceLatent", conditioning=prompt, latent={"samples": torch.ones(1, 16, 8, 8)})[0]


def with_control(stage, prompt):
    return stage.control(prompt)


def guided(stage, prompt):
    return stage.call("FluxGuidance", conditioning=prompt, guidance=2.0)[0]


COMPANIONS = [
    hooked, early_and_late, with_area, with_mask, default_elsewhere, with_reference, with_control, guided,
]  # fmt: skip
every_companion = pytest.mark.parametrize("companion", COMPANIONS, ids=lambda function: function.__name__)


@every_companion
@pytest.mark.parametrize("cfg", [1.0, 2.0])
def test_beside_an_identity_in_the_model(stage, companion, cfg):
    prompt = companion(stage, stage.positive)
    bare = stage.sample(positive=prompt, cfg=cfg, steps=4)
    assert torch.equal(stage.sample(stage.apply(strength=0.0), prompt, cfg=cfg, steps=4), bare)
    nowhere = stage.apply(who=stage.region(7, torch.zeros(1, 64, 64)))
    assert torch.equal(stage.sample(nowhere, prompt, cfg=cfg, steps=4), bare)
    made = stage.sample(stage.apply(), prompt, cfg=cfg, steps=4)
    assert torch.isfinite(made).all()
    assert change(made, bare) > 0.01


@every_companion
@pytest.mark.parametrize("cfg", [1.0, 2.0])
def test_beside_an_identity_in_that_prompt(stage, companion, cfg):
    """Whichever of the two the prompt met first."""
    bare = stage.sample(positive=companion(stage, stage.positive), cfg=cfg, steps=4)
    for strength, way_in in ((0.0, "first"), (0.0, "last"), (1.0, "first"), (1.0, "last")):
        if way_in == "first":
            prompt = companion(stage, stage.condition(strength=strength))
        else:
            prompt = stage.condition(companion(stage, stage.positive), strength=strength)
        made = stage.sample(positive=prompt, cfg=cfg, steps=4)
        assert torch.equal(made, bare) if strength == 0 else change(made, bare) > 0.01


@pytest.mark.parametrize("companion", [hooked, with_reference, with_control, guided])
def test_both_ways_in_are_one_for_a_prompt_that_stands_alone(stage, companion):
    by_model = stage.sample(stage.apply(), companion(stage, stage.positive), cfg=2.0, steps=4)
    by_prompt = stage.sample(positive=companion(stage, stage.condition()), cfg=2.0, steps=4)
    assert change(by_prompt, by_model) < SAME
