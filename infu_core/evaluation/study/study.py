"""A study: who, what is asked for, by which methods, and what will be claimed. Refuses nonsense in one sentence."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..measures.catalogue import BY_JUDGE, PLAIN, measure_named
from .method_graph import MethodGraph, StudyError

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
OWN, NEXT = "own", "next"
MOST_SEEDS, LEAST_SIDE, MOST_SIDE = 64, 64, 4096


def checked_names(kind: str, names: Sequence[str]) -> None:
    """Names become file names: letters, digits, `_ . -`, at most 64, each once."""
    for name in names:
        if not NAME.fullmatch(name):
            raise StudyError(
                f"The {kind} {name!r} can't name a file; use at most 64 letters, digits, '_', '.' and '-', "
                "beginning with a letter or a digit."
            )
    twice = sorted({name for name in names if [other.lower() for other in names].count(name.lower()) > 1})
    if twice:
        raise StudyError(f"The {kind} {twice[0]!r} is there twice; each needs a name of its own.")


@dataclass(frozen=True)
class Person:
    """`reference`: the photo that is given. `others`: photos to judge by; none leaves Sim(GT) not measured.

    `tags`: of tags.json in the person's folder, such as gender: female; prompts may ask for them.
    """

    id: str
    reference: Path
    others: tuple[Path, ...]
    sha256: str
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Prompt:
    """`tags`: what to sort by, such as style: watercolour. `needs`: only people with these tags are asked for."""

    id: str
    text: str
    tags: dict[str, str]
    needs: dict[str, str] = field(default_factory=dict)

    def fits(self, people: Sequence[Person]) -> bool:
        return all(person.tags.get(name) == value for name, value in self.needs.items() for person in people)


@dataclass(frozen=True)
class Method:
    """A graph and how it is fed. `bare`: no photo is given. `conditioned_on`: recognisers that may not judge it.

    `photo_of`: "own", or "next" for the next person's photo (a control that must look like somebody else).
    `noise`: another word gives other seeds, the same for all cells of the method (a control that must not differ).
    """

    id: str
    graph: MethodGraph
    bare: bool = False
    conditioned_on: tuple[str, ...] = ()
    photo_of: str = OWN
    noise: str = ""
    note: str = ""


@dataclass(frozen=True)
class Comparison:
    """`measure` of method `a` against that of `b`; differences below `margin` count as none."""

    a: str
    b: str
    measure: str
    margin: float | None = None


@dataclass(frozen=True)
class Study:
    """`subjects`: who is in a picture together, mostly one person each. `seeds`: pictures of each subject and prompt.

    `folder`: where study.toml lies. `results`: where cells, scores and the report go. `scoring`: settings of measures.
    """

    name: str
    folder: Path
    results: Path
    people: tuple[Person, ...]
    subjects: tuple[tuple[str, ...], ...]
    prompts: tuple[Prompt, ...]
    methods: tuple[Method, ...]
    comparisons: tuple[Comparison, ...]
    seeds: int
    sizes: tuple[tuple[int, int], ...]
    scoring: dict

    def __post_init__(self):
        checked_names("person", [person.id for person in self.people])
        checked_names("prompt", [prompt.id for prompt in self.prompts])
        checked_names("method", [method.id for method in self.methods])
        if not 1 <= self.seeds <= MOST_SEEDS:
            raise StudyError(f"seeds is {self.seeds}; a study makes 1 to {MOST_SEEDS} pictures of a person and prompt.")
        for width, height in self.sizes:
            if not all(LEAST_SIDE <= side <= MOST_SIDE and side % 8 == 0 for side in (width, height)):
                raise StudyError(
                    f"The size {width} x {height} can't be drawn; both sides must be multiples of 8 from {LEAST_SIDE} "
                    f"to {MOST_SIDE}."
                )
        self.check_methods()
        self.check_comparisons()

    def check_methods(self) -> None:
        bare = [method.id for method in self.methods if method.bare]
        if len(bare) != 1:
            raise StudyError(
                f"{len(bare)} methods are bare ({', '.join(bare) or 'none'}); exactly one must be, the same model "
                "without identity, or nobody can tell what identity changes."
            )
        most = max(map(len, self.subjects))
        for method in self.methods:
            photos = [f"photo_{place}" if place else "photo" for place in range(most)]
            lacking = [hole for hole in photos if hole not in method.graph.holes]
            if not method.bare and lacking:
                raise StudyError(
                    f"Method {method.id!r} has no hole {lacking[0]!r}, so it would never see the person; name the node "
                    "and input of the photo, or set bare = true."
                )
            if method.bare and "photo" in method.graph.holes:
                raise StudyError(f"Method {method.id!r} is bare and yet has a hole for a photo; take one of them out.")
            if method.photo_of == NEXT and len(self.subjects) < 2:
                raise StudyError(
                    f"Method {method.id!r} takes the next person's photo, but there is {len(self.subjects)} person."
                )

    def check_comparisons(self) -> None:
        known = [method.id for method in self.methods]
        for comparison in self.comparisons:
            wrong = [name for name in (comparison.a, comparison.b) if name not in known]
            if wrong:
                raise StudyError(f"A comparison names the method {wrong[0]!r}; the study has {', '.join(known)}.")
            if measure_named(comparison.measure) is None:
                raise StudyError(
                    f"A comparison asks for {comparison.measure!r}; measures are {', '.join(PLAIN)}, and with a dot "
                    f"and a judge's name {', '.join(one.name for one in BY_JUDGE)}."
                )
            if comparison.a == comparison.b:
                raise StudyError(f"Method {comparison.a!r} is compared with itself; name two methods.")
            if comparison.margin is not None and not 0 < comparison.margin < float("inf"):
                raise StudyError(
                    f"The margin of {comparison.a} against {comparison.b} is {comparison.margin:g}; it is the greatest "
                    "difference that counts as none, so it must be above 0."
                )

    def person(self, name: str) -> Person:
        return next(person for person in self.people if person.id == name)

    def method(self, name: str) -> Method:
        return next(method for method in self.methods if method.id == name)
