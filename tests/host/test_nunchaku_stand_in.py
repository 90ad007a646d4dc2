"""A base that runs FLUX's blocks by itself, as Nunchaku's does: control lists stacked, patches and overrides unread."""

import math

import pytest
import torch
from harness.host_injection import Stage, change

SAME = 1e-5


class StandIn(torch.nn.Module):
    """What Nunchaku's wrapper does with `control`: both lists stacked, which a None would break, and spread evenly."""

    def __init__(self, flux):
        super().__init__()
        self.flux, self.dtype = flux, flux.dtype

    def forward(self, x, timestep, context, y=None, guidance=None, control=None, transformer_options=None, **kwargs):
        height, width = x.shape[-2:]
        img, img_ids = self.flux.process_img(x)
        txt_ids = torch.zeros(len(x), context.shape[1], 3)
        depths = {"input": len(self.flux.double_blocks), "output": len(self.flux.single_blocks)}
        lists = control and {name: spread(control[name], depth) for name, depth in depths.items()}
        out = self.flux.forward_orig(img, img_ids, context, txt_ids, timestep, y, guidance, lists)
        out = out.unflatten(1, (height // 2, width // 2)).unflatten(-1, (-1, 2, 2))
        return out.permute(0, 3, 1, 4, 2, 5).flatten(4, 5).flatten(2, 3)


def spread(residuals, depth):
    stacked = torch.stack(list(residuals))
    return [stacked[index // math.ceil(depth / len(stacked))] for index in range(depth)]


@pytest.fixture(scope="module")
def stage(comfyui):
    return Stage(comfyui)


@pytest.fixture(scope="module")
def replaced(stage):
    model = stage.model.clone()
    model.add_object_patch("diffusion_model", StandIn(stage.model.model.diffusion_model))
    return model


def regions(stage):
    left, right = torch.zeros(1, 64, 64), torch.zeros(1, 64, 64)
    left[..., :32], right[..., 32:] = 1, 1
    return stage.region(8, right, regions=stage.region(7, left))


def test_the_bare_stand_in_is_the_bare_base(stage, replaced):
    assert change(stage.sample(replaced), stage.sample()) < SAME


@pytest.mark.parametrize("cfg", [1.0, 3.0])
@pytest.mark.parametrize("widgets", [{}, {"start_percent": 0.4}, {"block_weights": "0; 1"}, {"on_negative": True}])
def test_an_identity_acts_as_on_the_base(stage, replaced, widgets, cfg):
    made = stage.sample(stage.apply(replaced, **widgets), cfg=cfg)
    assert change(made, stage.sample(stage.apply(**widgets), cfg=cfg)) < SAME
    assert change(made, stage.sample(cfg=cfg)) > 1e-3


def test_regions_and_a_controlnet(stage, replaced):
    """A ControlNet of fewer blocks leaves no None beside the identity."""
    made = stage.sample(stage.apply(replaced, regions(stage)), stage.control())
    assert change(made, stage.sample(stage.apply(who=regions(stage)), stage.control())) < SAME


def test_an_identity_in_the_prompt(stage, replaced):
    assert change(stage.sample(replaced, stage.condition()), stage.sample(positive=stage.condition())) < SAME


def ours(stage, model, **widgets):
    latent = stage.call("EmptySD3LatentImage", width=64, height=64, batch_size=1)[0]
    prompts = {"positive": stage.positive, "negative": stage.negative, "latent_image": latent}
    given = {"seed": 1, "steps": 12, "cfg": 1.0, "sampler_name": "euler", "scheduler": "simple", "denoise": 1.0}
    return stage.call("InfuSampler", model=model, **prompts, **given, **widgets)[0]["samples"]


def test_guidance_and_reuse(stage, replaced):
    dials = {"identity_guidance": 1.5, "reuse": "balanced", "style": "keep"}
    made = ours(stage, stage.apply(replaced), **dials)
    assert change(made, ours(stage, stage.apply(), **dials)) < SAME


def test_an_interaction_that_nobody_would_read_is_refused(stage, replaced):
    with pytest.raises(ValueError, match="attends elsewhere"):
        ours(stage, stage.apply(replaced), feature_interaction="mixed attention")
