"""Which step an evaluation belongs to: falling, rising, and schedules that do not tell."""

import pytest

from infu_core.injection.sigma_schedule import SigmaSchedule

FALLING = (1.0, 0.9, 0.7, 0.4, 0.0)


@pytest.mark.parametrize("sigmas", [FALLING, FALLING[::-1]])
def test_every_scheduled_sigma_begins_its_step_and_the_last_one_ends_it(sigmas):
    schedule = SigmaSchedule(sigmas)
    assert schedule.steps == 4
    assert [schedule.step_of(sigma) for sigma in sigmas] == [0, 1, 2, 3, 3]


def test_what_lies_between_belongs_to_the_step_before():
    assert [SigmaSchedule(FALLING).step_of(sigma) for sigma in (0.95, 0.71, 0.41, 0.01)] == [0, 1, 2, 3]
    assert [SigmaSchedule(FALLING[::-1]).step_of(sigma) for sigma in (0.3, 0.5, 0.75, 0.99)] == [0, 1, 2, 3]


@pytest.mark.parametrize("sigmas", [FALLING, FALLING[::-1]])
@pytest.mark.parametrize("error", [-5e-6, 5e-6])
def test_a_sigma_that_comes_back_rounded_is_the_scheduled_one(sigmas, error):
    assert [SigmaSchedule(sigmas).step_of(sigma + error) for sigma in sigmas[1:-1]] == [1, 2, 3]


def test_steps_closer_than_the_rounding_are_told_apart():
    sigmas = [1 - index * 4e-6 for index in range(5)]
    assert [SigmaSchedule(sigmas).step_of(sigma) for sigma in sigmas] == [0, 1, 2, 3, 3]


@pytest.mark.parametrize("sigmas", [(), (1.0,), (1.0, 0.8, 0.8, 0.0), (1.0, 0.5, 0.8, 0.0), (0.5, 0.5)])
def test_repeated_turning_and_short_schedules_tell_nothing(sigmas):
    schedule = SigmaSchedule(sigmas)
    assert not schedule.tells_steps
    assert schedule.step_of(0.8) is None


@pytest.mark.parametrize("sigmas", [FALLING[1:4], FALLING[3:0:-1]])
@pytest.mark.parametrize("sigma", [1.0, 0.3])
def test_a_sigma_beyond_the_schedule_belongs_to_no_step(sigmas, sigma):
    assert SigmaSchedule(sigmas).step_of(sigma) is None
