"""What the demo shows: which pictures are made, and where they stand on the contact sheet."""

from dataclasses import dataclass

PEOPLE = (30, 19)
"""Two young women by their numbers, as in the node Drawn Face, so that one prompt fits both. A is the median of sixteen
by likeness, neither the best nor the worst; B is who looks least like her (`python -m workshop.demo.typical`)."""
NAMES = ("A", "B")
SIZE, STEPS, GUIDANCE = 128, 20, 3.0
SEEDS = {"alone": 2, "mixed": 2, "couples": 3}


@dataclass(frozen=True)
class Photo:
    """A picture of a person, a place in PEOPLE. Their identity is read from picture 0."""

    person: int
    picture: int = 0


@dataclass(frozen=True)
class Shot:
    """A picture to make: words, noise, and who is in it.

    `who`: places in PEOPLE; nobody, one, or two from left to right. With `weights` the two are mixed into one face.
    `asked`: attributes that the words name, with their values, for the judge. `people`: faces to look for.
    """

    text: str
    seed: int
    who: tuple[int, ...] = ()
    weights: tuple[float, ...] = ()
    asked: tuple[tuple[str, str], ...] = ()
    people: int = 1


@dataclass(frozen=True)
class Section:
    """Rows of the sheet that belong together: `columns` name what stands under them."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Photo | Shot, ...]], ...]


HAIR = "black hair in a bob"
"""A's. A face recogniser hardly hears hair: words say it, without identity and with."""
PROMPTS = (
    ("a photo of {her}, smiling, on a blue background", (("expression", "smiling"), ("background", "blue"))),
    ("a photo of {her} and round glasses, in a forest", (("glasses", "round"), ("background", "forest"))),
    ("a photo of {her}, surprised, wearing a red hat, by the sea", (("hat", "red"), ("background", "sea"))),
    ("an ink drawing of {her}, laughing", (("style", "ink"), ("expression", "laughing"))),
    ("a watercolour of {her}, on a green background", (("style", "watercolour"), ("background", "green"))),
    ("an oil painting of {her}, on a red background", (("style", "oil"), ("background", "red"))),
)
COLUMNS = (
    "photo, smiling,\nblue background",
    "photo, round glasses,\nin a forest",
    "photo, surprised,\nred hat, by the sea",
    "ink drawing,\nlaughing",
    "watercolour,\ngreen background",
    "oil painting,\nred background",
)
MIXED = "a photo of a young woman with long hair, on a grey background"
MIXES = ((1.0, 0.0), (0.75, 0.25), (0.5, 0.5), (0.25, 0.75), (0.0, 1.0))
COUPLES = (
    ("a photo of a young woman on the left and a young woman on the right, on a grey background", ()),
    ("a photo of a young woman on the left and a young woman on the right, on a grey background", (0, 1)),
    ("a photo of a young woman on the left and a young woman on the right, on a grey background", (1, 0)),
    ("a watercolour of a young woman on the left and a young woman on the right, on a grey background", (0, 1)),
    ("an oil painting of a young woman on the left and a young woman on the right, on a grey background", (0, 1)),
)


def story() -> tuple[Section, ...]:
    mixed = tuple(Shot(MIXED, SEEDS["mixed"], (0, 1), weights) for weights in MIXES)
    couples = tuple(Shot(text, SEEDS["couples"], who, people=2) for text, who in COUPLES)
    return (
        Section(
            "One photo of A: three prompts, three styles. Both rows: the same noise and words, her hair among them.",
            ("photo of A", *COLUMNS),
            (("without\nidentity", (Photo(0), *alone(()))), ("with A", (Photo(0, 1), *alone((0,))))),
        ),
        Section(
            "A mixed with B into one face.",
            ("photo of A", *(f"{100 * a:.0f} % A, {100 * b:.0f} % B" for a, b in MIXES), "photo of B"),
            (("mix", (Photo(0), *mixed, Photo(1))),),
        ),
        Section(
            "A and B in one picture, each in a half.",
            ("photo of A", "without identity", "A left, B right", "B left, A right", "watercolour\nA left, B right")
            + ("oil painting\nA left, B right", "photo of B"),
            (("two people", (Photo(0), *couples, Photo(1))),),
        ),
    )


def alone(who: tuple[int, ...], hair: str = HAIR) -> tuple[Shot, ...]:
    """One young woman with such hair in every prompt."""
    her = f"a young woman with {hair}"
    return tuple(Shot(text.format(her=her), SEEDS["alone"], who, (), asked) for text, asked in PROMPTS)


def shots(section: Section) -> list[Shot]:
    return [cell for _, cells in section.rows for cell in cells if isinstance(cell, Shot)]
