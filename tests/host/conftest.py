"""Real ComfyUI for the tests of this folder; how to use each fixture is told in tests/harness/."""

import shutil
from pathlib import Path

import pytest
from harness.base_directory import make_base_directory, write_all_models
from harness.checkout import find_old_comfyui
from harness.in_process import InProcessComfyUI
from harness.server import ComfyServer


@pytest.fixture(scope="session")
def shared_models(tmp_path_factory):
    """A folder whose `models/` every base directory of this run shares."""
    folder = tmp_path_factory.mktemp("shared")
    write_all_models(folder)
    return folder


@pytest.fixture(scope="session")
def comfyui(comfyui_path, shared_models, tmp_path_factory):
    """ComfyUI in this process, with the pack loaded: see `harness.in_process`."""
    base = make_base_directory(tmp_path_factory.mktemp("comfyui"), shared_models)
    return InProcessComfyUI.start(comfyui_path, base)


@pytest.fixture
def folder(comfyui):
    """A folder of this test's own below models/infinite_you, gone afterwards."""
    path = Path(comfyui.base.path) / "models" / "infinite_you" / "of_a_test"
    path.mkdir()
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="session")
def server(comfyui_path, shared_models, tmp_path_factory):
    """A running server of the checkout under test: see `harness.server`."""
    with ComfyServer(comfyui_path, make_base_directory(tmp_path_factory.mktemp("server"), shared_models)) as running:
        yield running


@pytest.fixture(scope="session")
def old_server(shared_models, tmp_path_factory):
    """A running server of ComfyUI 0.14, the oldest version that the pack claims."""
    checkout = find_old_comfyui()
    if checkout is None:
        pytest.skip("[host-0.14] no ComfyUI 0.14 was found (set COMFYUI_OLD_PATH)")
    with ComfyServer(checkout, make_base_directory(tmp_path_factory.mktemp("old"), shared_models)) as running:
        yield running


@pytest.fixture(params=["server", "old_server"])
def any_server(request, comfyui_path):
    """Each running server in turn."""
    return request.getfixturevalue(request.param)
