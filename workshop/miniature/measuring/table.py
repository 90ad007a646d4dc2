"""What an experiment found: rows of text, and the same as a curve where the rows follow a dial."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from infu_core.evaluation.spread import Estimate


@dataclass(frozen=True)
class Curve:
    """`lines`: name -> one estimate per place of the dial."""

    dial: str
    places: tuple[float, ...]
    lines: dict[str, list[Estimate]]


@dataclass(frozen=True)
class Table:
    """One claim's numbers. `rows` hold text; `note` says how to read them."""

    title: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]
    note: str = ""
    curve: Curve | None = field(default=None, repr=False)

    def markdown(self) -> str:
        lines = [f"### {self.title}", "", line(self.head), line(["---"] * len(self.head)), *map(line, self.rows)]
        return "\n".join(lines + ["", self.note] if self.note else lines)


def line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
