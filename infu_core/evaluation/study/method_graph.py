"""A method: a graph in ComfyUI's API format, with holes for what changes from cell to cell."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOLES = ("prompt", "seed", "width", "height", "output")
NEEDED = ("prompt", "seed", "output")


class StudyError(ValueError):
    """Something in a study that only its author can put right: one sentence."""


@dataclass(frozen=True)
class MethodGraph:
    """`nodes`: the graph, id -> {class_type, inputs}. `holes`: name -> the (node id, input) pairs that it fills.

    `output`: the node whose first picture is the cell. `sha256`: of nodes, holes and output.
    """

    nodes: dict[str, dict]
    holes: dict[str, tuple[tuple[str, str], ...]]
    output: str
    sha256: str

    def filled(self, values: Mapping[str, Any]) -> dict[str, dict]:
        """The graph with these values in its holes; nodes that hold none are shared, not copied."""
        nodes = dict(self.nodes)
        for name, places in self.holes.items():
            for node, key in places:
                nodes[node] = {**nodes[node], "inputs": {**nodes[node]["inputs"], key: values[name]}}
        return nodes


def read_graph(path: Path, method: str, holes: Mapping[str, Any], settings: Mapping[str, Any]) -> MethodGraph:
    """Open an API graph, find its holes, apply the method's own settings. Raises `StudyError`."""
    nodes = api_nodes(path, method)
    places = {}
    for name, bound in holes.items():
        if name not in HOLES and name != "photo" and not (name.startswith("photo_") and name[6:].isdigit()):
            raise StudyError(
                f"Method {method!r} has a hole {name!r}; holes are photo, photo_1 and on for more people, "
                f"{', '.join(HOLES)}."
            )
        if name != "output":
            places[name] = tuple(place(nodes, one, method) for one in as_list(bound, method, name))
    lacking = [name for name in NEEDED if name not in holes]
    if lacking:
        raise StudyError(
            f"Method {method!r} has no hole {lacking[0]!r}; write which node and input it is, for example "
            f'{lacking[0]} = "{EXAMPLES[lacking[0]]}".'
        )
    if ("width" in holes) != ("height" in holes):
        raise StudyError(f"Method {method!r} binds only one of width and height; bind both, or neither.")
    output = node_of(nodes, str(holes["output"]), method)
    for target, value in settings.items():
        node, key = place(nodes, target, method)
        nodes[node] = {**nodes[node], "inputs": {**nodes[node]["inputs"], key: value}}
    told = json.dumps([nodes, places, output], sort_keys=True)
    return MethodGraph(nodes, places, output, hashlib.sha256(told.encode()).hexdigest())


EXAMPLES = {"prompt": "6.text", "seed": "KSampler.seed", "output": "Save Image"}


def api_nodes(path: Path, method: str) -> dict[str, dict]:
    """The nodes of an API graph file."""
    try:
        nodes = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StudyError(f"The graph of method {method!r}, {path}, does not exist.") from None
    except (OSError, ValueError) as error:
        raise StudyError(f"The graph of method {method!r}, {path.name}, is not JSON ({error}).") from None
    if isinstance(nodes, dict) and isinstance(nodes.get("nodes"), list):
        raise StudyError(
            f"The graph of method {method!r}, {path.name}, is a workflow as the editor saves it; export it again with "
            "Workflow > Export (API)."
        )
    api = isinstance(nodes, dict) and all(
        isinstance(node, dict) and isinstance(node.get("class_type"), str) and isinstance(node.get("inputs"), dict)
        for node in nodes.values()
    )
    if not api or not nodes:
        raise StudyError(
            f"The graph of method {method!r}, {path.name}, is not in ComfyUI's API format; each node needs class_type "
            "and inputs."
        )
    return nodes


def as_list(bound: Any, method: str, name: str) -> list[str]:
    several = bound if isinstance(bound, list) else [bound]
    if not several or not all(isinstance(one, str) for one in several):
        raise StudyError(
            f'Hole {name!r} of method {method!r} must be a text such as "6.text", or a list of such; it is {bound!r}.'
        )
    return several


def place(nodes: dict[str, dict], bound: str, method: str) -> tuple[str, str]:
    """ "6.text" or "Title of a node.text" -> (node id, input). Titles and inputs may hold dots themselves."""
    splits = [(bound[:at], bound[at + 1 :]) for at, letter in enumerate(bound) if letter == "."]
    if not splits:
        raise StudyError(f"{bound!r} of method {method!r} names no input; write node, dot, input, such as 6.text.")
    for title, key in splits:
        found = matching(nodes, title)
        if len(found) == 1 and key in nodes[found[0]]["inputs"]:
            return found[0], key
    title, key = next((split for split in splits if matching(nodes, split[0])), splits[-1])
    node = node_of(nodes, title, method)
    raise StudyError(
        f"Node {title!r} of method {method!r} has no input {key!r}; "
        f"it has {', '.join(nodes[node]['inputs']) or 'none'}."
    )


def node_of(nodes: dict[str, dict], title: str, method: str) -> str:
    """The one node of this id, title, or class."""
    found = matching(nodes, title)
    if len(found) > 1:
        raise StudyError(
            f"{len(found)} nodes of method {method!r} are called {title!r} ({', '.join(found)}); use the id of one."
        )
    if not found:
        raise StudyError(f"No node of method {method!r} has the id, title or class {title!r}.")
    return found[0]


def matching(nodes: dict[str, dict], title: str) -> list[str]:
    if title in nodes:
        return [title]
    titled = [key for key, node in nodes.items() if (node.get("_meta") or {}).get("title") == title]
    return titled or [key for key, node in nodes.items() if node["class_type"] == title]
