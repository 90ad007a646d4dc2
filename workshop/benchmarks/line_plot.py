"""Lines over steps as a PNG, drawn with Pillow: enough for a benchmark, no further package."""

from pathlib import Path

WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 960, 420, 60, 40, 34, 250
COLOURS = ((40, 100, 190), (220, 110, 40), (60, 150, 70), (160, 70, 170), (120, 120, 120), (190, 160, 40))


def draw_lines(path: Path, title: str, lines: dict[str, list[float]], x_label: str = "step") -> None:
    """`lines`: name -> one value per step, from 0 upwards."""
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(13)
    top = max(max(values) for values in lines.values()) * 1.05 or 1.0
    steps = max(len(values) for values in lines.values())

    def place(step, value):
        across = LEFT + step * (WIDTH - LEFT - RIGHT) / max(steps - 1, 1)
        return across, HEIGHT - BOTTOM - value / top * (HEIGHT - BOTTOM - TOP)

    for tick in range(5):
        value = top * tick / 4
        (left, row), (right, _) = place(0, value), place(steps - 1, value)
        draw.line((left, row, right, row), fill=(225, 225, 225))
        draw.text((8, row - 8), f"{value:.3g}", fill="black", font=font)
    for step in range(0, steps, max(1, steps // 10)):
        draw.text((place(step, 0)[0] - 4, HEIGHT - BOTTOM + 6), str(step), fill="black", font=font)
    for number, (name, values) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        draw.line([place(step, value) for step, value in enumerate(values)], fill=colour, width=2)
        draw.text((WIDTH - RIGHT + 16, TOP + 20 * number), name, fill=colour, font=font)
    draw.text((LEFT, 8), title, fill="black", font=font)
    draw.text((WIDTH - RIGHT - 30, HEIGHT - 20), x_label, fill="black", font=font)
    picture.save(path)
