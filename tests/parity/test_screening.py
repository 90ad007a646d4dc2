"""Screening: two variants for a moment each, from one set of small networks."""

from pathlib import Path

import pytest

for name in ("cv2", "accelerate", "onnx"):
    pytest.importorskip(name)

from workshop.miniature.screen import HEAD, screen, table  # noqa: E402
from workshop.miniature.train import Clock, run_stage  # noqa: E402
from workshop.miniature.training.variants import SMALL, changed, open_variant, read_variants  # noqa: E402
from workshop.miniature.training.workshop import Workshop  # noqa: E402

CONFIGS = Path(__file__).parents[2] / "workshop" / "miniature" / "configs"


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    workshop = Workshop.open(CONFIGS / "smoke.toml", tmp_path_factory.mktemp("screened"), "cpu")
    for name in (
        "recogniser",
        "judge",
        "attributes",
        "eyes",
        "detector",
        "autoencoder",
        "decoder",
        "latent_recogniser",
    ):
        assert run_stage(workshop, name, Clock(None)), name
    return workshop


def test_every_variant_has_its_row_and_shares_what_it_does_not_change(workshop):
    long = {"base": {"double_blocks": 2}, "stages": {"base": {"steps": 1_000_000}}}  # stopped when its time is over
    variants = {"plain": {}, "deep": long}
    opened = {name: open_variant(workshop, name, changes) for name, changes in variants.items()}
    for variant in opened.values():
        screen(variant, minutes=0.1, people=2)
    rows = table(workshop.folder / "screening", 0.1).rows
    assert [row[0] for row in rows] == ["deep", "plain"] and all(len(row) == len(HEAD) for row in rows)
    assert float(rows[0][1]) > float(rows[1][1]) and rows[1][2] == rows[1][3] == "2"
    assert 2 < int(rows[0][2].replace(",", "")) < 1_000_000
    assert (opened["plain"].folder / "people.png").exists()
    assert all((opened["deep"].folder / "weights" / f"{part}.safetensors").is_symlink() for part in SMALL)
    before = (opened["plain"].folder / "row.json").stat().st_mtime_ns
    screen(opened["plain"], minutes=0.1, people=2)
    assert (opened["plain"].folder / "row.json").stat().st_mtime_ns == before


def test_a_finished_base_is_shared_by_what_changes_after_it_alone(workshop):
    for part in ("text", "base", "flux"):
        (workshop.folder / "weights" / f"{part}.safetensors").touch()
    late = open_variant(workshop, "late", {"stages": {"stage1": {"identity_weight": 6.0}}})
    early = open_variant(workshop, "early", {"stages": {"base": {"face_weight": 1.0}}})
    assert late.finished("flux") and not early.finished("flux")
    assert late.config["stages"]["stage1"]["identity_weight"] == 6.0


def test_small_networks_that_are_missing_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"autoencoder.safetensors does not exist; train the small networks"):
        open_variant(Workshop.open(CONFIGS / "smoke.toml", tmp_path, "cpu"), "any", {})


def test_the_shipped_variants_change_what_the_config_has(tmp_path):
    config = Workshop.open(CONFIGS / "miniature.toml", tmp_path, "cpu").config
    for changes in read_variants(CONFIGS / "screening.toml").values():
        made = changed(config, changes)
        assert (made != config) == bool(changes)
    with pytest.raises(ValueError, match="no table stage"):
        changed(config, {"stage": {"stage1": {}}})
