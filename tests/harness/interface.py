"""The interface that shared workflow files depend on: node ids, inputs in their order, menu choices, outputs.

`tests/host/interface.json` holds it. After a deliberate change, `python tests/harness/interface.py` (with a ComfyUI
checkout) writes that file and the table in the README anew; say the change in CHANGELOG.md.
"""

import json
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).absolute().parents[2]
FILE = ROOT / "tests" / "host" / "interface.json"
README = ROOT / "README.md"
START, END = "<!-- interface: written by tests/harness/interface.py -->", "<!-- interface ends -->"
WIDGETS = {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"}
HOST_MENUS = {"sampler_name", "scheduler"}


def of_node(node: dict) -> dict:
    """What `/object_info` says of one node, reduced to what a saved graph depends on."""
    inputs = []
    for group in ("required", "optional"):
        for name, (kind, *rest) in node["input"].get(group, {}).items():
            options = rest[0] if rest else {}
            entry = {"name": name, "type": kind, "optional": group == "optional"}
            if options.get("advanced"):
                entry["advanced"] = True
            choices = options.get("options", [])
            # Menus of files and of ComfyUI's own samplers are not ours to hold.
            of_files = not choices or any("." in str(choice) for choice in choices)
            if kind == "COMBO" and name not in HOST_MENUS and not of_files:
                entry["choices"] = choices
            if "template" in options:
                entry["grows"] = True
            inputs.append(entry)
    outputs = [list(pair) for pair in zip(node["output_name"], node["output"], strict=True)]
    return {"category": node["category"], "inputs": inputs, "outputs": outputs}


def of_server(server) -> dict[str, dict]:
    folder = f"custom_nodes.{server.base.pack.name}"
    nodes = {name: node for name, node in server.get("/object_info").items() if node["python_module"] == folder}
    return {name: of_node(node) for name, node in nodes.items()}


def as_table(interface: dict[str, dict]) -> str:
    """The README's table; a star marks advanced widgets, brackets optional inputs, dots an input that grows."""
    lines = ["| node | sockets in | widgets, in order | out |", "| --- | --- | --- | --- |"]
    for node_id, node in interface.items():
        sockets, widgets = [], []
        for entry in node["inputs"]:
            word = entry["name"] + ("..." if entry.get("grows") else "") + ("*" if entry.get("advanced") else "")
            is_widget = entry["type"] in WIDGETS
            (widgets if is_widget else sockets).append(f"[{word}]" if entry["optional"] and not is_widget else word)
        outputs = ", ".join(name for name, _ in node["outputs"])
        lines.append(f"| `{node_id}` | {', '.join(sockets)} | {', '.join(widgets)} | {outputs} |")
    return "\n".join(lines)


def readme_table() -> str:
    return README.read_text(encoding="utf-8").split(START)[1].split(END)[0].strip()


def write_readme_table(interface: dict[str, dict]) -> None:
    text = README.read_text(encoding="utf-8")
    before, after = text.split(START)[0], text.split(END)[1]
    README.write_text(f"{before}{START}\n{as_table(interface)}\n{END}{after}", encoding="utf-8")


def main() -> None:
    sys.path[:0] = [str(ROOT / "tests")]
    from harness.base_directory import make_base_directory
    from harness.checkout import find_comfyui
    from harness.server import ComfyServer

    checkout = find_comfyui()
    if checkout is None:
        raise SystemExit("No ComfyUI checkout was found; set COMFYUI_PATH.")
    with tempfile.TemporaryDirectory() as folder, ComfyServer(checkout, make_base_directory(Path(folder))) as server:
        interface = of_server(server)
    FILE.write_text(json.dumps(interface, indent=1) + "\n", encoding="utf-8")
    write_readme_table(interface)
    print(f"Wrote {FILE.name} and the README's table: {', '.join(interface)}.")


if __name__ == "__main__":
    main()
