"""One training loop for every network of this project: accelerate around it, exact resume, a log of the loss.

The loop knows nothing of pictures. `objective` is a module whose call gives a loss per sample; `batches(step, rank,
world)` gives that process's share of the step's batch and depends on its arguments alone. So nothing but weights,
optimiser and the step has to be saved.
"""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from .averaged_weights import AveragedWeights
from .optimisers import optimisers_of
from .progress import Pace, progress_line
from .run_settings import RunSettings
from .snapshots import Snapshots

Batches = Callable[[int, int, int], dict[str, Tensor]]
logger = logging.getLogger(__name__)


class Watch(Protocol):
    """Looks at what a run has learned so far, every `RunSettings.watch_every` steps and at the last one.

    Every process calls it at the same steps, in evaluation mode, without gradients, the averaged weights in place
    where there are any. What the first process is given back stands beside the loss in the log. What it does to
    torch's chance is undone.
    """

    def __call__(self, run: "TrainingRun") -> dict[str, float]: ...


class TrainingRun:
    """A run in a folder: `checkpoints/`, `loss.jsonl`. Opening the folder again goes on where it stopped."""

    def __init__(
        self,
        objective: nn.Module,
        batches: Batches,
        settings: RunSettings,
        folder: Path,
        accelerator: Accelerator | None = None,
        watch: Watch | None = None,
    ):
        self.settings = settings
        self.watch = watch if settings.watch_every else None
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.batches = batches
        self.accelerator = accelerator or Accelerator(mixed_precision=settings.precision)
        self._refuse_what_cannot_be_shared()
        self.objective, *self.optimisers = self.accelerator.prepare(objective, *optimisers_of(objective, settings))
        self.parameters = [weight for weight in self.objective.parameters() if weight.requires_grad]
        self.average = AveragedWeights(self.parameters, settings.average) if settings.average else None
        self.snapshots = Snapshots(self.accelerator, self.folder / "checkpoints", self.average)
        self.step = self.snapshots.resume()
        if self.accelerator.is_main_process:
            self._forget_after(self.step)

    def run(self, max_seconds: float | None = None, steps: int | None = None) -> bool:
        """Train until the last step, or `steps` more, or for `max_seconds`; then save. True when all is done."""
        pace, saved = Pace(self.step, self.settings.batch_size), 0.0
        last = self.settings.steps if steps is None else min(self.settings.steps, self.step + steps)
        losses: list[Tensor] = []
        self.objective.train()
        while self.step < last:
            losses.append(self._one_step())
            self.step += 1
            figures = self._look()
            if figures or self.step % self.settings.log_every == 0 or self.step == last:
                self._log(losses, pace, figures)
                losses = []
            if self._agreed(pace.seconds() - saved > 60 * self.settings.checkpoint_minutes):
                self.snapshots.save(self.step)
                saved = pace.seconds()
            if max_seconds is not None and self._agreed(pace.seconds() > max_seconds):
                break
        if losses:
            self._log(losses, pace, {})
        self.snapshots.save(self.step)
        return self.step >= self.settings.steps

    def _one_step(self) -> Tensor:
        """The mean loss over the samples of all processes, [] on the device."""
        accelerator = self.accelerator
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = self.settings.rate_at(self.step) * group.get("share", 1.0)
        losses = [self._one_part(part) for part in range(self.settings.accumulate)]
        if self.settings.gradient_clip:
            accelerator.clip_grad_norm_(self.parameters, self.settings.gradient_clip)
        for optimiser in self.optimisers:
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
        if self.average:
            self.average.update(self.parameters, self.step)
        return torch.stack(losses).sum(0)

    def _one_part(self, part: int) -> Tensor:
        """Gradients of one of the step's `accumulate` parts, shared out as if each were a process of its own."""
        accelerator, parts = self.accelerator, self.settings.accumulate
        share = accelerator.process_index * parts + part, accelerator.num_processes * parts
        batch = self.batches(self.step, *share)
        batch = {name: value.to(accelerator.device, non_blocking=True) for name, value in batch.items()}
        with accelerator.autocast():
            loss = self.objective(**batch).mean() / parts
        accelerator.backward(loss)
        return loss.detach()

    def _look(self) -> dict[str, float]:
        if not self.watch or (self.step % self.settings.watch_every and self.step < self.settings.steps):
            return {}
        device = self.accelerator.device
        self.objective.eval()
        with torch.random.fork_rng([device] if device.type == "cuda" else []), torch.no_grad(), self.averaged():
            with torch.compiler.set_stance("force_eager"):  # a look's own shapes are not worth compiling for
                figures = self.watch(self)
            if self.accelerator.is_fsdp2:
                self.objective.reshard()  # or the next step would use what was gathered here: the average
        self.objective.train()
        return figures

    def _log(self, losses: list[Tensor], pace: Pace, figures: dict[str, float]) -> None:
        mean: Any = self.accelerator.reduce(torch.stack(losses).float().mean(), reduction="mean")
        value = float(mean)
        if value != value:
            raise ValueError(
                f"The loss is not a number at step {self.step}; lower learning_rate (now "
                f"{self.settings.learning_rate:g}) or look at the samples of this step."
            )
        if self.accelerator.is_main_process:
            rate = self.settings.rate_at(self.step - 1)
            line = {"step": self.step, "loss": value, "rate": rate, "seconds": pace.seconds(), **figures}
            with open(self.folder / "loss.jsonl", "a", encoding="utf-8") as log:
                log.write(json.dumps(line) + "\n")
            steps = self.settings.steps
            logger.info(progress_line(self.step, steps, value, pace.at(self.step, steps), figures))

    def _forget_after(self, step: int) -> None:
        """A run that was cut off has logged steps which it will now do again."""
        log = self.folder / "loss.jsonl"
        if log.exists():
            lines = [line for line in log.read_text().splitlines() if json.loads(line)["step"] <= step]
            log.write_text("".join(f"{line}\n" for line in lines))

    def _refuse_what_cannot_be_shared(self) -> None:
        settings, world = self.settings, self.accelerator.num_processes
        if settings.batch_size % (world * settings.accumulate):
            raise ValueError(
                f"A batch of {settings.batch_size} samples cannot be shared evenly by {world} processes in "
                f"{settings.accumulate} parts; choose a multiple of {world * settings.accumulate}."
            )
        if settings.optimiser == "muon" and self.accelerator.is_fsdp2:
            raise ValueError('Muon needs whole matrices, and FSDP2 shares them out; choose optimiser = "adamw".')
        if self.accelerator.gradient_accumulation_steps != 1:
            raise ValueError(
                f"accelerate is told to accumulate {self.accelerator.gradient_accumulation_steps} gradients; "
                "leave that to this config's accumulate."
            )

    def _agreed(self, stop: bool) -> bool:
        """Clocks differ between processes: the first one decides for all."""
        if self.accelerator.num_processes == 1:
            return stop
        from accelerate.utils import broadcast

        return bool(broadcast(torch.tensor(int(stop), device=self.accelerator.device)))

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Inside, the parameters hold the averaged weights, where the run keeps them."""
        if not self.average:
            yield
            return
        with self.average.in_place(self.parameters):
            yield

    def trained(self) -> nn.Module:
        """The bare objective, with the averaged weights in place where the run keeps them."""
        module = self.accelerator.unwrap_model(self.objective)
        if self.average:
            self.average.copy_to(self.parameters)
        return module
