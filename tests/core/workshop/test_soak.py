"""The soak's mix of prompts and its verdict; the soak itself is a command, `python -m workshop.soak`."""

from harness.tiny_models import ModelNames

from workshop.soak.findings import Findings, repeated, slope
from workshop.soak.prompts import ERROR_EVERY, STEPS, mixed

DIALS = {"identity_guidance": 1.0, "style_alignment": 0.0, "reuse": "exact", "strength_curve": "constant", "steps": 30}
INFO = {"InfuSampler": {"input": {"required": {name: ["X", {"default": value}] for name, value in DIALS.items()}}}}


def plan(count=400, seed=0):
    return mixed(count, seed, ModelNames(), INFO)


def test_every_kind_is_repeated_and_none_follows_itself():
    prompts = plan()
    assert [prompt.key for prompt in prompts] == [prompt.key for prompt in plan()]
    assert {prompt.key.split()[0] for prompt in prompts} == {"plain", "regions", "guidance", "reuse", "twin"}
    assert all(one.key != other.key for one, other in zip(prompts, prompts[1:], strict=False))
    assert [prompt.fails for prompt in prompts].count(True) == 400 // ERROR_EVERY
    steps = [prompt.interrupt_at for prompt in prompts if prompt.interrupt_at]
    assert len(steps) > 20 and all(1 <= step < STEPS for step in steps)


def test_dials_of_our_sampler_are_whole_and_the_sampling_is_the_soaks():
    graph = next(prompt.graph for prompt in plan() if prompt.key.startswith("guidance") and not prompt.fails)
    inputs = graph["sampler"]["inputs"]
    assert inputs["identity_guidance"] == 1.5 and inputs["reuse"] == "exact" and inputs["steps"] == STEPS


def found(memory, **given):
    return Findings(memory=memory, pictures={"plain": ["a", "a"]}, **given)


def test_memory_that_stays_is_sound_and_memory_that_grows_is_not():
    assert found([100] * 400).is_sound and "sound" in found([100] * 400).text()
    assert found([50] * 40 + [100] * 360).is_sound  # what the first runs load is not counted
    leak = found([1000 + run for run in range(400)])
    assert not leak.is_sound and "NOT SOUND" in leak.text()
    assert slope([1000 + 3 * run for run in range(50)]) == 3


def test_an_unequal_picture_and_a_surprise_are_not_sound():
    assert not Findings([100] * 400, {"plain": ["a", "b"]}).is_sound
    assert not found([100] * 400, surprises=["prompt 3 (plain) failed"]).is_sound


LOG = """\x1b[33m[WARNING]\x1b[0m The mask of person 1 was cut.
Prompt executed in 0.5 seconds
Prompt executed in 0.6 seconds
 50%|xx| 5/10\r100%|xx| 10/10
\x1b[31m[ERROR]\x1b[0m !!! Exception during processing !!! mat1
\x1b[31m[ERROR]\x1b[0m Traceback (most recent call last):
  File "a.py", line 3
RuntimeError: mat1
\x1b[31m[ERROR]\x1b[0m !!! Exception during processing !!! mat1
"""


def test_a_warning_that_repeats_is_told_and_planned_errors_are_not():
    assert repeated(LOG) == {}
    assert repeated(LOG + "[WARNING] The mask of person 2 was cut.\n") == {"The mask of person # was cut.": 2}
    assert not found([100] * 400, log=LOG + LOG).is_sound
