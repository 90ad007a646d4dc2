"""The pack loads: in both hosts, under any folder name, with no library loaded for it, and shows itself well."""

import json
import subprocess
import sys

import pytest
from harness.base_directory import make_base_directory
from harness.checkout import ROOT
from harness.server import compiling

ALIASES = ("infiniteyou", "face id", "pulid", "instantid")
CORE_IDS = {"LoadInfuseNet", "EncodeFaceID", "MixIdentities", "ApplyInfuseNet", "InfuSampler"}


def our_nodes(server) -> dict[str, dict]:
    folder = f"custom_nodes.{server.base.pack.name}"
    return {name: node for name, node in server.get("/object_info").items() if node["python_module"] == folder}


def inputs_of(node: dict):
    """Yield (name, options) for every input; of an input that grows, for its pattern too."""
    for group in ("required", "optional"):
        for name, (_, *options) in node["input"].get(group, {}).items():
            yield name, options[0] if options else {}


def test_the_server_knows_every_node(any_server):
    missing = CORE_IDS - our_nodes(any_server).keys()
    assert not missing, f"not registered: {missing}\n{any_server.log()[-3000:]}"


def test_nothing_is_said_about_us_in_the_log(any_server):
    """No warning and no error at start that names the pack."""
    start = any_server.log().split("Starting server")[0]
    spoken = [line for line in start.splitlines() if "infu" in line.lower() and " seconds" not in line]
    assert not spoken, spoken
    assert "IMPORT FAILED" not in start and "Traceback" not in start, start


def test_every_node_can_be_found_and_understood(any_server):
    for name, node in our_nodes(any_server).items():
        assert node["category"].split("/")[0] == "InfU", f"{name} is in {node['category']}"
        assert node["display_name"] and node["display_name"] != name, f"{name} has no display name"
        assert node["description"], f"{name} has no description"
        missing = [alias for alias in ALIASES if alias not in node["search_aliases"]]
        assert not missing, f"{name} is not found under {missing}"


def test_every_input_has_a_tooltip(any_server):
    silent = [
        f"{node}.{name}"
        for node, info in our_nodes(any_server).items()
        for name, options in inputs_of(info)
        if len(options.get("tooltip") or "") < 10 and "template" not in options
    ]
    assert not silent, f"no tooltip: {silent}"


def test_no_stock_node_is_replaced(server):
    """Every node of the pack is new to ComfyUI: its ids collide with none of the host's."""
    stock = {
        name
        for name, node in server.get("/object_info").items()
        if not node["python_module"].startswith("custom_nodes")
    }
    assert not stock & our_nodes(server).keys() and CORE_IDS <= our_nodes(server).keys()


FOLDERS = ("infu-nodes", "ComfyUI_InfU", "infu nodes 0.1", "1nfu.main")
LOAD = """
import asyncio, json, sys
sys.path.insert(0, {comfyui!r})
sys.argv = ["main.py", "--cpu", "--base-directory", {base!r}]
import comfy.options
comfy.options.enable_args_parsing()
import nodes, comfy_api.latest, comfy.samplers, comfy.sd, comfy.sample, comfy_config.config_parser
for folder in {folders!r}:
    before = set(sys.modules)
    done = asyncio.run(nodes.load_custom_node({base!r} + "/custom_nodes/" + folder, module_parent="custom_nodes"))
    new = sorted(set(sys.modules) - before)
    print("RESULT", json.dumps(dict(folder=folder, done=done, new=new)))
"""


@pytest.fixture(scope="module")
def loads(comfyui_path, shared_models, tmp_path_factory):
    """The pack loaded by ComfyUI's loader in a process of its own, once under each folder name, through symlinks."""
    path = tmp_path_factory.mktemp("folders")
    make_base_directory(path, shared_models, pack_folder=FOLDERS[0])
    for folder in FOLDERS[1:]:
        (path / "custom_nodes" / folder).symlink_to(ROOT, target_is_directory=True)
    script = LOAD.format(comfyui=str(comfyui_path), base=str(path), folders=FOLDERS)
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=path, env=compiling())
    lines = [line.removeprefix("RESULT ") for line in result.stdout.splitlines() if line.startswith("RESULT ")]
    assert len(lines) == len(FOLDERS), result.stderr[-3000:]
    return {outcome["folder"]: outcome | {"log": result.stderr} for outcome in map(json.loads, lines)}


@pytest.mark.parametrize("folder", FOLDERS)
def test_any_folder_name_through_a_symlink(loads, folder):
    assert loads[folder]["done"], loads[folder]["log"][-3000:]


def test_importing_loads_nothing_but_the_pack(loads):
    """No library that ComfyUI has not loaded itself, so starting with the pack takes no longer than reading it."""
    for outcome in loads.values():
        libraries = {name.split(".")[0] for name in outcome["new"] if "/custom_nodes/" not in name}
        unasked = libraries - sys.stdlib_module_names
        assert not unasked, f"loaded at start although only some runs need them: {unasked}"


def test_the_entry_file_imports_nothing():
    """What pytest and ComfyUI's first import read must not need ComfyUI."""
    command = "import sys; before = set(sys.modules); import runpy; runpy.run_path('__init__.py'); "
    command += (
        "print([m for m in set(sys.modules) - before if m.split('.')[0] in ('torch', 'comfy', 'nodes', 'numpy')])"
    )
    result = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, cwd=ROOT)
    assert result.stdout.strip() == "[]", result.stdout + result.stderr
