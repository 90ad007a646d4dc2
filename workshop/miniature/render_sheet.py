"""Contact sheets of rendered faces: `python -m workshop.miniature.render_sheet OUT.png`."""

import sys

import cv2
import numpy as np

from miniature.faces.render import render_random
from miniature.faces.scene import STYLES


def sheet(rows: int, columns: int, size: int, picture) -> np.ndarray:
    """`picture(row, column)` -> [size, size, 3] RGB, laid out on one image."""
    cells = [[picture(row, column) for column in range(columns)] for row in range(rows)]
    return np.concatenate([np.concatenate(line, 1) for line in cells], 0)


def people_by_style(first: int, rows: int, columns: int, size: int = 128) -> np.ndarray:
    """One person per row; the styles follow one another along it."""

    def picture(row: int, column: int) -> np.ndarray:
        style = STYLES[column % len(STYLES)]
        return render_random(1000 * row + column, (first + row,), style, size).image

    return sheet(rows, columns, size, picture)


if __name__ == "__main__":
    cv2.imwrite(sys.argv[1], cv2.cvtColor(people_by_style(0, 8, 8), cv2.COLOR_RGB2BGR))
