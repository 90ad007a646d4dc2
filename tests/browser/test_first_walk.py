"""A newcomer's way in an empty ComfyUI that holds nothing but the pack: to the first picture, and on to an own photo.

Every click goes to something that is on the screen; the clicks are counted, the seconds printed (`pytest -s`).
"""

import time

import pytest
from harness.base_directory import PACK_FOLDER, BaseDirectory
from harness.checkout import ROOT
from harness.front_end import READY, VIEW
from harness.server import ComfyServer
from harness.tiny_models import ModelNames
from harness.tiny_workflows import ONE_FACE, TRY_ME

CLICKS_TO_THE_FIRST_PICTURE = 3


class Walk:
    """Clicks what is in view, and remembers what and when."""

    def __init__(self, page):
        self.page, self.began, self.steps = page, time.monotonic(), []

    def click(self, what: str, target) -> None:
        target.wait_for(timeout=30_000)
        box, view = target.bounding_box(), self.page.viewport_size
        assert box and 0 <= box["y"] < view["height"] and 0 <= box["x"] < view["width"], f"{what} is off the screen"
        target.click()
        self.note(what)

    def note(self, what: str) -> None:
        self.steps.append((round(time.monotonic() - self.began, 1), what))


@pytest.fixture
def empty_server(comfyui_path, tmp_path):
    """No model, no input, no setting: only the pack in custom_nodes."""
    for folder in ("input", "output", "temp", "user", "models", "custom_nodes"):
        (tmp_path / folder).mkdir()
    pack = tmp_path / "custom_nodes" / PACK_FOLDER
    pack.symlink_to(ROOT, target_is_directory=True)
    with ComfyServer(comfyui_path, BaseDirectory(tmp_path, pack, ModelNames())) as running:
        yield running


def test_to_the_first_picture_and_on(browser, empty_server):
    page = browser.new_page(viewport=VIEW)
    walk = Walk(page)
    page.goto(empty_server.url)
    page.wait_for_function(READY, timeout=60_000)
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    walk.note("the page is open, with the templates")
    walk.click("the pack, under Extensions", dialog.get_by_text(PACK_FOLDER, exact=True).first)
    walk.click("the card of 00", dialog.get_by_test_id(f"template-workflow-{TRY_ME}"))
    dialog.wait_for(state="hidden")
    walk.click("Run", page.get_by_test_id("queue-button").first)
    page.wait_for_function(
        "() => { const shown = app.graph._nodes.filter(n => n.type === 'PreviewImage');"
        " return shown.length && shown.every(n => n.imgs?.length) }",
        timeout=120_000,
    )
    walk.note("both pictures")
    clicks = len(walk.steps) - 2
    assert clicks == CLICKS_TO_THE_FIRST_PICTURE, walk.steps
    assert ONE_FACE in page.locator(".comfy-markdown").first.inner_text(), "the note does not name the next step"
    walk.click("Templates", page.get_by_role("button", name="Templates").first)
    walk.click("the pack, under Extensions", dialog.get_by_text(PACK_FOLDER, exact=True).first)
    walk.click("the card of 01", dialog.get_by_test_id(f"template-workflow-{ONE_FACE}"))
    walk.click("View details", page.get_by_role("button", name="View details"))
    page.get_by_test_id("error-group-missing-model").wait_for()
    walk.note("the list of missing files")
    print(*(f"{seconds:6.1f} s  {what}" for seconds, what in walk.steps), sep="\n")
    page.close()
