"""Infinite-ID's feature interaction in real ComfyUI: equal to its definition, however the host batches the streams."""

import math

import pytest
import torch
from harness.host_sampling import STEPS, Bench

KINDS = {
    "mixed attention": "mixed",
    "AdaIN-mean": "means",
    "mixed attention with AdaIN-mean": "means, then mixed",
    "cross-attention merge": "merged",
}
TOKENS = 12  # of the prompt; 96 x 64 pixels are 6 x 4 tokens behind it
OVERRIDE = "optimized_attention_override"


@pytest.fixture(scope="module")
def bench(comfyui):
    return Bench(comfyui)


def distance(a, b):
    return ((a - b).norm() / b.norm()).item()


def softmaxed(q, k, v):
    shares = (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).softmax(-1)
    return (shares @ v).transpose(1, 2).flatten(2)


class Direct:
    """A second implementation: FLUX's `attention` in its place, first for the text alone, then with the identity."""

    def __init__(self, kind: str, weight: float):
        self.kind, self.weight = kind, weight
        self.text = []

    def remember(self, q, k, v, pe, mask=None, transformer_options=None):
        from comfy.ldm.flux.math import apply_rope

        q, k = apply_rope(q, k, pe)
        self.text.append((k, v))
        return softmaxed(q, k, v)

    def meet(self, q, k, v, pe, mask=None, transformer_options=None):
        from comfy.ldm.flux.math import apply_rope

        q, k = apply_rope(q, k, pe)
        plain = softmaxed(q, k, v)
        text_k, text_v = self.text.pop(0)
        image_q = q[:, :, TOKENS:]
        if self.kind == "merged":
            met = softmaxed(image_q, text_k[:, :, :TOKENS], text_v[:, :, :TOKENS])
            image = (1 - self.weight) * plain[:, TOKENS:] + self.weight * met
        else:
            share = self.weight if self.kind == "means" else 1.0
            if "means" in self.kind:
                k, v = (self.aligned(own, other, share) for own, other in ((k, text_k), (v, text_v)))
            if "mixed" in self.kind:
                k = torch.cat((k, text_k[:, :, TOKENS:]), 2)
                v = torch.cat((v, text_v[:, :, TOKENS:]), 2)
            image = softmaxed(image_q, k, v)
            if self.kind != "means":
                image = (1 - self.weight) * plain[:, TOKENS:] + self.weight * image
        return torch.cat((plain[:, :TOKENS], image), 1)

    def aligned(self, own, other, share):
        change = other[:, :, TOKENS:].mean(2, keepdim=True) - own[:, :, TOKENS:].mean(2, keepdim=True)
        return torch.cat((own[:, :, :TOKENS], own[:, :, TOKENS:] + share * change), 2)


def defined(bench, monkeypatch, kind, weight, **widgets):
    """One step at CFG 1 by two samplings, with and without identity, whose attention is written out."""
    import comfy.ldm.flux.layers as layers

    direct = Direct(KINDS[kind], weight)
    with monkeypatch.context() as patch:
        patch.setattr(layers, "attention", direct.remember)
        bench.ksampler(bench.model, steps=1, **widgets)
        patch.setattr(layers, "attention", direct.meet)
        made = bench.ksampler(bench.identity, steps=1, **widgets)
    assert not direct.text
    return made


def met(bench, kind, model=None, weight=1.0, **widgets):
    dials = {"feature_interaction": kind, "interaction_weight": weight}
    return bench.infu(model or bench.identity, **dials, **widgets)


@pytest.mark.parametrize("weight", [1.0, 0.4])
@pytest.mark.parametrize("kind", KINDS)
def test_equal_to_the_definition(bench, monkeypatch, kind, weight):
    expected = defined(bench, monkeypatch, kind, weight)
    plain = bench.ksampler(bench.identity, steps=1)
    made = met(bench, kind, weight=weight, steps=1)
    assert distance(made, expected) < 1e-5
    assert distance(plain, expected) > 1e-3, "The interaction does nothing here, so the test proves nothing."


