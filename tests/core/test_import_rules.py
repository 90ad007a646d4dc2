"""The house rules that a reader relies on: arrows go down, nothing that ships needs what does not, no circles.

`infu_core/`, `nodes/`, `miniature/` and the root's `__init__.py` ship; `workshop/` and `tests/` never do.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHIPPED = ("infu_core", "nodes", "miniature")
FILES = [ROOT / "__init__.py", *sorted(path for room in SHIPPED for path in (ROOT / room).rglob("*.py"))]
WORKSHOP = sorted((ROOT / "workshop").rglob("*.py"))

# A room may import rooms of its own floor's list only; a missing room may not be imported at all.
BELOW = {
    "residuals": set(),
    "typed_numbers": set(),
    "pack_version": set(),
    "miniature": set(),
    "faces": {"typed_numbers"},
    "networks": {"residuals", "faces"},
    "checkpoints": {"networks", "residuals", "faces", "pack_version"},
    "identity": {"networks", "residuals", "faces", "checkpoints", "typed_numbers"},
    "injection": {"identity", "checkpoints", "networks", "residuals", "faces", "typed_numbers"},
    "hosts": {"injection", "identity", "checkpoints", "networks", "residuals", "faces"},
    "evaluation": {"hosts", "identity", "checkpoints", "networks", "residuals", "faces", "pack_version"},
    "training": {"evaluation", "hosts", "injection", "identity", "checkpoints", "networks", "residuals", "faces"},
    "nodes": {
        "miniature",
        "typed_numbers",
        "hosts",
        "injection",
        "identity",
        "checkpoints",
        "networks",
        "residuals",
        "faces",
    },
    "the root": {"nodes"},
}
# Rooms inside a room, by the same rule; "" is what lies in plain sight at its top.
BELOW_IN_TRAINING = {
    "": {"loop", "data", "flux_dev"},
    "loop": {""},
    "data": {"", "loop", "flux_dev"},
    "flux_dev": {"", "loop", "data"},
}
LAZY = {
    "gguf",
    "insightface",
    "onnxruntime",
    "onnx",
    "facexlib",
    "cv2",
    "skimage",
    "scipy",
    "diffusers",
    "transformers",
    "PIL",
}
COMFYUI = {
    "comfy",
    "comfy_api",
    "comfy_extras",
    "comfy_execution",
    "folder_paths",
    "execution",
    "server",
    "node_helpers",
}
OURS = {"infu_core", "nodes", "miniature"}
NEVER_SHIPPED = {"workshop", "tests", "harness"}
DRAWS = ROOT / "miniature" / "faces"
"""The renderer, which *Drawn Face* imports when it runs: OpenCV may stand at the top of its files."""


def parts_of(path: Path) -> tuple[str, ...]:
    return path.relative_to(ROOT).with_suffix("").parts


def room_of(parts: tuple[str, ...]) -> str:
    if parts[0] == "infu_core":
        return parts[1] if len(parts) > 1 else "__init__"
    return "the root" if parts == ("__init__",) else parts[0]


def imports(path: Path, top_level_only: bool = False) -> Iterator[tuple[int, int, str]]:
    """Yield (line, level, dotted name) for each import in the file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in _top_level(tree) if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, 0, alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.lineno, node.level, ".".join(filter(None, (node.module, alias.name)))


