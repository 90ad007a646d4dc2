"""Residual reuse: how often InfuseNet runs, and that forecasts lie on the line of the last two computed ones."""

import math

import pytest
import torch
from harness.tiny_injection import blocks, close, network, person, run, step

from infu_core.injection.deferred_scalars import DeferredScalars
from infu_core.injection.residual_cache import ResidualCache
from infu_core.injection.reuse_plan import FEW, REUSE_PLANS, ReusePlan
from infu_core.injection.strength_schedule import StrengthSchedule
from infu_core.residuals import Residuals


def constant(value):
    return Residuals((torch.full((1, 2, 2), value),), ())


def runs(mode, steps=30, evaluations=1, schedule=None):
    net = network()
    one_run = run([person()], reuse=mode, steps=steps, schedule=schedule or StrengthSchedule())
    for index in range(steps):
        for part in range(evaluations):
            one_run.residuals(net, step(began=(index + part / evaluations) / steps, index=index, steps=steps))
    assert one_run.report.computed == len(net.runs)
    assert one_run.report.computed + one_run.report.reused == one_run.report.evaluations
    return len(net.runs)


@pytest.mark.parametrize(("mode", "most", "least"), [("exact", 30, 30), ("balanced", 12, 9), ("fast", 6, 6)])
def test_runs_of_thirty_steps(mode, most, least):
    assert least <= runs(mode) <= most


@pytest.mark.parametrize("mode", ["balanced", "fast"])
@pytest.mark.parametrize("steps", [1, 2, 4, 8, 12, 20, 50, 100])
def test_the_number_of_runs_does_not_grow_with_the_steps(mode, steps):
    assert runs(mode, steps) == (steps if steps <= FEW else min(steps, REUSE_PLANS[mode].runs))


@pytest.mark.parametrize(("mode", "most"), [("balanced", 12), ("fast", 9)])
def test_samplers_that_evaluate_twice_per_step_need_no_more_runs(mode, most):
    assert runs(mode, evaluations=2) <= most


def test_a_step_that_the_host_skipped_is_made_up_for():
    """EasyCache leaves out steps; a planned one must not be lost with it."""
    cache = ResidualCache(ReusePlan((0.0, 0.05, 0.4, 0.7)), steps=20)
    planned = sorted(cache.plan.computed_steps(20))
    for index in planned[:2]:
        cache.forecast("row", index, index / 20)
        cache.remember("row", index, index / 20, constant(1.0))
    assert cache.forecast("row", planned[2] - 1, 0.2) is not None
    assert cache.forecast("row", planned[2] + 1, 0.3) is None


def test_none_outside_the_window():
    assert runs("balanced", schedule=StrengthSchedule(1.0, 0.5, 1.0)) <= 8
    assert runs("balanced", schedule=StrengthSchedule(0.0)) == 0


def test_a_forecast_lies_on_the_line():
    cache = ResidualCache(REUSE_PLANS["balanced"], steps=30)
    for index in range(3):
        assert cache.forecast("row", index, index / 30) is None
        cache.remember("row", index, index / 30, constant(3 * index / 30))
    forecast = cache.forecast("row", 3, 3 / 30)
    assert torch.allclose(forecast.double[0], constant(3 * 3 / 30).double[0])


def test_a_wrong_forecast_forces_a_fresh_run():
    cache = ResidualCache(REUSE_PLANS["balanced"], steps=30, threshold=0.1)
    values = [1.0, 2.0, 3.0, 50.0]
    for index, value in enumerate(values):
        cache.forecast("row", index, index / 30)
        cache.remember("row", index, index / 30, constant(value))
    assert cache.forecast("row", 4, 4 / 30) is None


def test_rows_do_not_share_what_they_keep():
    net, one_run = network(), run([person()], reuse="balanced", steps=30)
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


def filled(cache, steps=3):
    for index in range(steps):
        if cache.forecast("row", index, index / 30) is None:
            cache.remember("row", index, index / 30, constant(float(index)))


def test_where_nothing_fits_every_step_is_computed_and_it_says_so():
    cache = ResidualCache(REUSE_PLANS["fast"], steps=30, spare_memory=lambda: 31)
    filled(cache, steps=30)
    assert cache.nbytes == 0
    assert len(cache.notes) == 1 and "Residual reuse was off" in cache.notes[0] and "0.00 GB" in cache.notes[0]


def test_two_more_sets_are_room_enough():
    cache = ResidualCache(REUSE_PLANS["balanced"], steps=30, spare_memory=lambda: 32)
    filled(cache)
    assert cache.nbytes == 32 and cache.notes == []


def test_never_more_than_two_sets_are_kept():
    cache = ResidualCache(REUSE_PLANS["balanced"], steps=30)
    filled(cache, steps=30)
    assert cache.nbytes == 2 * constant(1.0).nbytes


def test_kept_residuals_are_not_those_that_are_handed_out():
    """The host adds into what it gets."""
    net, one_run = network(), run([person()], reuse="balanced", steps=30)
    for index in range(4):
        made = one_run.residuals(net, step(began=index / 30, index=index, steps=30))
    kept = [
        block
        for track in one_run.cache.tracks.values()
        for _, point in track.forecast.points
        for block in blocks(point)
    ]
    assert not {block.data_ptr() for block in kept} & {block.data_ptr() for block in blocks(made)}


def played(evaluations, steps=30, threshold=math.inf, scalars=None):
    """(step, time) of each evaluation -> the cache, and which of them were computed."""
    cache, computed = ResidualCache(REUSE_PLANS["fast"], steps, threshold, scalars=scalars), []
    for number, (index, time) in enumerate(evaluations):
        if cache.forecast("row", index, time) is None:
            computed.append(number)
            cache.remember("row", index, time, constant(float(number)))
    return cache, computed


def test_a_sampler_that_goes_back_is_followed_exactly():
    """Restart sampling: ten steps down, back to the fourth with fresh noise, and down again."""
    way = [(index, 1 - index / 30) for index in (*range(10), *range(4, 30))]
    cache, computed = played(way)
    assert computed[-26:] == list(range(10, 36)) and len(computed) < 36
    assert cache.nbytes == 0
    assert "went back" in cache.notes[0] and len(cache.notes) == 1


def test_a_sampler_that_stays_at_a_sigma_is_followed_exactly():
    """Some inpainting samplers take one step many times, each with fresh noise."""
    way = [(index, 1 - index / 30) for index in range(30) for _ in range(3)]
    _, computed = played(way)
    assert computed == [0, *range(2, 90)]


def test_a_sampler_that_ends_a_step_where_it_begins_the_next_is_forecast():
    way = [(index + part, 1 - (index + part) / 30) for index in range(29) for part in (0, 1)]
    _, computed = played(way)
    assert len(computed) <= 9


def test_evaluations_of_no_step_are_computed():
    _, computed = played([(None, 1 - index / 30) for index in range(30)])
    assert computed == list(range(30))


def test_a_threshold_waits_for_the_next_number_that_somebody_fetches():
    scalars = DeferredScalars()
    cache, _ = played([(index, index / 30) for index in range(3)], threshold=0.1, scalars=scalars)
    cache.remember("row", 3, 3 / 30, constant(50.0))
    assert isinstance(cache.tracks["row"].miss, torch.Tensor)
    scalars.fetch(torch.tensor(0.0))
    assert isinstance(cache.tracks["row"].miss, float)
    assert cache.forecast("row", 4, 4 / 30) is None
