"""What one sampling did: steps, InfuseNet runs computed and reused, seconds, memory; as text for people."""

from dataclasses import dataclass, field
from threading import Lock

from .run_report import RunReport
from .stopwatch import Stopwatch

BASE, INFUSENET = "base", "infusenet"


@dataclass(eq=False)
class SamplingRecord:
    """`runs`: one report per identity applied to the model. `percents`: where the steps begin, in the host's percent.

    `base_passes`: evaluations of the base; `text_passes`: those of them made without the identity, for guidance.
    `guided`: predictions on which identity guidance acted. `notes`: sentences for people on the sampling as a whole.
    """

    runs: list[RunReport] = field(default_factory=list)
    clock: Stopwatch = field(default_factory=Stopwatch)
    percents: tuple[float, ...] = ()
    seconds: float = 0.0
    base_passes: int = 0
    text_passes: int = 0
    guided: int = 0
    notes: list[str] = field(default_factory=list)
    peak_bytes: int | None = None
    lock: Lock = field(default_factory=Lock, repr=False)

    def count_base(self) -> None:
        """One evaluation of the base more; several devices may evaluate at once."""
        with self.lock:
            self.base_passes += 1

    def text(self) -> str:
        """A few lines; the first says how long it took."""
        seconds = self.clock.seconds()
        lines = [f"{counted(len(self.percents), 'step')} in {self.seconds:.1f} s"]
        base = f"base model: {counted(self.base_passes, 'evaluation')}, {seconds.get(BASE, 0.0):.1f} s"
        lines.append(base + (f", {self.text_passes} without identity for guidance" if self.text_passes else ""))
        for number, run in enumerate(self.runs, start=1):
            name = f"InfuseNet {number}" if len(self.runs) > 1 else "InfuseNet"
            lines.append(f"{name}: {counted(run.computed, 'run')} computed, {run.reused} reused")
            lines += run.notes
        if self.runs:
            lines.append(f"InfuseNet took {seconds.get(INFUSENET, 0.0):.1f} s")
        else:
            lines.append("no identity in this model")
        lines += self.notes
        if self.peak_bytes is not None:
            lines.append(f"peak memory {self.peak_bytes / 1e9:.1f} GB")
        return "\n".join(lines)


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
