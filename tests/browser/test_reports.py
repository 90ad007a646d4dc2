"""After a run, nodes say on themselves what happened, in classic and new nodes; nothing of it goes into the file."""

import json

import pytest
from harness.tiny_workflows import WORKFLOWS

SAVED = ("widgets_values", "properties", "inputs", "outputs", "title", "type", "mode")
both = pytest.mark.parametrize("new_nodes", [False, True], ids=["classic", "new"])


@both
def test_a_run_shows_reports_and_saves_none(front_end, new_nodes):
    front_end.open(new_nodes=new_nodes)
    front_end.load(WORKFLOWS[0])
    front_end.page.evaluate(
        "text => (app.graph._nodes.find(node => node.type === 'InfuMiniaturePrompt').widgets[0].value = text)",
        "a photo of a man" if new_nodes else "a photo of a young woman",  # else a cached node reports nothing
    )
    before = front_end.saved()
    front_end.run()
    front_end.page.locator(".infu-report:visible").nth(1).wait_for()
    shown = front_end.reports()
    assert "1 face" in shown["EncodeFaceID"] and shown["InfuMiniaturePrompt"].startswith("Understood")
    assert front_end.page.locator(".infu-report:visible").count() == 2
    assert front_end.page.get_by_role("status", name="Encode Face ID (InfiniteYou): report").is_visible()
    after = front_end.saved()
    assert shown["EncodeFaceID"] not in json.dumps(after, ensure_ascii=False)
    for was, now in zip(before["nodes"], after["nodes"], strict=True):
        if was["type"] in shown:
            assert {key: was.get(key) for key in SAVED} == {key: now.get(key) for key in SAVED}
