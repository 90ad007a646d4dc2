"""Forecasts: exact on a line, the last value after noise, and each picture of a batch for itself."""

import pytest
import torch

from infu_core.injection.residual_forecast import Forecast
from infu_core.residuals import Residuals


def residuals(*blocks):
    return Residuals(tuple(blocks[:1]), tuple(blocks[1:]))


def learnt(values, times=None):
    forecast = Forecast()
    for time, value in zip(times or range(len(values)), values, strict=True):
        forecast.learn(float(time), residuals(value))
    return forecast


def noise(seed, batch=1):
    return torch.randn(batch, 64, 32, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("times", [(0, 1, 2), (1.0, 0.9, 0.5)])
def test_a_straight_line_is_continued(times):
    start, slope = noise(1), noise(2)
    forecast = learnt([start + time * slope for time in times], times)
    for later in (times[-1], 3 * times[-1] - 2 * times[0]):
        assert torch.allclose(forecast.at(later).double[0], start + later * slope, atol=1e-4)


def test_after_independent_noise_the_last_value_is_held():
    forecast = learnt([noise(1), noise(2), noise(3)])
    assert float(forecast.trust[0]) < 0.05
    made = forecast.at(3.0).double[0]
    assert (made - noise(3)).norm() < 0.1 * noise(3).norm()


@pytest.mark.parametrize(("came_true", "followed"), [(0.25, 0.5), (0.5, 1.0), (0.8, 1.0)])
def test_a_line_is_followed_by_twice_what_came_true(came_true, followed):
    start, slope = noise(1), noise(2)
    last = start + (1 + came_true) * slope
    forecast = learnt([start, start + slope, last])
    assert float(forecast.trust[0]) == pytest.approx(followed, abs=1e-3)
    assert torch.allclose(forecast.at(3.0).double[0], last + followed * came_true * slope, atol=1e-3)


def test_a_first_value_is_held_and_stays_its_own():
    forecast = learnt([noise(1)])
    made = forecast.at(5.0).double[0]
    assert torch.equal(made, noise(1))
    made += 1
    assert torch.equal(forecast.at(5.0).double[0], noise(1))


def test_pictures_of_a_batch_do_not_share_their_trust():
    slope = noise(2)
    calm, wild = [slope * time for time in range(3)], [noise(5), noise(6), noise(7)]
    both = learnt([torch.cat(pair) for pair in zip(calm, wild, strict=True)])
    alone = learnt(calm)
    assert torch.allclose(both.at(4.0).double[0][:1], alone.at(4.0).double[0], atol=1e-5)


def test_blocks_do_not_share_their_trust():
    forecast = Forecast()
    for time in range(3):
        forecast.learn(float(time), residuals(time * noise(2), noise(time + 5)))
    assert float(forecast.trust[0]) == pytest.approx(1) and float(forecast.trust[1]) < 0.1


def test_the_same_moment_twice_is_one_point():
    """Samplers that correct themselves evaluate a sigma again."""
    forecast = learnt([noise(1), noise(2), noise(3)], times=(0, 1, 1))
    assert torch.equal(forecast.points[1][1].double[0], noise(3)) and forecast.points[0][0] == 0


def test_half_precision_stays_finite_and_close():
    slope = noise(2) * 300
    exact = learnt([slope * time for time in range(3)]).at(4.0).double[0]
    half = learnt([(slope * time).half() for time in range(3)]).at(4.0).double[0]
    assert half.dtype == torch.float16 and ((half.float() - exact).norm() / exact.norm()) < 1e-2
