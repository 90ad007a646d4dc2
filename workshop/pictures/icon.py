"""The registry's icon (400 x 400) and banner (21:9), drawn: `python -m workshop.pictures.icon` writes `docs/registry`.

One face flows into a picture: a ring of five key points, and the same five inside a frame.
"""

from PIL import Image, ImageDraw, ImageFont

from .. import ROOT

FOLDER = ROOT / "docs" / "registry"
GROUND, LINE, WORDS = (22, 26, 34), (104, 168, 240), (226, 230, 238)
POINTS = (
    ((-0.34, -0.22), (235, 90, 80)),
    ((0.34, -0.22), (110, 205, 120)),
    ((0.0, 0.06), (90, 130, 245)),
    ((-0.24, 0.38), (240, 205, 80)),
    ((0.24, 0.38), (220, 110, 225)),
)
"""Eyes, nose and mouth corners in units of the face's half side, in the colours of a pose image."""
FINER = 4


def face(draw: ImageDraw.ImageDraw, centre: tuple[float, float], half: float) -> None:
    """A head's outline with its five key points, each joined to the nose."""
    x, y = centre
    draw.ellipse((x - 0.78 * half, y - half, x + 0.78 * half, y + half), outline=LINE, width=round(half * 0.07))
    nose = (x + POINTS[2][0][0] * half, y + POINTS[2][0][1] * half)
    for (dx, dy), colour in POINTS:
        place = (x + dx * half, y + dy * half)
        draw.line((*nose, *place), fill=colour, width=round(half * 0.06))
    for (dx, dy), colour in POINTS:
        place, dot = (x + dx * half, y + dy * half), half * 0.09
        draw.ellipse((place[0] - dot, place[1] - dot, place[0] + dot, place[1] + dot), fill=colour)


def icon() -> Image.Image:
    side = 400 * FINER
    picture = Image.new("RGB", (side, side), GROUND)
    face(ImageDraw.Draw(picture), (side / 2, side / 2), side * 0.4)
    return picture.resize((400, 400), Image.Resampling.LANCZOS)


def banner() -> Image.Image:
    width, height = 1260 * FINER, 540 * FINER
    picture = Image.new("RGB", (width, height), GROUND)
    draw = ImageDraw.Draw(picture)
    face(draw, (height * 0.5, height * 0.5), height * 0.34)
    left = height * 0.95
    draw.text((left, height * 0.40), "InfU nodes", fill=WORDS, font=ImageFont.load_default(height * 0.19), anchor="lm")
    told = "one photo, a person that FLUX keeps"
    draw.text((left, height * 0.62), told, fill=LINE, font=ImageFont.load_default(height * 0.075), anchor="lm")
    return picture.resize((1260, 540), Image.Resampling.LANCZOS)


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    icon().save(FOLDER / "icon.png", optimize=True)
    banner().save(FOLDER / "banner.png", optimize=True)
    print("Drew icon.png and banner.png.")


if __name__ == "__main__":
    main()
