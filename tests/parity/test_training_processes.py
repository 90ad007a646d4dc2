"""Two processes (gloo, CPU) give the loss of one, whole or sharded: what a laboratory's several GPUs rely on."""

import ast
import importlib.util
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

pytest.importorskip("diffusers")
pytest.importorskip("accelerate")

from accelerate.state import AcceleratorState  # noqa: E402
from harness.tiny_laboratory import TinyLaboratory, make_laboratory  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

TESTS = Path(__file__).parents[1]
HERE = TESTS / "core" / "training" / "loop"
spec = importlib.util.spec_from_file_location("told", HERE / "test_training_run.py")
told = importlib.util.module_from_spec(spec)
spec.loader.exec_module(told)

TWO_PROCESSES = """
import sys
from dataclasses import replace
sys.path[:0] = [{root!r}, {here!r}]
from accelerate import Accelerator
from pathlib import Path
import test_training_run as told
for parts in (1, 2):
    settings = replace(told.SETTINGS, accumulate=parts)
    folder = Path({folder!r}) / f"{{parts}} parts"
    run = told.TrainingRun(told.Line(), told.batches, settings, folder, Accelerator(cpu=True))
    assert run.accelerator.num_processes == 2
    run.run(steps=6)
run.accelerator.end_training()
"""


def in_two_processes(*command: str) -> str:
    """What the first of two processes printed. Fails where one of them does."""
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
            [sys.executable, *command],
            env={**os.environ, **shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    try:
        told = [process.communicate(timeout=150) for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0], "\n".join(error[-3000:] for _, error in told)
    return told[0][0]


def test_two_processes_give_the_loss_of_one_in_one_part_or_two(tmp_path):
    one = told.run_in(tmp_path / "one")
    one.run(steps=6)
    script = tmp_path / "two.py"
    script.write_text(TWO_PROCESSES.format(root=str(TESTS.parent), here=str(HERE), folder=str(tmp_path)))
    in_two_processes(str(script))
    for folder in ("1 parts", "2 parts"):
        assert told.losses(tmp_path / folder) == pytest.approx(told.losses(tmp_path / "one"), rel=1e-5)


@pytest.fixture(scope="module")
def sharded(tmp_path_factory):
    """The folder of a laboratory that was run by one process, and by two with FSDP2; and what the first one counted."""
    folder = tmp_path_factory.mktemp("sharded")
    make_laboratory(folder)
    config = (folder / "config.toml").read_text()
    (folder / "bf16.toml").write_text(config.replace("[stages.stage2]", '[stages.stage2]\nprecision = "bf16"'))
    alone = TinyLaboratory(folder / "config.toml", folder / "alone")
    run = alone.open_run("stage1")
    run.run()
    alone.release(run, "stage1")
    AcceleratorState._reset_state()
    TinyLaboratory(folder / "bf16.toml", folder / "alone").open_run("stage2").run()
    AcceleratorState._reset_state()
    counted = in_two_processes(str(TESTS / "harness" / "sharded_laboratory.py"), str(folder))
    return folder, run, ast.literal_eval(counted.split("bytes ")[1])


def logged(folder: Path, stage: str, name: str) -> list[float]:
    lines = [json.loads(line) for line in (folder / stage / "loss.jsonl").read_text().splitlines()]
    return [line[name] for line in lines if name in line]


def test_sharded_training_gives_the_loss_of_one_process(sharded):
    folder, _, _ = sharded
    losses = logged(folder / "sharded", "stage1", "loss")
    assert len(losses) == 4
    assert losses == pytest.approx(logged(folder / "alone", "stage1", "loss"), rel=1e-4)


def test_sharded_training_in_bf16_keeps_times_and_targets_exact(sharded):
    folder, _, _ = sharded
    losses = logged(folder / "sharded", "stage2", "loss")
    assert losses == pytest.approx(logged(folder / "alone", "stage2", "loss"), rel=1e-3)


def test_sharded_training_writes_the_same_release(sharded):
    folder, _, _ = sharded
    for name in ("image_proj_model.safetensors", "InfuseNetModel/diffusion_pytorch_model.safetensors"):
        one, two = (load_file(folder / who / "stage1" / "release" / name) for who in ("alone", "sharded"))
        assert one.keys() == two.keys()
        for key, weight in one.items():
            assert torch.allclose(weight.float(), two[key].float(), atol=2e-3, rtol=1e-2), key


def test_sharded_training_makes_the_same_sheets(sharded):
    folder, _, _ = sharded
    assert (folder / "sharded" / "stage1" / "sheets" / "step-00000004.jpg").is_file()
    alone = logged(folder / "alone", "stage1", "similarity")
    assert len(alone) == 2
    assert logged(folder / "sharded", "stage1", "similarity") == pytest.approx(alone, abs=0.01)


def test_each_process_holds_half(sharded):
    _, run, own = sharded
    whole = sum(weight.nbytes for weight in run.parameters)
    assert 0.5 * whole <= own["weights"] < 0.52 * whole
    assert own["average"] == own["weights"]
    assert 0.9 * 2 * own["weights"] < own["moments"] <= 2 * own["weights"]
