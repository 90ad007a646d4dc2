"""The source of `workflows/`: each graph once, from which both of its files are written.

`python -m workshop.workflows.build` (with a ComfyUI checkout) writes `workflows/NAME.json` for the front end and
`workflows/api/NAME.json` for the server. The thumbnails are screenshots of the opened files.
"""

import json
import tempfile
from pathlib import Path

from harness.graphs import default_of, inputs_of, ui_from_api

from .. import ROOT
from .graphs import WORKFLOWS
from .page import Graph


def with_defaults(api: dict, object_info: dict) -> dict:
    """Every widget said in full, as the front end posts it."""
    for entry in api.values():
        info, given = object_info[entry["class_type"]], entry["inputs"]
        specs = inputs_of(info, tuple(given))
        filled = {s.name: given.get(s.name, default_of(info, s.name) if s.widget else None) for s in specs}
        entry["inputs"] = {name: value for name, value in filled.items() if value is not None}
        entry.setdefault("_meta", {"title": info["display_name"]})
    return api


def write(folder: Path, object_info: dict) -> None:
    (folder / "api").mkdir(parents=True, exist_ok=True)
    for name, build in WORKFLOWS.items():
        graph = Graph()
        build(graph)
        api = with_defaults(graph.api, object_info)
        for path, content in (
            (folder / f"{name}.json", ui_from_api(api, graph.groups, graph.notes, object_info)),
            (folder / "api" / f"{name}.json", api),
        ):
            path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    from harness.base_directory import make_base_directory
    from harness.checkout import find_comfyui
    from harness.server import ComfyServer

    checkout = find_comfyui()
    if checkout is None:
        raise SystemExit("No ComfyUI checkout was found; set COMFYUI_PATH.")
    with tempfile.TemporaryDirectory() as base, ComfyServer(checkout, make_base_directory(Path(base))) as server:
        write(ROOT / "workflows", server.get("/object_info"))
    print(f"Wrote {', '.join(WORKFLOWS)}.")


if __name__ == "__main__":
    main()
