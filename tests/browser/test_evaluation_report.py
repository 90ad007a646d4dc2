"""A report of two thousand pictures, from disk in a real browser: small, fast, no network, and its filters work."""

import hashlib
import json
import random
import time

import pytest
from study_fixtures import TOP, write_picture, write_study

from infu_core.evaluation.measures.scores import Scores
from infu_core.evaluation.report.write import write
from infu_core.evaluation.study.cell_files import CellFiles
from infu_core.evaluation.study.cells import plan_cells
from infu_core.evaluation.study.read_study import read_study

SCORING = '\n[scoring]\nuse = ["sface"]\n'


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Twelve people, 56 prompts in four styles, three methods: 2,016 pictures of 256 pixels, scored by dice."""
    folder = tmp_path_factory.mktemp("report")
    path = write_study(folder, 12, top=TOP.replace("[[64, 64]]", "[[256, 256]]"), more=SCORING)
    prompts = [
        {"id": f"p{n}", "text": f"words {n} </script><b>", "tags": {"style": ["ink", "oil", "photo", "pencil"][n % 4]}}
        for n in range(56)
    ]
    (folder / "prompts.json").write_text(json.dumps(prompts))
    study = read_study(path)
    files, scores, dice = CellFiles(study.results), Scores(study.results), random.Random(0)
    drawn = []
    for number in range(6):
        write_picture(folder / "drawn.png", number, 256)
        drawn.append((folder / "drawn.png").read_bytes())
    faces, likeness = [], []
    for place, cell in enumerate(plan_cells(study)):
        png = drawn[place % 6]
        digest = hashlib.sha256(png).hexdigest()
        files.keep(cell, png, {"seconds": 1.0, "sha256": digest, "versions": {"comfyui": "0.33.0"}})
        found, same = place % 50 != 0, {"cell": cell.id, "picture": digest, "by": "dice"}
        faces.append(same | {"values": {"face_found": int(found), "faces": int(found)}})
        value = dice.gauss(0.4 if cell.method == "ours" else 0.2, 0.1) if found else None
        likeness.append(same | {"values": {"sim_gt": value, "sim_ref": value}})
    scores.append("faces", faces)
    scores.append("judge-sface", likeness)
    return write(study, "pytest", {})


def test_it_is_one_small_file(report):
    assert report.stat().st_size < 30e6
    assert len(json.loads(report.with_suffix(".json").read_text())["cells"]) == 2016


@pytest.fixture
def page(report, browser):
    """The page, opened from disk; it must ask for nothing else, and throw nothing."""
    page, asked, thrown = browser.new_page(viewport={"width": 1280, "height": 900}), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: thrown.append(str(error)))
    began = time.monotonic()
    page.goto(report.as_uri(), wait_until="load")
    page.seconds = time.monotonic() - began
    yield page
    page.close()
    assert not thrown, thrown
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def shown(page):
    return page.locator("#sheet figure").count()


def test_it_opens_in_three_seconds(page):
    assert page.seconds < 3, page.seconds
    assert shown(page) == 36  # everybody and every method, the first prompt
    assert page.locator("svg").count() >= 2
    assert page.locator("table").first.is_visible()


def test_filters_leave_what_they_name(page):
    page.select_option("#filter-prompt", "")
    page.select_option("#filter-person", "person3")
    assert shown(page) == 56 * 3
    page.select_option("#filter-style", "ink")
    assert shown(page) == 14 * 3
    page.select_option("#filter-method", "ours")
    assert shown(page) == 14 and page.locator("#count").inner_text() == "14 of 2016 pictures"
    for name in ("person", "style", "method"):
        page.select_option(f"#filter-{name}", "")
    page.select_option("#filter-face", "0")
    assert shown(page) == 41 and "no face" in page.locator("#sheet figcaption").first.inner_text()


def test_pictures_are_there_and_words_are_no_markup(page):
    widths = page.eval_on_selector_all("#sheet img", "all => all.map(one => one.naturalWidth)")
    assert len(widths) == 48 and min(widths) > 0
    assert page.locator("#sheet b").count() == 0
    assert "words 0 </script><b>" in page.locator("#sheet figure img").first.get_attribute("title")


def test_it_can_be_printed(page, tmp_path):
    page.emulate_media(media="print")
    assert not page.locator(".filters").is_visible() and shown(page) == 36
    page.pdf(path=tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").stat().st_size > 50_000
