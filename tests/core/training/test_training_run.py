"""The training loop: the published optimiser, exact resume, a log without gaps."""

import json

import pytest
import torch
from torch import nn

pytest.importorskip("accelerate")

from infu_core.training.run_settings import RunSettings  # noqa: E402
from infu_core.training.training_run import TrainingRun  # noqa: E402


class Line(nn.Module):
    """A problem with chance in it: the batch's rows and noise are a function of the step."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.net = nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 1))

    def forward(self, x, y):
        return (self.net(x)[:, 0] - y).square()


def batches(step, rank, world):
    generator = torch.Generator().manual_seed(step)
    x = torch.randn(8, 4, generator=generator)
    y = x.sum(1) + 0.1 * torch.randn(8, generator=generator)
    share = slice(rank * 8 // world, (rank + 1) * 8 // world)
    return {"x": x[share], "y": y[share]}


SETTINGS = RunSettings(
    steps=12, batch_size=8, learning_rate=1e-2, warmup_steps=3, decay="cosine", average=0.9, log_every=1
)


def run_in(folder, settings=SETTINGS):
    return TrainingRun(Line(), batches, settings, folder)


def losses(folder):
    return [json.loads(line)["loss"] for line in (folder / "loss.jsonl").read_text().splitlines()]


def test_a_resumed_run_is_bit_exact(tmp_path):
    whole = run_in(tmp_path / "whole")
    assert whole.run()

    first = run_in(tmp_path / "parts")
    assert not first.run(steps=5)
    second = run_in(tmp_path / "parts")
    assert second.step == 5
    assert second.run()

    assert losses(tmp_path / "parts") == losses(tmp_path / "whole")
    pairs = zip(whole.parameters, second.parameters, strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
    pairs = zip(whole.average.weights, second.average.weights, strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


def test_a_run_that_was_cut_off_forgets_what_it_will_do_again(tmp_path):
    run = run_in(tmp_path)
    run.run(steps=4)
    with open(tmp_path / "loss.jsonl", "a") as log:
        log.write(json.dumps({"step": 6, "loss": 9.0}) + "\n")
    half_made = tmp_path / "checkpoints" / "step-00000006.part"
    half_made.mkdir()
    again = run_in(tmp_path)
    assert again.step == 4 and len(losses(tmp_path)) == 4 and not half_made.exists()


def test_time_over_leaves_a_checkpoint(tmp_path):
    run = run_in(tmp_path)
    assert not run.run(max_seconds=0.0)
    assert run_in(tmp_path).step == run.step == 1


def test_it_learns(tmp_path):
    settings = RunSettings(steps=300, batch_size=8, learning_rate=1e-2, log_every=50)
    run = run_in(tmp_path, settings)
    run.run()
    found = losses(tmp_path)
    assert found[-1] < 0.2 * found[0]


def test_the_optimiser_is_the_published_one(tmp_path):
    group = run_in(tmp_path).optimiser.param_groups[0]
    assert (group["betas"], group["weight_decay"]) == ((0.9, 0.999), 0.01)


def test_a_loss_that_is_no_number_stops_the_run(tmp_path):
    def broken(step, rank, world):
        batch = batches(step, rank, world)
        return {**batch, "y": batch["y"] * float("nan")}

    with pytest.raises(ValueError, match="learning_rate"):
        TrainingRun(Line(), broken, SETTINGS, tmp_path).run(steps=1)


def test_settings_refuse_what_they_do_not_know():
    table = {"steps": 3, "batch_size": 2, "learning_rate": 0.1}
    assert RunSettings.from_table(table).rate_at(0) == 0.1
    with pytest.raises(ValueError, match="momentum"):
        RunSettings.from_table({**table, "momentum": 0.9})
    with pytest.raises(ValueError, match="cosine"):
        RunSettings.from_table({**table, "decay": "linear"})


def test_the_rate_warms_up_and_falls_to_nothing():
    rates = [SETTINGS.rate_at(step) for step in range(13)]
    assert rates[0] < rates[1] < rates[2] == pytest.approx(1e-2)
    assert rates[3:] == sorted(rates[3:], reverse=True) and rates[12] == pytest.approx(0, abs=1e-9)
