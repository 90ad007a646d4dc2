"""Real ComfyUI inside the test process, on the CPU, with our pack loaded by ComfyUI's own loader.

Tests ask for the fixture `comfyui` (tests/host/conftest.py):

    def test_strength_zero(comfyui):
        model = comfyui.call("UNETLoader", unet_name=comfyui.names.flux, weight_dtype="default")[0]
        net = comfyui.call("LoadInfuseNet", infusenet=comfyui.names.infusenet, projector="auto")[0]
        Residuals = comfyui.module("infu_core.residuals").Residuals     # the pack's own copy, not `import infu_core`
        seen = comfyui.run(graph, capture={"latent": ["5", 0]})["latent"]  # graph: API format, real PromptExecutor

Take classes of the pack from `comfyui.module(...)` only: `import infu_core` would be a second copy of every class.
"""

import asyncio
import importlib
import inspect
import sys
import uuid
from pathlib import Path
from typing import Any

from harness.base_directory import BaseDirectory

BUILTIN_NODES = (
    "nodes_custom_sampler",
    "nodes_flux",
    "nodes_model_advanced",
    "nodes_easycache",
    "nodes_cond",
    "nodes_nag",
    "nodes_context_windows",
)
BUILTIN_NODES += (
    "nodes_mask",
    "nodes_edit_model",
    "nodes_torch_compile",
    "nodes_controlnet",
    "nodes_hooks",
    "nodes_sd3",
    "nodes_slg",
    "nodes_pag",
    "nodes_apg",
    "nodes_cfg",
    "nodes_tcfg",
    "nodes_fresca",
    "nodes_eps",
    "nodes_differential_diffusion",
)


class ExecutionError(RuntimeError):
    """What a node raised while a graph ran, in ComfyUI's words."""


class InProcessComfyUI:
    """One ComfyUI per process: `start` may run once."""

    def __init__(self, nodes, execution, pack, base: BaseDirectory):
        self.nodes, self.execution, self.pack, self.base = nodes, execution, pack, base
        self.names = base.names
        self._server = _SilentServer()
        self._executor = None

    @classmethod
    def start(cls, checkout: Path, base: BaseDirectory, device=("--cpu",)) -> "InProcessComfyUI":
        """Import ComfyUI from `checkout` and load the pack, the test nodes and the stock nodes we use.

        `device`: the arguments that choose it; none for what ComfyUI finds.
        """
        arguments = sys.argv
        sys.argv = ["main.py", *device, "--base-directory", str(base.path), "--disable-api-nodes"]
        try:
            import comfy.options

            comfy.options.enable_args_parsing()
            import comfy.cli_args  # noqa: F401 - reads sys.argv while it is ours
        finally:
            sys.argv = arguments
        import execution
        import folder_paths

        import nodes

        for kind in ("output", "temp", "input", "user"):
            getattr(folder_paths, f"set_{kind}_directory")(str(base.path / kind))
        custom = base.path / "custom_nodes"

        async def load():
            for name in BUILTIN_NODES:
                path = checkout / "comfy_extras" / f"{name}.py"
                if path.exists() and not await nodes.load_custom_node(str(path), module_parent="comfy_extras"):
                    raise RuntimeError(f"ComfyUI could not load its own {name}.")
            for path in (base.pack, custom / "infu_test_nodes"):
                if not await nodes.load_custom_node(str(path), module_parent="custom_nodes"):
                    raise RuntimeError(f"ComfyUI could not load {path.name}; its log says why.")

        asyncio.run(load())
        return cls(nodes, execution, _loaded(base.pack), base)

    def module(self, name: str):
        """A module of the loaded pack, e.g. "infu_core.injection.injector" or "nodes.sockets"."""
        return importlib.import_module(f"{self.pack.__name__}.{name}")

    def node(self, node_id: str):
        """The node's class, ours or ComfyUI's."""
        if node_id not in self.nodes.NODE_CLASS_MAPPINGS:
            raise KeyError(f"ComfyUI knows no node {node_id}.")
        return self.nodes.NODE_CLASS_MAPPINGS[node_id]

    def call(self, node_id: str, **inputs) -> tuple:
        """Run one node on values and return its outputs; widgets that are left out take their defaults."""
        import torch

        node = self.node(node_id)
        inputs = self._defaults(node) | inputs
        with torch.inference_mode():
            if hasattr(node, "GET_SCHEMA"):
                node.GET_SCHEMA()
                result = node.PREPARE_CLASS_CLONE(None).execute(**inputs)
                result = asyncio.run(_wait(result)) if inspect.isawaitable(result) else result
                return tuple(result.result or ())
            result = getattr(node(), node.FUNCTION)(**inputs)
        return tuple(result.get("result", ())) if isinstance(result, dict) else tuple(result)

    def run(self, graph: dict, capture: dict[str, list] | None = None) -> dict[str, Any]:
        """Run an API-format graph as the server would; return the captured outputs by name.

        `capture` maps a name to a link, e.g. {"latent": ["5", 0]}. Raises ExecutionError where a node fails.
        """
        graph = {str(key): value for key, value in graph.items()}
        run_id = uuid.uuid4().hex
        for name, link in (capture or {}).items():
            inputs = {"key": f"{run_id}:{name}", "value": link}
            graph[f"capture:{name}"] = {"class_type": "TestCapture", "inputs": inputs}
        valid, error, outputs, node_errors = asyncio.run(self.execution.validate_prompt(run_id, graph, None))
        if not valid:
            raise ExecutionError(f"{error}; {node_errors}")
        executor = self._executor or self._new_executor()
        executor.execute(graph, run_id, execute_outputs=outputs)
        for event, data in executor.status_messages:
            if event in ("execution_error", "execution_interrupted"):
                raise ExecutionError(f"{data['node_type']}: {data.get('exception_message', 'interrupted').strip()}")
        captured = _loaded(self.base.path / "custom_nodes" / "infu_test_nodes").CAPTURED
        return {name: captured.pop(f"{run_id}:{name}") for name in capture or {}}

    def forget(self) -> None:
        """Drop what ComfyUI cached from earlier graphs, so that the next `run` executes every node again."""
        self._executor = None

    def _new_executor(self):
        classic = self.execution.CacheType.CLASSIC
        arguments = {"lru": 0, "ram": 0, "ram_inactive": 0}
        self._executor = self.execution.PromptExecutor(self._server, cache_type=classic, cache_args=arguments)
        return self._executor

    @staticmethod
    def _defaults(node) -> dict:
        defaults = {}
        for name, spec in node.INPUT_TYPES().get("required", {}).items():
            kind, options = spec[0], (spec[1] if len(spec) > 1 else {})
            if "default" in options:
                defaults[name] = options["default"]
            elif isinstance(kind, list) and kind:
                defaults[name] = kind[0]
            elif kind == "COMBO" and options.get("options"):
                defaults[name] = options["options"][0]
        return defaults


class _SilentServer:
    """What a PromptExecutor needs of a server, with nobody connected."""

    client_id = None
    last_node_id = None
    last_prompt_id = None
    sockets_metadata: dict = {}

    def send_sync(self, event, data, sid=None):
        pass


def _loaded(folder: Path):
    """The module that ComfyUI's loader made of a custom node folder, under the name it gives it."""
    return sys.modules[str(folder).replace(".", "_x_")]


async def _wait(result):
    return await result
