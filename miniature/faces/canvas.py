"""A sheet to draw on: colours, and beside them the outlines that the drawn styles need.

Points are [n, 2] in pixels of the sheet (x right, y down); colours are RGB in 0..255.
"""

import cv2
import numpy as np

SHIFT = 4  # OpenCV draws on a grid of 1/16 pixel


class Canvas:
    """`colour` [H, W, 3] uint8 and `lines` [H, W] uint8 (255 is a full pen stroke)."""

    def __init__(self, height: int, width: int | None = None):
        self.height, self.width = height, width or height
        self.colour = np.zeros((self.height, self.width, 3), np.uint8)
        self.lines = np.zeros((self.height, self.width), np.uint8)

    def within(self, points: np.ndarray, margin: float = 0.0) -> tuple[slice, slice]:
        """Rows and columns of the sheet that hold these points and a margin around them; empty where none are on it."""
        ends = np.array((self.width, self.height))
        low = np.floor(points.min(0) - margin).astype(int).clip(0, ends - 1)
        high = np.ceil(points.max(0) + margin + 1).astype(int).clip(1, ends)
        return slice(low[1], high[1]), slice(low[0], high[0])

    def fill(self, points: np.ndarray, colour, pen: float = 0.0, closed: bool = True) -> None:
        """Fill a polygon; what it covers loses its lines. `pen`: width of its outline, in pixels."""
        corners = _fixed(points)
        cv2.fillPoly(self.colour, [corners], _rgb(colour), cv2.LINE_AA, SHIFT)
        cv2.fillPoly(self.lines, [corners], 0, cv2.LINE_AA, SHIFT)
        if pen:
            self.pen(points, pen, closed)

    def wash(self, points: np.ndarray, colour, share: float, soft: float = 0.0) -> None:
        """Lay a see-through colour over a polygon; `soft` blurs its edge, in pixels."""
        rows, columns = self.within(points, 3 * soft + 1)
        part = self.colour[rows, columns]
        if not part.size:
            return
        mask = np.zeros(part.shape[:2], np.uint8)
        cv2.fillPoly(mask, [_fixed(points - (columns.start, rows.start))], 255, cv2.LINE_AA, SHIFT)
        if soft:
            mask = cv2.GaussianBlur(mask, (0, 0), soft)
        amount = mask[..., None].astype(np.float32) * (share / 255)
        part[:] = part + amount * (np.array(colour, np.float32) - part)

    def stroke(self, points: np.ndarray, colour, width: float, pen: float = 0.0) -> None:
        """A coloured line of this width in pixels; `pen` is the width of its twin among the outlines."""
        _line(self.colour, points, _rgb(colour), width, closed=False)
        if pen:
            self.pen(points, pen)

    def pen(self, points: np.ndarray, width: float, closed: bool = False) -> None:
        _line(self.lines, points, 255, width, closed)

    def dot(self, centre, radius: float, colour) -> None:
        point = tuple(int(round(v * (1 << SHIFT))) for v in centre)
        cv2.circle(self.colour, point, int(round(radius * (1 << SHIFT))), _rgb(colour), -1, cv2.LINE_AA, SHIFT)


def smooth(points, count: int = 8, closed: bool = False) -> np.ndarray:
    """A Catmull-Rom curve through the points [n, k], `count` steps between neighbours."""
    points = np.asarray(points, np.float64)
    around = (
        np.concatenate((points[-1:], points, points[:2]))
        if closed
        else np.concatenate((points[:1], points, points[-1:]))
    )
    before, start, end, after = around[:-3], around[1:-2], around[2:-1], around[3:]
    t = (np.arange(count) / count)[None, :, None]
    start, end, before, after = (value[:, None] for value in (start, end, before, after))
    curve = 0.5 * (
        2 * start
        + (end - before) * t
        + (2 * before - 5 * start + 4 * end - after) * t**2
        + (3 * start - before - 3 * end + after) * t**3
    )
    curve = curve.reshape(-1, points.shape[1])
    return curve if closed else np.concatenate((curve, points[-1:]))


def mixed(a, b, share: float) -> tuple[float, float, float]:
    """The colour `share` of the way from a to b."""
    return tuple(float((1 - share) * x + share * y) for x, y in zip(a, b, strict=True))


def _line(image: np.ndarray, points: np.ndarray, colour, width: float, closed: bool) -> None:
    cv2.polylines(image, [_fixed(points)], closed, colour, max(1, int(round(width))), cv2.LINE_AA, SHIFT)


def _fixed(points: np.ndarray) -> np.ndarray:
    return np.round(np.asarray(points) * (1 << SHIFT)).astype(np.int32)


def _rgb(colour) -> tuple[float, float, float]:
    return tuple(float(v) for v in colour)
