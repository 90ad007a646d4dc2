"""What must hold to the last bit, on the shipped weights."""

import pytest
import torch

from infu_core.identity.mixing import mix
from infu_core.injection.identity_guidance import IdentityGuidance
from infu_core.injection.injection_settings import InjectionSettings
from infu_core.injection.strength_schedule import StrengthSchedule

TEXTS = ["a photo of a young woman , blue background", "an ink drawing of an old man with a beard"]


@pytest.fixture(scope="module")
def studio(networks):
    from workshop.miniature.measuring.studio import Studio

    return Studio(networks, steps=3)


@pytest.fixture(scope="module")
def people(studio):
    return [studio.subject(index).identity for index in (0, 1)]


def draw(studio, identity=None, strength=1.0, **more):
    who = [studio.person(identity, strength=strength)] if identity else []
    return studio.pictures(TEXTS, 5, who, **more)[0]


def test_the_same_seed_gives_the_same_picture(studio, people):
    assert torch.equal(draw(studio, people[0]), draw(studio, people[0]))


def test_the_identity_changes_the_picture(studio, people):
    assert not torch.equal(draw(studio, people[0]), draw(studio))
    assert not torch.equal(draw(studio, people[0]), draw(studio, people[1]))


def test_strength_zero_is_the_bare_picture(studio, people):
    bare = draw(studio)
    assert torch.equal(draw(studio, people[0], strength=0.0), bare)
    assert torch.equal(draw(studio, people[0], settings=InjectionSettings(StrengthSchedule(0.0))), bare)


def test_a_window_without_a_step_is_the_bare_picture(studio, people):
    nothing = InjectionSettings(StrengthSchedule(start_percent=0.9, end_percent=1.0))  # the last step begins at 0.67
    assert torch.equal(draw(studio, people[0], settings=nothing), draw(studio))


def test_identity_guidance_of_one_and_zero_are_the_ends(studio, people):
    assert torch.equal(draw(studio, people[0], guided=IdentityGuidance(1.0)), draw(studio, people[0]))
    assert torch.equal(draw(studio, people[0], guided=IdentityGuidance(0.0)), draw(studio))


@pytest.mark.parametrize("mode", ["blend", "slerp", "stack"])
def test_a_mix_at_its_ends_is_the_person(studio, people, mode):
    assert torch.equal(draw(studio, mix(people, [1, 0], mode)), draw(studio, people[0]))
    assert torch.equal(draw(studio, mix(people, [0, 1], mode)), draw(studio, people[1]))


def test_few_steps_are_never_reused(studio, people):
    assert torch.equal(draw(studio, people[0], reuse="balanced"), draw(studio, people[0]))
