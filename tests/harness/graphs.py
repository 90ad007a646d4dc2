"""ComfyUI's two graph formats: the API's (a dict of nodes) and the front end's (nodes, links, groups, widget values).

`ui_from_api` lays an API graph out, `api_from_ui` goes the other way; both read widget order from `/object_info`,
so that a widget that moved or was renamed is found by the tests instead of by a user.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

WIDGETS = {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"}
NOTE = "MarkdownNote"
TITLE, SLOT, WIDGET, GAP, PREVIEW, BADGE = 30, 20, 24, 30, 230, 24
BLUE = "#3f789e"
SHOWS_PICTURES = {
    "LoadImage",
    "EncodeFaceID",
    "SaveImage",
    "PreviewImage",
    "InfuFacePose",
    "InfuHeadTurns",
    "InfuLabelledGrid",
    "InfuIdentitySimilarity",
    "InfuFaceCrop",
    "InfuIdentityRegion",
    "InfuSampler",
    "InfuMiniatureFace",
}

REPORTS = {
    "EncodeFaceID": 102,
    "InfuSampler": 102,
    "InfuIdentitySimilarity": 102,
    "LoadInfuseNet": 80,
    "InfuMiniaturePrompt": 52,
    "InfuLoadFaceEncoder": 52,
    "InfuLoadIdentity": 52,
    "InfuSaveIdentity": 36,
    "MixIdentities": 68,
    "InfuIdentityRegion": 68,
    "InfuFaceRegions": 68,
}
"""Room for the report that a node shows after its first run."""


@dataclass(frozen=True)
class Input:
    """One input of a node as the front end shows it. `widget`: its value stands in `widgets_values`."""

    name: str
    type: str
    optional: bool
    widget: bool
    then_control: bool = False  # the front end adds a "control after generate" value behind it
    then_upload: bool = False  # ... or an upload button's


@dataclass
class Group:
    """Nodes in one column under one headline."""

    title: str
    x: int
    width: int
    nodes: list[str]
    y: int = 0
    heights: dict[str, int] = field(default_factory=dict)


def inputs_of(node: dict, linked: tuple[str, ...] = ()) -> list[Input]:
    """The inputs of a node from `/object_info`; of one that grows, as many as `linked` names."""
    found = []
    for group in ("required", "optional"):
        for name, (kind, *rest) in node["input"].get(group, {}).items():
            options = rest[0] if rest else {}
            if "template" in options:
                template = options["template"]
                (inner, *_), *_ = template["input"]["required"].values()
                grown = [word for word in linked if word.startswith(f"{name}.")]
                count = max(len(grown) + 1, template["min"])
                names = [f"{name}.{template['prefix']}{i}" for i in range(count)]
                found += [Input(word, inner, i >= template["min"], False) for i, word in enumerate(names)]
                continue
            combo = isinstance(kind, list) or kind == "COMBO"
            found.append(
                Input(
                    name,
                    "COMBO" if combo else kind,
                    group == "optional",
                    (combo or kind in WIDGETS) and not options.get("forceInput"),
                    name in ("seed", "noise_seed") or bool(options.get("control_after_generate")),
                    bool(options.get("image_upload")),
                )
            )
    return found


def default_of(node: dict, name: str):
    kind, *rest = next(node["input"][g][name] for g in ("required", "optional") if name in node["input"].get(g, {}))
    options = rest[0] if rest else {}
    choices = kind if isinstance(kind, list) else options.get("options", [])
    return options.get("default", choices[0] if choices else None)


def ui_from_api(
    api: dict,
    groups: list[Group],
    notes: list[dict],
    object_info: dict,
    properties: Callable[[dict, dict], dict] = lambda entry, info: {},
) -> dict:
    """Lay an API graph out in groups; an entry with a `mode` (2: muted) keeps it. `notes`: dicts with `pos`, `size` and
    `text` (Markdown). `properties`: what a node's `properties` hold besides its name, from its entry and its info.
    """
    links: list[list] = []
    nodes: dict[str, dict] = {}
    for key, entry in api.items():
        info = object_info[entry["class_type"]]
        linked = tuple(name for name, value in entry["inputs"].items() if isinstance(value, list))
        inputs, values = [], []
        for spec in inputs_of(info, linked):
            slot: dict = {"name": spec.name, "type": spec.type, "link": None}
            if spec.widget:
                slot["widget"] = {"name": spec.name}
                value = entry["inputs"].get(spec.name, None)
                values.append(default_of(info, spec.name) if value is None or isinstance(value, list) else value)
                values += ["fixed"] if spec.then_control else []
                values += ["image"] if spec.then_upload else []
            elif spec.optional:
                slot["shape"] = 7
            if "." in spec.name:
                slot["label"] = spec.name.split(".")[-1]
            inputs.append(slot)
        sockets = [slot for slot in inputs if "widget" not in slot]
        nodes[key] = {
            "id": int(key),
            "type": entry["class_type"],
            "pos": [0, 0],
            "size": [300, 100],
            "flags": {},
            "order": len(nodes),
            "mode": entry.get("mode", 0),
            "inputs": sockets + [slot for slot in inputs if "widget" in slot],
            "outputs": [
                {"name": name, "type": kind, "slot_index": i, "links": []}
                for i, (name, kind) in enumerate(zip(info["output_name"], info["output"], strict=True))
            ],
            "properties": {"Node name for S&R": entry["class_type"], **properties(entry, info)},
            "widgets_values": values,
        }
        title = entry.get("_meta", {}).get("title")
        if title and title != info["display_name"]:
            nodes[key]["title"] = title
    for key, entry in api.items():
        for index, slot in enumerate(nodes[key]["inputs"]):
            value = entry["inputs"].get(slot["name"])
            if isinstance(value, list):
                source, output = nodes[value[0]], value[1]
                slot["link"] = len(links) + 1
                source["outputs"][output]["links"].append(slot["link"])
                links.append([slot["link"], source["id"], output, int(key), index, slot["type"]])
    boxes = [_place(group, api, nodes, object_info) for group in groups]
    last = max(int(key) for key in api)
    for i, note in enumerate(notes):
        nodes[f"note{i}"] = _note(last + 1 + i, note)
    return {
        "last_node_id": last + len(notes),
        "last_link_id": len(links),
        "nodes": list(nodes.values()),
        "links": links,
        "groups": boxes,
        "config": {},
        "extra": {"ds": {"scale": 0.6, "offset": [600, 120]}},
        "version": 0.4,
    }


def node_height(entry: dict, object_info: dict) -> int:
    """How high the page draws an API graph's node, with room for what it shows after a run."""
    kind, info = entry["class_type"], object_info[entry["class_type"]]
    specs = inputs_of(info, tuple(name for name, value in entry["inputs"].items() if isinstance(value, list)))
    widgets = [spec for spec in specs if spec.widget]
    height = max(len(specs) - len(widgets), len(info["output"])) * SLOT + len(widgets) * WIDGET + 16
    height += WIDGET * sum(spec.then_control + spec.then_upload for spec in widgets)
    height += PREVIEW * (kind in SHOWS_PICTURES) + REPORTS.get(kind, 0)
    return height + BADGE * info["python_module"].startswith("custom_nodes")


