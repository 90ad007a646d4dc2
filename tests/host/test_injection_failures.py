"""Wrong models, interrupts, memory: what ApplyInfuseNet refuses, leaves behind, declares and shares."""

import gc
import types
import weakref

import pytest
import torch
from harness.host_injection import Stage, change


@pytest.fixture(scope="module")
def stage(comfyui):
    return Stage(comfyui)


def other_base(kind, **config):
    """A MODEL of another family, as far as a node can see it: ComfyUI's own config class, no weights."""
    import comfy.supported_models

    unet_config = {**getattr(comfy.supported_models, kind).unet_config, **config}
    base = type(kind, (), {})()
    base.model_config = types.SimpleNamespace(unet_config=unet_config)
    return types.SimpleNamespace(model=base)


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("SDXL", "SDXL"),
        ("SD3", "SD3"),
        ("Flux2", "flux2"),
        ("Chroma", "chroma"),
        ("QwenImage", "qwen_image"),
        ("LongCatImage", "LongCatImage"),
    ],
)
def test_other_models_are_refused_in_one_sentence(stage, kind, named):
    import comfy.supported_models

    if kind == "LongCatImage" and not hasattr(comfy.supported_models, kind):
        pytest.skip("[host-0.14] ComfyUI 0.14 does not know this model")
    with pytest.raises(ValueError, match=f"^InfiniteYou works with FLUX.1 models; .*'{named}'"):
        stage.apply(other_base(kind))


@pytest.mark.parametrize(
    ("config", "sentence"),
    [({"hidden_size": 3072}, "hidden size 256, but this MODEL has 3072"), ({"vec_in_dim": 768}, "pooled text size 32")],
)
def test_a_flux_of_another_size_is_refused(stage, config, sentence):
    fitting = {"hidden_size": 256, "vec_in_dim": 32, "depth": 5, "depth_single_blocks": 7}
    with pytest.raises(ValueError, match=sentence):
        stage.apply(other_base("Flux", **{**fitting, **config}))


def stop(*args):
    raise RuntimeError("stopped by the test")


def interrupt(*args):
    import comfy.model_management

    raise comfy.model_management.InterruptProcessingException()


@pytest.mark.parametrize("fault", [stop, interrupt])
def test_nothing_is_left_after_ten_interrupts_or_errors(stage, fault):
    """In the base, and in InfuseNet itself; the next picture equals the one before."""
    patched = stage.apply()
    before, bare = stage.sample(patched), stage.sample()
    options = repr(patched.model_options)
    places = (stage.model.model.diffusion_model.single_blocks[0], stage.infusenet.network.model.single_blocks[0])
    runs = remembered_runs(stage)
    with runs as seen:
        for place in places:
            hook = place.register_forward_pre_hook(fault)
            for _ in range(5):
                with pytest.raises(BaseException) as raised:
                    stage.sample(patched)
                del raised
            hook.remove()
    gc.collect()
    assert len(seen) == 10 and all(run() is None for run in seen)
    assert repr(patched.model_options) == options
    assert torch.equal(stage.sample(patched), before)
    assert torch.equal(stage.sample(), bare)


class remembered_runs:
    """Weak references to every run's state."""

    def __init__(self, stage):
        self.injector = stage.module("infu_core.injection.injector")

    def __enter__(self):
        self.original, seen = self.injector.InjectionRun.__init__, []
        original = self.original

        def remember(run, *args, **kwargs):
            original(run, *args, **kwargs)
            seen.append(weakref.ref(run))

        self.injector.InjectionRun.__init__ = remember
        return seen

    def __exit__(self, *error):
        self.injector.InjectionRun.__init__ = self.original


def test_a_run_keeps_nothing_when_it_is_done(stage):
    with remembered_runs(stage) as seen:
        stage.sample(stage.apply())
    gc.collect()
    assert [run() for run in seen] == [None]


def given_to_the_base(stage, model, **sampling):
    """The `control` that the base's forward was called with."""
    seen = []
    hook = stage.model.model.diffusion_model.register_forward_pre_hook(
        lambda module, args, kwargs: seen.append(kwargs["control"]), with_kwargs=True
    )
    stage.sample(model, steps=1, **sampling)
    hook.remove()
    return seen[0]


def test_residuals_are_shared_over_the_blocks_not_copied(stage):
    """5 + 7 blocks of the base, 2 + 3 of the network: ceil(5 / 2) = 3 and ceil(7 / 3) = 3 blocks a residual."""
    control = given_to_the_base(stage, stage.apply())
    double, single = control["input"], control["output"]
    assert [len(double), len(single)] == [5, 7]
    numbers = {id(tensor): number for number, tensor in enumerate(dict.fromkeys([*double, *single]))}
    assert [numbers[id(tensor)] for tensor in double] == [0, 0, 0, 1, 1]
    assert [numbers[id(tensor)] for tensor in single] == [2, 2, 2, 3, 3, 3, 4]
    storages = {tensor.untyped_storage().data_ptr() for tensor in (*double, *single)}
    assert len(storages) == 5


