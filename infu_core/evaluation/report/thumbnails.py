"""Small JPEGs as text, for a page that is one file."""

import base64
import io
from pathlib import Path

SIDE, QUALITY = 112, 72


def thumbnail(path: Path, side: int = SIDE) -> str:
    """Base64 of the picture at `side` pixels of its longer side; a grey square for one that can't be opened."""
    from PIL import Image

    try:
        with Image.open(path) as file:
            file.draft("RGB", (2 * side, 2 * side))
            picture = file.convert("RGB")
            picture.thumbnail((side, side))
    except OSError:
        picture = Image.new("RGB", (side, side), (200, 200, 200))
    buffer = io.BytesIO()
    picture.save(buffer, "jpeg", quality=QUALITY, optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()
