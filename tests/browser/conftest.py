"""A real server and a real Chromium for the tests of this folder: see `harness.front_end`.

`INFU_FRONT_END` names the folder of another front end's files (`static` in `comfyui-frontend-package`).
"""

import os

import pytest
from harness.base_directory import make_base_directory, write_all_models
from harness.front_end import FrontEnd, chromium, find_chromium
from harness.server import ComfyServer

FRONT_END = os.environ.get("INFU_FRONT_END")


@pytest.fixture(scope="module")
def browser():
    """Gone with its file: while Playwright runs, no `asyncio.run` of the same process can."""
    pytest.importorskip("playwright.sync_api", reason="[browser] Playwright is not installed")
    if find_chromium() is None:
        pytest.skip("[browser] no Chromium was found (Debian and Ubuntu: apt-get install chromium)")
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def server(comfyui_path, tmp_path_factory):
    folder = tmp_path_factory.mktemp("browser")
    write_all_models(folder / "shared")
    with ComfyServer(comfyui_path, make_base_directory(folder / "base", folder / "shared"), FRONT_END) as running:
        yield running


@pytest.fixture(scope="module")
def pages(browser, server):
    return FrontEnd(browser, server)


@pytest.fixture
def front_end(pages):
    """The page closes with the test; nothing that the page itself threw goes unseen."""
    yield pages
    complaints = list(pages.complaints)
    pages.close()
    assert not complaints, complaints
