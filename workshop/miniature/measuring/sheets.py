"""Contact sheets: what the tables speak of, to look at. Columns and rows are named on the sheet."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from miniature.faces.scene import STYLES

from .cells import Cells
from .couples import Couples
from .mixtures import mixture

CELL, GAP, HEADER, MARGIN = 144, 6, 42, 96
INK, PALE = (30, 30, 30), (110, 110, 110)


@dataclass(frozen=True)
class Cell:
    """A picture [S, S, 3], or a wider one, with a line under it."""

    picture: np.ndarray
    caption: str = ""


def sheet(title: str, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[Cell]]]):
    """A PIL image: `columns` above, a name left of every row, captions under the pictures."""
    from PIL import Image, ImageDraw, ImageFont, ImageOps

    high = CELL + 20 + GAP
    image = Image.new("RGB", (MARGIN + len(columns) * (CELL + GAP), 30 + HEADER + len(rows) * high), "white")
    draw, font, bold = ImageDraw.Draw(image), ImageFont.load_default(13), ImageFont.load_default(17)
    draw.text((8, 6), title, fill=INK, font=bold)
    for column, name in enumerate(columns):
        place = (MARGIN + column * (CELL + GAP) + CELL / 2, 30 + HEADER - 6)
        draw.multiline_text(place, name, fill=INK, font=font, anchor="md", align="center", spacing=1)
    for row, (name, cells) in enumerate(rows):
        top = 30 + HEADER + row * high
        draw.multiline_text((8, top + CELL / 2), name, fill=INK, font=font, anchor="lm")
        for column, cell in enumerate(cells):
            left = MARGIN + column * (CELL + GAP)
            picture = ImageOps.contain(Image.fromarray(cell.picture), (CELL, CELL), Image.Resampling.LANCZOS)
            image.paste(picture, (left, top + (CELL - picture.height) // 2))
            draw.text((left + CELL / 2, top + CELL + 2), cell.caption, fill=PALE, font=font, anchor="ma")
    return image


def people_sheet(cells: Cells, people: int = 8):
    """Per person a row: the photo, then in each style without identity and with it, from the same noise and words."""
    bare, given = cells.bare(), cells.injected()
    styles = STYLES[: cells.prompts]
    columns = ["photo\n(conditions)"] + [f"{style}\n{way}" for style in styles for way in ("without", "WITH")]
    rows = []
    for place, subject in enumerate(cells.subjects[:people]):
        line = [Cell(subject.photo)]
        for shot in range(len(styles)):
            for way in (bare, given):
                line.append(Cell(way.pictures[place, shot].numpy(), alike(way.likeness[place, shot])))
        rows.append((f"person {subject.number}", line))
    return sheet("Held-out people, without and with identity; numbers: likeness by the judge", columns, rows)


def mixing_sheet(cells: Cells, pairs: int = 3):
    """Per pair and mode a row: photo of A, weights of B from 0 to 1, photo of B."""
    weights = (0.0, 0.25, 0.5, 0.75, 1.0)
    rows = []
    for pair, (a, b) in list(enumerate(cells.pairs()))[:pairs]:
        for mode in ("blend", "slerp", "stack"):
            made = [mixture(cells, mode, weight) for weight in weights]
            line = [
                Cell(one.pictures[pair, 0].numpy(), alike_both(one.to_a[pair, 0], one.to_b[pair, 0])) for one in made
            ]
            rows.append((f"{a.number} and {b.number}\n{mode}", [Cell(a.photo), *line, Cell(b.photo)]))
    columns = ["photo of A", *(f"weight of B\n{weight:g}" for weight in weights), "photo of B"]
    return sheet("A mixed with B, words and noise the same; numbers: likeness to each", columns, rows)


def couples_sheet(cells: Cells, ways: dict[str, Couples], pairs: int = 4):
    """Per pair a row: both photos, then every way of putting the first on the left and the second on the right."""
    rows = []
    for pair, (a, b) in list(enumerate(cells.pairs()))[:pairs]:
        line = [Cell(a.photo), Cell(b.photo)]
        for way in ways.values():
            left, right = way.own[pair, 0], way.own[pair, cells.prompts]
            line.append(Cell(way.pictures[pair, 0].numpy(), f"{alike(left)}   {alike(right)}"))
        rows.append((f"{a.number} and {b.number}", line))
    columns = [
        "photo of the\nleft person",
        "photo of the\nright person",
        *(name.replace(" ", "\n", 1) for name in ways),
    ]
    return sheet("Two people in one picture; numbers: likeness of each half to its own person", columns, rows)


def alike(value: Tensor) -> str:
    return "no face" if value.isnan() else f"{float(value):.2f}"


def alike_both(to_a: Tensor, to_b: Tensor) -> str:
    return "no face" if to_a.isnan() else f"A {alike(to_a)}  B {alike(to_b)}"
