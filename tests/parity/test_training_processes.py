"""Two processes (gloo, CPU) give the loss of one: what a laboratory's several GPUs rely on."""

import importlib.util
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("accelerate")

ROOT = Path(__file__).parents[2]
HERE = ROOT / "tests" / "core" / "training"
spec = importlib.util.spec_from_file_location("told", HERE / "test_training_run.py")
told = importlib.util.module_from_spec(spec)
spec.loader.exec_module(told)

TWO_PROCESSES = """
import sys
sys.path[:0] = [{root!r}, {here!r}]
from accelerate import Accelerator
from pathlib import Path
import test_training_run as told
run = told.TrainingRun(told.Line(), told.batches, told.SETTINGS, Path({folder!r}), Accelerator(cpu=True))
assert run.accelerator.num_processes == 2
run.run(steps=6)
"""


def test_two_processes_give_the_loss_of_one(tmp_path):
    one = told.run_in(tmp_path / "one")
    one.run(steps=6)
    script = tmp_path / "two.py"
    script.write_text(TWO_PROCESSES.format(root=str(ROOT), here=str(HERE), folder=str(tmp_path / "two")))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": "2",
        "GLOO_SOCKET_IFNAME": "lo",
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "ACCELERATE_USE_CPU": "true",
    }
    processes = [
        subprocess.Popen(
            [sys.executable, str(script)],
            env={**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        errors = [process.communicate(timeout=90)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0], errors[0][-2000:]
    assert told.losses(tmp_path / "two") == pytest.approx(told.losses(tmp_path / "one"), rel=1e-5)
