"""The demo as long as the miniature's weights are not there: the whole way from a photo to a picture on random ones.

They draw no person: it shows that every part works and that the identity reaches the picture. Writes
`output/demo.png`: with the identity, without it, and their difference.
"""

import time
from pathlib import Path

PICTURE = Path(__file__).absolute().parents[1] / "output" / "demo.png"


def run(comfyui: Path | None) -> None:
    start = time.monotonic()
    if comfyui:
        print(f"Running workflows/01_one_face.json in ComfyUI ({comfyui}), with tiny random weights for its files.")
        from random_in_comfyui import draw
    else:
        print("No ComfyUI was found (COMFYUI_PATH names one): running through diffusers, with tiny random weights.")
        from random_in_diffusers import draw
    with_identity, without = draw(comfyui)
    change = save_comparison(with_identity, without, PICTURE)
    print(f"The identity changes the picture by {change:.1f} of 255 per pixel on average.")
    print(f"Wrote output/demo.png in {time.monotonic() - start:.0f} s: with identity, without, difference.")
    if change == 0:
        raise SystemExit("The identity did not reach the picture: this is a fault.")


def save_comparison(first, second, path: Path) -> float:
    """Three pictures side by side; returns the mean change of a colour value, 0..255."""
    import numpy as np
    from PIL import Image

    a, b = (np.asarray(picture.convert("RGB"), dtype=np.int16) for picture in (first, second))
    difference = np.abs(a - b)
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(np.concatenate([a, b, difference], axis=1).astype(np.uint8)).save(path)
    return float(difference.mean())
