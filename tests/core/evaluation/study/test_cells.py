"""The plan: one seed for each person and prompt, the same for all methods; what changes makes a cell stale."""

import hashlib
import json
import sys
import time
from dataclasses import replace

import pytest
from study_fixtures import HOLES, METHOD, TOP, write_study

from infu_core.evaluation.study.cell_files import DONE, FAILED, MISSING, STALE, CellFiles
from infu_core.evaluation.study.cells import filled_graph, plan_cells, seed_of, write_manifest
from infu_core.evaluation.study.read_study import read_study
from infu_core.evaluation.study.study import Person, Prompt

pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib came with Python 3.11")


@pytest.fixture
def study(tmp_path):
    return read_study(write_study(tmp_path))


def test_the_seed_rule_is_the_published_one():
    assert seed_of("anna", "desk") == int(hashlib.sha256(b"anna|desk").hexdigest()[:8], 16) % 2**31
    assert len({seed_of("anna", "desk", repeat) for repeat in range(8)} | {seed_of("anna", "desk", 0, "other")}) == 9


def test_methods_share_their_seeds_and_differ_in_what_they_are_given(study):
    cells = plan_cells(study)
    assert len(cells) == 3 * 2 * 3 and len({cell.id for cell in cells}) == 18
    by_pair = {}
    for cell in cells:
        by_pair.setdefault(cell.pair, []).append(cell)
    assert all(len({cell.seed for cell in group}) == 1 and len(group) == 3 for group in by_pair.values())
    first = {cell.method: cell.given for cell in by_pair[cells[0].pair]}
    assert first == {"ours": ("person0",), "wrong": ("person1",), "bare": ()}


def test_the_holes_are_filled_and_the_rest_is_left(study):
    cell = plan_cells(study)[0]
    graph = filled_graph(study, cell, ["anna.png"])
    assert graph["1"]["inputs"] == {"image": "anna.png"}
    assert graph["2"]["inputs"] == {"text": "at a desk", "image": ["1", 0]}
    assert graph["4"]["inputs"]["seed"] == cell.seed and graph["4"]["inputs"]["steps"] == 20
    assert study.methods[0].graph.nodes["1"]["inputs"] == {"image": "x.png"}


def test_a_title_may_hold_dots_and_a_hole_several_places(tmp_path):
    holes = HOLES.replace('"2.text"', '["2.text", "Encode.text"]')
    study = read_study(write_study(tmp_path, methods=METHOD.format(holes=holes)))
    assert study.methods[0].graph.holes["prompt"] == (("2", "text"), ("2", "text"))


def test_a_method_changes_settings_of_its_graph(tmp_path):
    methods = METHOD.format(holes=HOLES).replace(
        '[[method]]\nid = "wrong"', '[method.set]\n"KSampler.steps" = 4\n\n[[method]]\nid = "wrong"'
    )
    ours, wrong = read_study(write_study(tmp_path, methods=methods)).methods[:2]
    assert (ours.graph.nodes["4"]["inputs"]["steps"], wrong.graph.nodes["4"]["inputs"]["steps"]) == (4, 20)
    assert ours.graph.sha256 != wrong.graph.sha256


def test_a_cell_is_done_stale_or_failed(study, tmp_path):
    files, (first, second, *_) = CellFiles(tmp_path / "results"), plan_cells(study)
    assert files.state(first) == MISSING
    files.keep(first, b"png", {"seconds": 1.0})
    assert files.state(first) == DONE and files.state(replace(first, key="other")) == STALE
    files.picture(first).unlink()
    assert files.state(first) == MISSING
    assert [files.keep_failure(second, "no") for _ in range(3)] == [1, 2, 3]
    assert files.state(second) == FAILED and files.state(replace(second, key="other")) == MISSING
    files.keep(second, b"png", {"seconds": 1.0})
    assert files.state(second) == DONE and not files.failures(second)


def test_half_a_record_is_no_record(study, tmp_path):
    files, cell = CellFiles(tmp_path / "results"), plan_cells(study)[0]
    files.keep(cell, b"png", {"seconds": 1.0})
    files.record_path(cell).write_text('{"key": "abc')
    assert files.state(cell) == MISSING


def test_everything_that_decides_a_picture_makes_it_stale(study):
    cell = plan_cells(study)[0]
    person, prompt = study.people[0], study.prompts[0]
    for changed in (
        replace(study, people=(replace(person, sha256="other"), *study.people[1:])),
        replace(study, prompts=(replace(prompt, text="other"), *study.prompts[1:])),
        replace(study, sizes=((128, 64),)),
    ):
        assert plan_cells(changed)[0].key != cell.key
    assert plan_cells(replace(study, name="other"))[0].key == cell.key


def test_ten_thousand_cells_are_planned_in_two_seconds(study, tmp_path):
    many = replace(
        study,
        people=tuple(Person(f"p{n}", tmp_path, (), f"{n}") for n in range(100)),
        subjects=tuple((f"p{n}",) for n in range(100)),
        prompts=tuple(Prompt(f"q{n}", f"words {n}", {}) for n in range(34)),
    )
    began = time.process_time()
    cells = plan_cells(many)
    write_manifest(tmp_path / "manifest.jsonl", cells, {"pack": "0"})
    CellFiles(tmp_path / "results").states(cells)
    seconds = time.process_time() - began
    assert len(cells) == 10_200 and seconds < 2, seconds
    lines = (tmp_path / "manifest.jsonl").read_text().splitlines()
    assert len(lines) == 10_200 and json.loads(lines[0])["id"] == cells[0].id


def test_groups_are_subjects(tmp_path):
    top = TOP + 'subjects = [["person0", "person1"], ["person1", "person2"]]\n'
    methods = METHOD.format(holes=HOLES).replace(
        'photo = "Photo.image"', 'photo = "Photo.image"\nphoto_1 = "Photo.image"'
    )
    study = read_study(write_study(tmp_path, top=top, methods=methods))
    cells = plan_cells(study)
    assert cells[0].person == "person0+person1" and cells[0].given == ("person0", "person1")
    assert {cell.given for cell in cells if cell.method == "wrong"} == {("person1", "person2"), ("person0", "person1")}
