import math

import pytest

from infu_core.injection.strength_schedule import CURVES, StrengthSchedule


def test_full_strength_everywhere_by_default():
    assert [StrengthSchedule().at(percent) for percent in (0.0, 0.5, 1.0)] == [1.0, 1.0, 1.0]


def test_nothing_outside_the_window_and_both_ends_belong_to_it():
    schedule = StrengthSchedule(0.8, 0.2, 0.6)
    assert [schedule.at(percent) for percent in (0.19, 0.2, 0.4, 0.6, 0.61)] == [0.0, 0.8, 0.8, 0.8, 0.0]


def test_a_counted_step_acts_only_where_it_lies_whole_in_the_window():
    """The published gate: off where i / N < start or (i + 1) / N > end."""
    steps = 30
    schedule = StrengthSchedule(1.0, 0.1, 0.8)
    active = [i for i in range(steps) if schedule.at(i / steps, (i + 1) / steps)]
    assert active == [i for i in range(steps) if not (i / steps < 0.1 or (i + 1) / steps > 0.8)]
    assert active == list(range(3, 24))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("constant", [1, 1, 1]), ("fade in", [0, 0.5, 1]), ("fade out", [1, 0.5, 0]), ("window", [0, 1, 0])],
)
def test_curves_run_over_the_window(name, expected):
    schedule = StrengthSchedule(1.0, 0.2, 0.8, CURVES[name])
    assert [schedule.at(percent) for percent in (0.2, 0.5, 0.8)] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"strength": math.nan}, "strength is nan"),
        ({"strength": -0.5}, "strength is -0.5"),
        ({"start_percent": 0.8, "end_percent": 0.2}, "from 0.8 to 0.2"),
        ({"end_percent": 1.5}, "to 1.5"),
        ({"curve": ()}, "strength curve"),
        ({"curve": (1.0, math.inf)}, "strength curve"),
    ],
)
def test_nonsense_is_refused_in_one_sentence(given, sentence):
    with pytest.raises(ValueError, match=sentence):
        StrengthSchedule(**given)


def test_a_host_with_a_rule_for_windows_decides_itself():
    schedule = StrengthSchedule(0.8, 0.2, 0.6)
    asked = []
    assert schedule.at(0.9, within=lambda *window: asked.append(window) or True) == 0.8
    assert schedule.at(0.4, within=lambda *window: False) == 0
    assert asked == [(0.2, 0.6)]
