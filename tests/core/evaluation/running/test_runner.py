"""Cells on several servers, and everything that goes wrong on the way: one sentence each, nothing lost."""

import errno
import json
import sys
import threading
import time

import pytest
from fake_comfyui import FakeComfyUI, png_of
from study_fixtures import write_study

from infu_core.evaluation.running.progress import Progress
from infu_core.evaluation.running.runner import Runner, RunStopped
from infu_core.evaluation.study.cell_files import DONE, FAILED, MISSING, CellFiles
from infu_core.evaluation.study.cells import plan_cells
from infu_core.evaluation.study.read_study import read_study
from infu_core.hosts.comfyui_client import ComfyUIClient, DrawingFailed, ServerLost

pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib came with Python 3.11")


class Run:
    def __init__(self, folder):
        self.study = read_study(write_study(folder))
        self.cells = plan_cells(self.study)
        self.files = CellFiles(self.study.results)

    def run(self, *servers, patience=0.3):
        states = self.files.states(self.cells)
        progress = Progress(len(self.cells), len(states[DONE]), len(servers), quiet=True)
        self.runner = Runner(self.study, self.files, [ComfyUIClient(one.url) for one in servers], progress, patience)
        self.runner.run([cell for state in (MISSING, "stale") for cell in states[state]])

    def count(self, state):
        return len(self.files.states(self.cells)[state])


@pytest.fixture
def bench(tmp_path):
    return Run(tmp_path)


@pytest.fixture
def fake():
    started = []

    def start(version="0.33.0", **faults):
        started.append(FakeComfyUI(version, **faults))
        return started[-1]

    yield start
    for one in started:
        one.kill()


def test_two_servers_share_the_cells_and_each_photo_is_sent_once(bench, fake):
    one, other = fake(), fake()
    one.delay = other.delay = 0.05
    bench.run(one, other)
    assert bench.count(DONE) == 18 and len(one.graphs) + len(other.graphs) == 18
    assert len(one.graphs) > 2 and len(other.graphs) > 2
    assert len(one.uploads) == 3
    cell = bench.cells[0]
    record = bench.files.record(cell)
    assert record["versions"]["comfyui"] == "0.33.0" and record["seed"] == cell.seed and record["seconds"] > 0
    assert bench.files.picture(cell).read_bytes() == png_of(record["graph"])
    sent = record["graph"]["1"]["inputs"]["image"]
    assert sent in one.uploads and sent.startswith("infu_")


def test_a_second_run_does_nothing(bench, fake):
    server = fake()
    bench.run(server)
    bench.run(server)
    assert len(server.graphs) == 18


def test_a_changed_photo_draws_its_person_again(bench, fake, tmp_path):
    server = fake()
    bench.run(server)
    (tmp_path / "people/person0/reference.png").write_bytes((tmp_path / "people/person2/other0.png").read_bytes())
    changed = Run.__new__(Run)
    changed.study = read_study(tmp_path / "study.toml")
    changed.cells, changed.files = plan_cells(changed.study), bench.files
    assert changed.count("stale") == 4  # two prompts of ours, and of wrong for who has the neighbour's photo
    changed.run(server)
    assert len(server.graphs) == 22 and changed.count(DONE) == 18


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("half", "came back as half a picture"),
        ("node", "KSampler: ValueError: no such sampler"),
        ("no_picture", "Node 5 left no picture"),
        ("refuse", r"refused the graph: UNETLoader: Value not in list \(unet_name"),
    ],
)
def test_a_cell_that_fails_once_is_drawn_again_and_one_that_fails_thrice_is_recorded(bench, fake, fault, says):
    bench.run(fake(**{fault: 1}))
    assert bench.count(DONE) == 18
    again = Run(bench.study.folder / "again")
    again.run(fake(**{fault: 10**6}))
    assert again.count(FAILED) == 18
    messages = again.files.failures(again.cells[0])
    assert len(messages) == 3 and "\n" not in messages[0]
    with pytest.raises(DrawingFailed, match=says):
        ComfyUIClient(fake(**{fault: 1}).url).draw({}, "5")
    again.run(fake())  # what failed thrice is left alone until it is asked for
    assert again.count(FAILED) == 18
    again.files.forget_failures(again.cells)
    again.run(fake())
    assert again.count(DONE) == 18


def test_an_answer_that_breaks_off_is_the_servers_fault(bench, fake):
    bench.run(fake(break_off=2))
    assert bench.count(DONE) == 18 and not bench.files.failures(bench.cells[0])


@pytest.mark.parametrize(
    ("version", "faults", "says"),
    [
        ("0.3.64", {}, "runs ComfyUI 0.3.64; update it, 0.14 is"),
        ("0.33.0", {"html": 10**6}, "something else than JSON"),
    ],
)
def test_a_server_that_cannot_serve_is_left_out(bench, fake, version, faults, says):
    useless = fake(version, **faults)
    with pytest.raises(RunStopped, match=says + ".*18 cells are left"):
        bench.run(useless)
    bench.run(useless, fake())
    assert bench.count(DONE) == 18 and not useless.graphs


def test_a_refused_connection_is_said(bench, fake):
    gone = fake()
    gone.kill()
    with pytest.raises(RunStopped, match="can't be reached .*refused"):
        bench.run(gone)
    gone.start()


def test_a_server_that_dies_leaves_its_cells_to_the_other(bench, fake):
    dying, living = fake(), fake()
    dying.delay = living.delay = 0.05
    threading.Thread(target=lambda: (time.sleep(0.25), dying.kill()), daemon=True).start()
    bench.run(dying, living)
    assert bench.count(DONE) == 18 and bench.count(FAILED) == 0
    dying.start()


def test_a_server_that_comes_back_goes_on(bench, fake):
    server = fake()
    port, server.delay = server.port, 0.05

    def restart():
        time.sleep(0.2)
        server.kill()
        time.sleep(0.5)
        server.start(port)

    threading.Thread(target=restart, daemon=True).start()
    bench.run(server, patience=20)
    assert bench.count(DONE) == 18


def test_a_full_disk_stops_the_run_and_loses_nothing(bench, fake, monkeypatch):
    server, kept = fake(), []
    keep = CellFiles.keep

    def full(self, cell, picture, record):
        if len(kept) == 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        keep(self, cell, picture, record)
        kept.append(cell)

    monkeypatch.setattr(CellFiles, "keep", full)
    with pytest.raises(RunStopped, match="can't be written .No space left.*13 cells are left"):
        bench.run(server)
    assert bench.count(DONE) == 5
    monkeypatch.undo()
    bench.run(server)
    assert bench.count(DONE) == 18 and len(server.graphs) == 19


def test_a_half_written_cell_is_drawn_again(bench, fake):
    server = fake()
    bench.run(server)
    first, second = bench.cells[:2]
    bench.files.record_path(first).write_text(json.dumps({"key": first.key})[:10])
    bench.files.picture(second).unlink()
    assert bench.count(MISSING) == 2
    bench.run(server)
    assert bench.count(DONE) == 18 and len(server.graphs) == 20


def test_what_is_no_comfyui_is_said(fake):
    server = fake()
    server.answer = lambda request, body: server.send(request, {"hello": 1})
    with pytest.raises(ServerLost, match="not as ComfyUI does"):
        ComfyUIClient(server.url).versions()
