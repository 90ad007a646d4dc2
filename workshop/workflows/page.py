"""A workflow as it is written down: nodes with their wires, the groups that they lie in, and what its note says."""

from dataclasses import dataclass, field

NOBODY_HOME = 2
"""ComfyUI's mode of a node that is muted."""


@dataclass(frozen=True)
class Node:
    """A node of a graph. As an input of another it is its first output; `node[1]` is its second."""

    key: str

    def __getitem__(self, output: int) -> list:
        return [self.key, output]


@dataclass(frozen=True)
class Part:
    """Nodes one below the other under one headline. `heights`: of nodes that are not as high as usual."""

    title: str
    nodes: tuple[str, ...]
    heights: dict[str, int]


@dataclass(frozen=True)
class Note:
    """`shows`: what the picture is. `change`: settings to change first, one a line. `costs`: time, memory, files."""

    title: str
    shows: str
    change: tuple[str, ...]
    costs: str


@dataclass
class Graph:
    """Nodes with their wires and the groups that they lie in, in the order of the work."""

    note: Note | None = None
    api: dict[str, dict] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)

    def add(self, class_type: str, title: str | None = None, muted: bool = False, **inputs) -> Node:
        wired = {name: value[0] if isinstance(value, Node) else value for name, value in inputs.items()}
        node = Node(str(len(self.api) + 1))
        self.api[node.key] = {"class_type": class_type, "inputs": wired}
        if title:
            self.api[node.key]["_meta"] = {"title": title}
        if muted:
            self.api[node.key]["mode"] = NOBODY_HOME
        return node

    def group(self, title: str, *nodes: Node, heights: dict[Node, int] | None = None) -> None:
        sizes = {node.key: height for node, height in (heights or {}).items()}
        title = f"{len(self.parts) + 1}  {title}"
        self.parts.append(Part(title, tuple(node.key for node in nodes), sizes))

    def awake(self) -> dict[str, dict]:
        """What the server is asked for: all but the muted nodes."""
        return {key: entry for key, entry in self.api.items() if "mode" not in entry}
