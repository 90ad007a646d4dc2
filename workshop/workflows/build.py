"""The source of `workflows/`: each graph once, from which both of its files are written.

`python -m workshop.workflows.build` (with a ComfyUI checkout) writes `workflows/NAME.json` for the front end and
`workflows/api/NAME.json` for the server, and `subgraphs/NAME.json` for each blueprint; `python -m
workshop.workflows.cards` draws the pictures of the workflows' cards.
"""

import json
import tempfile
from pathlib import Path

import tomllib
from harness.graphs import default_of, inputs_of, ui_from_api

from .. import ROOT
from .blueprints import BLUEPRINTS, wrapped
from .crossings import untangle
from .index import WORKFLOWS
from .layout import laid_out
from .model_files import named_in
from .notes import notes_of
from .page import Graph

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
CORE = {"cnr_id": "comfy-core", "ver": "0.14.0"}
OURS = {"cnr_id": "infu-nodes", "ver": VERSION}


def make(name: str) -> Graph:
    graph = Graph()
    WORKFLOWS[name](graph)
    return graph


def with_defaults(api: dict, object_info: dict) -> dict:
    """Every widget said in full, as the front end posts it."""
    for entry in api.values():
        info, given = object_info[entry["class_type"]], entry["inputs"]
        specs = inputs_of(info, tuple(given))
        filled = {s.name: given.get(s.name, default_of(info, s.name) if s.widget else None) for s in specs}
        entry["inputs"] = {name: value for name, value in filled.items() if value is not None}
        entry.setdefault("_meta", {"title": info["display_name"]})
    return api


def properties(entry: dict, info: dict) -> dict:
    """Which pack a node is of, and the files that the page may offer for it."""
    pack = OURS if info["python_module"].startswith("custom_nodes") else CORE
    models = [file.offer() for file in named_in(entry)]
    return pack | ({"models": models} if models else {})


def contents(name: str, object_info: dict) -> tuple[dict, dict]:
    """A workflow for the page and for the server."""
    graph = make(name)
    with_defaults(graph.api, object_info)
    untangle(graph, lambda one: page_of(one, object_info))
    return page_of(graph, object_info), graph.awake()


def page_of(graph: Graph, object_info: dict) -> dict:
    return ui_from_api(graph.api, laid_out(graph, object_info), notes_of(graph), object_info, properties)


def blueprint(name: str, object_info: dict) -> dict:
    """A file of `subgraphs/`."""
    plan = BLUEPRINTS[name]()
    with_defaults(plan.graph.api, object_info)
    untangle(plan.graph, lambda one: page_of(one, object_info))
    return wrapped(name, plan, page_of(plan.graph, object_info), OURS)


def write_blueprints(folder: Path, object_info: dict) -> None:
    """Hosts of our oldest version read these files in the system's encoding: no letter beyond ASCII."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in BLUEPRINTS:
        text = json.dumps(blueprint(name, object_info), indent=1, ensure_ascii=True) + "\n"
        (folder / f"{name}.json").write_text(text, encoding="ascii")


def write(folder: Path, object_info: dict) -> None:
    (folder / "api").mkdir(parents=True, exist_ok=True)
    for name in WORKFLOWS:
        for path, content in zip((folder, folder / "api"), contents(name, object_info), strict=True):
            text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
            (path / f"{name}.json").write_text(text, encoding="utf-8")


def main() -> None:
    from harness.base_directory import make_base_directory
    from harness.checkout import find_comfyui
    from harness.server import ComfyServer

    checkout = find_comfyui()
    if checkout is None:
        raise SystemExit("No ComfyUI checkout was found; set COMFYUI_PATH.")
    with tempfile.TemporaryDirectory() as base, ComfyServer(checkout, make_base_directory(Path(base))) as server:
        object_info = server.get("/object_info")
    write(ROOT / "workflows", object_info)
    write_blueprints(ROOT / "subgraphs", object_info)
    print(f"Wrote {', '.join([*WORKFLOWS, *BLUEPRINTS])}.")


if __name__ == "__main__":
    main()
