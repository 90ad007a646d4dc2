"""The training loop: the published optimiser, exact resume, a log without gaps."""

import json
import logging
from dataclasses import replace

import pytest
import torch
from torch import nn

pytest.importorskip("accelerate")

from infu_core.training.loop.optimisers import optimisers_of  # noqa: E402
from infu_core.training.loop.run_settings import RunSettings  # noqa: E402
from infu_core.training.loop.training_run import TrainingRun  # noqa: E402


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


class Wide(Line):
    """Wide enough for Muon to have a matrix of its own."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(4, 128), nn.GELU(), nn.Linear(128, 128), nn.GELU(), nn.Linear(128, 1))


def run_in(folder, settings=SETTINGS, watch=None):
    return TrainingRun(Line() if settings.optimiser == "adamw" else Wide(), batches, settings, folder, watch=watch)


def losses(folder):
    return [json.loads(line)["loss"] for line in (folder / "loss.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("optimiser", ["adamw", "muon"])
def test_a_resumed_run_is_bit_exact(tmp_path, optimiser):
    settings = replace(SETTINGS, optimiser=optimiser)
    whole = run_in(tmp_path / "whole", settings)
    assert whole.run()

    first = run_in(tmp_path / "parts", settings)
    assert not first.run(steps=5)
    second = run_in(tmp_path / "parts", settings)
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


def test_a_checkpoint_of_a_sharded_run_is_refused_in_words(tmp_path):
    run_in(tmp_path).run(steps=2)
    (tmp_path / "checkpoints" / "step-00000002" / "pytorch_model_fsdp_0").mkdir()
    with pytest.raises(ValueError, match="written by a run that was sharded"):
        run_in(tmp_path)


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
    group = run_in(tmp_path).optimisers[0].param_groups[0]
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


def greedy_watch(run):
    """Uses up chance, and looks at the weights as the run shows them."""
    assert not run.objective.training and not torch.is_grad_enabled()
    return {"similarity": float(torch.randn(100).mean()), "first": float(next(iter(run.parameters)).sum())}


def test_a_watch_changes_nothing_and_stands_beside_the_loss(tmp_path):
    settings = replace(SETTINGS, watch_every=5, log_every=3)
    torch.manual_seed(1)
    plain = run_in(tmp_path / "plain")
    plain.run()
    left = torch.randn(3)
    torch.manual_seed(1)
    watched = run_in(tmp_path / "watched", settings, greedy_watch)
    watched.run()
    assert torch.equal(torch.randn(3), left)
    pairs = zip(plain.parameters, watched.parameters, strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
    lines = [json.loads(line) for line in (tmp_path / "watched" / "loss.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [3, 5, 6, 9, 10, 12]
    assert [line["step"] for line in lines if "similarity" in line] == [5, 10, 12]
    assert lines[-1]["first"] == pytest.approx(float(watched.average.weights[0].sum()))


def test_a_watched_run_resumes_bit_exact(tmp_path):
    settings = replace(SETTINGS, watch_every=2)
    whole = run_in(tmp_path / "whole", settings, greedy_watch)
    whole.run()
    run_in(tmp_path / "parts", settings, greedy_watch).run(steps=5)
    second = run_in(tmp_path / "parts", settings, greedy_watch)
    second.run()
    pairs = zip(whole.parameters, second.parameters, strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
    assert losses(tmp_path / "parts") == losses(tmp_path / "whole")


def test_without_a_number_of_steps_nobody_looks(tmp_path):
    def never(run):
        raise AssertionError("looked")

    run_in(tmp_path, SETTINGS, never).run(steps=2)


def test_a_step_in_parts_is_the_step(tmp_path):
    whole, parts = run_in(tmp_path / "whole"), run_in(tmp_path / "parts", replace(SETTINGS, accumulate=4))
    whole.run()
    parts.run()
    assert losses(tmp_path / "parts") == pytest.approx(losses(tmp_path / "whole"), rel=1e-5)
    for one, other in zip(whole.parameters, parts.parameters, strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def test_parts_that_cannot_be_even_are_refused(tmp_path):
    with pytest.raises(ValueError, match="multiple of 3"):
        run_in(tmp_path, replace(SETTINGS, accumulate=3))


def test_progress_is_one_line_per_log(tmp_path, caplog):
    with caplog.at_level(logging.INFO, logger="infu_core.training.loop.training_run"):
        run_in(tmp_path, replace(SETTINGS, log_every=6, watch_every=6), greedy_watch).run()
    said = [record.getMessage() for record in caplog.records if record.name.endswith("training_run")]
    assert len(said) == 2
    assert said[0].startswith("step 6 of 12 | loss ") and " | similarity " in said[0]
    assert said[1].endswith(" samples/s | 0 s left")


def test_a_part_learns_at_its_share_of_the_rate(tmp_path):
    settings = replace(SETTINGS, shares={"net.0": 0.0}, weight_decay=0.0)
    run = run_in(tmp_path, settings)
    before = {name: weight.detach().clone() for name, weight in run.objective.named_parameters()}
    run.run(steps=5)
    moved = {name: not torch.equal(weight, before[name]) for name, weight in run.objective.named_parameters()}
    assert moved == {"net.0.weight": False, "net.0.bias": False, "net.2.weight": True, "net.2.bias": True}


def test_a_share_of_an_unknown_part_is_refused(tmp_path):
    with pytest.raises(ValueError, match="shares names projector"):
        run_in(tmp_path, replace(SETTINGS, shares={"projector": 0.1}))


def test_muon_moves_the_hidden_matrices_and_adamw_the_rest():
    wide = Wide()
    muon, adamw = optimisers_of(wide, replace(SETTINGS, optimiser="muon"))
    assert [id(weight) for group in muon.param_groups for weight in group["params"]] == [id(wide.net[2].weight)]
    assert sum(len(group["params"]) for group in adamw.param_groups) == 5
    assert [type(one) for one in optimisers_of(wide, SETTINGS)] == [torch.optim.AdamW]


def test_an_unknown_optimiser_is_refused_in_words():
    with pytest.raises(ValueError, match='optimiser is "sgd"; choose "adamw" or "muon".'):
        replace(SETTINGS, optimiser="sgd")
