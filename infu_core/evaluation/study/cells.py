"""The cells of a study: person x prompt x method, one seed for each person and prompt, the same for all methods."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .method_graph import StudyError
from .study import NEXT, Study


def seed_of(person: str, prompt: str, repeat: int = 0, noise: str = "") -> int:
    """int(sha256("person|prompt")[:8], 16) mod 2^31; "|repeat" and "|noise" follow where they are not the first."""
    words = [person, prompt] + ([str(repeat)] if repeat else []) + ([noise] if noise else [])
    return int(hashlib.sha256("|".join(words).encode()).hexdigest()[:8], 16) % 2**31


@dataclass(frozen=True)
class Cell:
    """One picture to make. `subject`: who should be in it. `given`: whose photos the method gets.

    `graph`: hash of the method's graph. `key`: hash of all that decides the picture; a cell whose file has another key
    is stale.
    """

    method: str
    subject: tuple[str, ...]
    given: tuple[str, ...]
    prompt: str
    repeat: int
    seed: int
    width: int
    height: int
    graph: str
    key: str

    @property
    def person(self) -> str:
        return "+".join(self.subject)

    @property
    def id(self) -> str:
        """Also the cell's place among the results: method/person/prompt and what else tells it apart."""
        return f"{self.method}/{self.person}/{self.prompt}-{self.repeat}-{self.width}x{self.height}"

    @property
    def pair(self) -> tuple:
        """What it shares with its partners of other methods."""
        return self.subject, self.prompt, self.repeat, self.width, self.height


def plan_cells(study: Study) -> list[Cell]:
    return list(cells_of(study))


def cells_of(study: Study) -> Iterator[Cell]:
    hashes = {person.id: person.sha256 for person in study.people}
    for method in study.methods:
        for place, subject in enumerate(study.subjects):
            given = study.subjects[(place + 1) % len(study.subjects)] if method.photo_of == NEXT else subject
            if len(given) != len(subject):
                raise StudyError(
                    f"Method {method.id!r} takes the next subject's photos, but {'+'.join(subject)} and "
                    f"{'+'.join(given)} are not as many people."
                )
            photos = [] if method.bare else [hashes[name] for name in given]
            people = [study.person(name) for name in subject]
            for prompt in (prompt for prompt in study.prompts if prompt.fits(people)):
                for repeat in range(study.seeds):
                    seed = seed_of("+".join(subject), prompt.id, repeat, method.noise)
                    for width, height in study.sizes:
                        told = json.dumps([method.graph.sha256, photos, prompt.text, seed, width, height])
                        key = hashlib.sha256(told.encode()).hexdigest()[:32]
                        yield Cell(
                            method.id, subject, () if method.bare else given, prompt.id, repeat, seed, width, height,
                            method.graph.sha256, key,
                        )  # fmt: skip


def filled_graph(study: Study, cell: Cell, photos: Sequence[str]) -> dict:
    """The graph to post. `photos`: the names under which the server knows them, one for each person given."""
    prompt = next(prompt for prompt in study.prompts if prompt.id == cell.prompt)
    values: dict[str, Any] = {"prompt": prompt.text, "seed": cell.seed, "width": cell.width, "height": cell.height}
    values |= {f"photo_{place}" if place else "photo": name for place, name in enumerate(photos)}
    return study.method(cell.method).graph.filled(values)


def write_manifest(path: Path, cells: Sequence[Cell], versions: dict) -> None:
    """One line of JSON for each cell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_suffix(".part")
    with aside.open("w", encoding="utf-8") as lines:
        for cell in cells:
            lines.write(json.dumps({"id": cell.id, **vars(cell), "versions": versions}) + "\n")
    aside.replace(path)
