"""The sheet that the demo leaves: photos and pictures in rows, what stands where, and the judges' words below each."""

from math import isnan

import numpy as np

from miniature.faces.stranger import draw_stranger

from .story import NAMES, PEOPLE, Photo, Section, Shot
from .verdicts import Verdict

CELL, GAP, LEFT, BELOW, ABOVE = 168, 10, 92, 40, 66
INK, PALE, RIGHT, WRONG = (24, 24, 28), (104, 104, 112), (20, 118, 56), (184, 36, 28)
ONE_LINE = 17


def contact_sheet(title: str, sections: tuple[Section, ...], pictures: dict[Shot, np.ndarray], said: dict, footer: str):
    """A PIL image. `pictures`: uint8 [S, S, 3], or wider ones, by shot; `said`: `Verdict` by shot."""
    from PIL import Image, ImageDraw, ImageFont, ImageOps

    rows = sum(len(section.rows) for section in sections)
    width = LEFT + max(len(section.columns) for section in sections) * (CELL + GAP)
    height = 44 + len(sections) * ABOVE + rows * (CELL + BELOW) + 26 * (1 + footer.count("\n"))
    sheet = Image.new("RGB", (width, height), "white")
    draw, small, large = ImageDraw.Draw(sheet), ImageFont.load_default(13.5), ImageFont.load_default(19)
    draw.text((GAP, 10), title, INK, large)
    top = 44
    for section in sections:
        draw.text((GAP, top + 4), section.title, INK, ImageFont.load_default(16))
        for column, name in enumerate(section.columns):
            draw.multiline_text((centre(column), top + ABOVE - 3), name, INK, small, "md", 1, "center")
        top += ABOVE
        for name, cells in section.rows:
            draw.multiline_text((GAP, top + CELL / 2), name, INK, small, "lm")
            for column, cell in enumerate(cells):
                pixels, told = photo(cell) if isinstance(cell, Photo) else (pictures[cell], lines(cell, said[cell]))
                pixels = ImageOps.contain(Image.fromarray(pixels), (CELL, CELL), Image.Resampling.LANCZOS)
                sheet.paste(pixels, (LEFT + column * (CELL + GAP), top + (CELL - pixels.height) // 2))
                write(draw, small, centre(column), top + CELL + 3, told)
            top += CELL + BELOW
    draw.multiline_text((GAP, top + 4), footer, PALE, small)
    return sheet


def centre(column: int) -> float:
    return LEFT + column * (CELL + GAP) + CELL / 2


def photo(cell: Photo) -> tuple[np.ndarray, list]:
    told = "another photo, not given" if cell.picture else "the photo given"
    return draw_stranger(PEOPLE[cell.person], picture=cell.picture), [[(told, PALE)]]


def lines(shot: Shot, verdict: Verdict) -> list[list[tuple[str, tuple]]]:
    """Lines of coloured words: likeness, then what was asked for."""
    if shot.people == 2:
        left, right = verdict.likeness
        return [[(f"left: {alike(left, '')}", INK)], [(f"right: {alike(right, '')}", INK)]]
    if shot.weights:
        return [[(alike(verdict.likeness[0]), INK)]]
    asked = verdict.right.items()
    words = [(f"{name}: {'yes' if right else 'no'}", RIGHT if right else WRONG) for name, right in asked]
    return [[(alike(verdict.likeness[0][:1]), INK)], words]


def alike(likeness: tuple[float, ...], word: str = "like ") -> str:
    if isnan(likeness[0]):
        return "no face"
    return "   ".join(f"{word}{name} {value:.2f}" for name, value in zip(NAMES, likeness, strict=False))


def write(draw, font, middle: float, top: float, told: list[list[tuple[str, tuple]]]) -> None:
    for words in told:
        widths = [draw.textlength(word, font) for word, _ in words]
        left = middle - (sum(widths) + 8 * (len(words) - 1)) / 2
        for (word, colour), width in zip(words, widths, strict=True):
            draw.text((left, top), word, colour, font)
            left += width + 8
        top += ONE_LINE
