"""The identity goes to the wanted prompts, whoever calls, in whichever order; each link of a chain keeps its rule."""

import pytest
import torch
from harness.host_injection import Stage, change

SAME = 1e-4


@pytest.fixture(scope="module")
def stage(comfyui):
    return Stage(comfyui)


def custom(stage, guider, steps=2):
    """Latents by SamplerCustomAdvanced."""
    sigmas = stage.call("BasicScheduler", model=stage.model, scheduler="simple", steps=steps, denoise=1.0)[0]
    return stage.call(
        "SamplerCustomAdvanced", noise=stage.call("RandomNoise", noise_seed=1)[0], guider=guider, sigmas=sigmas,
        sampler=stage.call("KSamplerSelect", sampler_name="euler")[0],
        latent_image={"samples": torch.zeros(1, 16, 8, 8)},
    )[0]["samples"]  # fmt: skip


def dual_cfg(stage, model=None, positive=None, middle=None, negative=None, nested=False, cfg=2.0):
    prompts = {
        "cond1": positive or stage.positive,
        "cond2": middle or stage.prompt(3),
        "negative": negative or stage.negative,
    }
    guider = stage.call(
        "DualCFGGuider", model=model or stage.model, cfg_conds=cfg, cfg_cond2_negative=1.5,
        style="nested" if nested else "regular", **prompts,
    )[0]  # fmt: skip
    return custom(stage, guider)


@pytest.mark.parametrize("nested", [False, True])
def test_two_wanted_prompts_and_a_negative(stage, nested):
    """DualCFGGuider calls with the negative first; the twin on both wanted prompts says what is right."""
    right = dual_cfg(stage, positive=stage.condition(), middle=stage.condition(stage.prompt(3)), nested=nested)
    assert change(dual_cfg(stage, stage.apply(), nested=nested), right) < SAME
    assert change(right, dual_cfg(stage, nested=nested)) > 0.05
    everywhere = dual_cfg(
        stage, positive=stage.condition(), middle=stage.condition(stage.prompt(3)),
        negative=stage.condition(stage.negative), nested=nested,
    )  # fmt: skip
    assert change(dual_cfg(stage, stage.apply(on_negative=True), nested=nested), everywhere) < SAME


class OneAtATime:
    """A guider of another pack: negative first, each prompt in a call of its own, copied lists even."""

    def __init__(self, copies: bool):
        import comfy.samplers

        self.copies, self.calc = copies, comfy.samplers.calc_cond_batch

    def guider(self, model, positive, negative, cfg=2.0):
        import comfy.samplers

        outer = self

        class Guider(comfy.samplers.CFGGuider):
            def predict_noise(self, x, timestep, model_options={}, seed=None):  # noqa: B006 - the host's own
                made = []
                for kind in ("negative", "positive"):
                    prompts = [dict(prompt) for prompt in self.conds[kind]] if outer.copies else self.conds[kind]
                    made += outer.calc(self.inner_model, [prompts], x, timestep, model_options)
                return made[0] + self.cfg * (made[1] - made[0])

        guider = Guider(model)
        guider.set_conds(positive, negative)
        guider.set_cfg(cfg)
        return guider


@pytest.mark.parametrize("copies", [False, True])
def test_a_guider_that_calls_for_one_prompt_at_a_time(stage, copies):
    way = OneAtATime(copies)
    right = stage.sample(stage.apply(), cfg=2.0)
    assert change(custom(stage, way.guider(stage.apply(), stage.positive, stage.negative)), right) < SAME


def test_a_function_of_another_pack_that_asks_for_one_prompt_at_a_time(stage):
    import comfy.samplers

    def singly(args):
        return [
            None if prompts is None else comfy.samplers.calc_cond_batch(
                args["model"], [prompts], args["input"], args["sigma"], args["model_options"]
            )[0]
            for prompts in args["conds"]
        ]  # fmt: skip

    model = stage.apply().clone()
    model.model_options["sampler_calc_cond_batch_function"] = singly
    assert change(stage.sample(model, cfg=2.0), stage.sample(stage.apply(), cfg=2.0)) < SAME


