"""Shared workflow files depend on ids, input names, their order and menu choices: none may change by accident."""

import json

from harness import interface

HELD = json.loads(interface.FILE.read_text(encoding="utf-8"))


def test_nodes_are_as_the_file_holds_them(any_server):
    """After a deliberate change run `python tests/harness/interface.py` and say it in CHANGELOG.md."""
    now = interface.of_server(any_server)
    assert now.keys() == HELD.keys()
    for name in HELD:
        assert now[name] == HELD[name], f"{name} has changed: saved graphs with it would break"


def test_the_readme_shows_the_same_table():
    assert interface.readme_table() == interface.as_table(HELD)
