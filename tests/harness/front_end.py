"""ComfyUI's page in a real Chromium, driven as a person drives it, over a running `ComfyServer`.

Tests ask for the fixture `front_end` (tests/browser/conftest.py):

    def test_it_opens(front_end):
        front_end.open(language="en", new_nodes=False)      # a fresh page; settings are the server's, set before it
        front_end.load(path)                                # a workflow file, as if it were dropped on the page
        front_end.search("pulid")                           # display names, in the order of the search box
        front_end.run()                                     # the Run button; returns when the queue is empty
"""

import json
import shutil
import time
from contextlib import contextmanager
from pathlib import Path

from harness.server import ComfyServer

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
VIEW = {"width": 1920, "height": 1080}
QUIET = {
    "Comfy.TutorialCompleted": True,
    "Comfy.InstalledVersion": "1.49.6",
    "Comfy.Minimap.Visible": False,
    "Comfy.Workflow.ShowMissingModelsWarning": True,
    "Comfy.Workflow.Persist": False,
    "Comfy.Graph.CanvasInfo": False,
}
READY = "() => window.app?.graph && window.app.extensionManager && document.querySelector('[data-testid=queue-button]')"
SEARCH, FOUND = (
    "#results-list, [id^=comfy-vue-node-search-box-input]",
    "[data-testid=result-item], .p-autocomplete-option",
)
"""What is there while the search box is open, and a line of its list, in 1.49 and in 1.38."""
EMPTY = (960, 980)
"""A place of the canvas where a graph that was fitted has nothing."""


def find_chromium() -> str | None:
    return next((found for found in map(shutil.which, CHROMIUMS) if found), None)


