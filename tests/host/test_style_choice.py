"""The sampler's one choice of style, over the detailed dials."""

import pytest
import torch
from harness.host_sampling import Bench


@pytest.fixture(scope="module")
def bench(comfyui):
    return Bench(comfyui)


@pytest.mark.parametrize(("style", "share"), [("as published", 0.0), ("keep", 0.5), ("strong", 1.0)])
def test_it_is_the_style_alignment_of_apply(bench, style, share):
    made = bench.infu(bench.identity, style=style)
    assert torch.equal(made, bench.ksampler(bench.apply(bench.model, style_alignment=share)))


def test_the_larger_of_both_counts(bench):
    aligned = bench.apply(bench.model, style_alignment=0.8)
    assert torch.equal(bench.infu(aligned, style="keep"), bench.ksampler(aligned))
    strong = bench.apply(bench.model, style_alignment=1.0)
    assert torch.equal(bench.infu(aligned, style="strong"), bench.ksampler(strong))


def test_the_guider_and_an_identity_in_the_prompt(bench):
    guider = bench.call("InfuGuider", model=bench.identity, positive=bench.positive, style="keep")[0]
    assert torch.equal(bench.advanced(guider)[0], bench.infu(bench.identity, style="keep"))
    given = {"infusenet": bench.infusenet, "identity": bench.call("TestIdentity", seed=7)[0], "vae": bench.vae}
    twin = bench.call("ApplyInfuseNetConditioning", positive=bench.positive, **given)[0]
    made = bench.infu(bench.model, positive=twin, style="keep")
    assert not torch.equal(made, bench.infu(bench.model, positive=twin))


def test_graphs_of_before_have_no_such_widgets(bench):
    """A saved prompt without the new inputs runs as it did."""
    node = bench.comfyui.node("InfuSampler")
    optional = {one.id for one in node.define_schema().inputs if one.optional}
    assert optional == {"style", "feature_interaction", "interaction_weight", "interaction_blocks"}
