"""Where is ComfyUI? Standard library only: the Makefile and .ci/run ask this file before anything is installed.

`python tests/harness/checkout.py` prints the checkout's path, or nothing.
"""

import os
from pathlib import Path

ROOT = Path(__file__).absolute().parents[2]


def find_comfyui() -> Path | None:
    """The checkout to test against: COMFYUI_PATH, else where this pack is installed, else the usual places."""
    named = os.environ.get("COMFYUI_PATH")
    if named:
        path = Path(named).expanduser().absolute()
        if not is_checkout(path):
            raise SystemExit(f"COMFYUI_PATH is {path}, which holds no ComfyUI (no main.py and nodes.py there).")
        return path
    places = [ROOT.parent.parent, Path.home() / "ComfyUI", Path.home() / "comfy" / "ComfyUI"]
    return next((place for place in places if is_checkout(place)), None)


def find_old_comfyui() -> Path | None:
    """A checkout of the oldest version that the pack claims (0.14): COMFYUI_OLD_PATH, else ~/ComfyUI-0.14."""
    path = Path(os.environ.get("COMFYUI_OLD_PATH", Path.home() / "ComfyUI-0.14")).expanduser().absolute()
    return path if is_checkout(path) else None


def is_checkout(path: Path) -> bool:
    return all((path / name).is_file() for name in ("main.py", "nodes.py", "comfyui_version.py"))


if __name__ == "__main__":
    print(find_comfyui() or "")
