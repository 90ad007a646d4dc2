"""What trainers leave beside the weights is left out, with a line in the log; anything else strange is still named."""

import logging

import pytest
import torch
from harness import tiny_models
from safetensors.torch import save_file

from infu_core.checkpoints.file_faults import CheckpointError
from infu_core.checkpoints.load import NetworkFile, load_network, load_projector

LEFT = {
    "step": torch.tensor(4000),
    "global_step": torch.tensor(4000),
    "epoch": torch.zeros(1),
    "ema_decay": torch.tensor(0.999),
    "optimizer.state.0.exp_avg": torch.zeros(4000, 4000),
    "optimizer_state.param_groups": torch.zeros(3),
    "lr_scheduler.last_epoch": torch.zeros(1),
    "rng_state": torch.zeros(16, dtype=torch.uint8),
}


@pytest.mark.parametrize("ending", [".safetensors", ".bin"])
def test_they_are_left_out_and_the_log_says_so(tmp_path, caplog, ending):
    weights = {name: value.bfloat16() for name, value in tiny_models.flux_controlnet().items()}
    save_file(weights, tmp_path / "plain.safetensors")
    path = tmp_path / f"trained{ending}"
    if ending == ".bin":
        torch.save({**weights, **LEFT, "lr": 1e-4}, path)
    else:
        save_file({**weights, **LEFT}, path)
    with caplog.at_level(logging.INFO, "infu_core"):
        made = load_network(path)
    assert f"{path.name}: left out {len(LEFT)} entries of its training" in caplog.text
    assert NetworkFile(path).dtype == torch.bfloat16  # not the larger optimiser's
    wanted = load_network(tmp_path / "plain.safetensors")
    assert all(map(torch.equal, made.parameters(), wanted.parameters()))


def test_a_projector_too(tmp_path):
    save_file({**tiny_models.projector(), "step": torch.tensor(1)}, tmp_path / "projector.safetensors")
    load_projector(tmp_path / "projector.safetensors")


@pytest.mark.parametrize("name", ["controlnet_blocks.99.weight", "stepper.weight", "loss_head.weight", "ema.weight"])
def test_weights_of_another_network_are_still_named(tmp_path, name):
    save_file({**tiny_models.flux_controlnet(), name: torch.zeros(2, 2)}, tmp_path / "strange.safetensors")
    with pytest.raises(CheckpointError, match=f"holds .*{name}"):
        load_network(tmp_path / "strange.safetensors")
