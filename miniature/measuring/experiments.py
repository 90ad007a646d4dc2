"""The claims, one function each: what is compared, and the rows of its table."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from infu_core.evaluation.paired import difference, gap_in_deviations
from infu_core.identity.identity import Identity
from infu_core.identity.mixing import mix
from infu_core.injection.injector import InjectionSettings
from infu_core.injection.strength_schedule import StrengthSchedule

from ..faces.scene import PLACES
from .studio import Studio, Subject, Verdict, captions_of

FOLLOWED = ("style", "background", "hair_colour", "hair_style", "glasses", "expression")


@dataclass(frozen=True)
class Table:
    """One claim's numbers. `rows` hold text."""

    title: str
    head: tuple[str, ...]
    rows: list[tuple[str, ...]]

    def markdown(self) -> str:
        lines = [f"### {self.title}", "", _line(self.head), _line(["---"] * len(self.head)), *map(_line, self.rows)]
        return "\n".join(lines)


def _line(cells) -> str:
    return "| " + " | ".join(cells) + " |"


class Cells:
    """The same people, prompts and noise for every way that is compared."""

    def __init__(self, studio: Studio, people: int, prompts: int):
        self.studio, self.prompts = studio, prompts
        self.subjects = [studio.subject(index) for index in range(people)]
        self.scenes = [studio.scenes(index, prompts) for index in range(people)]

    def verdicts(self, make: Callable[[Subject, list[str], int], Tensor]) -> "Outcome":
        """`make(subject, texts, seed)` -> pictures, judged for every subject."""
        found = []
        for subject, scenes in zip(self.subjects, self.scenes, strict=True):
            made = make(subject, captions_of(scenes), 9000 + subject.number)
            found.append(self.studio.verdict(made, scenes, subject.judged))
        return Outcome(found)

    def injected(self, settings: InjectionSettings | None = None, strength: float = 1.0, **more) -> "Outcome":
        def make(subject: Subject, texts: list[str], seed: int) -> Tensor:
            who = self.studio.person(subject.vector, strength=strength)
            return self.studio.pictures(texts, seed, [who], settings, **more)[0]

        return self.verdicts(make)

    def bare(self) -> "Outcome":
        return self.verdicts(lambda _, texts, seed: self.studio.pictures(texts, seed)[0])


class Outcome:
    """Everything that the judges said of one way."""

    def __init__(self, verdicts: list[Verdict]):
        self.likeness = torch.cat([verdict.likeness for verdict in verdicts])
        self.right = {
            name: torch.cat([verdict.right[name] for verdict in verdicts]).float() for name in verdicts[0].right
        }

    @property
    def found(self) -> Tensor:
        return self.likeness[torch.isfinite(self.likeness)]

    def cells(self) -> tuple[str, ...]:
        """Likeness, faces found, and what was followed, for a table."""
        followed = (f"{float(self.right[name].mean()):.2f}" for name in FOLLOWED)
        share = len(self.found) / len(self.likeness)
        return f"{float(self.found.mean()):.3f} ± {float(self.found.std()):.3f}", f"{share:.2f}", *followed


HEAD = ("way", "likeness", "face found", *FOLLOWED)


def identity(cells: Cells) -> Table:
    """Without, with, and to a wrong person."""
    bare, given = cells.bare(), cells.injected()
    shifted = cells.subjects[1:] + cells.subjects[:1]
    wrong = {subject.number: other for subject, other in zip(cells.subjects, shifted, strict=True)}

    def of_another(subject: Subject, texts: list[str], seed: int) -> Tensor:
        return cells.studio.pictures(texts, seed, [cells.studio.person(wrong[subject.number].vector)])[0]

    other = cells.verdicts(of_another)
    gap = gap_in_deviations(given.found, other.found)
    gain = difference(bare.likeness, given.likeness)
    rows = [("without identity", *bare.cells()), ("with", *given.cells()), ("with another person's", *other.cells())]
    return Table(f"Identity: gap {gap:.2f} deviations, with - without {gain}", HEAD, rows)


def strength(cells: Cells) -> Table:
    rows = [(f"{value:g}", *cells.injected(strength=value).cells()) for value in (0.25, 0.5, 0.75, 1.0, 1.25)]
    return Table("Strength", ("strength", *HEAD[1:]), rows)


def window(cells: Cells) -> Table:
    rows = []
    for start, end in ((0.0, 1.0), (0.2, 1.0), (0.5, 1.0), (0.0, 0.5), (0.0, 0.2)):
        schedule = StrengthSchedule(start_percent=start, end_percent=end)
        rows.append((f"{start:g} to {end:g}", *cells.injected(InjectionSettings(schedule=schedule)).cells()))
    return Table("Start and end", ("acts from to", *HEAD[1:]), rows)