def test_a_second_model_for_the_negative_gets_none(stage):
    if "DualModelGuider" not in stage.comfyui.nodes.NODE_CLASS_MAPPINGS:
        pytest.skip("[host-new] this ComfyUI has no DualModelGuider")
    other = stage.base(stage.names.flux_bf16)
    guided = {"positive": stage.positive, "negative": stage.negative, "cfg": 2.0, "model_negative": other}
    seen = []
    network = stage.infusenet.network.model
    hook = network.register_forward_pre_hook(lambda module, args, kwargs: seen.append(kwargs), with_kwargs=True)
    try:
        both = custom(stage, stage.call("DualModelGuider", model=stage.apply(on_negative=True), **guided)[0])
    finally:
        hook.remove()
    assert len(seen) == 2 and torch.isfinite(both).all()
    one = custom(stage, stage.call("DualModelGuider", model=stage.apply(), **guided)[0])
    assert change(both, one) < SAME
    assert change(one, custom(stage, stage.call("DualModelGuider", model=stage.model, **guided)[0])) > 0.05


def with_area(stage, prompt, x=0, width=32):
    return stage.call("ConditioningSetArea", conditioning=prompt, width=width, height=64, x=x, y=0, strength=1.0)[0]


def test_what_comfyui_copies_of_an_area_prompt_into_the_negative_is_bare(stage):
    """Core copies the prompt, `control` and name included, beside the negative, unless that has the area already."""
    twin = [*with_area(stage, stage.condition()), *stage.condition(stage.prompt(3))]
    given = [*with_area(stage, stage.negative), *stage.negative]
    right = stage.sample(positive=twin, negative=given, cfg=3.0)
    assert change(stage.sample(positive=twin, cfg=3.0), right) < SAME
    patched, both = stage.apply(), [*with_area(stage, stage.positive), *stage.prompt(3)]
    right = stage.sample(patched, both, negative=given, cfg=3.0)
    assert change(stage.sample(patched, both, cfg=3.0), right) < SAME


def plain(stage, prompt):
    """As ControlNetApply leaves it, which gives no VAE: it acts on the negative prompt too."""
    return [[context, {**options, "control_apply_to_uncond": True}] for context, options in stage.control(prompt)]


@pytest.mark.parametrize("order", ["ControlNet first", "identity first"])
def test_a_plain_controlnet_acts_on_the_negative_and_the_identity_does_not(stage, order):
    right = stage.sample(stage.apply(), plain(stage, stage.positive), cfg=2.0)
    chain = (
        stage.condition(plain(stage, stage.positive))
        if order == "ControlNet first"
        else plain(stage, stage.condition())
    )
    assert change(stage.sample(positive=chain, cfg=2.0), right) < SAME


def test_an_identity_for_the_negative_too_takes_no_controlnet_along(stage):
    """ControlNetApplyAdvanced's own negative is not connected: the negative has the identity and no ControlNet."""
    right = stage.sample(stage.apply(on_negative=True), stage.control(), cfg=2.0)
    chain = stage.condition(stage.control(), on_negative=True)
    assert change(stage.sample(positive=chain, cfg=2.0), right) < SAME


def test_the_mark_does_not_reach_the_base(stage, monkeypatch):
    seen = []
    base = stage.model.model.diffusion_model
    hook = base.register_forward_pre_hook(lambda module, args, kwargs: seen.append(set(kwargs)), with_kwargs=True)
    try:
        stage.sample(positive=stage.condition(), cfg=2.0)
    finally:
        hook.remove()
    assert seen and not any("infu_own" in names for names in seen)


def nag(stage):
    return stage.call("NAGuidance", model=stage.model, nag_scale=5.0, nag_alpha=0.5, nag_tau=1.5)[0]


@pytest.mark.parametrize("cfg", [1.0, 2.0])
def test_identity_guidance_beside_an_attention_patch_that_mixes_prompts(stage, cfg):
    """NAG acts in the text-only pass as in the other; zero is NAG without identity, one is NAG with it."""
    patched = stage.apply(nag(stage))
    with_identity, text = stage.sample(patched, cfg=cfg, steps=1), stage.sample(nag(stage), cfg=cfg, steps=1)
    assert change(text, stage.sample(cfg=cfg, steps=1)) > 0.01

    def one_step(guidance):
        return stage.call(
            "InfuSampler", model=patched, positive=stage.positive, negative=stage.negative, seed=1, steps=1, cfg=cfg,
            sampler_name="euler", scheduler="simple", denoise=1.0, identity_guidance=guidance,
            latent_image={"samples": torch.zeros(1, 16, 8, 8)},
        )[0]["samples"]  # fmt: skip

    for guidance in (0.0, 0.5, 1.0, 1.5):  # one step is linear in the positive's prediction, whatever cfg is
        assert change(one_step(guidance), text + guidance * (with_identity - text)) < SAME
