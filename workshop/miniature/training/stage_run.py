"""One stage's run: its table of the config, its batches, its blocks compiled."""

from accelerate import Accelerator
from torch import nn

from infu_core.networks.flux_blocks import DoubleBlock, SingleBlock
from infu_core.training.loop.run_settings import RunSettings
from infu_core.training.loop.training_run import TrainingRun, Watch

from ..networks.autoencoder import Block
from . import batches
from .workshop import Workshop

OWN = ("guidances", "face_weight", "identity_weight", "identity_contrast", "styles", "style_told", "begins_with")
"""Entries of a stage's table that its objective and batches read, not its run."""


def train(
    workshop: Workshop,
    name: str,
    objective: nn.Module,
    columns: batches.Columns | list[batches.Columns],
    make,
    seconds: float | None,
    watch: Watch | None = None,
) -> TrainingRun | None:
    """Train until done or out of time; None when it is not done yet. Of pictures twice as wide a batch has half."""
    table = dict(workshop.config["stages"][name])
    if table.pop("compiled", False):
        compile_blocks(objective)
    for own in OWN:
        table.pop(own, None)
    time_mean = table.pop("time_mean", 0.0)
    settings = RunSettings.from_table(table)
    accelerator = Accelerator(mixed_precision=settings.precision, cpu=workshop.device.type == "cpu")
    groups = columns if isinstance(columns, list) else [columns]
    kinds = []
    for group in groups:
        smaller = group["latents"][0].numel() // groups[0]["latents"][0].numel() if len(groups) > 1 else 1
        kinds.append(batches.Batches(group, settings.batch_size // smaller, settings.seed, make, time_mean))
    source = batches.InTurn(kinds, settings.seed) if len(kinds) > 1 else kinds[0]
    run = TrainingRun(objective, source, settings, workshop.folder / "runs" / name, accelerator, watch)
    return run if run.run(max_seconds=seconds) or workshop.keep_unfinished else None


def compile_blocks(objective: nn.Module) -> None:
    """Block by block, so that one compilation serves them all; key names stay as they are."""
    for module in objective.modules():
        if isinstance(module, (DoubleBlock, SingleBlock, Block)):
            module.compile()
