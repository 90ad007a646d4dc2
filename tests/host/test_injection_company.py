"""ApplyInfuseNet at one table with ComfyUI's own nodes: ControlNet, LoRA, Kontext, Fill, areas, caches, compilers."""

import sys
from contextlib import contextmanager
from types import ModuleType

import pytest
import torch
from harness.host_injection import Stage, base_with_channels, change
from harness.tiny_models import CONTEXT, flux

SAME = 1e-4


@pytest.fixture(scope="module")
def stage(comfyui):
    return Stage(comfyui)


def test_controlnet_lora_and_identity_act_together_in_any_order(stage):
    identity_last = stage.apply(stage.lora(stage.model))
    lora_last = stage.lora(stage.apply())
    controlled = stage.control()
    made = stage.sample(identity_last, controlled)
    assert change(stage.sample(lora_last, controlled), made) < SAME
    for other in (
        stage.sample(identity_last),
        stage.sample(stage.apply(), controlled),
        stage.sample(stage.lora(stage.model), controlled),
    ):
        assert change(other, made) > 0.01


def test_a_controlnet_sees_no_identity_tokens(stage, monkeypatch):
    """It is given the prompt as it is, and its own residuals are not changed."""
    import comfy.ldm.flux.controlnet

    original, seen = comfy.ldm.flux.controlnet.ControlNetFlux.forward, []

    def spy(self, x, timesteps, context, *args, **kwargs):
        seen.append(context)
        return original(self, x, timesteps, context, *args, **kwargs)

    monkeypatch.setattr(comfy.ldm.flux.controlnet.ControlNetFlux, "forward", spy)
    stage.sample(stage.apply(), stage.control(), steps=1)
    assert len(seen) == 1
    assert torch.allclose(seen[0].float(), stage.positive[0][0])


def test_two_identities_on_the_whole_picture_add(stage):
    """In either order, and beside a ControlNet; twice the same at half strength is once at full strength."""
    first, second = stage.identity(3), stage.identity(4)
    made = stage.sample(stage.apply(stage.apply(who=first), second), stage.control())
    assert change(stage.sample(stage.apply(stage.apply(who=second), first), stage.control()), made) < SAME
    assert change(stage.sample(stage.apply(who=first), stage.control()), made) > 0.01
    halves = stage.apply(stage.apply(who=first, strength=0.5), first, strength=0.5)
    assert change(stage.sample(halves), stage.sample(stage.apply(who=first))) < SAME


def test_residuals_reach_only_the_noise_tokens_of_a_kontext_graph(stage, monkeypatch):
    """ComfyUI puts reference tokens behind the picture's and adds a residual to as many tokens as it is long."""
    reference = stage.call("ReferenceLatent", conditioning=stage.positive, latent={"samples": torch.randn(1, 16, 8, 8)})
    patched = stage.apply()
    assert change(stage.sample(patched, reference[0]), stage.sample(positive=reference[0])) > 0.01
    with stage.watching() as seen:
        stage.sample(patched, reference[0], steps=1)
    assert [run["image"].shape[1] for run in seen] == [16]


def test_depth_bases_with_extra_latent_channels(stage):
    base = base_with_channels(16)
    prompt = [[stage.positive[0][0], {**stage.positive[0][1], "concat_latent_image": torch.randn(1, 16, 8, 8)}]]
    made = stage.sample(stage.apply(base), prompt)
    assert change(made, stage.sample(base, prompt)) > 0.01


def test_fill_bases_with_a_picture_and_a_mask(stage):
    base = base_with_channels(80)
    mask = torch.zeros(1, 64, 64)
    mask[..., 32:] = 1
    positive, negative, latent = stage.call(
        "InpaintModelConditioning", positive=stage.positive, negative=stage.negative, vae=stage.vae,
        pixels=torch.rand(1, 64, 64, 3), mask=mask, noise_mask=True,
    )  # fmt: skip

    def fill(model):
        return stage.call(
            "KSampler", model=model, positive=positive, negative=negative, latent_image=latent, seed=1, steps=2,
            cfg=1.0, sampler_name="euler", scheduler="simple", denoise=1.0,
        )[0]["samples"]  # fmt: skip

    assert change(fill(stage.apply(base)), fill(base)) > 0.01


def regional(stage, **where):
    """Two prompts, the second one for a part of the picture."""
    part = stage.prompt(5)
    return [*stage.positive, [part[0][0], {**part[0][1], "strength": 1.0, **where}]]


