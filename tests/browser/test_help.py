"""Behind a node's *Node Info* stands its help, with its picture; and the page speaks Chinese where it is set to."""

import pytest

from workshop.help import build

PAGES = build.make()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_node_has_help(front_end, language):
    front_end.open(language=language)
    for node in build.read_pages():
        front_end.clear()
        shown, pictures = front_end.help_of(front_end.add(node, 400, 200))
        page = PAGES[f"{node}.md" if language == "en" else f"{node}/zh.md"]
        told = page.split("\n\n")[2]
        assert told in shown, f"{node}: its help does not say '{told}' but:\n{shown}"
        assert pictures and all(width > 100 for width in pictures), f"{node}: its picture is not shown"


def test_the_page_speaks_chinese(front_end):
    front_end.open(language="zh", new_nodes=True)
    front_end.clear()
    node = front_end.add("ApplyInfuseNet", 300, 200)
    text = front_end.page.locator(f"[data-node-id='{node}']").inner_text()
    assert "应用 InfiniteYou (InfuseNet)" in text and "强度" in text and "风格对齐" in text
    assert front_end.search("换脸")[0] == "应用 InfiniteYou (InfuseNet)"
