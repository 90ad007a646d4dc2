"""A workflow as it is written down in `make_workflows`: nodes with their wires, and where they lie on the page."""

from dataclasses import dataclass, field

from harness.graphs import Group


@dataclass(frozen=True)
class Node:
    """A node of a graph. As an input of another it is its first output; `node[1]` is its second."""

    key: str

    def __getitem__(self, output: int) -> list:
        return [self.key, output]


@dataclass
class Graph:
    """Nodes with their wires, and the page that they lie on: columns from left to right, a note before the first."""

    api: dict[str, dict] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)
    notes: list[dict] = field(default_factory=list)

    def add(self, class_type: str, title: str | None = None, **inputs) -> Node:
        wired = {name: value[0] if isinstance(value, Node) else value for name, value in inputs.items()}
        node = Node(str(len(self.api) + 1))
        self.api[node.key] = {"class_type": class_type, "inputs": wired}
        if title:
            self.api[node.key]["_meta"] = {"title": title}
        return node

    def column(self, title: str, *nodes: Node, width: int = 360, heights: dict[Node, int] | None = None) -> None:
        """The next group to the right."""
        last = self.groups[-1] if self.groups else Group("", -40, 0, [])
        self._group(title, last.x + last.width + 40, 0, width, nodes, heights)

    def below(self, title: str, *nodes: Node, y: int = 520, heights: dict[Node, int] | None = None) -> None:
        """A group under the last one."""
        self._group(title, self.groups[-1].x, y, self.groups[-1].width, nodes, heights)

    def _group(self, title, x, y, width, nodes, heights) -> None:
        sizes = {node.key: height for node, height in (heights or {}).items()}
        title = f"{len(self.groups) + 1}  {title}"
        self.groups.append(Group(title, x, width, [node.key for node in nodes], y, sizes))

    def note(self, text: str, height: int = 640) -> None:
        self.notes.append({"title": "Read me", "pos": [-460, 30], "size": [420, height], "text": text})
