"""Seconds are counted once: what is measured inside something else is taken out of it."""

import time

import pytest
import torch

from infu_core.injection.stopwatch import Stopwatch

CPU = torch.device("cpu")


def test_nested_times_are_exclusive(monkeypatch):
    moments = iter([0.0, 2.0, 2.0, 5.0, 5.0, 9.0, 9.0])
    monkeypatch.setattr(time, "perf_counter", lambda: next(moments))
    watch = Stopwatch()
    with watch.measuring("base", CPU):
        with watch.measuring("infusenet", CPU):
            pass
    assert watch.seconds() == {"base": 6.0, "infusenet": 3.0}


def test_an_error_ends_the_lap():
    watch = Stopwatch()
    with pytest.raises(RuntimeError):
        with watch.measuring("base", CPU):
            raise RuntimeError
    assert watch.running == [] and list(watch.seconds()) == ["base"]
