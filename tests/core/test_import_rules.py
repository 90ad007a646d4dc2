"""The house rules that a reader relies on: arrows go down, imports are relative, importing the pack costs nothing."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(path for room in ("infu_core", "nodes") for path in (ROOT / room).rglob("*.py"))

# A room may import rooms of its own floor's list only; a missing room may not be imported at all.
BELOW = {
    "residuals": set(),
    "faces": set(),
    "networks": {"residuals", "faces"},
    "checkpoints": {"networks", "residuals", "faces"},
    "identity": {"networks", "residuals", "faces", "checkpoints"},
    "injection": {"identity", "checkpoints", "networks", "residuals", "faces"},
    "hosts": {"injection", "identity", "checkpoints", "networks", "residuals", "faces"},
    "evaluation": {"identity", "checkpoints", "networks", "residuals", "faces"},
    "training": {"evaluation", "hosts", "injection", "identity", "checkpoints", "networks", "residuals", "faces"},
    "nodes": {"miniature", "hosts", "injection", "identity", "checkpoints", "networks", "residuals", "faces"},
}
LAZY = {"insightface", "onnxruntime", "onnx", "facexlib", "cv2", "skimage", "scipy", "diffusers", "transformers", "PIL"}
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
OURS = {"infu_core", "nodes"}


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return "nodes" if parts[0] == "nodes" else (parts[1] if len(parts) > 1 else "")


def imports(path: Path, top_level_only: bool = False):
    """Yield (line, level, dotted name) for each import in the file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in _top_level(tree) if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, 0, alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.lineno, node.level, ".".join(filter(None, (node.module, alias.name)))


def _top_level(tree: ast.AST):
    """Every node that runs on import: not the bodies of functions, nor what only a type checker reads."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from _top_level(node)


def target(path: Path, level: int, name: str) -> tuple[str, ...]:
    """The path inside the pack that a relative import names, e.g. ("infu_core", "faces", "arcface")."""
    package = path.relative_to(ROOT).parent.parts
    return package[: len(package) - level + 1] + tuple(name.split("."))


def room_arrows(path: Path):
    """Yield (line, room) for each import of another room of the pack."""
    for line, level, name in imports(path):
        if level == 0:
            continue
        parts = target(path, level, name)
        room = parts[0] if parts[0] in ("nodes", "miniature") else (parts[1] if len(parts) > 1 else "")
        if room != room_of(path):
            yield line, room


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
class TestOneFile:
    def test_arrows_go_down(self, path):
        here = room_of(path)
        if here in ("__init__", ""):
            return
        assert here in BELOW, f"{path.relative_to(ROOT)} is in a room that the house does not know: {here}"
        upward = [f"line {line}: {here} -> {room}" for line, room in room_arrows(path) if room not in BELOW[here]]
        assert not upward, f"{path.relative_to(ROOT)} imports upward: {upward}"

    def test_own_code_is_imported_relatively(self, path):
        # In a ComfyUI host file, absolute `nodes` is ComfyUI's own nodes.py.
        ours = OURS - {"nodes"} if path.name.startswith("comfyui_") else OURS
        absolute = [(line, name) for line, level, name in imports(path) if not level and name.split(".")[0] in ours]
        assert not absolute, f"ComfyUI does not put the pack on sys.path; write these relatively: {absolute}"

    def test_heavy_packages_are_imported_where_they_are_used(self, path):
        if room_of(path) == "training" or path.name == "diffusers_flux.py":
            return
        heavy = [
            (line, name)
            for line, level, name in imports(path, top_level_only=True)
            if not level and name.split(".")[0] in LAZY
        ]
        assert not heavy, f"import these inside the function that needs them: {heavy}"

    def test_comfyui_is_named_only_by_nodes_and_its_host(self, path):
        allowed = room_of(path) == "nodes" or (path.parent.name == "hosts" and path.name.startswith("comfyui_"))
        named = [(line, name) for line, level, name in imports(path) if not level and name.split(".")[0] in COMFYUI]
        assert allowed or not named, f"only nodes/ and infu_core/hosts/comfyui_*.py may import ComfyUI: {named}"


def test_the_rules_see_a_breach(tmp_path, monkeypatch):
    """The rules are only worth something where a breach is found."""
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    path = tmp_path / "infu_core" / "faces" / "wrong.py"
    path.parent.mkdir(parents=True)
    path.write_text("import cv2\nimport infu_core\nimport comfy.ops\nfrom ..hosts import comfyui_flux\n")
    rules = TestOneFile()
    for rule in (
        rules.test_arrows_go_down,
        rules.test_own_code_is_imported_relatively,
        rules.test_heavy_packages_are_imported_where_they_are_used,
        rules.test_comfyui_is_named_only_by_nodes_and_its_host,
    ):
        with pytest.raises(AssertionError):
            rule(path)
