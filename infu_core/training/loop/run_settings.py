"""How one run is driven: steps, learning rate, checkpoints. Read from the configs' tables."""

import math
from dataclasses import dataclass, field

from ..config_table import read_table


@dataclass(frozen=True)
class RunSettings:
    """`batch_size` counts the samples of all processes together, and of all `accumulate` parts that a step is run in
    where they do not fit into memory at once.
    """

    steps: int
    batch_size: int
    learning_rate: float
    optimiser: str = "adamw"  # as published; or "muon", for the hidden layers' matrices
    warmup_steps: int = 0
    decay: str = "constant"  # or "cosine", down to zero at the last step
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.01
    shares: dict[str, float] = field(
        default_factory=dict
    )  # part -> its share of the learning rate, as {projector = 0.1}
    gradient_clip: float = 1.0
    average: float = 0.0  # decay of the averaged weights (EMA); 0 keeps none
    accumulate: int = 1
    precision: str = "no"  # accelerate's word: no, bf16, fp16
    checkpoint_minutes: float = 5.0
    log_every: int = 50
    watch_every: int = 0  # steps between two sample sheets; 0 makes none
    seed: int = 0

    def __post_init__(self):
        if self.steps < 1 or self.batch_size < 1:
            raise ValueError(f"A run needs steps and samples: steps is {self.steps}, batch_size {self.batch_size}.")
        if self.accumulate < 1 or self.log_every < 1 or self.watch_every < 0:
            raise ValueError(
                f"accumulate ({self.accumulate}) and log_every ({self.log_every}) must be at least 1, watch_every "
                f"({self.watch_every}) at least 0."
            )
        if self.decay not in ("constant", "cosine"):
            raise ValueError(f'decay is "{self.decay}"; choose "constant" or "cosine".')
        if self.optimiser not in ("adamw", "muon"):
            raise ValueError(f'optimiser is "{self.optimiser}"; choose "adamw" or "muon".')
        if not 0 <= self.average < 1:
            raise ValueError(f"average is {self.average}; it is a decay from 0 (none) to less than 1, such as 0.999.")

    @classmethod
    def from_table(cls, table: dict) -> "RunSettings":
        """From a table of a TOML file. Raises `ValueError` for a key that no setting has."""
        return read_table(cls, table, "a run's settings")

    def rate_at(self, step: int) -> float:
        """The learning rate of the step, counted from 0: a function of the step alone, so that resuming is exact."""
        rate = self.learning_rate
        if step < self.warmup_steps:
            return rate * (step + 1) / self.warmup_steps
        if self.decay == "cosine":
            share = (step - self.warmup_steps) / max(1, self.steps - self.warmup_steps)
            return rate * 0.5 * (1 + math.cos(math.pi * share))
        return rate
