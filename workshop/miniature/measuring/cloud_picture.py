"""Ways in a plane of two measures, the frontier drawn: the ways that no other beats in both. With Pillow."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 900, 560, 64, 52, 44, 250
INK, PALE, LINE, GRID = (30, 30, 30), (120, 120, 120), (40, 100, 190), (228, 228, 228)
TICKS = 5


@dataclass(frozen=True)
class Dot:
    name: str
    across: float
    up: float


def frontier(dots: Sequence[Dot]) -> list[Dot]:
    """From left to right, the dots than which none lies further right and as high, or higher and as far right."""
    best, kept = float("-inf"), []
    for dot in sorted(dots, key=lambda dot: (-dot.across, -dot.up)):
        if dot.up > best:
            best = dot.up
            kept.append(dot)
    return kept[::-1]


def draw_cloud(path: Path, title: str, across: str, up: str, dots: Sequence[Dot]) -> None:
    """Dots are numbered in the order given; their names stand beside the plane."""
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(12)
    bounds = [padded([getattr(dot, axis) for dot in dots]) for axis in ("across", "up")]

    def at(x: float, y: float) -> tuple[float, float]:
        (left, right), (low, high) = bounds
        return (
            LEFT + (x - left) / (right - left) * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - (y - low) / (high - low) * (HEIGHT - BOTTOM - TOP),
        )

    for step in range(TICKS + 1):
        x, y = (low + (high - low) * step / TICKS for low, high in bounds)
        draw.line((*at(x, bounds[1][0]), *at(x, bounds[1][1])), fill=GRID)
        draw.line((*at(bounds[0][0], y), *at(bounds[0][1], y)), fill=GRID)
        draw.text((at(x, 0)[0], HEIGHT - BOTTOM + 6), f"{x:.2f}", fill=INK, font=font, anchor="ma")
        draw.text((LEFT - 6, at(0, y)[1]), f"{y:.2f}", fill=INK, font=font, anchor="rm")
    best = frontier(dots)
    draw.line([at(dot.across, dot.up) for dot in best], fill=LINE, width=2)
    for number, dot in enumerate(dots, 1):
        x, y = at(dot.across, dot.up)
        colour = LINE if dot in best else PALE
        draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill=colour)
        draw.text((x + 6, y - 2), str(number), fill=colour, font=font, anchor="ls")
        place = (WIDTH - RIGHT + 16, TOP + 21 * (number - 1))
        draw.text(place, f"{number}  {dot.name}", fill=LINE if dot in best else INK, font=font)
    draw.text((LEFT, 12), title, fill=INK, font=ImageFont.load_default(15))
    draw.text(((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 22), across, fill=INK, font=font, anchor="ma")
    draw.text((8, TOP - 18), up, fill=INK, font=font)
    picture.save(path)


def padded(values: Sequence[float]) -> tuple[float, float]:
    room = 0.08 * (max(values) - min(values) or 1.0)
    return min(values) - room, max(values) + room
