"""One line that says how far a run is, what it has reached, and how long it will still take."""

import time


def progress_line(step: int, steps: int, loss: float, pace: tuple[float, float], figures: dict[str, float]) -> str:
    """`pace`: samples per second, and the seconds that are left. `figures`: what the watch has seen, if it looked."""
    per_second, left = pace
    parts = [f"step {step:,} of {steps:,}", f"loss {loss:.4f}"]
    parts += [f"{name.replace('_', ' ')} {value:.3f}" for name, value in figures.items()]
    parts += [f"{per_second:.3g} samples/s", f"{duration(left)} left"]
    return " | ".join(parts)


def duration(seconds: float) -> str:
    """3 d 4 h, 2 h 05 min, 12 min, 40 s: two places are enough."""
    minutes = int(seconds // 60)
    if minutes >= 24 * 60:
        return f"{minutes // 1440} d {minutes % 1440 // 60} h"
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes} min" if minutes else f"{seconds:.0f} s"


class Pace:
    """How fast a run is since it was opened; pauses for checkpoints and sample sheets come again, so they count."""

    def __init__(self, step: int, batch_size: int):
        self.first, self.batch_size = step, batch_size
        self.began = time.monotonic()

    def seconds(self) -> float:
        return time.monotonic() - self.began

    def at(self, step: int, steps: int) -> tuple[float, float]:
        """Samples per second, and the seconds that the rest of the steps will take."""
        per_step = max(self.seconds(), 1e-9) / max(1, step - self.first)
        return self.batch_size / per_step, per_step * (steps - step)