@pytest.mark.parametrize("kind", ["off", *KINDS])
def test_off_and_a_weight_of_zero_are_nothing(bench, kind):
    assert torch.equal(met(bench, kind, weight=0.0), bench.ksampler(bench.identity))
    assert bench.record().text_passes == 0


def test_a_model_without_identity_keeps_its_picture(bench):
    assert distance(met(bench, "mixed attention", bench.model), bench.ksampler(bench.model)) < 1e-6


def test_an_identity_outside_its_window_keeps_the_bare_picture(bench):
    model = bench.apply(bench.model, start_percent=0.99)
    assert distance(met(bench, "mixed attention", model), bench.ksampler(bench.model)) < 1e-5


@pytest.mark.parametrize("kind", KINDS)
def test_streams_that_the_host_evaluates_apart(bench, monkeypatch, kind):
    """ComfyUI splits what does not fit: then the text alone comes first, and what is needed of it is kept."""
    together = met(bench, kind, cfg=3.0)
    base = type(bench.model.model)
    monkeypatch.setattr(base, "memory_required", lambda self, shape, **more: 1e18 if shape[0] > 1 else 1e6)
    sizes = []
    apply_model = base.apply_model

    def watched(self, x, *args, **kwargs):
        sizes.append(len(x))
        return apply_model(self, x, *args, **kwargs)

    monkeypatch.setattr(base, "apply_model", watched)
    assert distance(met(bench, kind, cfg=3.0), together) < 1e-5
    assert set(sizes) == {1} and len(sizes) == 3 * STEPS


def test_what_would_not_fit_is_refused(bench, monkeypatch):
    base = type(bench.model.model)
    monkeypatch.setattr(base, "memory_required", lambda self, shape, **more: 1e18 if shape[0] > 1 else 1e6)
    free = lambda device=None, torch_free_too=False: (1000, 1000) if torch_free_too else 1000  # noqa: E731
    monkeypatch.setattr("comfy.model_management.get_free_memory", free)
    with pytest.raises(ValueError, match="feature_interaction would keep 0.0 GB .* in 12 blocks"):
        met(bench, "mixed attention")
    met(bench, "AdaIN-mean")  # keeps means alone


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_of_a_batch_equals_the_single_picture(bench, kind):
    single = met(bench, kind)
    latent = bench.latent(batch=2)
    latent["batch_index"] = [0, 0]
    both = met(bench, kind, latent_image=latent)
    assert distance(both[:1], single) < 1e-5


def test_the_second_run_equals_the_first(bench):
    kind = "AdaIN-mean, text every 4th time"
    assert torch.equal(met(bench, kind, steps=6), met(bench, kind, steps=6))
    guider = bench.call("InfuGuider", model=bench.identity, positive=bench.positive, feature_interaction=kind)[0]
    assert torch.equal(bench.advanced(guider, steps=6)[0], bench.advanced(guider, steps=6)[0])


def test_kept_means_spare_the_text_stream(bench):
    often, seldom = "AdaIN-mean", "AdaIN-mean, text every 4th time"
    exact = met(bench, often, steps=9)
    assert bench.record().text_passes == 9
    spared = met(bench, seldom, steps=9)
    assert bench.record().text_passes == 3
    effect = distance(exact, bench.ksampler(bench.identity, steps=9))
    assert distance(spared, exact) < effect


def test_the_shifted_picture_is_another(bench):
    shifted = met(bench, "mixed attention, shifted")
    assert distance(shifted, met(bench, "mixed attention")) > 1e-4


def test_chosen_blocks(bench):
    every = met(bench, "mixed attention")
    assert torch.equal(met(bench, "mixed attention", interaction_blocks="single, double"), every)
    assert distance(met(bench, "mixed attention", interaction_blocks="single 1-2"), every) > 1e-4
    nowhere = met(bench, "mixed attention", interaction_blocks="single 40-50")
    assert distance(nowhere, bench.ksampler(bench.identity)) < 1e-5


