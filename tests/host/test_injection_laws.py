"""The laws of ApplyInfuseNet in real ComfyUI: zero is nothing, rows are independent, nothing is left behind."""

import pytest
import torch
from harness.host_injection import Stage, change

SAME = 1e-4


@pytest.fixture(scope="module")
def stage(comfyui):
    return Stage(comfyui)


@pytest.fixture(scope="module")
def bare(stage):
    return stage.sample()


def test_an_identity_changes_the_picture(stage, bare):
    assert 0.05 < change(stage.sample(stage.apply()), bare) < 5


@pytest.mark.parametrize(
    "widgets",
    [{"strength": 0.0}, {"start_percent": 0.999, "end_percent": 0.9999}, {"end_percent": 0.0, "start_percent": 0.0}],
    ids=["strength 0", "a window without a step", "the first moment only"],
)
def test_zero_is_bit_equal_and_runs_nothing(stage, bare, widgets):
    patched = stage.apply(**widgets)
    with stage.watching() as seen:
        made = stage.sample(patched)
    if widgets.get("end_percent") == 0.0:  # the first step begins at percent 0, which belongs to the window
        assert len(seen) == 1
        return
    assert torch.equal(made, bare)
    assert seen == []


def test_a_mask_of_zeros_is_bit_equal_and_runs_nothing(stage, bare):
    with stage.watching() as seen:
        assert torch.equal(stage.sample(stage.apply(who=stage.region(3, torch.zeros(1, 64, 64)))), bare)
    assert seen == []


def test_the_given_model_is_untouched(stage, bare):
    before = (dict(stage.model.wrappers), dict(stage.model.additional_models), repr(stage.model.model_options))
    stage.sample(stage.apply())
    after = (dict(stage.model.wrappers), dict(stage.model.additional_models), repr(stage.model.model_options))
    assert before == after
    assert torch.equal(stage.sample(), bare)


@pytest.mark.parametrize("cfg", [1.0, 3.5])
@pytest.mark.parametrize("batch", [2, 4])
def test_row_k_equals_the_picture_made_alone(stage, batch, cfg):
    patched = stage.apply()
    whole = stage.sample(patched, batch=batch, cfg=cfg)
    row = batch - 1
    alone = stage.sample(patched, row=row, cfg=cfg)
    assert change(whole[row : row + 1], alone) < SAME
    assert change(whole[:1], alone) > 0.1


def test_the_negative_prompt_gets_nothing_by_default(stage):
    """Guided by hand: the positive prompt with identity, the negative without."""
    patched = stage.apply()
    with_identity = stage.sample(patched, cfg=1.0, steps=1)
    negative = stage.sample(positive=stage.negative, steps=1)
    made = stage.sample(patched, cfg=3.0, steps=1)
    assert change(made, negative + 3.0 * (with_identity - negative)) < SAME

    both = stage.sample(stage.apply(on_negative=True), cfg=3.0, steps=1)
    negative_too = stage.sample(stage.apply(), positive=stage.negative, steps=1)
    assert change(both, negative_too + 3.0 * (with_identity - negative_too)) < SAME


def test_prompts_in_one_batch_and_apart_are_equal(stage, monkeypatch):
    """With little memory ComfyUI denoises the two prompts one after the other."""
    patched = stage.apply()
    with stage.watching() as seen:
        together = stage.sample(patched, cfg=3.5)
    assert [run["image"].shape[0] for run in seen] == [1, 1]
    monkeypatch.setattr(type(patched), "get_free_memory", lambda self, device: 0)
    apart = stage.sample(patched, cfg=3.5)
    assert change(apart, together) < SAME


@pytest.mark.parametrize(("widgets", "told"), [({}, 1.0), ({"guidance": 4.0}, 4.0)])
def test_infusenet_is_told_its_own_guidance(stage, widgets, told):
    with stage.watching() as seen:
        stage.sample(stage.apply(**widgets), stage.prompt(1, guidance=3.5))
    assert [run["guidance"].tolist() for run in seen] == [[told], [told]]


