"""What the demo shows: which pictures are made, and where they stand on the contact sheet."""

from dataclasses import dataclass

PEOPLE = (2, 10)
"""Two people by their numbers, as in the node Drawn Face; both women, so that one prompt fits both, and far apart."""
NAMES = ("A", "B")
SIZE, STEPS, GUIDANCE = 128, 20, 3.0
SEEDS = {"alone": 2, "mixed": 2, "couples": 3}
"""Each was chosen among ten, for faces with most of their features."""


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


PROMPTS = (
    ("a photo of a woman, smiling, on a blue background", (("expression", "smiling"), ("background", "blue"))),
    ("a photo of a woman with round glasses, in a forest", (("glasses", "round"), ("background", "forest"))),
    ("a photo of a woman, surprised, wearing a red hat, by the sea", (("hat", "red"), ("background", "sea"))),
    ("an ink drawing of a woman, laughing", (("style", "ink"), ("expression", "laughing"))),
    ("a watercolour of a woman on a green background", (("style", "watercolour"), ("background", "green"))),
    ("an oil painting of a woman on a red background", (("style", "oil"), ("background", "red"))),
)
MIXES = ((1.0, 0.0), (0.75, 0.25), (0.5, 0.5), (0.25, 0.75), (0.0, 1.0))
COUPLES = (
    ("a photo of a woman on the left and a woman on the right, on a grey background", ()),
    ("a photo of a woman on the left and a woman on the right, on a grey background", (0, 1)),
    ("a photo of a woman on the left and a woman on the right, on a grey background", (1, 0)),
    ("a watercolour of a woman on the left and a woman on the right, on a grey background", (0, 1)),
    ("an oil painting of a woman on the left and a woman on the right, on a grey background", (0, 1)),
)


def story() -> tuple[Section, ...]:
    alone = [tuple(Shot(text, SEEDS["alone"], who, (), asked) for text, asked in PROMPTS) for who in ((), (0,))]
    mixed = tuple(Shot("a photo of a woman on a grey background", SEEDS["mixed"], (0, 1), weights) for weights in MIXES)
    couples = tuple(Shot(text, SEEDS["couples"], who, people=2) for text, who in COUPLES)
    return (
        Section(
            "One photo of A: three prompts, three styles. Same words and same noise in both rows.",
            ("photo of A", *(short(text) for text, _ in PROMPTS)),
            (("without\nidentity", (Photo(0), *alone[0])), ("with A", (Photo(0, 1), *alone[1]))),
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


def short(text: str) -> str:
    """A prompt in two lines."""
    words = text.replace(" of a woman", ",").replace(",,", ",").split()
    half = next(i for i in range(len(words), 0, -1) if len(" ".join(words[:i])) <= max(18, len(text) // 2 - 6))
    return " ".join(words[:half]) + "\n" + " ".join(words[half:])


def shots(section: Section) -> list[Shot]:
    return [cell for _, cells in section.rows for cell in cells if isinstance(cell, Shot)]
