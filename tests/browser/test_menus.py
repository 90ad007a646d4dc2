"""Menus read in the page's language, choose what files hold, and say nothing where they are empty."""

import pytest

both = pytest.mark.parametrize("new_nodes", [False, True], ids=["classic", "new"])


def choose(front_end, node: int, menu: str, shown: str, words: str, new_nodes: bool) -> None:
    """Open the menu of a node that shows `shown` by the mouse, and click the choice that reads `words`."""
    page = front_end.page
    if new_nodes:
        page.locator(f"[data-node-id='{node}']").get_by_text(shown, exact=True).click()
        page.get_by_role("option", name=words, exact=True).click()
    else:
        page.mouse.click(*front_end.place_of_widget(node, menu))
        page.locator(".litemenu-entry", has_text=words).click()
    front_end.settle()


@both
def test_choices_are_read_in_chinese_and_saved_in_english(front_end, new_nodes):
    front_end.open(language="zh", new_nodes=new_nodes)
    front_end.clear()
    node = front_end.add("EncodeFaceID", 300, 200)
    choose(front_end, node, "face", "最大 (largest)", "从左到右 (left to right)", new_nodes)
    assert front_end.widgets(node)["face"] == "left to right"
    (saved,) = front_end.saved()["nodes"]
    assert "left to right" in saved["widgets_values"] and "从左到右 (left to right)" not in saved["widgets_values"]


@both
def test_an_empty_menu_never_says_undefined(front_end, new_nodes):
    front_end.open(new_nodes=new_nodes)
    front_end.clear()
    node = front_end.add("InfuLoadIdentity", 200, 150)
    assert front_end.widgets(node)["file"] == ""
    assert "undefined" not in front_end.page.inner_text("body")