def test_infusenet_sees_the_prompts_pooled_vector_and_the_time(stage):
    with stage.watching() as seen:
        stage.sample(stage.apply(), steps=2)
    assert torch.allclose(seen[0]["pooled"].float(), stage.positive[0][1]["pooled_output"])
    assert [float(run["timestep"][0]) for run in seen] == pytest.approx([1.0, 0.7595], abs=1e-3)


def test_bases_without_guidance_and_prompts_without_one(stage):
    schnell = stage.base(stage.names.flux_schnell)
    prompt = stage.prompt(1, guidance=-1.0)
    assert change(stage.sample(stage.apply(schnell), prompt), stage.sample(schnell, prompt)) > 0.01
    assert change(stage.sample(stage.apply(), prompt), stage.sample(positive=prompt)) > 0.01


def test_a_prompt_without_a_pooled_vector(stage):
    prompt = [[stage.positive[0][0], {"guidance": 3.5}]]
    try:
        stage.sample(positive=prompt)
    except KeyError:
        pytest.skip("[host-0.14] ComfyUI 0.14 itself needs a pooled vector")
    assert torch.isfinite(stage.sample(stage.apply(), prompt)).all()


@pytest.mark.parametrize("size", [(72, 64), (56, 88), (40, 40)], ids=str)
def test_odd_sizes(stage, size):
    width, height = size
    made = stage.sample(stage.apply(), width=width, height=height)
    assert made.shape[-2:] == (height // 8, width // 8)
    assert change(made, stage.sample(width=width, height=height)) > 0.05


@pytest.mark.parametrize("sampler", ["heun", "dpmpp_2s_ancestral", "dpmpp_2m"])
def test_samplers_that_step_between_the_sigmas(stage, sampler):
    made = stage.sample(stage.apply(), sampler_name=sampler, steps=3)
    assert torch.isfinite(made).all()


def test_a_window_counts_as_comfyuis_percents_do(stage):
    """Both ends belong to the window; the percents are those of ComfyUI's own schedule, after ModelSamplingFlux too."""
    shifted = stage.call(
        "ModelSamplingFlux", model=stage.apply(start_percent=0.25, end_percent=0.75),
        max_shift=1.9, base_shift=0.5, width=1024, height=1024,
    )[0]  # fmt: skip
    sampling = shifted.get_model_object("model_sampling")
    sigmas = torch.tensor([1.0, *(sampling.percent_to_sigma(share) for share in (0.25, 0.5, 0.75, 0.9)), 0.0])
    guider = stage.call("BasicGuider", model=shifted, conditioning=stage.positive)[0]
    noise = torch.randn(1, 16, 8, 8)
    with stage.watching() as seen, torch.inference_mode():
        guider.sample(noise, torch.zeros_like(noise), stage.call("KSamplerSelect", sampler_name="euler")[0], sigmas)
    active = [float(run["timestep"][0]) for run in seen]
    assert active == pytest.approx(sigmas[1:4].tolist(), abs=1e-5)


def test_a_second_queue_equals_the_first(stage):
    patched = stage.apply()
    assert torch.equal(stage.sample(patched), stage.sample(patched))


def test_image_to_image_and_inpainting_masks(stage):
    """The latent is no noise, and a noise mask keeps a part of it."""
    latent = {"samples": torch.randn(1, 16, 8, 8), "noise_mask": torch.zeros(1, 1, 64, 64)}
    latent["noise_mask"][..., 32:] = 1
    made = stage.call(
        "KSampler", model=stage.apply(), positive=stage.positive, negative=stage.negative, latent_image=latent,
        seed=1, steps=2, cfg=1.0, sampler_name="euler", scheduler="simple", denoise=0.7,
    )[0]["samples"]  # fmt: skip
    assert torch.allclose(made[..., :4], latent["samples"][..., :4], atol=1e-4)
