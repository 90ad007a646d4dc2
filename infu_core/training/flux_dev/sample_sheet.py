"""A sample sheet: per row the reference, the same noise without identity, and with what the run has learned."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MARGIN, LINE = 8, 22
COLUMNS = ("reference", "without identity", "now")


@dataclass(frozen=True, eq=False)
class SheetRow:
    """Pictures uint8 RGB [H, W, 3], each of its own size; likeness of the two made ones to the reference."""

    reference: np.ndarray
    without: np.ndarray
    now: np.ndarray
    likeness_without: float
    likeness: float


def write_sheet(rows: Sequence[SheetRow], title: str, file: Path) -> None:
    import cv2

    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(file), draw_sheet(rows, title)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])


def draw_sheet(rows: Sequence[SheetRow], title: str, height: int = 256) -> np.ndarray:
    """uint8 RGB; all pictures `height` pixels high, and under each its column's name and likeness."""
    lines = []
    for row in rows:
        captions = (COLUMNS[0], f"{COLUMNS[1]}: {row.likeness_without:.2f}", f"{COLUMNS[2]}: {row.likeness:.2f}")
        pictures = (row.reference, row.without, row.now)
        lines.append([_cell(*cell, height) for cell in zip(pictures, captions, strict=True)])
    width = max(sum(cell.shape[1] for cell in line) for line in lines)
    sheet = [_label(title, width)]
    for line in lines:
        drawn = np.concatenate(line, 1)
        sheet.append(np.pad(drawn, ((0, 0), (0, width - drawn.shape[1]), (0, 0)), constant_values=255))
    return np.concatenate(sheet, 0)


def _cell(picture: np.ndarray, caption: str, height: int) -> np.ndarray:
    import cv2

    width = max(1, round(picture.shape[1] * height / picture.shape[0]))
    shrinks = height < picture.shape[0]
    drawn = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST)
    drawn = np.pad(drawn, ((0, 0), (0, max(0, 190 - width)), (0, 0)), constant_values=255)
    cell = np.concatenate((drawn, _label(caption, drawn.shape[1])), 0)
    return np.pad(cell, ((MARGIN, 0), (MARGIN, MARGIN), (0, 0)), constant_values=255)


def _label(text: str, width: int) -> np.ndarray:
    import cv2

    label = np.full((LINE, width, 3), 255, np.uint8)
    cv2.putText(label, text, (4, LINE - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    return label
