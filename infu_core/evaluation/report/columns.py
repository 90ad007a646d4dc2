"""Scores as tables of paired cells.

Legend for shapes: `k` people (or groups of people), `n` pictures of each; not a number where a picture has no value.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ..measures.catalogue import BY_JUDGE, PLAIN, group_of
from ..measures.picture_measures import diversity
from ..measures.scores import Scores
from ..study.cell_files import DONE, CellFiles
from ..study.cells import Cell, plan_cells
from ..study.study import Study

DIVERSITY = "diversity"


@dataclass(frozen=True, eq=False)
class Columns:
    """Everything that was measured of a study's finished cells."""

    study: Study

    @cached_property
    def cells(self) -> list[Cell]:
        return plan_cells(self.study)

    @cached_property
    def states(self) -> dict[str, list[Cell]]:
        return CellFiles(self.study.results).states(self.cells)

    @cached_property
    def done(self) -> dict[str, Cell]:
        return {cell.id: cell for cell in self.states[DONE]}

    @cached_property
    def values(self) -> dict[str, dict[str, float]]:
        """Name of a measure -> cell id -> value; not a number where the picture was scored and has none."""
        scores, files, found = Scores(self.study.results), CellFiles(self.study.results), {}
        digests = {name: (files.record(cell) or {}).get("sha256") for name, cell in self.done.items()}
        for group in sorted(path.stem for path in (self.study.results / "scores").glob("*.jsonl")):
            judge = group.removeprefix("judge-") if group.startswith("judge-") else None
            known = [one.name for one in BY_JUDGE] if judge else list(PLAIN)
            for cell, line in scores.read(group).items():
                if digests.get(cell) != line["picture"]:
                    continue
                for name in known:
                    if name in line["values"]:
                        value = line["values"][name]
                        column = found.setdefault(f"{name}.{judge}" if judge else name, {})
                        column[cell] = math.nan if value is None else float(value)
        return found | self.diverse(scores)

    def diverse(self, scores: Scores) -> dict[str, dict[str, float]]:
        """How far seeds of one person and prompt lie apart, at the first of them."""
        if self.study.seeds < 2:
            return {}
        gists, groups = scores.read("picture"), {}
        for cell in self.done.values():
            groups.setdefault((cell.method, cell.subject, cell.prompt, cell.width, cell.height), []).append(cell)
        column = {}
        for cells in groups.values():
            looks = [gists[cell.id]["values"]["gist"] for cell in cells if cell.id in gists]
            value = diversity(looks)
            if value is not None:
                column[min(cells, key=lambda cell: cell.repeat).id] = value
        return {DIVERSITY: column}

    @cached_property
    def places(self) -> dict[tuple, tuple[int, int]]:
        """Where a pair's cell stands in every method's table."""
        people = {subject: place for place, subject in enumerate(self.study.subjects)}
        taken, places = [0] * len(people), {}
        for pair in sorted({cell.pair for cell in self.cells}):
            row = people[pair[0]]
            places[pair] = (row, taken[row])
            taken[row] += 1
        return places

    def table(self, measure: str, method: str, tag: tuple[str, str] | None = None) -> Tensor:
        """[k, n]; `tag`: only pictures whose prompt has it."""
        width = 1 + max((column for _, column in self.places.values()), default=0)
        table = torch.full((len(self.study.subjects), width), torch.nan, dtype=torch.float64)
        column = self.values.get(measure, {})
        prompts = {prompt.id: prompt for prompt in self.study.prompts}
        for cell in self.of_method[method]:
            if tag is None or prompts[cell.prompt].tags.get(tag[0]) == tag[1]:
                table[self.places[cell.pair]] = column.get(cell.id, math.nan)
        return table

    @cached_property
    def of_method(self) -> dict[str, list[Cell]]:
        found: dict[str, list[Cell]] = {method.id: [] for method in self.study.methods}
        for cell in self.done.values():
            found[cell.method].append(cell)
        return found

    def missing(self, measure: str, method: str) -> int:
        """Finished pictures of the method that were scored and have no value."""
        column = self.values.get(measure, {})
        return sum(math.isnan(column[cell.id]) for cell in self.of_method[method] if cell.id in column)

    def measured(self) -> list[str]:
        """Names of all columns with at least one value, in the catalogue's order."""
        with_values = [name for name, column in self.values.items() if not all(map(math.isnan, column.values()))]
        order = {one.name: place for place, one in enumerate((*BY_JUDGE, *PLAIN.values()))}
        return sorted(with_values, key=lambda name: (order.get(name.partition(".")[0], 99), name))


def why_unmeasured(scores: Scores, measure: str) -> str:
    """The reason that scoring gave, for a column without values."""
    reasons = scores.unmeasured()
    return reasons.get(measure) or reasons.get(group_of(measure)) or "it was not scored."
