"""Two settings tried against each other: every value of one with every value of the other, and each pair's name."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Sweep:
    """Pairs in the order of a grid's cells: the first setting is a row's, the second a column's."""

    rows: tuple[float, ...]
    columns: tuple[float, ...]
    row_name: str
    column_name: str

    def __post_init__(self) -> None:
        if not self.rows or not self.columns:
            raise ValueError("A sweep needs at least one value of each setting; type numbers such as `0.6, 0.8, 1`.")

    def pairs(self) -> list[tuple[float, float]]:
        return [(row, column) for row in self.rows for column in self.columns]

    def labels(self) -> list[str]:
        return [f"{named(self.row_name, row)}, {named(self.column_name, column)}" for row, column in self.pairs()]


def named(name: str, value: float) -> str:
    return f"{name} {value:g}".strip()


def sweep(rows: Sequence[float] | None, columns: Sequence[float] | None, row_name: str, column_name: str) -> Sweep:
    """From typed numbers; raises ValueError in one sentence where one side has none."""
    return Sweep(tuple(rows or ()), tuple(columns or ()), row_name.strip(), column_name.strip())