def test_a_prompt_with_an_area_gets_the_masks_and_the_pose_of_that_place(stage):
    """The part of the picture is denoised as a crop; its tokens get what the whole picture has there."""
    prompts = regional(stage, area=(4, 4, 4, 0), set_area_to_bounds=False)  # height, width, top, left
    mask = torch.zeros(1, 64, 64)
    mask[:, 32:, :16] = 1
    pose = torch.zeros(1, 64, 64, 3)
    pose[:, 48:, :16] = 1
    with stage.watching() as seen:
        made = stage.sample(stage.apply(who=stage.region(3, mask), pose_image=pose), prompts, steps=1)
    assert torch.isfinite(made).all()
    assert sorted(run["image"].shape[1] for run in seen) == [4, 16]
    whole = next(run for run in seen if run["image"].shape[1] == 16)
    crop = next(run for run in seen if run["image"].shape[1] == 4)
    expected = whole["control"].unflatten(1, (4, 4))[:, 2:, :2].flatten(1, 2)
    assert torch.allclose(crop["control"], expected)
    expected_masks = torch.tensor([1.0, 0.0, 1.0, 0.0])
    assert torch.equal(crop["attention"].token_bias[0].exp(), expected_masks)


def test_an_area_outside_every_region_is_bare(stage):
    prompts = regional(stage, area=(4, 4, 0, 4))
    mask = torch.zeros(1, 64, 64)
    mask[:, 32:, :32] = 1
    with stage.watching() as seen:
        stage.sample(stage.apply(who=stage.region(3, mask)), prompts, steps=1)
    assert [run["image"].shape[1] for run in seen] == [16]


def test_prompts_with_masks_and_percentage_areas(stage):
    mask = torch.zeros(1, 64, 64)
    mask[..., :32] = 1
    for where in ({"mask": mask, "mask_strength": 1.0}, {"area": ("percentage", 0.5, 0.5, 0.0, 0.5)}):
        prompts = regional(stage, **where)
        assert change(stage.sample(stage.apply(), prompts), stage.sample(positive=prompts)) > 0.01


def test_a_step_that_easycache_skips_does_not_pay_for_infusenet(stage):
    """In either order of the nodes, with the same picture; the base's evaluations are counted beside ours."""
    results = []
    for order in ("cache last", "cache first"):
        cache = {"reuse_threshold": 5.0, "start_percent": 0.1, "end_percent": 1.0, "verbose": False}
        if order == "cache last":
            model = stage.call("EasyCache", model=stage.apply(), **cache)[0]
        else:
            model = stage.apply(stage.call("EasyCache", model=stage.model, **cache)[0])
        evaluated = []
        block = stage.model.model.diffusion_model.double_blocks[0]
        hook = block.register_forward_pre_hook(lambda *args, to=evaluated: to.append(1))
        with stage.watching() as seen:
            results.append(stage.sample(model, steps=8))
        hook.remove()
        assert len(seen) == len(evaluated) < 8, f"{order}: {len(seen)} InfuseNet runs, {len(evaluated)} of the base"
    assert change(results[1], results[0]) < SAME


def test_easycache_with_two_identities_and_a_controlnet(stage):
    cache = {"reuse_threshold": 0.0, "start_percent": 0.15, "end_percent": 0.95, "verbose": False}
    twice = stage.apply(stage.apply(who=stage.identity(3)), stage.identity(4))
    plain = stage.sample(twice, stage.control(), steps=3)
    cached = stage.sample(stage.call("EasyCache", model=twice, **cache)[0], stage.control(), steps=3)
    assert change(cached, plain) < SAME


def test_lazycache_skips_both(stage):
    cache = {"reuse_threshold": 5.0, "start_percent": 0.1, "end_percent": 1.0, "verbose": False}
    with stage.watching() as seen:
        stage.sample(stage.call("LazyCache", model=stage.apply(), **cache)[0], steps=8)
    assert 0 < len(seen) < 8


@pytest.mark.parametrize("order", ["compile last", "compile first"])
def test_a_compiled_base(stage, order):
    """TorchCompileModel with a backend that needs no compiler; InfuseNet stays outside of what is traced."""
    model, options = stage.base(), {"backend": "eager"}
    if order == "compile last":
        compiled = stage.call("TorchCompileModel", model=stage.apply(model), **options)[0]
    else:
        compiled = stage.apply(stage.call("TorchCompileModel", model=model, **options)[0])
    with stage.watching() as seen:
        made = stage.sample(compiled)
    assert len(seen) == 2
    assert change(made, stage.sample(stage.apply(model))) < SAME


