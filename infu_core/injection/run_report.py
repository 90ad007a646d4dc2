"""What an injection tells about itself after a sampling."""

from dataclasses import dataclass, field
from threading import Lock


@dataclass
class RunReport:
    """What a run did: base evaluations with an identity, InfuseNet runs, forecasts, and sentences for people.

    `strengths`: (percent, strength) of each evaluation. `computed_at`: the percents at which InfuseNet ran.
    """

    evaluations: int = 0
    computed: int = 0
    reused: int = 0
    strengths: list[tuple[float, float]] = field(default_factory=list)
    computed_at: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    def count(self, began: float, strength: float, computed: bool) -> None:
        """One evaluation more; ComfyUI evaluates on several devices at once."""
        with self.lock:
            self.evaluations += 1
            self.strengths.append((began, strength))
            self.computed += computed
            self.reused += not computed
            if computed:
                self.computed_at.append(began)