def _top_level(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node that runs on import: not the bodies of functions, nor what only a type checker reads."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from _top_level(node)


def target(path: Path, level: int, name: str) -> tuple[str, ...]:
    """The path inside the pack that an import names, e.g. ("infu_core", "faces", "arcface")."""
    package = path.relative_to(ROOT).parent.parts if level else ()
    return package[: len(package) - level + 1] + tuple(name.split(".")) if level else tuple(name.split("."))


def room_arrows(path: Path) -> Iterator[tuple[int, str]]:
    """Yield (line, room) for each relative import of another room of the pack."""
    for line, level, name in imports(path):
        if level:
            room = room_of(target(path, level, name))
            if room != room_of(parts_of(path)):
                yield line, room


def file_of(parts: tuple[str, ...]) -> Path | None:
    """The file that an import of this dotted path runs: the module's, or the package's that holds the name."""
    for length in (len(parts), len(parts) - 1):
        for path in (ROOT.joinpath(*parts[:length]).with_suffix(".py"), ROOT.joinpath(*parts[:length], "__init__.py")):
            if length and path.is_file():
                return path
    return None


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
class TestOneFileThatShips:
    def test_arrows_go_down(self, path):
        here = room_of(parts_of(path))
        if here == "__init__":
            return
        assert here in BELOW, f"{path.relative_to(ROOT)} is in a room that the house does not know: {here}"
        upward = [f"line {line}: {here} -> {room}" for line, room in room_arrows(path) if room not in BELOW[here]]
        assert not upward, f"{path.relative_to(ROOT)} imports upward: {upward}"

    def test_own_code_is_imported_relatively(self, path):
        # In a ComfyUI host file, absolute `nodes` is ComfyUI's own nodes.py.
        ours = OURS - {"nodes"} if path.name.startswith("comfyui_") else OURS
        absolute = [(line, name) for line, level, name in imports(path) if not level and name.split(".")[0] in ours]
        assert not absolute, f"ComfyUI does not put the pack on sys.path; write these relatively: {absolute}"

    def test_nothing_is_imported_that_never_ships(self, path):
        missing = [(line, name) for line, level, name in imports(path) if target(path, level, name)[0] in NEVER_SHIPPED]
        assert not missing, f"these do not reach a user's disk: {missing}"

    def test_heavy_packages_are_imported_where_they_are_used(self, path):
        if room_of(parts_of(path)) == "training" or path.name == "diffusers_flux.py" or DRAWS in path.parents:
            return
        heavy = [
            (line, name)
            for line, level, name in imports(path, top_level_only=True)
            if not level and name.split(".")[0] in LAZY
        ]
        assert not heavy, f"import these inside the function that needs them: {heavy}"

    def test_comfyui_is_named_only_by_nodes_and_its_host(self, path):
        in_host = path.parent.name == "hosts" and path.name.startswith("comfyui_")
        allowed = room_of(parts_of(path)) in ("nodes", "the root") or in_host
        named = [(line, name) for line, level, name in imports(path) if not level and name.split(".")[0] in COMFYUI]
        assert allowed or not named, f"only nodes/ and infu_core/hosts/comfyui_*.py may import ComfyUI: {named}"


@pytest.mark.parametrize("path", WORKSHOP, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_workshop_imports_what_ships_by_its_own_name(path):
    """A relative import out of the workshop would work in a clone only as long as nobody moves a folder."""
    outside = [(line, name) for line, level, name in imports(path) if level and target(path, level, name)[0] in OURS]
    assert not outside, f"write these as infu_core... or miniature...: {outside}"


def test_training_has_rooms_of_its_own():
    top = ROOT / "infu_core" / "training"
    for path in sorted(top.rglob("*.py")):
        here = path.relative_to(top).parts[0] if path.parent != top else ""
        for line, level, name in imports(path):
            where = target(path, level, name)
            if level and where[:2] == ("infu_core", "training") and len(where) > 2:
                room = where[2] if (top / where[2]).is_dir() else ""
                assert room == here or room in BELOW_IN_TRAINING[here], f"{path.name} line {line}: {here} -> {room}"


def test_measures_know_no_host():
    """Of evaluation, only what drives servers does: its commands and `running/`."""
    top = ROOT / "infu_core" / "evaluation"
    for path in sorted(top.rglob("*.py")):
        hosts = [(line, room) for line, room in room_arrows(path) if room == "hosts"]
        drives = path.name == "__main__.py" or path.parent.name == "running"
        assert drives or not hosts, f"{path.relative_to(top)} names a host: {hosts}"


def test_no_circles():
    """Among files, counting what is imported when a module is."""
    arrows: dict[Path, set[Path]] = {}
    for path in FILES + WORKSHOP:
        # In what ships an absolute `nodes` is ComfyUI's own nodes.py.
        ours = [one for one in imports(path, top_level_only=True) if one[1] or path in WORKSHOP]
        named = (target(path, level, name) for _, level, name in ours)
        arrows[path] = {found for parts in named if (found := file_of(parts)) and found != path}
    done: set[Path] = set()

    def visit(path: Path, trail: list[Path]) -> None:
        assert path not in trail, " -> ".join(str(step.relative_to(ROOT)) for step in [*trail, path])
        if path not in done:
            for other in sorted(arrows.get(path, ())):
                visit(other, [*trail, path])
            done.add(path)

    for path in arrows:
        visit(path, [])


def test_no_file_is_longer_than_a_reader_likes():
    long = {str(path.relative_to(ROOT)): count for path in FILES + WORKSHOP if (count := lines_in(path)) > 300}
    assert not long, f"split these by idea, not by size: {long}"


def lines_in(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_the_rules_see_a_breach(tmp_path, monkeypatch):
    """The rules are only worth something where a breach is found."""
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    path = tmp_path / "infu_core" / "faces" / "wrong.py"
    path.parent.mkdir(parents=True)
    path.write_text(
        "import cv2\nimport infu_core\nimport comfy.ops\nimport workshop\nfrom ..hosts import comfyui_memory\n"
    )
    rules = TestOneFileThatShips()
    for rule in (
        rules.test_arrows_go_down,
        rules.test_own_code_is_imported_relatively,
        rules.test_nothing_is_imported_that_never_ships,
        rules.test_heavy_packages_are_imported_where_they_are_used,
        rules.test_comfyui_is_named_only_by_nodes_and_its_host,
    ):
        with pytest.raises(AssertionError):
            rule(path)


def test_a_circle_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    room = tmp_path / "infu_core"
    room.mkdir()
    for one, other in (("a", "b"), ("b", "c"), ("c", "a")):
        (room / f"{one}.py").write_text(f"from .{other} import something\n")
    monkeypatch.setattr(f"{__name__}.FILES", sorted(room.glob("*.py")))
    monkeypatch.setattr(f"{__name__}.WORKSHOP", [])
    with pytest.raises(AssertionError, match="a.py -> .*b.py -> .*c.py -> .*a.py"):
        test_no_circles()
