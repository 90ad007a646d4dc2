"""Write `web/docs/<NodeId>.md` and `web/docs/<NodeId>/zh.md`, which the front end shows behind a node's question mark.

`python -m workshop.help.build` (with a ComfyUI checkout), after `python -m workshop.locales.build`. The pictures,
`web/docs/<NodeId>/node.jpg`, come from `python -m workshop.help.pictures`.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import tomllib

from .. import ROOT

PAGES = Path(__file__).parent / "pages.toml"
DOCS = ROOT / "web" / "docs"


@dataclass(frozen=True)
class Headlines:
    """A page's fixed words in one language. `suffix`: of its keys in `pages.toml`. `cure`: its place in a mistake."""

    suffix: str
    inputs: str
    outputs: str
    mistakes: str
    see: str
    input_table: str
    output_table: str
    message_table: str
    cure: int


ENGLISH = Headlines(
    "",
    "Inputs",
    "Outputs",
    "When it stops",
    "See also",
    "| input | what it does |",
    "| output | what it is |",
    "| message | what to do |",
    1,
)
CHINESE = Headlines(
    "_zh", "输入", "输出", "停下时", "另见", "| 输入 | 作用 |", "| 输出 | 是什么 |", "| 消息 | 怎么办 |", 2
)


def read_pages() -> dict[str, dict]:
    return tomllib.loads(PAGES.read_text(encoding="utf-8"))


def page(node_id: str, pages: dict[str, dict], words: dict[str, dict], lines: Headlines) -> str:
    """One page in Markdown. `words`: the language's nodeDefs.json, which holds names and tooltips.

    The picture's path counts from `web/docs`, in every language: the front end puts that folder before it.
    """
    node, told = words[node_id], pages[node_id]
    parts = [f"# {node['display_name']}", node["description"], told["when" + lines.suffix]]
    if (DOCS / node_id / "node.jpg").exists():
        parts.append(f"![{node['display_name']}]({node_id}/node.jpg)")
    inputs = [f"| `{name}` | {slot.get('tooltip', '')} |" for name, slot in node["inputs"].items()]
    outputs = [f"| {slot['name']} | {slot['tooltip']} |" for slot in node["outputs"].values() if "tooltip" in slot]
    parts += [f"## {lines.inputs}", table(lines.input_table, inputs)] if inputs else []
    parts += [f"## {lines.outputs}", table(lines.output_table, outputs)] if outputs else []
    mistakes = [f"| ...{shown(mistake[0])}... | {mistake[lines.cure]} |" for mistake in told["mistakes"]]
    parts += [f"## {lines.mistakes}", table(lines.message_table, mistakes)] if mistakes else []
    parts.append(f"## {lines.see}\n\n" + ", ".join(words[other]["display_name"] for other in told["see"]))
    return "\n\n".join(parts) + "\n"


def shown(message: str) -> str:
    """A message's words as a user sees them: what the program puts in stands as dots."""
    return message.replace("{len(identities)}", "...")


def table(head: str, rows: list[str]) -> str:
    return "\n".join([head, "| --- | --- |", *rows])


def make() -> dict[str, str]:
    """Every page by its path below `web/docs`."""
    pages = read_pages()
    made = {}
    for language, lines in (("en", ENGLISH), ("zh", CHINESE)):
        words = json.loads((ROOT / "locales" / language / "nodeDefs.json").read_text(encoding="utf-8"))
        for node_id in words:
            name = f"{node_id}.md" if language == "en" else f"{node_id}/{language}.md"
            made[name] = page(node_id, pages, words, lines)
    return made


def main() -> None:
    for name, text in make().items():
        (DOCS / name).parent.mkdir(parents=True, exist_ok=True)
        (DOCS / name).write_text(text, encoding="utf-8")
    print(f"Wrote {len(make())} pages.")


if __name__ == "__main__":
    main()