def test_the_window_of_steps(bench):
    met(bench, "mixed attention", guidance_start_percent=0.3, guidance_end_percent=0.6)
    record = bench.record()
    inside = [percent for percent in record.percents if 0.3 <= percent <= 0.6]
    assert 0 < record.text_passes == len(inside) < STEPS


def halving(func, q, k, v, *args, **kwargs):
    """Another pack's attention, of softer queries."""
    return func(0.5 * q, k, v, *args, **kwargs)


def test_the_order_of_nodes_is_free(bench):
    """One slot holds the override: a node that fills it before Apply or after, both act."""
    before = bench.model.clone()
    before.model_options["transformer_options"][OVERRIDE] = halving
    before = bench.apply(before)
    after = bench.identity.clone()
    after.model_options["transformer_options"][OVERRIDE] = halving
    made = met(bench, "mixed attention", before)
    assert torch.equal(made, met(bench, "mixed attention", after))
    assert distance(made, met(bench, "mixed attention")) > 1e-4
    assert distance(made, bench.ksampler(after)) > 1e-4


def test_with_regions_reuse_and_a_prompt_of_its_own(bench):
    """Two people in halves; the identity in the prompt alone; forecasts: each still meets the text-only stream."""
    left, right = torch.zeros(1, 64, 96), torch.zeros(1, 64, 96)
    left[..., :48], right[..., 48:] = 1, 1
    regions = None
    for seed, mask in ((7, left), (8, right)):
        who = bench.call("TestIdentity", seed=seed)[0]
        chain = {} if regions is None else {"regions": regions}
        regions = bench.call("InfuIdentityRegion", identity=who, mask=mask, feather=0.0, **chain)[0]
    given = {"infusenet": bench.infusenet, "identity": regions, "vae": bench.vae}
    couple = bench.call("ApplyInfuseNet", model=bench.model, **given)[0]
    twin = bench.call("ApplyInfuseNetConditioning", positive=bench.positive, **given)[0]
    by_model = met(bench, "mixed attention", couple)
    assert distance(by_model, bench.ksampler(couple)) > 1e-3
    assert distance(met(bench, "mixed attention", bench.model, positive=twin), by_model) < 1e-5
    reused = met(bench, "mixed attention", couple, reuse="balanced", steps=14)
    assert distance(reused, met(bench, "mixed attention", couple, steps=14)) < 0.05


def test_beside_guidance_and_cfg(bench, monkeypatch):
    """v = v_neg + cfg (v_text + g (v_met - v_text) - v_neg)."""
    meeting = defined(bench, monkeypatch, "mixed attention", 1.0)
    text = bench.ksampler(bench.model, steps=1)
    negative = bench.ksampler(bench.model, steps=1, positive=bench.negative)
    made = met(bench, "mixed attention", identity_guidance=1.5, cfg=3.0, steps=1)
    assert distance(made, negative + 3.0 * (text + 1.5 * (meeting - text) - negative)) < 1e-4


def test_beside_an_attention_patch(bench):
    """NAG mixes the two prompts: the text-only stream is a call of its own, and comes first."""
    patched = bench.call(
        "NAGuidance", model=bench.identity, nag_scale=3.0, nag_alpha=0.5, nag_tau=1.5
    )[0]  # fmt: skip
    plain = bench.infu(patched, cfg=3.0)
    assert distance(met(bench, "mixed attention", patched, cfg=3.0), plain) > 1e-3


def test_a_compiled_base(bench):
    """And the compiled base goes on without the interaction afterwards."""
    compiled = bench.call("TorchCompileModel", model=bench.identity, backend="eager")[0]
    assert distance(met(bench, "mixed attention", compiled), met(bench, "mixed attention")) < 1e-4
    assert distance(bench.infu(compiled), bench.infu(bench.identity)) < 1e-4
    assert distance(met(bench, "mixed attention", compiled), met(bench, "mixed attention")) < 1e-4


@pytest.mark.parametrize("typed", ["triple", "single 9-3", "all 3", ""])
def test_blocks_that_cannot_be_read(bench, typed):
    with pytest.raises(ValueError, match="interaction_blocks"):
        met(bench, "mixed attention", interaction_blocks=typed)
