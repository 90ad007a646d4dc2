"""Write `locales/{en,zh,ja,ko}` from the nodes as the server shows them and the table `words.txt` beside this file.

`python -m workshop.locales.build` (with a ComfyUI checkout). The table holds each name and sentence once: four lines
(English as the node says it, Chinese, Japanese, Korean), then an empty one. Workflows hold a menu's choices in English;
`web/menus.js` shows them in the page's language.
"""

import json
import tempfile
from pathlib import Path

from harness.interface import of_node

from .. import ROOT

LANGUAGES = ("en", "zh", "ja", "ko")
TABLE = Path(__file__).parent / "words.txt"
CATEGORIES = {
    "en": {
        "faces": "faces",
        "identities": "identities",
        "regions": "regions",
        "miniature": "miniature",
        "studies": "studies",
    },
    "zh": {"faces": "人脸", "identities": "身份", "regions": "区域", "miniature": "迷你模型", "studies": "研究"},
    "ja": {
        "faces": "顔",
        "identities": "アイデンティティ",
        "regions": "領域",
        "miniature": "ミニチュア",
        "studies": "比較",
    },
    "ko": {"faces": "얼굴", "identities": "신원", "regions": "영역", "miniature": "미니어처", "studies": "비교"},
}

TERMS = {"weight_dtype", "provider", "recogniser"}
"""Menus of terms that are the same in every language."""

Words = dict[str, dict[str, str]]


def read_words(table: Path = TABLE) -> Words:
    """English -> language -> the same in that language."""
    words: Words = {}
    for block in table.read_text(encoding="utf-8").strip().split("\n\n"):
        lines = block.split("\n")
        if len(lines) != len(LANGUAGES):
            raise ValueError(f"{table.name}: {len(LANGUAGES)} lines make an entry, but '{lines[0]}' has {len(lines)}.")
        if lines[0] in words:
            raise ValueError(f"{table.name} holds '{lines[0]}' twice; take one out.")
        words[lines[0]] = dict(zip(LANGUAGES, lines, strict=True))
    return words


def shown(object_info: dict) -> dict[str, dict]:
    """The nodes' names and sentences in English, in the layout of a `nodeDefs.json`."""
    return {node_id: shown_of_node(node) for node_id, node in object_info.items()}


def shown_of_node(node: dict) -> dict:
    inputs = {
        name: {"name": name} | ({"tooltip": options[0]["tooltip"]} if options and options[0].get("tooltip") else {})
        for group in ("required", "optional")
        for name, (_, *options) in node["input"].get(group, {}).items()
    }
    for entry in of_node(node)["inputs"]:
        if "choices" in entry and entry["name"] not in TERMS:
            inputs[entry["name"]]["options"] = {choice: choice for choice in entry["choices"]}
    tooltips = node.get("output_tooltips") or [None] * len(node["output_name"])
    outputs = {
        str(place): {"name": name} | ({"tooltip": tooltip} if tooltip else {})
        for place, (name, tooltip) in enumerate(zip(node["output_name"], tooltips, strict=True))
    }
    return {
        "display_name": node["display_name"],
        "description": node["description"],
        "inputs": inputs,
        "outputs": outputs,
    }


def sentences(value) -> list[str]:
    """Every text in a tree of dicts."""
    return [value] if isinstance(value, str) else [text for part in value.values() for text in sentences(part)]


def translated(value, words: Words, language: str):
    if isinstance(value, str):
        return words[value][language]
    return {key: translated(part, words, language) for key, part in value.items()}


def write(folder: Path, object_info: dict) -> None:
    english, words = shown(object_info), read_words()
    for language in LANGUAGES:
        (folder / language).mkdir(parents=True, exist_ok=True)
        contents = {"nodeDefs": translated(english, words, language)}
        contents["main"] = {"nodeCategories": CATEGORIES[language]}
        for name, content in contents.items():
            text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
            (folder / language / f"{name}.json").write_text(text, encoding="utf-8")


def ours(server) -> dict:
    """What the server shows of this pack's nodes."""
    module = f"custom_nodes.{server.base.pack.name}"
    return {key: node for key, node in server.get("/object_info").items() if node["python_module"] == module}


def main() -> None:
    from harness.base_directory import make_base_directory
    from harness.checkout import find_comfyui
    from harness.server import ComfyServer

    checkout = find_comfyui()
    if checkout is None:
        raise SystemExit("No ComfyUI checkout was found; set COMFYUI_PATH.")
    with tempfile.TemporaryDirectory() as base, ComfyServer(checkout, make_base_directory(Path(base))) as server:
        object_info = ours(server)
    missing = dict.fromkeys(set(sentences(shown(object_info))) - read_words().keys())
    if missing:
        raise SystemExit("\n".join([f"Not in {TABLE.name} yet, each with its three translations:", *missing]))
    write(ROOT / "locales", object_info)
    print(f"Wrote {', '.join(LANGUAGES)}: {len(object_info)} nodes.")


if __name__ == "__main__":
    main()
