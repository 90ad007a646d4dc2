"""What a step does besides InfuseNet: beside bare ComfyUI at most one number is read for each evaluation more."""

from collections import Counter

import pytest
from harness.host_injection import Stage
from torch.utils._python_dispatch import TorchDispatchMode

SCALAR = "aten._local_scalar_dense.default"


@pytest.fixture(scope="module")
def stage(comfyui):
    return Stage(comfyui)


class Operators(TorchDispatchMode):
    """Counts operators, and evaluations of the base."""

    def __init__(self):
        super().__init__()
        self.counts, self.evaluations = Counter(), 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.counts[str(function)] += 1
        return function(*args, **(kwargs or {}))


def counted(stage, model, **widgets):
    operators = Operators()
    network = model.model.diffusion_model
    hook = network.register_forward_pre_hook(lambda *_: setattr(operators, "evaluations", operators.evaluations + 1))
    try:
        with operators:
            stage.sample(model, **widgets)
    finally:
        hook.remove()
    return operators


def two(stage):
    return stage.region(4, regions=stage.region(3, box="0, 0, 0.5, 1"), box="0.5, 0, 0.5, 1")


WAYS = {
    "one": lambda stage: stage.apply(),
    "two in regions": lambda stage: stage.apply(who=two(stage)),
    "two nodes": lambda stage: stage.apply(stage.apply()),
}


@pytest.mark.parametrize(
    ("way", "sampler"),
    [
        ("one", "euler"),
        ("one", "heun"),
        ("one", "dpmpp_2s_ancestral"),
        ("two in regions", "euler"),
        ("two nodes", "heun"),
    ],
)
def test_one_number_is_read_for_each_evaluation_more(stage, way, sampler):
    """Between 4 and 8 steps, so that what a run does once is not counted."""
    patched = WAYS[way](stage)
    stage.sample(patched, sampler_name=sampler)  # poses are encoded and modules warm
    more = {}
    for name, model in (("bare", stage.model), ("ours", patched)):
        short, long = (counted(stage, model, sampler_name=sampler, steps=steps) for steps in (4, 8))
        more[name] = long.counts[SCALAR] - short.counts[SCALAR]
        evaluations = long.evaluations - short.evaluations
    assert evaluations >= 4
    assert more["ours"] - more["bare"] <= evaluations


@pytest.mark.parametrize("way", WAYS)
def test_what_does_not_change_is_not_made_again(stage, way, monkeypatch):
    """Masks, positions, poses and identities of a run are prepared at its first step only."""
    injector = stage.module("infu_core.injection.injector")
    made = Counter()
    for name in ("lay_out", "token_positions", "pack"):
        original = getattr(injector, name)
        monkeypatch.setattr(
            injector, name, lambda *args, name=name, original=original: (made.update([name]), original(*args))[1]
        )
    patched = WAYS[way](stage)
    stage.sample(patched, steps=2)
    short = Counter(made)
    made.clear()
    stage.sample(patched, steps=8)
    assert made == short and made["lay_out"] == (2 if way == "two nodes" else 1)