@pytest.mark.parametrize("kind", ["fp32", "bf16", "fp16", "fp8"])
def test_bases_of_every_precision(stage, kind):
    import comfy.sd

    names = stage.names
    if kind == "fp16":
        halves = {name: value.half() for name, value in flux().items()}
        base = comfy.sd.load_diffusion_model_state_dict(halves, model_options={"dtype": torch.float16})
    else:
        base = stage.base({"fp32": names.flux, "bf16": names.flux_bf16, "fp8": names.flux_fp8}[kind])
    made = stage.sample(stage.apply(base))
    assert torch.isfinite(made).all()
    assert change(made, stage.sample(base)) > 0.01


def test_bases_with_operations_of_their_own(stage):
    """As GGUF packs do: weights stored otherwise, turned into numbers when a layer runs."""
    import comfy.ops
    import comfy.sd

    class HalvedWeights(comfy.ops.manual_cast):
        class Linear(comfy.ops.manual_cast.Linear):
            def _load_from_state_dict(self, state_dict, prefix, *args):
                state_dict[f"{prefix}weight"] = state_dict[f"{prefix}weight"] / 2
                super()._load_from_state_dict(state_dict, prefix, *args)

            def forward(self, x):
                return torch.nn.functional.linear(x, self.weight.to(x) * 2, self.bias.to(x))

    options = {"custom_operations": HalvedWeights}
    base = comfy.sd.load_diffusion_model_state_dict(flux(), model_options=options)
    assert change(stage.sample(stage.apply(base)), stage.sample(stage.apply())) < SAME


def test_conditioning_hooks_on_weights(stage):
    """A LoRA that acts on one prompt only makes ComfyUI call the base once per group of hooks."""
    hooks = stage.call("CreateHookLora", lora_name=stage.names.lora, strength_model=1.0, strength_clip=0.0)[0]
    hooked = stage.call("ConditioningSetProperties", cond_NEW=stage.positive, hooks=hooks,
                        strength=1.0, set_cond_area="default")[0]  # fmt: skip
    made = stage.sample(stage.apply(), hooked)
    assert change(made, stage.sample(stage.lora(stage.apply()))) < SAME


def test_the_context_is_never_touched(stage):
    """The base sees the prompt's tokens and nothing more."""
    seen = []
    hook = stage.model.model.diffusion_model.txt_in.register_forward_pre_hook(lambda m, a: seen.append(a[0]))
    stage.sample(stage.apply(), steps=1)
    hook.remove()
    assert seen[0].shape == (1, 12, CONTEXT)


def test_a_node_that_chooses_the_attention_chooses_infusenets_too(stage):
    """As sage-attention nodes do it; the network's own default is the host's attention."""
    seen = []

    def counted(original, q, k, v, heads, **kwargs):
        seen.append(q.shape[2])
        return 0.5 * original(q, k, v, heads, **kwargs)

    def overridden(model):
        model = model.clone()
        options = model.model_options["transformer_options"]
        model.model_options["transformer_options"] = {**options, "optimized_attention_override": counted}
        return model

    bare = stage.sample(overridden(stage.model))
    calls = len(seen)
    made = stage.sample(overridden(stage.apply()))
    assert len(seen) - 2 * calls > 0  # as often in the base, and in InfuseNet besides
    with_default = stage.sample(stage.apply()) - stage.sample()
    assert change(made - bare, with_default) > 0.01


def test_what_is_computed_in_the_midst_of_the_base_is_outside_the_hosts_memory_plan(stage, monkeypatch):
    """Neither host here has one yet: a stand-in for `comfy.model_prefetch`, and EasyCache, which makes ours wait."""
    events = []

    @contextmanager
    def pause():
        events.append("paused")
        yield
        events.append("on again")

    prefetch = sys.modules.get("comfy.model_prefetch", ModuleType("comfy.model_prefetch"))
    monkeypatch.setitem(sys.modules, "comfy.model_prefetch", prefetch)
    monkeypatch.setattr(prefetch, "pause_malloc_graph", pause, raising=False)
    network = stage.infusenet.network.model
    hook = network.register_forward_hook(lambda *_: events.append("InfuseNet"))
    try:
        cached = stage.call("EasyCache", model=stage.apply(), reuse_threshold=0.0, start_percent=0.0, end_percent=1.0)[
            0
        ]
        stage.sample(cached)
    finally:
        hook.remove()
    assert events == ["paused", "InfuseNet", "on again"] * 2
