"""Every node has help in English and Chinese, which says what the node says and quotes messages that exist."""

import pytest

from workshop.help import build

ROOMS = ("nodes", "infu_core", "miniature")


@pytest.fixture(scope="module")
def pages() -> dict[str, dict]:
    return build.read_pages()


def test_every_node_has_a_page_and_no_other(pages, server):
    module = f"custom_nodes.{server.base.pack.name}"
    nodes = {name for name, node in server.get("/object_info").items() if node["python_module"] == module}
    missing = sorted(nodes - pages.keys())
    assert not missing, f"add {missing} to workshop/help/pages.toml, then run `python -m workshop.help.build`"
    assert not pages.keys() - nodes, f"take {sorted(pages.keys() - nodes)} out of workshop/help/pages.toml"


def test_the_pages_are_those_that_their_source_makes():
    for name, text in build.make().items():
        assert (build.DOCS / name).read_text(encoding="utf-8") == text, f"{name}: run `python -m workshop.help.build`"


def test_quoted_messages_are_the_program_s(pages):
    code = "\n".join(path.read_text(encoding="utf-8") for room in ROOMS for path in (build.ROOT / room).rglob("*.py"))
    invented = [(node, said[0]) for node, page in pages.items() for said in page["mistakes"] if said[0] not in code]
    assert not invented, f"no node says this: {invented}"


def test_every_page_names_its_neighbours_and_shows_the_node(pages):
    for node, page in pages.items():
        assert page["see"] and set(page["see"]) <= pages.keys() - {node}, node
        picture = build.DOCS / node / "node.jpg"
        assert picture.exists(), f"{node} has no picture: run `python -m workshop.help.pictures`"
        assert picture.stat().st_size < 80_000


def test_the_server_hands_out_help_and_its_pictures(server):
    import urllib.request

    folder = f"{server.url}/extensions/{server.base.pack.name}/docs"
    for name in ("ApplyInfuseNet.md", "ApplyInfuseNet/zh.md", "ApplyInfuseNet/node.jpg"):
        with urllib.request.urlopen(f"{folder}/{name}", timeout=30) as answer:
            assert answer.read() == (build.DOCS / name).read_bytes()
