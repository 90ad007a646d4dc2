"""Every relative link leads somewhere, in the repository and in what the registry packs; the index names every page."""

import json
import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from harness.archive import packed_files
from harness.checkout import ROOT

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
HEADLINE = re.compile(r"^#+ (.+)$", re.MULTILINE)
SKIPPED = {".venv", "build", "output", ".git"}
HELP = ROOT / "web" / "docs"


def pages() -> list[Path]:
    found = (path for path in ROOT.rglob("*.md") if not SKIPPED & set(path.relative_to(ROOT).parts))
    return sorted(found)


def anchors(page: Path) -> set[str]:
    """Headlines as the hosts of Markdown make anchors of them."""
    told = HEADLINE.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", line.lower()).strip().replace(" ", "-") for line in told}


def targets(page: Path) -> list[tuple[str, Path, str]]:
    """The page's relative links: as written, as a path, and the anchor."""
    found = []
    # The front end puts the folder of all help pages before a help page's links, in every language.
    base = HELP if HELP in page.parents else page.parent
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", link):
            path, _, anchor = link.partition("#")
            found.append((link, (base / unquote(path)).resolve() if path else page, anchor))
    return found


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_a_page_lead_somewhere(page):
    for link, target, anchor in targets(page):
        assert target.exists(), f"{link} leads nowhere"
        assert not anchor or target.suffix != ".md" or anchor in anchors(target), f"{link}: no such headline"


def test_links_of_the_packed_pages_stay_in_the_archive():
    packed = {ROOT / name for name in packed_files()}
    folders = {folder for path in packed for folder in path.parents}
    for page in pages():
        if page in packed:
            lost = [link for link, target, _ in targets(page) if target not in packed | folders]
            assert not lost, f"{page.relative_to(ROOT)} links to what is not packed: {lost}"


def test_every_page_of_the_documentation_is_in_its_index():
    linked = {target for _, target, _ in targets(ROOT / "docs" / "README.md")}
    forgotten = [path.name for path in (ROOT / "docs").glob("*.md") if path not in linked and path.name != "README.md"]
    assert not forgotten, f"docs/README.md does not name {forgotten}"


def test_notes_link_to_addresses_only():
    """A note in a workflow has no folder from which a relative link could count."""
    for path in (ROOT / "workflows").glob("*.json"):
        for node in json.loads(path.read_text(encoding="utf-8"))["nodes"]:
            if node["type"] == "MarkdownNote":
                relative = [link for link in LINK.findall(node["widgets_values"][0]) if not link.startswith("http")]
                assert not relative, f"{path.name}: {relative}"
