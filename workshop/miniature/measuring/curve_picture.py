"""A table's curve as a picture, drawn with Pillow: lines over a dial, with the standard error of each place."""

from pathlib import Path

from .table import Curve

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 640, 360, 56, 48, 40, 150
COLOURS = ((40, 100, 190), (220, 110, 40), (60, 150, 70), (160, 70, 170))


def draw_curve(path: Path, title: str, curve: Curve) -> None:
    """Values from 0 to 1; an error bar is one standard error over people up and down."""
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(13)
    first, last = min(curve.places), max(curve.places)

    def at(place: float, value: float) -> tuple[float, float]:
        across = (place - first) / (last - first or 1)
        up = min(max(value, 0.0), 1.0)
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - BOTTOM - TOP)

    for tick in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        draw.line((*at(first, tick), *at(last, tick)), fill=(225, 225, 225))
        draw.text((LEFT - 8, at(first, tick)[1]), f"{tick:g}", fill="black", font=font, anchor="rm")
    for place in curve.places:
        draw.text((at(place, 0)[0], HEIGHT - BOTTOM + 8), f"{place:g}", fill="black", font=font, anchor="ma")
    for number, (name, values) in enumerate(curve.lines.items()):
        colour = COLOURS[number]
        told = [(place, value) for place, value in zip(curve.places, values, strict=True) if value.people]
        draw.line([at(place, value.mean) for place, value in told], fill=colour, width=2)
        for place, value in told:
            across, up = at(place, value.mean)
            draw.ellipse((across - 3, up - 3, across + 3, up + 3), fill=colour)
            if value.people > 1:
                low, high = at(place, value.mean - value.error)[1], at(place, value.mean + value.error)[1]
                draw.line((across, low, across, high), fill=colour, width=1)
        draw.text((WIDTH - RIGHT + 14, TOP + 20 * number), name, fill=colour, font=font)
    draw.text((LEFT, 10), title, fill="black", font=font)
    draw.text(((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 20), curve.dial, fill="black", font=font, anchor="ma")
    picture.save(path)