def test_two_identities_hold_one_sum_each_residual(stage):
    control = given_to_the_base(stage, stage.apply(stage.apply(who=stage.identity(3)), stage.identity(4)))
    assert len({id(tensor) for tensor in (*control["input"], *control["output"])}) == 5


def test_applies_share_the_network_and_its_weights(stage):
    first = stage.apply()
    second = stage.apply(first, stage.identity(4))
    modules = {id(patcher.model) for patcher in second.get_additional_models()}
    assert modules == {id(stage.infusenet.network.model)}
    assert second.model is stage.model.model


def test_comfyui_is_told_of_the_room_that_residuals_need(stage, monkeypatch):
    import comfy.sampler_helpers

    asked = []
    original = comfy.sampler_helpers.estimate_memory

    def estimate(model, noise_shape, conds):
        asked.append((noise_shape, original(model, noise_shape, conds)))
        return asked[-1][1]

    monkeypatch.setattr(comfy.sampler_helpers, "estimate_memory", estimate)
    stage.sample(steps=1, batch=2)
    stage.sample(stage.apply(), steps=1, batch=2)
    (bare_shape, bare), (shape, told) = asked
    residuals = 5 * 2 * 16 * 256 * stage.infusenet.dtype.itemsize
    assert shape[:-1] == bare_shape[:-1]
    assert told[0] - bare[0] >= 2 * residuals * 0.99 and told[1] - bare[1] >= residuals * 0.99


def test_the_pose_is_encoded_before_the_models_are_loaded_and_once(stage, monkeypatch):
    import comfy.sampler_helpers

    order = []
    original_load, original_encode = comfy.sampler_helpers.prepare_sampling, type(stage.vae).encode
    monkeypatch.setattr(
        comfy.sampler_helpers, "prepare_sampling", lambda *a, **k: order.append("load") or original_load(*a, **k)
    )
    monkeypatch.setattr(type(stage.vae), "encode", lambda *a, **k: order.append("encode") or original_encode(*a, **k))
    patched = stage.apply(pose_image=torch.rand(1, 64, 64, 3))
    stage.sample(patched, steps=3)
    stage.sample(patched, seed=2)
    assert order == ["encode", "load", "load"]


def test_the_network_is_loaded_and_freed_by_comfyui(stage):
    import comfy.model_management

    stage.sample(stage.apply())
    loaded = {id(model.model.model) for model in comfy.model_management.current_loaded_models}
    assert id(stage.infusenet.network.model) in loaded
    comfy.model_management.unload_all_models()
    assert torch.isfinite(stage.sample(stage.apply())).all()


def test_graphs_in_the_executor_queue_twice_alike(stage):
    """The whole graph through ComfyUI's own executor, two people, twice."""
    names = stage.names

    def node(kind, **inputs):
        return {"class_type": kind, "inputs": inputs}

    graph = {
        "model": node("UNETLoader", unet_name=names.flux, weight_dtype="default"),
        "vae": node("VAELoader", vae_name=names.vae),
        "net": node("LoadInfuseNet", infusenet=names.infusenet, projector="auto", weight_dtype="auto"),
        "one": node("TestIdentity", seed=3),
        "two": node("TestIdentity", seed=4),
        "left": node(
            "InfuIdentityRegion", identity=["one", 0], strength=1.0, feather=0.03, box="0,0,0.5,1", mask_index=-1
        ),
        "both": node(
            "InfuIdentityRegion", identity=["two", 0], regions=["left", 0], strength=1.0, feather=0.03,
            box="0.5,0,0.5,1", mask_index=-1,
        ),
        "apply": node(
            "ApplyInfuseNet", model=["model", 0], infusenet=["net", 0], identity=["both", 0], vae=["vae", 0],
            strength=1.0, start_percent=0.0, end_percent=1.0, style_alignment=0.0, region_mode="one_pass", guidance=1.0,
            on_negative=False, block_weights="",
        ),
        "positive": node("TestConditioning", seed=1, guidance=3.5, tokens=12, context=64, pooled=32),
        "latent": node("EmptySD3LatentImage", width=64, height=64, batch_size=1),
        "sampler": node(
            "KSampler", model=["apply", 0], positive=["positive", 0], negative=["positive", 0],
            latent_image=["latent", 0], seed=1, steps=2, cfg=1.0, sampler_name="euler", scheduler="simple", denoise=1.0,
        ),
    }  # fmt: skip
    first = stage.comfyui.run(graph, {"latent": ["sampler", 0]})["latent"]["samples"]
    graph["sampler"]["inputs"]["seed"] = 2
    other = stage.comfyui.run(graph, {"latent": ["sampler", 0]})["latent"]["samples"]
    graph["sampler"]["inputs"]["seed"] = 1
    again = stage.comfyui.run(graph, {"latent": ["sampler", 0]})["latent"]["samples"]
    assert torch.equal(first, again) and change(other, first) > 0.1
