"""What CONTRIBUTING.md says of the house is so: the tree, the index, and the commands that all pages name."""

import importlib.util
import re
from pathlib import Path

import pytest
from harness.checkout import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
INDEX = re.findall(r"^\| (.+?) \| `([\w/]+\.py)` \|$", TEXT, re.MULTILINE)
PAGES = [path for folder in (".", "docs", "workflows", "miniature") for path in sorted((ROOT / folder).glob("*.md"))]
MADE_HERE = {"build/", "output/"}
MODULE = re.compile(r"(?:python|accelerate launch) -m ((?:infu_core|workshop)[\w.]*\w)")
SCRIPT = re.compile(r"python ((?:tests|workshop)/[\w/]+\.py)")
TARGET = re.compile(r"`make (\w+)`|^make (\w+)", re.MULTILINE)


def tree() -> tuple[list[str], list[str]]:
    """The drawn rows: names at the top, and names within infu_core (its arms)."""
    drawing = TEXT.split("```")[1]
    top = [name for row in re.findall(r"^(\S.*?)(?:  |$)", drawing, re.MULTILINE) for name in row.split(", ")]
    return top, re.findall(r"^   (?:\||')-- (\S+)", drawing, re.MULTILINE)


def words(text: str) -> set[str]:
    """Words cut to five letters, so that `forecast` and `forecasts`, `mix` and `mixes` are one."""
    return {word[:5].rstrip("s") for word in re.findall(r"[a-z]+", text.lower())}


def of_folder(folder: Path) -> set[str]:
    """What lies in a folder that the tree should draw: rooms, and files of code that are no `__init__`."""
    rooms = {f"{path.name}/" for path in folder.iterdir() if path.is_dir() and any(path.rglob("*.*[!c]"))}
    return {room for room in rooms if room[0] not in "._"} - MADE_HERE


def test_the_tree_draws_every_room_of_the_engine_and_no_other():
    _, drawn = tree()
    engine = ROOT / "infu_core"
    modules = {path.name for path in engine.glob("*.py")} - {"__init__.py"}
    assert set(drawn) == {room for room in of_folder(engine) if "__pycache__" not in room} | modules


def test_the_tree_draws_every_folder_of_the_repository_and_no_other():
    folders = {name for name in tree()[0] if name.endswith("/")}
    assert folders == of_folder(ROOT)


def test_what_the_tree_says_of_a_room_is_there():
    """After the name stand rooms inside it (`loop/`): each is a folder there."""
    drawing = TEXT.split("```")[1]
    for room, rest in re.findall(r"^[ |'-]*(\w+)/ (.*(?:\n {20,}.*)*)", drawing, re.MULTILINE):
        folder = next(path for path in (ROOT / room, ROOT / "infu_core" / room) if path.is_dir())
        missing = [inner for inner in re.findall(r"(\w+)/", rest) if not (folder / inner).is_dir()]
        assert not missing, f"{room}/ has no {missing}"


def test_the_index_answers_thirty_questions_and_more():
    assert len(INDEX) == len({file for _, file in INDEX}) >= 30


@pytest.mark.parametrize(("behaviour", "file"), INDEX, ids=lambda value: value)
def test_a_file_of_the_index_is_there_and_is_called_after_the_behaviour(behaviour, file):
    assert (ROOT / file).is_file()
    assert words(behaviour) & words(Path(file).stem), f"no word of {file} stands in: {behaviour}"


def named(pattern: re.Pattern) -> set[tuple[str, str]]:
    return {
        (page.name, next(filter(None, found if isinstance(found, tuple) else (found,))))
        for page in PAGES
        for found in pattern.findall(page.read_text(encoding="utf-8"))
    }


def test_pages_name_commands():
    assert len({module for _, module in named(MODULE)}) >= 15 and named(SCRIPT) and named(TARGET)


@pytest.mark.parametrize(("page", "module"), sorted(named(MODULE)))
def test_a_documented_command_can_be_run(page, module):
    """`python -m` wants a module, or a package with `__main__`; one that does nothing when run is no command."""
    spec = importlib.util.find_spec(module)
    assert spec, f"{page}: there is no {module}"
    if spec.submodule_search_locations:
        spec = importlib.util.find_spec(f"{module}.__main__")
    assert spec and spec.origin and "__main__" in Path(spec.origin).read_text(encoding="utf-8") + spec.name, page


@pytest.mark.parametrize(("page", "script"), sorted(named(SCRIPT)))
def test_a_documented_script_is_there(page, script):
    assert (ROOT / script).is_file(), page


@pytest.mark.parametrize(("page", "target"), sorted(named(TARGET)))
def test_a_documented_target_is_in_the_makefile(page, target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE), page
