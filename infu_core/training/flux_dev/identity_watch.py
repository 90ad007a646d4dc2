"""A run's sample sheets: the same held-out people, prompts and noise each time, and how alike the people are."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from torch import Tensor

from ..flow_matching import draw
from ..identity_objective import FrozenBase, IdentityObjective
from ..loop.training_run import TrainingRun
from .sample_sheet import SheetRow, write_sheet
from .sampling import sample, sigmas


class Eyes(Protocol):
    """What looks at made pictures."""

    def pictures(self, latents: Tensor) -> np.ndarray:
        """[B, 16, H / 8, W / 8] -> uint8 RGB [B, H, W, 3]."""
        ...

    def likeness(self, pictures: np.ndarray, vectors: Tensor) -> list[float]:
        """Cosine of each picture's face to its vector [B, 512]; 0 where no face is found."""
        ...


class IdentityWatch:
    """The `Watch` of an `IdentityObjective`'s run: writes `sheets/step-00001200.jpg` into its folder.

    `samples`: batches of one shape each, with `latents` (the reference picture), `control`, `context`, `pooled` and
    `vectors`, of people that are not trained on. `base`: at the guidance that pictures are made with. `eyes`: the
    first process's; others have none and only take part in the sampling, for the weights may be sharded.
    `shift(tokens)`: how far the schedule is moved. Its figures, means over all: `similarity` of the pictures made now,
    `similarity_to_others` of the same to the next row's person (no lower means that nothing was learned of who it is),
    and `similarity_without` of those without identity.
    """

    def __init__(
        self,
        base: FrozenBase,
        samples: Sequence[dict[str, Tensor]],
        eyes: Eyes | None,
        shift: Callable[[int], float],
        steps: int = 20,
        seed: int = 0,
    ):
        self.base, self.samples, self.eyes, self.shift = base, samples, eyes, shift
        self.steps, self.seed = steps, seed
        self._without: list[Tensor] = []  # latents, the same at every look

    def __call__(self, run: TrainingRun) -> dict[str, float]:
        objective: IdentityObjective = run.accelerator.unwrap_model(run.objective)  # type: ignore[assignment]
        rows: list[SheetRow] = []
        others: list[float] = []
        for place, batch in enumerate(self.samples):
            batch = {name: value.to(run.accelerator.device) for name, value in batch.items()}
            with run.accelerator.autocast():
                if place == len(self._without):
                    self._without.append(self._sample(None, batch))
                now = self._sample(objective, batch)
            if self.eyes:
                rows += rows_of(self.eyes, batch, self._without[place], now)
                others += self.eyes.likeness(self.eyes.pictures(now), batch["vectors"].roll(1, 0))
        if not self.eyes:
            return {}
        figures = {
            "similarity": float(np.mean([row.likeness for row in rows])),
            "similarity_without": float(np.mean([row.likeness_without for row in rows])),
            "similarity_to_others": float(np.mean(others)),
        }
        title = f"step {run.step:,} of {run.settings.steps:,}, similarity {figures['similarity']:.3f}"
        write_sheet(rows, title, run.folder / "sheets" / f"step-{run.step:08d}.jpg")
        return figures

    def _sample(self, objective: IdentityObjective | None, batch: dict[str, Tensor]) -> Tensor:
        """The same noise at every look, whatever the run's chance is."""
        count, *shape = batch["latents"].shape
        noise = draw(self.seed, 0, range(count), tuple(shape)).noise.to(batch["latents"].device)
        times = sigmas(self.steps, self.shift(shape[-2] * shape[-1] // 4))
        return sample(self.base, objective, batch, noise, times)


def rows_of(eyes: Eyes, batch: dict[str, Tensor], without: Tensor, now: Tensor) -> list[SheetRow]:
    """Latents of B samples as B rows of a sheet."""
    references, bare, made = (eyes.pictures(latents) for latents in (batch["latents"], without, now))
    likeness = [eyes.likeness(pictures, batch["vectors"]) for pictures in (bare, made)]
    return [SheetRow(*row) for row in zip(references, bare, made, *likeness, strict=True)]
