"""The curves that are kept of training runs."""

import csv
import json

import pytest

pytest.importorskip("PIL")

from workshop.miniature.measuring.training_curves import collect, draw, write_table  # noqa: E402


def log(folder, stage, lines):
    (folder / stage).mkdir(parents=True)
    (folder / stage / "loss.jsonl").write_text("\n".join(map(json.dumps, lines)))


def test_a_later_run_follows_and_what_a_watch_saw_is_kept(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    log(first, "base", [{"step": step, "loss": 1 / step} for step in (50, 100, 150)])
    log(second, "base", [{"step": 100, "loss": 0.005}])
    log(second, "stage1", [{"step": 70, "loss": 0.3, "similarity": 0.25}, {"step": 100, "loss": 0.2}])
    steps = collect([first, second])
    assert [(one.stage, one.run, one.step) for one in steps] == [
        ("base", 0, 100),
        ("base", 0, 150),
        ("base", 1, 100),
        ("stage1", 0, 70),
        ("stage1", 0, 100),
    ]
    write_table(steps, tmp_path / "training.csv")
    rows = list(csv.DictReader((tmp_path / "training.csv").open()))
    assert [row["loss"] for row in rows] == ["0.0100", "0.0067", "0.0050", "0.3000", "0.2000"]
    assert [row["similarity"] for row in rows] == ["", "", "", "0.250", ""]


def test_the_picture_has_a_panel_for_each_stage(tmp_path):
    from PIL import Image

    for stage in ("base", "guidance"):
        log(tmp_path, stage, [{"step": step, "loss": 1 / step} for step in (100, 200, 300)])
    draw(collect([tmp_path]), tmp_path / "curves.png")
    panels = Image.open(tmp_path / "curves.png").convert("L")
    inked = [min(panels.crop((left, 0, left + 250, 170)).getdata()) < 100 for left in (0, 250, 500)]
    assert inked == [True, True, False]
