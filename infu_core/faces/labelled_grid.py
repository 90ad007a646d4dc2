"""Pictures side by side, each with a line of words below: for comparing settings, people or seeds."""

from collections.abc import Sequence

import numpy as np

from .face import FaceError

GROUND, WORDS = (24, 26, 30), (235, 235, 235)
GAP = 8


def labelled_grid(pictures: Sequence[np.ndarray], labels: Sequence[str], columns: int, cell: int) -> np.ndarray:
    """Pictures of any sizes (uint8 RGB [H, W, 3]) row by row, each within `cell` x `cell` pixels; uint8 RGB [H, W, 3].

    Pictures beyond the last label have none, and where no label says anything no room is kept for them. Raises
    `FaceError` for no picture.
    """
    if not pictures:
        raise FaceError("There is no picture to lay out; connect at least one.")
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    words = [*labels[: len(pictures)], *[""] * (len(pictures) - len(labels))]
    line = max(cell // 8, 24) if any(words) else 0
    fitted = [fit(picture, cell) for picture in pictures]
    tall, wide = (max(picture.shape[axis] for picture in fitted) for axis in (0, 1))
    sheet = np.full((rows * (tall + line + GAP) + GAP, columns * (wide + GAP) + GAP, 3), GROUND, dtype=np.uint8)
    for place, (picture, text) in enumerate(zip(fitted, words, strict=True)):
        top, left = GAP + place // columns * (tall + line + GAP), GAP + place % columns * (wide + GAP)
        above, before = (tall - picture.shape[0]) // 2, (wide - picture.shape[1]) // 2
        sheet[top + above : top + above + picture.shape[0], left + before : left + before + picture.shape[1]] = picture
        if text:
            sheet[top + tall : top + tall + line, left : left + wide] = written(text, wide, line)
    return sheet


def fit(picture: np.ndarray, cell: int) -> np.ndarray:
    """The picture scaled so that its longer side is `cell` pixels."""
    import cv2

    scale = cell / max(picture.shape[:2])
    size = (max(round(picture.shape[1] * scale), 1), max(round(picture.shape[0] * scale), 1))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)


def written(text: str, width: int, height: int) -> np.ndarray:
    """One line of words, as large as fits [height, width, 3]."""
    from PIL import Image, ImageDraw, ImageFont

    line = Image.new("RGB", (width, height), GROUND)
    draw, size = ImageDraw.Draw(line), height * 0.62
    size *= min(1.0, (width - 8) / max(draw.textlength(text, font=ImageFont.load_default(size)), 1))
    draw.text((width / 2, height / 2), text, fill=WORDS, font=ImageFont.load_default(max(size, 6)), anchor="mm")
    return np.asarray(line)


def captions(labels: Sequence[str], numbers: Sequence[float] | None, count: int) -> list[str]:
    """What stands below each of `count` pictures: its label, then its number. One text of several lines
    is as many labels.

    Raises `FaceError` where there are numbers, but not one for every picture.
    """
    lines = labels[0].split("\n") if len(labels) == 1 else list(labels)
    lines = [*lines[:count], *[""] * (count - len(lines))]
    if numbers is None:
        return lines
    if len(numbers) != count:
        raise FaceError(f"There are {count} pictures and {len(numbers)} numbers; connect one number for every picture.")
    return [f"{line}: {number:.2f}" if line else f"{number:.2f}" for line, number in zip(lines, numbers, strict=True)]
