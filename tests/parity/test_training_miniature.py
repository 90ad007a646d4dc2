"""The miniature's training, every stage for two steps: from drawing to the files that ship, and its measurements."""

import json
from pathlib import Path

import pytest

for name in ("cv2", "accelerate", "onnx"):
    pytest.importorskip(name)

from miniature.files import MiniatureFiles  # noqa: E402
from miniature.measuring.experiments import EXPERIMENTS, Cells  # noqa: E402
from miniature.measuring.studio import Studio  # noqa: E402
from miniature.train import Clock, run_stage  # noqa: E402
from miniature.training.export import export  # noqa: E402
from miniature.training.renders import HELD_OUT  # noqa: E402
from miniature.training.stages import STAGES  # noqa: E402
from miniature.training.workshop import Workshop  # noqa: E402

SMOKE = Path(__file__).parents[2] / "miniature" / "configs" / "smoke.toml"


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    workshop = Workshop.open(SMOKE, tmp_path_factory.mktemp("workshop"), "cpu")
    for name in STAGES:
        assert run_stage(workshop, name, Clock(None)), name
    return workshop


def test_every_stage_leaves_its_weights_and_its_log(workshop):
    for name, (_, weights) in STAGES.items():
        assert workshop.finished(weights)
        steps = [json.loads(line)["step"] for line in (workshop.folder / "runs" / name / "loss.jsonl").open()]
        assert steps[-1] == workshop.config["stages"][name]["steps"]


def test_a_finished_stage_is_not_run_again(workshop):
    before = workshop.weights("base").stat().st_mtime_ns
    assert run_stage(workshop, "base", Clock(0.0))
    assert workshop.weights("base").stat().st_mtime_ns == before


def test_time_over_stops_before_the_next_stage(tmp_path):
    fresh = Workshop.open(SMOKE, tmp_path, "cpu")
    assert not run_stage(fresh, "attributes", Clock(0.0))


def test_held_out_people_and_the_recognisers_halves_are_apart(workshop):
    people = workshop.config["renders"]["people"]
    trained = workshop.renders("singles")["people"]
    assert int(trained.max()) < people <= HELD_OUT
    assert int(workshop.renders("held-out")["people"].min()) >= HELD_OUT


def test_the_shipped_files_are_small_and_complete(workshop, tmp_path):
    size = export(workshop, tmp_path / "shipped", tmp_path / "judges")
    MiniatureFiles(tmp_path / "shipped").require()
    assert size < 20_000_000


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_measurement_makes_its_table(workshop, name):
    table = EXPERIMENTS[name](Cells(Studio(workshop, steps=3), people=2, prompts=2))
    assert all(len(row) == len(table.head) for row in table.rows) and len(table.rows) >= 3
    assert table.markdown().count("\n") == len(table.rows) + 3
