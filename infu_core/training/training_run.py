"""One training loop for every network of this project: accelerate around it, exact resume, a log of the loss.

The loop knows nothing of pictures. `objective` is a module whose call gives a loss per sample; `batches(step, rank,
world)` gives that process's share of the step's batch and depends on its arguments alone. So nothing but weights,
optimiser and the step has to be saved.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from .averaged_weights import AveragedWeights
from .run_settings import RunSettings
from .snapshots import Snapshots

Batches = Callable[[int, int, int], dict[str, Tensor]]


class TrainingRun:
    """A run in a folder: `checkpoints/`, `loss.jsonl`. Opening the folder again goes on where it stopped."""

    def __init__(
        self,
        objective: nn.Module,
        batches: Batches,
        settings: RunSettings,
        folder: Path,
        accelerator: Accelerator | None = None,
    ):
        self.settings = settings
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.batches = batches
        self.accelerator = accelerator or Accelerator(mixed_precision=settings.precision)
        world = self.accelerator.num_processes
        if settings.batch_size % world:
            raise ValueError(
                f"A batch of {settings.batch_size} samples cannot be shared evenly by {world} processes; "
                f"choose a multiple of {world}."
            )
        self.parameters = [weight for weight in objective.parameters() if weight.requires_grad]
        optimiser = torch.optim.AdamW(
            self.parameters, lr=settings.learning_rate, betas=settings.betas, weight_decay=settings.weight_decay
        )
        self.objective, self.optimiser = self.accelerator.prepare(objective, optimiser)
        self.parameters = [weight for weight in self.objective.parameters() if weight.requires_grad]
        self.average = AveragedWeights(self.parameters, settings.average) if settings.average else None
        self.snapshots = Snapshots(self.accelerator, self.folder / "checkpoints", self.average)
        self.step = self.snapshots.resume()
        if self.accelerator.is_main_process:
            self._forget_after(self.step)

    def run(self, max_seconds: float | None = None, steps: int | None = None) -> bool:
        """Train until the last step, or `steps` more, or for `max_seconds`; then save. True when all is done."""
        began = saved = time.monotonic()
        last = self.settings.steps if steps is None else min(self.settings.steps, self.step + steps)
        losses: list[Tensor] = []
        self.objective.train()
        while self.step < last:
            losses.append(self._one_step())
            self.step += 1
            now = time.monotonic()
            if self.step % self.settings.log_every == 0 or self.step == last:
                self._log(losses, now - began)
                losses = []
            if now - saved > 60 * self.settings.checkpoint_minutes:
                self.snapshots.save(self.step)
                saved = now
            if max_seconds is not None and self._agreed(now - began > max_seconds):
                break
        if losses:
            self._log(losses, time.monotonic() - began)
        self.snapshots.save(self.step)
        return self.step >= self.settings.steps

    def _one_step(self) -> Tensor:
        """The mean loss over the samples of all processes, [] on the device."""
        accelerator = self.accelerator
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.rate_at(self.step)
        batch = self.batches(self.step, accelerator.process_index, accelerator.num_processes)
        batch = {name: value.to(accelerator.device, non_blocking=True) for name, value in batch.items()}
        with accelerator.autocast():
            loss = self.objective(**batch).mean()
        accelerator.backward(loss)
        if self.settings.gradient_clip:
            accelerator.clip_grad_norm_(self.parameters, self.settings.gradient_clip)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        if self.average:
            self.average.update(self.parameters, self.step)
        return loss.detach()

    def _log(self, losses: list[Tensor], seconds: float) -> None:
        mean: Any = self.accelerator.reduce(torch.stack(losses).float().mean(), reduction="mean")
        value = float(mean)
        if value != value:
            raise ValueError(
                f"The loss is not a number at step {self.step}; lower learning_rate (now "
                f"{self.settings.learning_rate:g}) or look at the samples of this step."
            )
        if self.accelerator.is_main_process:
            line = {"step": self.step, "loss": value, "rate": self.settings.rate_at(self.step - 1), "seconds": seconds}
            with open(self.folder / "loss.jsonl", "a", encoding="utf-8") as log:
                log.write(json.dumps(line) + "\n")

    def _forget_after(self, step: int) -> None:
        """A run that was cut off has logged steps which it will now do again."""
        log = self.folder / "loss.jsonl"
        if log.exists():
            lines = [line for line in log.read_text().splitlines() if json.loads(line)["step"] <= step]
            log.write_text("".join(f"{line}\n" for line in lines))

    def _agreed(self, stop: bool) -> bool:
        """Clocks differ between processes: the first one decides for all."""
        if self.accelerator.num_processes == 1:
            return stop
        from accelerate.utils import broadcast

        return bool(broadcast(torch.tensor(int(stop), device=self.accelerator.device)))

    def trained(self) -> nn.Module:
        """The bare objective, with the averaged weights in place where the run keeps them."""
        module = self.accelerator.unwrap_model(self.objective)
        if self.average:
            self.average.copy_to(self.parameters)
        return module
