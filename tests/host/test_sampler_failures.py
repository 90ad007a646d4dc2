"""Ten interrupted runs and ten failed ones leave memory and results as they were."""

import gc

import pytest
import torch
from harness.host_sampling import Bench

DIALS = {"reuse": "fast", "identity_guidance": 1.4, "strength_curve": "window", "steps": 12}
TIMES = 10


@pytest.fixture(scope="module")
def bench(comfyui):
    return Bench(comfyui)


def tensor_bytes():
    """Bytes of all tensors that Python can still reach, each storage once."""
    gc.collect()
    sizes = {}
    for thing in gc.get_objects():
        # Exact types: a test that compiled models may have left tensors that have no storage.
        if type(thing) in (torch.Tensor, torch.nn.Parameter) and not thing.is_meta:
            storage = thing.untyped_storage()
            sizes[storage.data_ptr()] = storage.nbytes()
    return sum(sizes.values())


def fails(sample, error):
    with pytest.raises(error) as caught:
        sample()
    caught.value.__traceback__ = None


def guided(bench):
    dials = {name: value for name, value in DIALS.items() if name != "steps"}
    guider = bench.call("InfuGuider", model=bench.identity, positive=bench.positive, **dials)[0]
    return lambda: bench.advanced(guider, steps=DIALS["steps"])[0]


@pytest.fixture(params=["sampler", "guider"])
def sample(request, bench):
    return guided(bench) if request.param == "guider" else lambda: bench.infu(bench.identity, **DIALS)


def test_ten_interrupted_runs(bench, sample, monkeypatch):
    """Interrupted where ComfyUI does it: when a sampler reports its progress."""
    import comfy.model_management
    import comfy.utils

    interruption = comfy.model_management.InterruptProcessingException
    expected = sample()
    before, recorded = tensor_bytes(), len(bench.records)
    report = comfy.utils.ProgressBar.update_absolute

    def interrupting(bar, value, *args, **kwargs):
        report(bar, value, *args, **kwargs)
        if value == 7:
            raise interruption()

    with monkeypatch.context() as patched:
        patched.setattr(comfy.utils.ProgressBar, "update_absolute", interrupting)
        for _ in range(TIMES):
            fails(sample, interruption)
    assert len(bench.records) == recorded + TIMES
    assert tensor_bytes() <= before + 16  # ComfyUI's guider itself keeps the last failed run's sigma
    assert torch.equal(sample(), expected)


@pytest.mark.parametrize("where", ["base", "infusenet"])
def test_ten_failed_runs(bench, sample, where):
    network = bench.model.model.diffusion_model if where == "base" else bench.infusenet.network.model
    expected, calls = sample(), [0]

    def fail(*args):
        calls[0] += 1
        if calls[0] % 5 == 0:
            raise RuntimeError("out of memory")

    hook = network.register_forward_pre_hook(fail)
    before = tensor_bytes()
    for _ in range(TIMES):
        fails(sample, RuntimeError)
    hook.remove()
    assert tensor_bytes() <= before + 16  # ComfyUI's guider itself keeps the last failed run's sigma
    assert torch.equal(sample(), expected)


def test_a_run_that_ended_well_keeps_nothing_either(bench, sample):
    sample()
    before = tensor_bytes()
    for _ in range(3):
        sample()
    assert tensor_bytes() == before


def test_nothing_stays_in_the_models_options(bench, sample):
    sample()
    assert not {"infu_runs", "infu_sampling"} & bench.identity.model_options["transformer_options"].keys()
