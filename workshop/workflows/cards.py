"""The pictures of the workflows' cards in ComfyUI's template browser: `python -m workshop.workflows.cards`.

Each is what the workflow itself draws on the miniature, and says so; where the miniature lacks a part, the card says
that. Run after `python -m workshop.workflows.build` and whenever the miniature's weights change.
"""

import json
import tempfile
from pathlib import Path

from harness.base_directory import make_base_directory
from harness.checkout import find_comfyui
from harness.server import ComfyServer
from PIL import Image, ImageDraw, ImageFont

from .. import ROOT
from .index import WORKFLOWS
from .on_miniature import PLAYED, on_miniature

FOLDER = ROOT / "workflows"
SIDE, STRIP = 512, 40
GROUND, WORDS = (24, 26, 30), (210, 210, 210)
MARK = "drawn by the miniature that comes with the pack"
LACKING = {
    "07 ControlNet, LoRA and identity": "needs FLUX.1 and a ControlNet",
    "08 Text, style picture and identity": "needs FLUX.1 and Redux",
    "19 Larger without losing the face": "needs FLUX.1: the miniature knows 128 pixels",
    "20 Kontext reference and identity": "needs FLUX.1 Kontext",
}


def card(picture: Image.Image | None, mark: str) -> Image.Image:
    """A square: the picture, and in a strip below it where it comes from."""
    square = Image.new("RGB", (SIDE, SIDE), GROUND)
    room = SIDE - STRIP
    if picture:
        scale = min(SIDE / picture.width, room / picture.height)
        large = picture.resize((round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS)
        square.paste(large, ((SIDE - large.width) // 2, (room - large.height) // 2))
    place = (SIDE / 2, SIDE - STRIP / 2) if picture else (SIDE / 2, SIDE / 2)
    ImageDraw.Draw(square).text(place, mark, fill=WORDS, font=ImageFont.load_default(20), anchor="mm")
    return square


def beside(pictures: list[Image.Image]) -> Image.Image:
    sheet = Image.new("RGB", (sum(one.width for one in pictures), max(one.height for one in pictures)), GROUND)
    x = 0
    for one in pictures:
        sheet.paste(one, (x, 0))
        x += one.width
    return sheet


def ends(graph: dict, outputs: dict) -> dict:
    """What the graph's last nodes show, without the previews on the way."""
    shown = {key for key, entry in graph.items() if entry["class_type"] in ("SaveImage", "PreviewImage")}
    return {"outputs": {key: outputs[key] for key in sorted(shown, key=int)}}


def main() -> None:
    checkout = find_comfyui()
    if checkout is None:
        raise SystemExit("No ComfyUI checkout was found; set COMFYUI_PATH.")
    with tempfile.TemporaryDirectory() as folder, ComfyServer(checkout, make_base_directory(Path(folder))) as server:
        for name in WORKFLOWS:
            made = None
            if name not in LACKING:
                graph = json.loads((FOLDER / "api" / f"{name}.json").read_text(encoding="utf-8"))
                graph = on_miniature(name, graph) if name in PLAYED else graph
                made = beside(server.images(ends(graph, server.run(graph, seconds=300)["outputs"])))
            card(made, LACKING.get(name, MARK)).save(FOLDER / f"{name}.jpg", quality=88)
    print(f"Drew {len(WORKFLOWS)} cards.")


if __name__ == "__main__":
    main()