def style(cells: Cells) -> Table:
    """AdaIN-mean: what style is won back, at what likeness."""
    rows = [
        (f"{share:g}", *cells.injected(InjectionSettings(style_alignment=share)).cells())
        for share in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    return Table("Style alignment", ("lambda", *HEAD[1:]), rows)


def published_choices(cells: Cells) -> Table:
    """InfuseNet's guidance 1.0 against 3.5; a black picture against zero latents where no pose is given."""
    zero = torch.zeros_like(cells.studio.workshop.black)
    rows = [
        ("guidance 1.0, black picture (published)", *cells.injected().cells()),
        ("guidance 3.5", *cells.injected(InjectionSettings(guidance=3.5)).cells()),
        ("zero latents", *cells.injected(control=zero).cells()),
    ]
    return Table("The published choices", HEAD, rows)


def reuse(cells: Cells) -> Table:
    rows, exact = [], {}
    for mode in ("exact", "balanced", "fast"):
        runs, far = [], []

        def make(subject: Subject, texts: list[str], seed: int, mode=mode, runs=runs, far=far) -> Tensor:
            made, run = cells.studio.pictures(texts, seed, [cells.studio.person(subject.vector)], reuse=mode)
            runs.append(run.report.computed)
            far.append((made.float() - exact.setdefault(subject.number, made).float()).abs().mean())
            return made

        outcome = cells.verdicts(make)
        rows.append(
            (mode, f"{runs[0]} of {cells.studio.steps}", f"{float(torch.stack(far).mean()):.2f}", *outcome.cells())
        )
    return Table("Residual reuse", ("reuse", "InfuseNet runs", "mean pixel difference of 255", *HEAD[1:]), rows)


def mixing(cells: Cells) -> Table:
    """Likeness to both as the weight moves from A to B."""
    rows = []
    pairs = list(zip(cells.subjects[0::2], cells.subjects[1::2], strict=False))
    for mode in ("blend", "slerp", "stack"):
        for weight in (0.0, 0.25, 0.5, 0.75, 1.0):
            to_a, to_b = [], []
            for a, b in pairs:
                sources = [Identity(subject.vector[None].cpu(), recogniser="miniature") for subject in (a, b)]
                mixed = mix(sources, [1 - weight, weight], mode)
                texts = captions_of(cells.scenes[a.number])
                made = cells.studio.pictures(texts, 9000 + a.number, [cells.studio.person(mixed.vectors)])[0]
                to_a.append(cells.studio.judge(made, a.judged))
                to_b.append(cells.studio.judge(made, b.judged))
            rows.append((mode, f"{weight:g}", *(f"{float(torch.cat(part).nanmean()):.3f}" for part in (to_a, to_b))))
    return Table("Mixing A with B", ("mode", "weight of B", "likeness to A", "likeness to B"), rows)


def two_people(cells: Cells) -> Table:
    """Each in a half of the picture: likeness to the own person, and to the other one (leak)."""
    studio = cells.studio
    left = torch.zeros(studio.size, studio.size)
    left[:, : studio.size // 2] = 1
    rows = []
    pairs = list(zip(cells.subjects[0::2], cells.subjects[1::2], strict=False))
    for mode in ("none", "one_pass", "separate", "cropped"):
        own, other, faces = [], [], []
        for a, b in pairs:
            texts = [couple_caption(studio, a, b, shot) for shot in range(cells.prompts)]
            people = [studio.person(a.vector, left), studio.person(b.vector, 1 - left)]
            settings = InjectionSettings(region_mode=mode) if mode != "none" else None
            made = studio.pictures(texts, 9500 + a.number, people if settings else (), settings)[0]
            for side, (mine, theirs) in enumerate(((a, b), (b, a))):
                half = studio.half(made, bool(side))
                own.append(studio.judge(half, mine.judged))
                other.append(studio.judge(half, theirs.judged))
                faces.append(torch.isfinite(own[-1]).float())
        values = (float(torch.cat(part).nanmean()) for part in (own, other, faces))
        rows.append((mode, *(f"{value:.3f}" for value in values)))
    return Table("Two people", ("mode", "likeness to own", "likeness to the other", "face found"), rows)


def couple_caption(studio: Studio, a: Subject, b: Subject, shot: int) -> str:
    from ..faces.captions import caption
    from ..faces.person import person
    from ..faces.scene import STYLES, scene
    from ..training.renders import HELD_OUT

    people = tuple(person(HELD_OUT + subject.number) for subject in (a, b))
    drawn = scene(66_000 + 10 * a.number + shot, people, STYLES[shot % 4], restyle=0.0)
    return caption(replace(drawn, background="blue" if drawn.background in PLACES else drawn.background), 0, keep=1.0)


EXPERIMENTS: dict[str, Callable[[Cells], Table]] = {
    "identity": identity,
    "strength": strength,
    "window": window,
    "style": style,
    "published": published_choices,
    "reuse": reuse,
    "mixing": mixing,
    "two_people": two_people,
}
