"""What a user's disk gets from the registry: no more than is needed, and it works alone."""

import json

import pytest
from harness.archive import packed_files, unpack
from harness.base_directory import make_base_directory
from harness.server import ComfyServer
from harness.tiny_workflows import TRY_ME


def test_what_never_ships_is_left_out():
    tops = {name.split("/")[0] for name in packed_files()}
    assert not tops & {"workshop", "tests", ".ci", ".github", "Makefile", "CONTRIBUTING.md", "constraints.txt"}
    assert {
        "__init__.py",
        "nodes",
        "infu_core",
        "miniature",
        "workflows",
        "subgraphs",
        "docs",
        "web",
        "locales",
        "README.md",
        "LICENSE",
    } <= tops


@pytest.fixture(scope="module")
def installed(comfyui_path, shared_models, tmp_path_factory):
    """A server over a fresh base directory whose pack is the unpacked archive, and nothing else of the repository."""
    base = make_base_directory(tmp_path_factory.mktemp("installed"), shared_models)
    base.pack.unlink()
    unpack(base.pack)
    with ComfyServer(comfyui_path, base) as running:
        yield running


def test_the_archive_alone_draws_workflow_00(installed):
    graph = json.loads((installed.base.pack / "workflows" / "api" / f"{TRY_ME}.json").read_text(encoding="utf-8"))
    pictures = installed.images(installed.run(graph))
    assert pictures and all(picture.convert("L").getextrema()[1] > 100 for picture in pictures)
