"""Screenshots for `docs/screens`, taken in the real front end: `python -m workshop.pictures.screens`."""

import io
import tempfile
from pathlib import Path

from harness.base_directory import make_base_directory
from harness.checkout import find_comfyui
from harness.front_end import FrontEnd, chromium
from harness.server import ComfyServer
from harness.tiny_workflows import ONE_FACE, TRY_ME
from PIL import Image, ImageDraw, ImageFont

from .. import ROOT

FOLDER = ROOT / "docs" / "screens"
WIDTH = 1400
ARROW = (255, 196, 60)
STEPS = ("EncodeFaceID", "InfuMiniaturePrompt", "ApplyInfuseNet", "PreviewImage")
"""What the numbered arrows point to, in turn: the photo's face, the words, the dial, the result."""


def graph_after_a_run(front_end: FrontEnd) -> Image.Image:
    """Workflow 00 with its result, reports and pictures; numbers where a newcomer looks first."""
    front_end.open(new_nodes=True)
    front_end.open_template(TRY_ME)
    front_end.run()
    front_end.page.wait_for_timeout(3000)
    front_end.settle()
    picture = shot(front_end)
    for number, kind in enumerate(STEPS, start=1):
        node = [one for one in front_end.nodes() if one["type"] == kind][-1]
        point_at(picture, number, front_end.on_page(node["box"][0], node["box"][1]))
    return picture


def missing_files(front_end: FrontEnd) -> Image.Image:
    front_end.open()
    front_end.open_template(ONE_FACE)
    front_end.missing_models()
    return shot(front_end)


def help_page(front_end: FrontEnd) -> Image.Image:
    front_end.open(new_nodes=True)
    front_end.clear()
    front_end.help_of(front_end.add("ApplyInfuseNet", 500, 200))
    return shot(front_end)


def search(front_end: FrontEnd) -> Image.Image:
    front_end.open()
    front_end.clear()
    front_end.open_search()
    front_end.page.wait_for_timeout(600)
    front_end.page.keyboard.type("face swap")
    front_end.page.wait_for_timeout(800)
    return shot(front_end)


def chinese(front_end: FrontEnd) -> Image.Image:
    front_end.open(language="zh", new_nodes=True)
    front_end.clear()
    front_end.add("EncodeFaceID", 300, 200)
    front_end.add("InfuSampler", 1000, 200)
    front_end.help_of(front_end.add("ApplyInfuseNet", 640, 200))
    return shot(front_end)


SCREENS = {
    "first_picture": graph_after_a_run,
    "missing_files": missing_files,
    "help": help_page,
    "search": search,
    "chinese": chinese,
}


def shot(front_end: FrontEnd) -> Image.Image:
    return Image.open(io.BytesIO(front_end.page.screenshot())).convert("RGB")


def point_at(picture: Image.Image, number: int, place: tuple[float, float]) -> None:
    """An arrow from the upper left to `place`, with a number at its tail."""
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(30)
    x, y = place
    tail = (x - 46, y - 62)
    draw.line((*tail, x - 4, y - 6), fill=ARROW, width=7)
    draw.polygon([(x, y), (x - 22, y - 8), (x - 8, y - 22)], fill=ARROW)
    draw.ellipse((tail[0] - 24, tail[1] - 24, tail[0] + 24, tail[1] + 24), fill=ARROW)
    draw.text(tail, str(number), fill=(20, 20, 20), font=font, anchor="mm")


def main() -> None:
    checkout = find_comfyui()
    if checkout is None:
        raise SystemExit("No ComfyUI checkout was found; set COMFYUI_PATH.")
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, ComfyServer(checkout, make_base_directory(Path(folder))) as server:
        with chromium() as browser:
            front_end = FrontEnd(browser, server)
            for name, take in SCREENS.items():
                picture = take(front_end)
                small = picture.resize((WIDTH, round(picture.height * WIDTH / picture.width)), Image.Resampling.LANCZOS)
                small.save(FOLDER / f"{name}.jpg", quality=85)
    print(f"Took {', '.join(SCREENS)}.")


if __name__ == "__main__":
    main()