def _place(group: Group, api: dict, nodes: dict[str, dict], object_info: dict) -> dict:
    y = group.y + 80
    for key in group.nodes:
        node, height = nodes[key], group.heights.get(key) or node_height(api[key], object_info)
        node["pos"], node["size"] = [group.x + 20, y], [group.width - 40, height]
        y += height + TITLE + GAP
    box = [group.x, group.y, group.width, y - group.y - GAP]
    return {
        "id": int(group.nodes[0]),
        "title": group.title,
        "bounding": box,
        "color": BLUE,
        "font_size": 24,
        "flags": {},
    }


def _note(node_id: int, note: dict) -> dict:
    return {
        "id": node_id,
        "type": NOTE,
        "pos": note["pos"],
        "size": note["size"],
        "flags": {},
        "order": 0,
        "mode": 0,
        "inputs": [],
        "outputs": [],
        "title": note.get("title", "Note"),
        "properties": {},
        "widgets_values": [note["text"]],
        "color": "#432",
        "bgcolor": "#653",
    }


def api_from_ui(ui: dict, object_info: dict) -> dict:
    """What the front end would post for this file, without the values of links' widgets, titles and muted nodes."""
    links = {link[0]: link for link in ui["links"]}
    api = {}
    for node in ui["nodes"]:
        if node["type"] == NOTE or node["mode"] != 0:
            continue
        values = list(node["widgets_values"])
        linked = {slot["name"]: slot["link"] for slot in node["inputs"] if slot.get("link") is not None}
        inputs = {}
        for spec in inputs_of(object_info[node["type"]], tuple(linked)):
            value = None
            if spec.widget:
                value = values.pop(0)
                del values[: spec.then_control + spec.then_upload]
            if spec.name in linked:
                link = links[linked[spec.name]]
                inputs[spec.name] = [str(link[1]), link[2]]
            elif spec.widget:
                inputs[spec.name] = value
        if values:
            raise ValueError(f"{node['type']} {node['id']} has widget values that belong to no widget: {values}")
        api[str(node["id"])] = {"class_type": node["type"], "inputs": inputs}
    return api
