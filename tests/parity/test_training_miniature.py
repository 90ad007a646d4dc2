"""The miniature's training, every stage for two steps: from drawing to the files that ship, and its measurements."""

import json
from pathlib import Path

import pytest

for name in ("cv2", "accelerate", "onnx"):
    pytest.importorskip(name)

from miniature.faces.stranger import HELD_OUT  # noqa: E402
from miniature.files import MiniatureFiles  # noqa: E402
from workshop.miniature.measuring.cells import Cells  # noqa: E402
from workshop.miniature.measuring.couples import couples  # noqa: E402
from workshop.miniature.measuring.curve_picture import draw_curve  # noqa: E402
from workshop.miniature.measuring.experiments import EXPERIMENTS, stages  # noqa: E402
from workshop.miniature.measuring.networks import load_networks  # noqa: E402
from workshop.miniature.measuring.sheets import couples_sheet, mixing_sheet, people_sheet  # noqa: E402
from workshop.miniature.measuring.studio import Studio  # noqa: E402
from workshop.miniature.train import Clock, run_stage  # noqa: E402
from workshop.miniature.training.export import export  # noqa: E402
from workshop.miniature.training.stages import STAGES  # noqa: E402
from workshop.miniature.training.workshop import Workshop  # noqa: E402

SMOKE = Path(__file__).parents[2] / "workshop" / "miniature" / "configs" / "smoke.toml"


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


@pytest.fixture(scope="module")
def cells(workshop, tmp_path_factory):
    folder = tmp_path_factory.mktemp("measured")
    export(workshop, folder / "shipped", folder / "judges")
    networks = load_networks(MiniatureFiles(folder / "shipped"), folder / "judges")
    return Cells(Studio(networks, workshop.config["renders"]["size"], steps=3), people=2, prompts=2)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_measurement_makes_its_table(cells, name, tmp_path):
    table = EXPERIMENTS[name](cells)
    assert all(len(row) == len(table.head) for row in table.rows) and len(table.rows) >= 3
    assert all(row in table.markdown() for row in (table.title, table.rows[0][0], table.rows[-1][0]))
    if table.curve:
        draw_curve(tmp_path / "curve.png", table.title, table.curve)
        assert (tmp_path / "curve.png").stat().st_size > 1000


def test_stages_are_set_side_by_side(cells):
    assert [row[0] for row in stages(cells, cells).rows] == ["without identity", "stage 1", "stage 2"]


def test_the_sheets_hold_every_person_and_way(cells):
    ways = {mode: couples(cells, mode) for mode in ("none", "separate")}
    for sheet in (people_sheet(cells), mixing_sheet(cells), couples_sheet(cells, ways)):
        assert min(sheet.size) > 150
    assert people_sheet(cells).height > people_sheet(cells, people=1).height
