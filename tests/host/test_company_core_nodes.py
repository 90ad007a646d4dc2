"""Each of ComfyUI's own nodes beside an identity, against its own picture without one.

Two laws for every companion, in either order of the nodes: nothing of the identity is the companion's picture to the
bit, and a whole one is another picture. Companions that a host does not have are left out there.
"""

import pytest
import torch
from harness.host_injection import Stage, base_with_channels, change

SAME = 1e-4
ANY_STEP = {"start_percent": 0.0, "end_percent": 1.0}

MODEL_NODES = {
    "SkipLayerGuidanceDiT": {"double_layers": "1, 2", "single_layers": "1, 3", "scale": 2.0, **ANY_STEP},
    "SkipLayerGuidanceDiT, rescaled": {"double_layers": "0", "single_layers": "", "rescaling_scale": 0.5, **ANY_STEP},
    "SkipLayerGuidanceDiTSimple": {"double_layers": "1", "single_layers": "2", **ANY_STEP},
    "PerturbedAttentionGuidance": {"scale": 3.0},
    "EasyCache": {"reuse_threshold": 5.0, "start_percent": 0.1, "end_percent": 0.95, "verbose": False},
    "LazyCache": {"reuse_threshold": 5.0, "start_percent": 0.1, "end_percent": 0.95, "verbose": False},
    "RescaleCFG": {"multiplier": 0.7},
    "APG": {"eta": 0.5, "norm_threshold": 5.0, "momentum": 0.0},
    "CFGZeroStar": {},
    "CFGNorm": {"strength": 1.0},
    "TCFG": {},
    "FreSca": {"scale_low": 1.0, "scale_high": 1.5, "freq_cutoff": 1},
    "Epsilon Scaling": {"scaling_factor": 1.005},
    "DifferentialDiffusion": {},
    "ModelSamplingFlux": {"max_shift": 1.15, "base_shift": 0.5, "width": 512, "height": 512},
}
SILENT = ("PerturbedAttentionGuidance", "DifferentialDiffusion")
"""FLUX has no middle block to perturb, and there is no mask to follow."""
every_model_node = pytest.mark.parametrize("name", MODEL_NODES)


@pytest.fixture(scope="module")
def stage(comfyui):
    return Stage(comfyui)


@pytest.fixture
def beside(stage, name):
    """MODEL -> MODEL with the companion."""
    node = name.split(",")[0]
    if node not in stage.comfyui.nodes.NODE_CLASS_MAPPINGS:
        pytest.skip(f"this ComfyUI has no {node}")
    return lambda model: stage.call(node, model=model, **MODEL_NODES[name])[0]


def guided_sample(stage, model, **dials):
    return stage.call(
        "InfuSampler", model=model, positive=stage.positive, negative=stage.negative, seed=1, steps=4, cfg=2.0,
        latent_image={"samples": torch.zeros(1, 16, 8, 8)}, **dials,
    )[0]["samples"]  # fmt: skip


@every_model_node
def test_nothing_of_an_identity_is_the_companions_own_picture(stage, beside):
    bare = stage.sample(beside(stage.model), cfg=2.0, steps=4)
    assert torch.equal(stage.sample(beside(stage.apply(strength=0.0)), cfg=2.0, steps=4), bare)
    assert torch.equal(stage.sample(stage.apply(beside(stage.model), strength=0.0), cfg=2.0, steps=4), bare)
    nowhere = stage.apply(who=stage.region(7, torch.zeros(1, 64, 64)))
    assert torch.equal(stage.sample(beside(nowhere), cfg=2.0, steps=4), bare)
    assert torch.equal(stage.sample(beside(stage.model), stage.condition(strength=0.0), cfg=2.0, steps=4), bare)


@every_model_node
def test_a_whole_identity_acts_beside_the_companion(stage, beside):
    """The same in either order, and the prompt's way in gives what the model's gives."""
    made = stage.sample(beside(stage.apply()), cfg=2.0, steps=4)
    assert torch.isfinite(made).all()
    assert change(made, stage.sample(beside(stage.model), cfg=2.0, steps=4)) > 0.01
    assert change(stage.sample(stage.apply(beside(stage.model)), cfg=2.0, steps=4), made) < SAME
    assert change(stage.sample(beside(stage.model), stage.condition(), cfg=2.0, steps=4), made) < SAME


@pytest.mark.parametrize("name", [name for name in MODEL_NODES if name not in SILENT])
def test_the_companion_still_acts_beside_an_identity(stage, beside):
    made, alone = (stage.sample(model, cfg=2.0, steps=4) for model in (beside(stage.apply()), stage.apply()))
    assert change(made, alone) > 1e-3


def test_perturbed_attention_which_flux_never_reads_does_no_harm(stage):
    """With or without a dial of ours, which its second pass must follow."""

    def both(sample):
        alone = stage.apply()
        return [sample(stage.call("PerturbedAttentionGuidance", model=alone, scale=3.0)[0]), sample(alone)]

    assert change(*both(lambda model: guided_sample(stage, model))) < SAME
    dials = [{"identity_guidance": 0.0}, {"identity_guidance": 0.6}, {"identity_guidance": 1.5}]
    dials += [{"feature_interaction": kind} for kind in ("mixed attention", "AdaIN-mean, text every 4th time")]
    for dial in dials:
        assert change(*both(lambda model, dial=dial: guided_sample(stage, model, **dial))) < SAME, dial


@every_model_node
def test_our_samplers_dial_beside_the_companion(stage, beside):
    """Neutral, it is KSampler's picture; at zero, the companion's own without identity."""

    model, bare = beside(stage.apply()), stage.sample(beside(stage.model), cfg=2.0, steps=4)
    assert torch.equal(guided_sample(stage, model), stage.sample(model, cfg=2.0, steps=4))
    assert torch.equal(guided_sample(stage, model, identity_guidance=0.0), bare)
    assert change(guided_sample(stage, model, identity_guidance=1.5), bare) > 0.001


BASES = {"fill": 80, "depth": 16}


@pytest.mark.parametrize("kind", BASES)
def test_bases_with_pictures_beside_the_latent(stage, kind):
    """Fill's mask and picture, Depth's map: `concat_latent_image` travels with the prompt."""
    base, more = base_with_channels(BASES[kind]), {"concat_latent_image": torch.randn(1, 16, 8, 8)}
    more |= {"concat_mask": torch.ones(1, 1, 64, 64)} if kind == "fill" else {}
    prompt = [[stage.positive[0][0], {**stage.positive[0][1], **more}]]
    bare = stage.sample(base, prompt)
    assert torch.equal(stage.sample(stage.apply(base, strength=0.0), prompt), bare)
    assert torch.equal(stage.sample(base, stage.condition(prompt, strength=0.0)), bare)
    made = stage.sample(stage.apply(base), prompt)
    assert change(made, bare) > 0.01
    assert change(stage.sample(base, stage.condition(prompt)), made) < SAME
