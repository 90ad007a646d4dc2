"""Identity guidance in ComfyUI: what it costs, where it acts, and its exact ends."""

import pytest
import torch
from harness.host_sampling import STEPS, Bench


@pytest.fixture(scope="module")
def bench(comfyui):
    return Bench(comfyui)


def distance(a, b):
    return ((a - b).norm() / b.norm()).item()


def test_one_costs_nothing_and_changes_nothing(bench):
    exact = bench.infu(bench.identity)
    assert torch.equal(exact, bench.ksampler(bench.identity))
    record = bench.record()
    assert (record.base_passes, record.text_passes, record.runs[0].computed) == (STEPS, 0, STEPS)


@pytest.mark.parametrize(("cfg", "batch"), [(1.0, 1), (3.5, 2)])
def test_zero_is_the_bare_model_and_does_not_run_infusenet(bench, cfg, batch):
    widgets = {"cfg": cfg, "latent_image": bench.latent(batch=batch)}
    made = bench.infu(bench.identity, identity_guidance=0.0, **widgets)
    assert torch.equal(made, bench.ksampler(bench.model, **widgets))
    record = bench.record()
    assert (record.base_passes, record.text_passes, record.runs[0].computed) == (STEPS, 0, 0)


def one_step(bench, guidance, **widgets):
    """One Euler step is linear in the prediction, so guidance can be checked from the pictures alone."""
    return bench.infu(bench.identity, identity_guidance=guidance, steps=1, **widgets)


@pytest.mark.parametrize("batch", [1, 2])
def test_others_lie_on_the_line_through_both_predictions(bench, batch):
    latent = bench.latent(batch=batch)
    with_identity, text = one_step(bench, 1.0, latent_image=latent), one_step(bench, 0.0, latent_image=latent)
    assert distance(with_identity, text) > 0.01
    for guidance in (0.4, 1.8):
        expected = text + guidance * (with_identity - text)
        assert distance(one_step(bench, guidance, latent_image=latent), expected) < 1e-4


def test_the_second_pass_is_one_batch_with_the_first(bench):
    bench.infu(bench.identity, identity_guidance=1.5)
    record = bench.record()
    assert (record.base_passes, record.text_passes, record.runs[0].computed) == (STEPS, STEPS, STEPS)


def test_negative_prompts_stay_as_they_are(bench):
    """CFG and identity guidance are two dials: v_neg + cfg (v_text + g (v_id - v_text) - v_neg)."""
    plain, text = one_step(bench, 1.0), one_step(bench, 0.0)
    negative = bench.infu(bench.identity, steps=1, positive=bench.negative, identity_guidance=0.0)
    made = one_step(bench, 1.6, cfg=3.0)
    assert distance(made, negative + 3.0 * (text + 1.6 * (plain - text) - negative)) < 1e-4


def test_an_identity_on_the_negative_too_spares_only_the_text(bench):
    model = bench.apply(bench.model, on_negative=True)
    with_both = bench.infu(model, steps=1, cfg=3.0)
    guided = bench.infu(model, steps=1, cfg=3.0, identity_guidance=1.5)
    plain, text = one_step(bench, 1.0), one_step(bench, 0.0)
    assert distance(guided, with_both + 3.0 * 0.5 * (plain - text)) < 1e-4


def test_it_acts_between_its_percents(bench):
    bench.infu(bench.identity, identity_guidance=1.5, guidance_start_percent=0.3, guidance_end_percent=0.6)
    record = bench.record()
    inside = [percent for percent in record.percents if 0.3 <= percent <= 0.6]
    assert 0 < record.text_passes == len(inside) < STEPS


def test_outside_its_percents_nothing_changes(bench):
    made = bench.infu(bench.identity, identity_guidance=0.0, guidance_start_percent=1.0)
    assert torch.equal(made, bench.ksampler(bench.identity))


def test_style_alignment(bench):
    aligned = bench.infu(bench.identity, steps=1, style_alignment=1.0)
    plain, text = one_step(bench, 1.0), one_step(bench, 0.0)
    assert distance(aligned, plain - (plain - text).mean((2, 3), keepdim=True)) < 1e-4


def test_an_identity_of_zero_strength_makes_guidance_harmless(bench):
    """Outside the identity's own window both predictions are the same."""
    model = bench.apply(bench.model, start_percent=0.99)
    made = bench.infu(model, identity_guidance=3.0)
    assert distance(made, bench.ksampler(bench.model)) < 1e-4


def test_the_guider_guides_alike(bench):
    widgets = {"positive": bench.positive, "identity_guidance": 1.7}
    guider = bench.call("InfuGuider", model=bench.identity, **widgets)[0]
    assert torch.equal(bench.advanced(guider)[0], bench.infu(bench.identity, identity_guidance=1.7))


def test_two_identities_in_a_row_are_guided_together(bench):
    both = bench.apply(bench.identity, person=8)
    zero = bench.infu(both, identity_guidance=0.0)
    assert torch.equal(zero, bench.ksampler(bench.model))
    assert len(bench.record().runs) == 2


def test_a_function_that_was_there_before_is_asked_for_each_part(bench):
    """Another pack may have taken ComfyUI's place for this; it sees pairs of conditions, as it is used to."""
    import comfy.samplers

    seen = []

    def theirs(args):
        seen.append([cond is not None for cond in args["conds"]])
        return comfy.samplers.calc_cond_batch(
            args["model"], args["conds"], args["input"], args["sigma"], args["model_options"]
        )

    model = bench.identity.clone()
    model.model_options["sampler_calc_cond_batch_function"] = theirs
    made = bench.infu(model, identity_guidance=1.5, steps=1)
    assert distance(made, one_step(bench, 1.5)) < 1e-4
    assert seen == [[True, False], [True, False]]


def test_easycache_keeps_the_two_predictions_apart(bench, monkeypatch):
    """Its cache goes by the name of a condition; the same name twice would end the guidance at the first skip."""
    module = bench.comfyui.module("infu_core.injection.identity_guidance")
    combine, apart = module.IdentityGuidance.combine, []

    def watched(self, with_identity, text):
        apart.append(distance(with_identity, text))
        return combine(self, with_identity, text)

    monkeypatch.setattr(module.IdentityGuidance, "combine", watched)
    cached = bench.call("EasyCache", model=bench.identity, reuse_threshold=1.0, start_percent=0.1, end_percent=0.95)[0]
    bench.infu(cached, steps=12, identity_guidance=2.0)
    computed = bench.record().runs[0].computed
    assert 0 < computed < 12, f"{computed} of 12: EasyCache skipped nothing, the test proves nothing"
    assert len(apart) == 12 and min(apart) > 1e-3, apart


@pytest.mark.parametrize("order", ["compile last", "compile first"])
def test_a_compiled_base(bench, order):
    """TorchCompileModel with a backend that needs no compiler."""
    options = {"backend": "eager"}
    if order == "compile last":
        compiled = bench.call("TorchCompileModel", model=bench.identity, **options)[0]
    else:
        compiled = bench.apply(bench.call("TorchCompileModel", model=bench.model, **options)[0])
    dials = {"identity_guidance": 1.5, "reuse": "fast", "steps": 10}
    made = bench.infu(compiled, **dials)
    assert bench.record().runs[0].computed <= 8
    assert distance(made, bench.infu(bench.identity, **dials)) < 1e-4
