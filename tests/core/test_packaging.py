"""What an installer reads: one list of requirements, no torch in it, a version that the change log knows."""

import re
import sys
from pathlib import Path

import pytest

if sys.version_info < (3, 11):
    pytest.skip("tomllib came with Python 3.11", allow_module_level=True)
import tomllib

ACCELERATORS = {"NVIDIA CUDA", "AMD ROCm", "Intel Arc", "Apple Metal"}
"""What the registry's own client reads behind "Environment :: GPU ::"; one other value and it takes none of them."""

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def requirements(path: str) -> list[str]:
    lines = (line.split("#")[0].strip() for line in (ROOT / path).read_text().splitlines())
    return [line for line in lines if line]


def names(lines: list[str]) -> set[str]:
    return {re.split(r"[\[<>=!;~ ]", line)[0].lower().replace("_", "-") for line in lines}


def test_pyproject_and_requirements_agree():
    assert PROJECT["project"]["dependencies"] == requirements("requirements.txt")


def test_torch_belongs_to_the_host():
    assert not names(requirements("requirements.txt")) & {"torch", "torchvision", "torchaudio", "numpy"}


def test_the_tested_set_pins_everything_we_ask_for():
    pinned = names(requirements("constraints.txt"))
    wanted = names(requirements("requirements.txt") + requirements("tests/requirements.txt"))
    assert wanted <= pinned, wanted - pinned
    loose = [line for line in requirements("constraints.txt") if "==" not in line]
    assert not loose, loose


def test_registry_fields():
    project, comfy = PROJECT["project"], PROJECT["tool"]["comfy"]
    assert re.fullmatch(r"[a-z][a-z0-9._-]{2,99}", project["name"]) and "comfyui" not in project["name"]
    assert re.fullmatch(r"\d+\.\d+\.\d+", project["version"])
    assert (ROOT / project["license"]["file"]).exists() and project["urls"]["Repository"]
    environments = [line for line in project["classifiers"] if line.startswith("Environment")]
    assert environments and {line.removeprefix("Environment :: GPU :: ") for line in environments} <= ACCELERATORS
    assert comfy["PublisherId"] and comfy["DisplayName"] and comfy["requires-comfyui"] == ">=0.14.0"


def test_the_change_log_knows_the_version():
    assert f"## {PROJECT['project']['version']}" in (ROOT / "CHANGELOG.md").read_text()


def test_the_registry_s_pictures_have_its_sizes():
    """A square icon of 400 pixels at most, a banner of 21:9; both drawn by `python -m workshop.pictures.icon`."""
    from PIL import Image

    for name, (width, height) in (("Icon", (400, 400)), ("Banner", (1260, 540))):
        file = ROOT / "docs" / "registry" / PROJECT["tool"]["comfy"][name].rsplit("/", 1)[1]
        assert Image.open(file).size == (width, height) and width * 9 in (height * 9, height * 21)


def test_the_citation_knows_the_version():
    assert f"version: {PROJECT['project']['version']}\n" in (ROOT / "CITATION.cff").read_text()


def test_nothing_is_published_untested():
    publish = (ROOT / ".github" / "workflows" / "publish.yml").read_text()
    tests = (ROOT / ".github" / "workflows" / "tests.yml").read_text()
    assert "needs: tests" in publish and "uses: ./.github/workflows/tests.yml" in publish
    assert "bash .ci/run" in tests and {"windows-latest", "macos-latest"} <= set(re.findall(r"[a-z]+-latest", tests))