@contextmanager
def chromium():
    """A browser of its own, for commands outside the tests."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        yield browser
        browser.close()


class FrontEnd:
    """One browser over one server; `open` gives a fresh page."""

    def __init__(self, browser, server: ComfyServer):
        self.browser, self.server, self.page = browser, server, None
        self.complaints: list[str] = []

    def open(self, language: str = "en", new_nodes: bool = False, **settings) -> None:
        """A new page with these settings; it is ready when this returns."""
        self.close()
        self.page = self.browser.new_page(viewport=VIEW)
        self.complaints.clear()
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        wanted = QUIET | {"Comfy.Locale": language, "Comfy.VueNodes.Enabled": new_nodes} | settings
        self.page.request.post(f"{self.server.url}/settings", data=wanted)
        self.page.goto(self.server.url)
        self.page.wait_for_function(READY, timeout=60_000)

    def close(self) -> None:
        if self.page:
            self.page.close()
            self.page = None

    def load(self, path: Path) -> None:
        graph = json.loads(path.read_text(encoding="utf-8"))
        self.page.evaluate("([graph, name]) => app.loadGraphData(graph, true, true, name)", [graph, path.stem])
        self.settle()

    def settle(self) -> None:
        """Wait until the page has drawn what was changed."""
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        self.page.wait_for_timeout(300)

    def clear(self) -> None:
        self.page.evaluate("() => app.graph.clear()")
        self.settle()

    def nodes(self) -> list[dict]:
        """id, type, title, box (x, y, width, height without the title bar) and whether it is marked red."""
        return self.page.evaluate(
            """() => app.graph._nodes.map(n => ({id: n.id, type: n.type, title: n.title, box: [...n.pos, ...n.size],
               red: !!n.has_errors, known: n.type in LiteGraph.registered_node_types}))"""
        )

    def search(self, words: str) -> list[str]:
        """What the search box offers, best first, after a double click on the empty canvas."""
        self.open_search()
        return self.offered(words)

    def open_search(self, place: tuple[int, int] = EMPTY) -> None:
        """Double-click there, again where a busy machine took it for two clicks."""
        box = self.page.locator(SEARCH).first
        for wait in range(200):
            if wait % 40 == 0:
                self.page.mouse.dblclick(*place)
            self.page.wait_for_timeout(200)
            if box.is_visible():
                return
        raise TimeoutError(f"Five double clicks at {place} opened no search box.")

    def offered(self, words: str = "") -> list[str]:
        """Type into the search box that is open, read its list and close it."""
        box, results = self.page.locator(SEARCH).first, self.page.locator(FOUND)
        box.wait_for()
        if words:
            self.page.keyboard.type(words)
            self.page.wait_for_timeout(600)
        results.first.wait_for()
        names = [name.strip().split("\n")[0].strip() for name in results.all_inner_texts()]
        self.page.keyboard.press("Escape")
        box.wait_for(state="hidden")
        self.page.wait_for_timeout(500)  # two double clicks in a row are none
        return names

    def add(self, node_type: str, x: int = 100, y: int = 100) -> int:
        """Put a node on the canvas; its id."""
        script = """([type, x, y]) => { const node = LiteGraph.createNode(type); node.pos = [x, y];
                    app.graph.add(node); return node.id }"""
        node = self.page.evaluate(script, [node_type, x, y])
        self.settle()
        return node

    def fit(self, margin: int = 60) -> None:
        """Show the whole graph, as the button *Fit view* does."""
        self.page.evaluate("() => app.extensionManager.command.execute('Comfy.Canvas.FitView')")
        self.page.wait_for_timeout(600)

    def drag_from_output(self, node: int, slot: int) -> list[str]:
        """What is offered where a link out of this output is dropped on the empty canvas."""
        script = """([id, slot]) => { const [x, y] = app.graph.getNodeById(id).getConnectionPos(false, slot);
                    const { offset, scale } = app.canvas.ds, page = app.canvas.canvas.getBoundingClientRect();
                    return [(x + offset[0]) * scale + page.left, (y + offset[1]) * scale + page.top] }"""
        x, y = self.page.evaluate(script, [node, slot])
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + 60, y + 20, steps=4)
        self.page.mouse.move(*EMPTY, steps=8)
        self.page.mouse.up()
        return self.offered()

    def forget(self) -> None:
        """Let the server drop what it cached, so that the next run executes every node again."""
        self.page.request.post(f"{self.server.url}/free", data={"free_memory": True})
        self.page.wait_for_timeout(1000)

    def run(self, seconds: float = 120) -> None:
        """Press *Run* and wait until it is in the history."""
        done = set(self.server.get("/history"))
        self.page.get_by_test_id("queue-button").first.click()
        end = time.monotonic() + seconds
        while not set(self.server.get("/history")) - done:
            if time.monotonic() > end:
                raise TimeoutError(f"The run did not end within {seconds} seconds.\n{self.server.log()[-3000:]}")
            self.page.wait_for_timeout(200)
        self.settle()

    def saved(self) -> dict:
        """The workflow as the page would save it now."""
        return self.page.evaluate("() => JSON.parse(JSON.stringify(app.graph.serialize()))")

    def widgets(self, node: int) -> dict:
        script = "id => Object.fromEntries(app.graph.getNodeById(id).widgets.map(w => [w.name, w.value ?? null]))"
        return self.page.evaluate(script, node)

    def place_of_widget(self, node: int, name: str) -> tuple[float, float]:
        """The middle of a classic node's widget, in pixels of the window."""
        script = """([id, name]) => { const node = app.graph.getNodeById(id);
                    const at = node.widgets.find(widget => widget.name === name);
                    return [node.pos[0] + node.size[0] / 2, node.pos[1] + at.last_y + 10] }"""
        return self.on_page(*self.page.evaluate(script, [node, name]))

    def reports(self) -> dict[str, str]:
        """What nodes report on themselves, by node type."""
        script = """() => app.graph._nodes.flatMap(node => (node.widgets ?? [])
                    .filter(widget => widget.name === 'infu_report').map(widget => [node.type, widget.value]))"""
        return dict(self.page.evaluate(script))

    def picture_of(self, node: int) -> bytes:
        """A PNG of one node at its full size; new nodes only."""
        script = """id => { const [x, y] = app.graph.getNodeById(id).pos, view = app.canvas.ds;
                    view.scale = 1; view.offset = [-x + 300, -y + 120]; app.canvas.setDirty(true, true) }"""
        self.page.evaluate(script, node)
        self.page.wait_for_timeout(500)
        return self.page.locator(f"[data-node-id='{node}']").screenshot()

    def open_template(self, name: str) -> None:
        """Open a workflow as a newcomer does: *Templates*, the pack under *Extensions*, the card."""
        page = self.page
        page.get_by_role("button", name="Templates").first.click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_text(self.server.base.pack.name, exact=True).first.click()
        dialog.get_by_test_id(f"template-workflow-{name}").click()
        page.wait_for_function("name => app.extensionManager.workflow.activeWorkflow?.path.includes(name)", arg=name)
        self.settle()

    def note_in_view(self) -> bool:
        """Whether the first note lies wholly in the window."""
        script = """() => { const note = app.graph._nodes.find(n => n.type === 'MarkdownNote'), view = app.canvas.ds;
                    const [left, top] = note.pos.map((at, i) => (at + view.offset[i]) * view.scale);
                    const [width, height] = note.size.map(side => side * view.scale);
                    return left >= 0 && top >= 0 && left + width <= innerWidth && top + height <= innerHeight }"""
        return self.page.evaluate(script)

    def notes(self) -> list[dict]:
        """Of each note: title, the size of its smallest first-rank headline in pixels of the window, and how high its
        words and their room are in pixels of the graph.
        """
        script = """() => app.graph._nodes.filter(node => node.type === 'MarkdownNote').map(node => {
                    const words = document.querySelector(`[data-node-id='${node.id}'] .comfy-markdown-content`)
                        ?? node.widgets[0].element.querySelector('.tiptap');
                    const last = words.lastElementChild, lines = [...words.querySelectorAll('h1')];
                    const size = line => line.checkVisibility() ? parseFloat(getComputedStyle(line).fontSize) : 0;
                    return { title: node.title, headline: Math.min(...lines.map(size)) * app.canvas.ds.scale,
                             needs: last.offsetTop + last.offsetHeight, has: words.clientHeight } })"""
        return self.page.evaluate(script)

    def missing_models(self) -> str:
        """The text of the page's own list of missing model files."""
        self.page.get_by_role("button", name="View details").click()
        group = self.page.get_by_test_id("error-group-missing-model")
        group.wait_for()
        return group.inner_text().replace("\n", " ").replace("\u200b", "")

    def help_of(self, node: int) -> tuple[str, list[int]]:
        """The help page that *Node Info* opens for a node: its text, and the widths of the pictures that it shows."""
        self.page.evaluate("id => app.canvas.selectNode(app.graph.getNodeById(id))", node)
        self.page.get_by_test_id("info-button").click()
        content = self.page.locator(".node-help-content").first
        content.locator("table, h2").first.wait_for()
        self.page.wait_for_timeout(300)
        return content.inner_text(), content.locator("img").evaluate_all("all => all.map(image => image.naturalWidth)")

    def on_page(self, x: float, y: float) -> tuple[float, float]:
        """A place of the graph, in pixels of the window."""
        script = """([x, y]) => { const { offset, scale } = app.canvas.ds;
                    const at = app.canvas.canvas.getBoundingClientRect();
                    return [(x + offset[0]) * scale + at.left, (y + offset[1]) * scale + at.top] }"""
        return tuple(self.page.evaluate(script, [x, y]))
