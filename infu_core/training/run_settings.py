"""How one run is driven: steps, learning rate, checkpoints. Read from the configs' tables."""

import math
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class RunSettings:
    """`batch_size` counts the samples of all processes together. Optimiser: AdamW (InfiniteYou section 4.1)."""

    steps: int
    batch_size: int
    learning_rate: float
    warmup_steps: int = 0
    decay: str = "constant"  # or "cosine", down to zero at the last step
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.01
    gradient_clip: float = 1.0
    average: float = 0.0  # decay of the averaged weights (EMA); 0 keeps none
    precision: str = "no"  # accelerate's word: no, bf16, fp16
    checkpoint_minutes: float = 5.0
    log_every: int = 50
    seed: int = 0

    def __post_init__(self):
        if self.steps < 1 or self.batch_size < 1:
            raise ValueError(f"A run needs steps and samples: steps is {self.steps}, batch_size {self.batch_size}.")
        if self.decay not in ("constant", "cosine"):
            raise ValueError(f'decay is "{self.decay}"; choose "constant" or "cosine".')
        if not 0 <= self.average < 1:
            raise ValueError(f"average is {self.average}; it is a decay from 0 (none) to less than 1, such as 0.999.")

    @classmethod
    def from_table(cls, table: dict) -> "RunSettings":
        """From a table of a TOML file. Raises `ValueError` for a key that no setting has."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(table.keys() - known)
        if unknown:
            raise ValueError(
                f"Unknown setting {', '.join(unknown)}; the settings of a run are {', '.join(sorted(known))}."
            )
        values: dict[str, Any] = dict(table)
        if "betas" in values:
            values["betas"] = tuple(values["betas"])
        return cls(**values)

    def rate_at(self, step: int) -> float:
        """The learning rate of the step, counted from 0: a function of the step alone, so that resuming is exact."""
        rate = self.learning_rate
        if step < self.warmup_steps:
            return rate * (step + 1) / self.warmup_steps
        if self.decay == "cosine":
            share = (step - self.warmup_steps) / max(1, self.steps - self.warmup_steps)
            return rate * 0.5 * (1 + math.cos(math.pi * share))
        return rate
