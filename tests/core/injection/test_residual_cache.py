"""Residual reuse: how often InfuseNet runs, and that forecasts lie on the line of the last two computed ones."""

import math

import pytest
import torch
from harness.tiny_injection import blocks, close, network, person, run, step

from infu_core.injection.residual_cache import REUSE_PLANS, ResidualCache
from infu_core.injection.strength_schedule import StrengthSchedule
from infu_core.residuals import Residuals


def runs(mode, steps=30, evaluations=1, schedule=None):
    net = network()
    one_run = run([person()], reuse=mode, steps=steps, schedule=schedule or StrengthSchedule())
    for index in range(steps):
        for part in range(evaluations):
            one_run.residuals(net, step(began=(index + part / evaluations) / steps, index=index, steps=steps))
    assert one_run.report.computed == len(net.runs)
    assert one_run.report.computed + one_run.report.reused == one_run.report.evaluations
    return len(net.runs)


@pytest.mark.parametrize(("mode", "most", "least"), [("exact", 30, 30), ("balanced", 12, 9), ("fast", 8, 6)])
def test_runs_of_thirty_steps(mode, most, least):
    assert least <= runs(mode) <= most


@pytest.mark.parametrize("mode", ["balanced", "fast"])
@pytest.mark.parametrize("steps", [1, 2, 4, 8, 20, 50])
def test_every_length_of_run_saves_but_starts_with_two_points(mode, steps):
    assert min(2, steps) <= runs(mode, steps) <= max(2, math.ceil(steps / 2))


def test_samplers_that_evaluate_twice_per_step_save_more():
    assert runs("balanced", evaluations=2) <= 15


def test_none_outside_the_window():
    assert runs("balanced", schedule=StrengthSchedule(1.0, 0.5, 1.0)) <= 8
    assert runs("balanced", schedule=StrengthSchedule(0.0)) == 0


def test_a_forecast_lies_on_the_line():
    cache = ResidualCache(REUSE_PLANS["fast"], steps=30)
    at = lambda time: Residuals((torch.full((1, 2, 2), 3 * time),), ())  # noqa: E731
    for index in range(3):
        assert cache.forecast("row", index, index / 30) is None
        cache.remember("row", index, index / 30, at(index / 30))
    forecast = cache.forecast("row", 3, 3 / 30)
    assert torch.allclose(forecast.double[0], at(3 / 30).double[0])


def test_a_wrong_forecast_forces_a_fresh_run():
    cache = ResidualCache(REUSE_PLANS["fast"], steps=30, threshold=0.1)
    values = [1.0, 2.0, 3.0, 50.0]
    for index, value in enumerate(values):
        cache.forecast("row", index, index / 30)
        cache.remember("row", index, index / 30, Residuals((torch.full((1, 2, 2), value),), ()))
    assert cache.forecast("row", 4, 4 / 30) is None


def test_rows_do_not_share_what_they_keep():
    net, one_run = network(), run([person()], reuse="fast", steps=30)
    for index in range(3):
        for rows, seed in (("a", 5), ("b", 50)):
            at = step(began=index / 30, index=index, seed=seed)
            one_run.residuals(net, type(at)(**{**vars(at), "rows": rows}))
    made = []
    for rows, seed in (("a", 5), ("b", 50)):
        at = step(began=3 / 30, index=3, seed=seed)
        made.append(one_run.residuals(net, type(at)(**{**vars(at), "rows": rows})))
    assert len(net.runs) == 6
    assert not close(made[0], made[1])


def test_reuse_changes_little_where_residuals_change_little():
    exact, reused = run([person()]), run([person()], reuse="fast", steps=30)
    net = network()
    for index in range(30):
        at = step(began=index / 30, index=index, steps=30)
        expected, made = exact.residuals(net, at), reused.residuals(net, at)
    error = max(float((x - y).norm() / y.norm()) for x, y in zip(blocks(made), blocks(expected), strict=True))
    assert error < 0.05
