"""At neutral settings InfuSampler is KSampler and InfuGuider is CFGGuider or BasicGuider, bit for bit.

Every sampler and scheduler that this ComfyUI lists takes part, with an identity in the model. What fails in stock
ComfyUI on this tiny FLUX must fail alike; `FAILS_IN_STOCK` names it, so that a change is seen.
"""

import pytest
import torch
from harness.checkout import find_comfyui
from harness.host_sampling import Bench, outcome, same

FAILS_IN_STOCK: set[str] = set()


def listed(name):
    """Names that the checkout lists, read without importing it: tests are collected before ComfyUI starts."""
    checkout = find_comfyui()
    if checkout is None:
        return []
    import ast

    tree = ast.parse((checkout / "comfy" / "samplers.py").read_text(encoding="utf-8"))
    values = {}
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and node.value is not None:
            values[target.id] = node.value
    return names_in(values[name], values)


def names_in(value, values):
    import ast

    if isinstance(value, ast.Name):
        return names_in(values[value.id], values)
    if isinstance(value, ast.BinOp):
        return names_in(value.left, values) + names_in(value.right, values)
    if isinstance(value, (ast.List, ast.Tuple)):
        return [item.value for item in value.elts]
    if isinstance(value, ast.Dict):
        return [key.value for key in value.keys]
    if isinstance(value, ast.Call):  # list(SCHEDULER_HANDLERS)
        return names_in(value.args[0], values)
    raise TypeError(f"samplers.py spells its list in a new way: {ast.dump(value)}")


@pytest.fixture(scope="module")
def bench(comfyui):
    return Bench(comfyui)


SMALL = {"width": 64, "height": 64}


def test_the_lists_read_from_the_file_are_the_ones_that_run(bench):
    import comfy.samplers

    assert set(listed("SAMPLER_NAMES")) == set(comfy.samplers.KSampler.SAMPLERS)
    assert set(listed("SCHEDULER_HANDLERS")) == set(comfy.samplers.KSampler.SCHEDULERS)


@pytest.mark.parametrize("sampler", listed("SAMPLER_NAMES"))
def test_every_sampler(bench, sampler):
    widgets = {"sampler_name": sampler, "latent_image": bench.latent(**SMALL), "steps": 3}
    stock = outcome(lambda: bench.ksampler(bench.identity, **widgets))
    assert same(outcome(lambda: bench.infu(bench.identity, **widgets)), stock), sampler
    assert isinstance(stock, str) == (sampler in FAILS_IN_STOCK), stock
    if not isinstance(stock, str):
        assert torch.isfinite(stock).all()


@pytest.mark.parametrize("sampler", listed("SAMPLER_NAMES"))
def test_every_sampler_through_the_guider(bench, sampler):
    prompts = {"positive": bench.positive, "negative": bench.negative}
    ours = bench.call("InfuGuider", model=bench.identity, cfg=2.0, **prompts)[0]
    stock = bench.call("CFGGuider", model=bench.identity, cfg=2.0, **prompts)[0]
    parts = {"sampler_name": sampler, "steps": 3, "latent_image": bench.latent(**SMALL)}
    expected = outcome(lambda: bench.advanced(stock, **parts))
    assert same(outcome(lambda: bench.advanced(ours, **parts)), expected), sampler


@pytest.mark.parametrize("scheduler", listed("SCHEDULER_HANDLERS"))
def test_every_scheduler(bench, scheduler):
    widgets = {"scheduler": scheduler, "latent_image": bench.latent(**SMALL)}
    stock = outcome(lambda: bench.ksampler(bench.identity, **widgets))
    assert same(outcome(lambda: bench.infu(bench.identity, **widgets)), stock), scheduler
    assert not isinstance(stock, str), stock


def test_image_to_image(bench):
    widgets = {"latent_image": bench.picture(), "denoise": 0.4}
    expected = bench.ksampler(bench.identity, **widgets)
    assert torch.equal(bench.infu(bench.identity, **widgets), expected)
    assert not torch.equal(expected, bench.ksampler(bench.identity, latent_image=bench.picture()))


def test_denoise_zero_returns_the_picture(bench):
    picture = bench.picture()
    made = bench.infu(bench.identity, latent_image=picture, denoise=0.0)
    assert torch.equal(made, bench.ksampler(bench.identity, latent_image=picture, denoise=0.0))
    assert bench.record().text().startswith("0 steps")


def test_a_noise_mask(bench):
    mask = torch.zeros(1, 64, 96)
    mask[:, 16:48, 16:64] = 1
    latent = {**bench.picture(), "noise_mask": mask}
    expected = bench.ksampler(bench.identity, latent_image=latent, denoise=0.7)
    assert torch.equal(bench.infu(bench.identity, latent_image=latent, denoise=0.7), expected)
    assert torch.allclose(expected[..., :2, :2], latent["samples"][..., :2, :2], atol=1e-5)


@pytest.mark.parametrize(("batch", "cfg"), [(2, 1.0), (1, 3.5), (3, 3.5)])
def test_batches_and_negative_prompts(bench, batch, cfg):
    widgets = {"latent_image": bench.latent(batch=batch), "cfg": cfg}
    assert torch.equal(bench.infu(bench.identity, **widgets), bench.ksampler(bench.identity, **widgets))


def test_a_model_without_identity(bench):
    assert torch.equal(bench.infu(bench.model), bench.ksampler(bench.model))
    assert "no identity" in bench.record().text()


def test_a_guider_without_negative_is_basic_guider(bench):
    ours = bench.call("InfuGuider", model=bench.identity, positive=bench.positive)[0]
    stock = bench.call("BasicGuider", model=bench.identity, conditioning=bench.positive)[0]
    assert same(bench.advanced(ours), bench.advanced(stock))


def test_a_guider_without_negative_refuses_cfg(bench):
    with pytest.raises(ValueError, match="cfg is 2.5, but no negative prompt is connected"):
        bench.call("InfuGuider", model=bench.identity, positive=bench.positive, cfg=2.5)


def test_a_guider_may_be_used_again(bench):
    guider = bench.call("InfuGuider", model=bench.identity, positive=bench.positive, reuse="fast")[0]
    first = bench.advanced(guider, steps=12)
    assert same(bench.advanced(guider, steps=12), first)
    assert [bench.records[-2].runs[0].computed, bench.records[-1].runs[0].computed] == [6, 6]


def test_the_source_model_is_untouched(bench):
    before = bench.ksampler(bench.identity)
    bench.infu(bench.identity, identity_guidance=2.0, reuse="fast", strength_curve="fade in")
    assert "infu_sampling" not in bench.identity.model_options["transformer_options"]
    assert "sampler_calc_cond_batch_function" not in bench.identity.model_options
    assert torch.equal(bench.ksampler(bench.identity), before)
