"""What the front end posts where a node is muted or bypassed: an API graph without it.

As `ExecutableNodeDTO` does it: a bypassed output is the input at the same place where both are of one type, else the
first input of that type; without one the link is gone, as all links to a muted node are.
"""

import copy


def muted(graph: dict, key: str) -> dict:
    return rewired(graph, key, lambda output: None)


def bypassed(graph: dict, key: str, object_info: dict) -> dict:
    inputs, info = graph[key]["inputs"], object_info[graph[key]["class_type"]]
    kinds = [
        (name, spec[0]) for group in ("required", "optional") for name, spec in info["input"].get(group, {}).items()
    ]

    def passed(output: int):
        kind = info["output"][output]
        same_place = kinds[output : output + 1]
        name = next((name for name, other in [*same_place, *kinds] if other == kind), None)
        return inputs.get(name) if isinstance(inputs.get(name), list) else None

    return rewired(graph, key, passed)


def rewired(graph: dict, key: str, link_of) -> dict:
    """The graph without this node; `link_of`: an output's number -> the link that stands for it, or None."""
    rest = {other: copy.deepcopy(node) for other, node in graph.items() if other != key}
    for node in rest.values():
        for name, value in list(node["inputs"].items()):
            if isinstance(value, list) and value[0] == key:
                link = link_of(value[1])
                node["inputs"][name] = link
                if link is None:
                    del node["inputs"][name]
    return rest
