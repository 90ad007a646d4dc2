"""A run's checkpoints: complete or absent, the newest two kept."""

import shutil
from pathlib import Path

from accelerate import Accelerator

from .averaged_weights import AveragedWeights

KEPT = 2
AVERAGE = "average"
SHARDED = "pytorch_model_fsdp_0"
"""accelerate's name for sharded weights within a checkpoint."""


class Snapshots:
    """Folders `step-00001200` under `folder`; accelerate writes and reads what is in them."""

    def __init__(self, accelerator: Accelerator, folder: Path, average: AveragedWeights | None):
        self.accelerator = accelerator
        self.folder = folder
        self.sharded_average = average if average and average.sharded else None
        if average and not average.sharded:
            accelerator.register_for_checkpointing(average)

    def found(self) -> list[Path]:
        """The complete ones, oldest first."""
        return sorted(path for path in self.folder.glob("step-*") if path.suffix != ".part")

    def save(self, step: int) -> None:
        target = self.folder / f"step-{step:08d}"
        if target.exists():
            return
        part = target.with_suffix(".part")
        self.accelerator.save_state(str(part))
        if self.sharded_average:
            self.sharded_average.save_sharded(part / AVERAGE)
        self.accelerator.wait_for_everyone()
        if self.accelerator.is_main_process:
            part.rename(target)
            for old in self.found()[:-KEPT]:
                shutil.rmtree(old)
        self.accelerator.wait_for_everyone()

    def resume(self) -> int:
        """Load the newest checkpoint, if there is one; return the step to go on with."""
        if self.accelerator.is_main_process:
            for part in self.folder.glob("*.part"):
                shutil.rmtree(part)
        self.accelerator.wait_for_everyone()
        checkpoints = self.found()
        if not checkpoints:
            return 0
        self._refuse_another_kind(checkpoints[-1])
        self.accelerator.load_state(str(checkpoints[-1]))
        if self.sharded_average:
            self.sharded_average.load_sharded(checkpoints[-1] / AVERAGE)
        return int(checkpoints[-1].name.removeprefix("step-"))

    def _refuse_another_kind(self, checkpoint: Path) -> None:
        was, now = (checkpoint / SHARDED).is_dir(), self.accelerator.is_fsdp2
        if was != now:
            told = {True: "sharded over several processes", False: "not sharded"}
            raise ValueError(
                f"{checkpoint} was written by a run that was {told[was]}, this one is {told[now]}; "
                "go on as it was begun, or begin a stage with the weights that it has released."
            )
