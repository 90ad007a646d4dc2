"""The same cells through dask: two workers, each with its own server; a fault of a cell is no fault of a worker."""

import os
import signal
import sys
import threading
import time

import pytest
from fake_comfyui import FakeComfyUI, png_of
from study_fixtures import write_study

from infu_core.evaluation.running.distributed_run import VARIABLE, DistributedRun
from infu_core.evaluation.running.progress import Progress
from infu_core.evaluation.running.runner import RunStopped
from infu_core.evaluation.study.cell_files import DONE, FAILED, CellFiles
from infu_core.evaluation.study.cells import plan_cells
from infu_core.evaluation.study.read_study import read_study

pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="tomllib came with Python 3.11")
distributed = pytest.importorskip("distributed")


@pytest.fixture
def servers():
    both = [FakeComfyUI(), FakeComfyUI()]
    yield both
    for one in both:
        one.kill()


@pytest.fixture
def cluster(servers):
    workers = {
        place: {"cls": distributed.Nanny, "options": {"nthreads": 1, "env": {VARIABLE: one.url}, "dashboard": False}}
        for place, one in enumerate(servers)
    }
    scheduler = {"cls": distributed.Scheduler, "options": {"dashboard": False, "dashboard_address": ":0", "port": 0}}
    with distributed.SpecCluster(workers=workers, scheduler=scheduler, silence_logs=40) as running:
        yield running


def run(folder, cluster):
    study = read_study(write_study(folder))
    cells, files = plan_cells(study), CellFiles(study.results)
    DistributedRun(study, files, Progress(len(cells), 0, 2, quiet=True)).run(cells, cluster.scheduler_address)
    return cells, files


def test_two_workers_and_two_servers(tmp_path, cluster, servers):
    cells, files = run(tmp_path / "one", cluster)
    assert len(files.states(cells)[DONE]) == 18
    assert min(len(server.graphs) for server in servers) > 2
    record = files.record(cells[0])
    assert files.picture(cells[0]).read_bytes() == png_of(record["graph"])
    assert record["server"] in {server.url for server in servers}

    for server in servers:  # a fault of the cells' own
        server.faults["node"] = 10**6
    cells, files = run(tmp_path / "two", cluster)
    assert len(files.states(cells)[FAILED]) == 18
    assert "no such sampler" in files.failures(cells[0])[0]

    for server in servers:
        server.faults["node"] = 0
    servers[0].kill()
    cells, files = run(tmp_path / "three", cluster)
    assert len(files.states(cells)[DONE]) == 18
    assert {files.record(cell)["server"] for cell in cells} == {servers[1].url}
    servers[1].kill()
    with pytest.raises(RunStopped, match="No worker is left with a server"):
        run(tmp_path / "four", cluster)
    for server in servers:
        server.start(server.port)


def test_a_killed_worker_loses_only_what_it_was_drawing(tmp_path, cluster, servers):
    killed = []

    def kill():
        while len(servers[0].graphs) + len(servers[1].graphs) < 4:
            time.sleep(0.02)
        killed.append(cluster.workers[0].process.pid)
        os.kill(killed[0], signal.SIGKILL)

    for server in servers:
        server.delay = 0.2
    threading.Thread(target=kill, daemon=True).start()
    cells, files = run(tmp_path, cluster)
    assert killed and len(files.states(cells)[DONE]) == 18
    assert 18 <= len(servers[0].graphs) + len(servers[1].graphs) <= 20


def test_no_scheduler_is_said(tmp_path):
    study = read_study(write_study(tmp_path))
    run = DistributedRun(study, CellFiles(tmp_path), Progress(18, 0, 1, quiet=True), patience=1)
    with pytest.raises(RunStopped, match="broke off"):
        run.run(plan_cells(study), "tcp://127.0.0.1:9")
