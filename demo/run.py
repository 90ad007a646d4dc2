"""`make demo`: the whole way from a photo to a picture, on tiny random weights.

In real ComfyUI where a checkout is found (COMFYUI_PATH, the ComfyUI this folder is installed in, ~/ComfyUI), else
through diffusers. Random weights draw no person: what it shows is that every part works and that the identity reaches
the picture. Writes `output/demo.png`: with the identity, without it, and their difference.
"""

import sys
import time
from pathlib import Path

ROOT = Path(__file__).absolute().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "demo")]

from harness.checkout import find_comfyui  # noqa: E402


def main() -> None:
    start = time.monotonic()
    comfyui = find_comfyui()
    if comfyui:
        print(f"Running workflows/01_one_face.json in ComfyUI ({comfyui}), with tiny random weights for its files.")
        from in_comfyui import draw
    else:
        print("No ComfyUI was found (COMFYUI_PATH names one): running through diffusers, with tiny random weights.")
        from in_diffusers import draw
    with_identity, without = draw(comfyui)
    path = ROOT / "output" / "demo.png"
    change = save_comparison(with_identity, without, path)
    print(f"The identity changes the picture by {change:.1f} of 255 per pixel on average.")
    print(f"Wrote {path.relative_to(ROOT)} in {time.monotonic() - start:.0f} s: with identity, without, difference.")
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


if __name__ == "__main__":
    main()
