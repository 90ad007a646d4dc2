"""The pack loads: in both hosts, under any folder name, with no library loaded for it, and shows itself well."""

import json
import subprocess
import sys

import pytest
from harness.base_directory import make_base_directory
from harness.checkout import ROOT
from harness.server import compiling

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
        assert node["search_aliases"], f"{name} has no other words to be found by"


OF_THE_OFFICIAL_PACK = {
    "Apply InfuseNet",
    "Load InfuseNet",
    "ID Embedding Model Loader",
    "Extract ID Embedding",
    "Extract Face Pose Image",
}
NAMED_AFTER_THE_PAPER = {
    "ApplyInfuseNet": "Apply InfiniteYou (InfuseNet)",
    "LoadInfuseNet": "Load InfiniteYou (InfuseNet)",
    "EncodeFaceID": "Encode Face ID (InfiniteYou)",
}


def test_display_names_say_whose_they_are(server):
    """Beside the official pack nobody has to guess; the three that every graph needs carry the paper's name."""
    shown = {name: node["display_name"] for name, node in our_nodes(server).items()}
    assert not set(shown.values()) & OF_THE_OFFICIAL_PACK
    assert {name: shown.pop(name) for name in NAMED_AFTER_THE_PAPER} == NAMED_AFTER_THE_PAPER
    unsigned = [name for name in shown.values() if not name.endswith(" (InfU)")]
    assert not unsigned, f"display names that do not end in (InfU): {unsigned}"


def test_general_words_find_the_three_that_every_graph_needs(server):
    """Any other node with one of these words would push them down in the front end's search."""
    nodes = our_nodes(server)
    general = set.intersection(*(set(nodes[name]["search_aliases"]) for name in NAMED_AFTER_THE_PAPER))
    assert {"infiniteyou", "infu", "face id", "pulid", "instantid", "ip adapter face", "换脸", "人脸"} <= general
    for name in nodes.keys() - NAMED_AFTER_THE_PAPER.keys():
        shared = general & set(nodes[name]["search_aliases"])
        assert not shared, f"{name} is found under {shared}, before nodes that people look for"


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
