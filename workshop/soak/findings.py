"""What a soak found, and whether it is sound: memory that stays, pictures that repeat, a log without echoes."""

import re
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

EARLY, LATE = slice(50, 150), 100
"""Runs 51 to 150, when every way in was taken, and the last hundred."""
MOST_GROWTH = 1.03
WARNING = re.compile(r"\[(WARNING|ERROR)\]|warning", re.IGNORECASE)
DECORATION = re.compile(r"\x1b\[[\d;]*m|^\[(?:WARNING|ERROR)\] ")
"""Colours, and the level that newer ComfyUIs write first."""
EXPECTED = re.compile(
    r"\s|$|!!! Exception|Traceback|[\w.]+(Error|Exception|Interrupted)\b|Processing interrupted|.*\d+%\|"
)
"""Lines of the errors that the soak makes, of interrupts, and of progress bars."""


@dataclass
class Findings:
    """`memory`: bytes of the server after each prompt. `pictures`: of each key, the marks of what was drawn."""

    memory: list[int] = field(default_factory=list)
    pictures: dict[str, list[str]] = field(default_factory=dict)
    ends: Counter = field(default_factory=Counter)
    surprises: list[str] = field(default_factory=list)
    log: str = ""

    @property
    def growth(self) -> float:
        """The last hundred runs' median memory to the early ones'; of a short soak, that of its halves."""
        if len(self.memory) >= EARLY.stop + LATE:
            early, late = self.memory[EARLY], self.memory[-LATE:]
        else:
            half = len(self.memory) // 2
            early, late = self.memory[:half], self.memory[half:]
        return statistics.median(late) / statistics.median(early)

    @property
    def compared(self) -> int:
        return sum(len(marks) - 1 for marks in self.pictures.values())

    @property
    def unequal(self) -> list[str]:
        """Keys whose pictures were not all one."""
        return sorted(key for key, marks in self.pictures.items() if len(set(marks)) > 1)

    @property
    def is_sound(self) -> bool:
        return self.growth <= MOST_GROWTH and not self.unequal and not self.surprises and not repeated(self.log)

    def text(self) -> str:
        first, last = (
            statistics.median(part) / 1e6 for part in (self.memory[EARLY] or self.memory, self.memory[-LATE:])
        )
        lines = [
            f"{len(self.memory)} prompts: " + ", ".join(f"{count} {end}" for end, count in sorted(self.ends.items())),
            f"memory: median {first:.0f} MB of runs 51 to 150, {last:.0f} MB of the last {LATE}, ratio "
            f"{self.growth:.4f} (at most {MOST_GROWTH}), {slope(self.memory[EARLY.start :]) / 1e3:+.1f} kB a prompt",
            f"pictures: {self.compared} repeats of {len(self.pictures)} keys, {len(self.unequal)} keys unequal "
            + ", ".join(self.unequal),
            *(f"surprise: {what}" for what in self.surprises),
            *(f"the log says {count} times: {line}" for line, count in repeated(self.log).items()),
            "sound" if self.is_sound else "NOT SOUND",
        ]
        return "\n".join(lines)


def slope(values: Sequence[float]) -> float:
    """Of the line through them, for each step."""
    return statistics.linear_regression(range(len(values)), values).slope if len(values) > 1 else 0.0


def repeated(log: str) -> dict[str, int]:
    """Warnings and errors that a log has more than once, with their numbers blanked."""
    lines = (line for text in log.splitlines() for line in text.split("\r") if WARNING.search(line))
    plain = (DECORATION.sub("", DECORATION.sub("", line)) for line in lines)
    counts = Counter(re.sub(r"\d+", "#", line.strip()) for line in plain if not EXPECTED.match(line))
    return {line: count for line, count in counts.items() if count > 1}
