"""study.toml -> `Study`. docs/evaluation.md shows one."""

from pathlib import Path
from typing import Any

from .method_graph import StudyError, read_graph
from .people_and_prompts import read_people, read_prompts
from .study import NEXT, OWN, Comparison, Method, Person, Study

GRAPHS = Path(__file__).parents[1] / "graphs"
TOP = {
    "name": str, "people": str, "prompts": str, "seeds": int, "sizes": list, "results": str, "subjects": list,
    "scoring": dict, "method": list, "comparison": list,
}  # fmt: skip
METHOD = {
    "id": str, "graph": str, "bare": bool, "conditioned_on": list, "photo_of": str, "noise": str, "note": str,
    "holes": dict, "set": dict, "template": str,
}  # fmt: skip
COMPARISON = {"a": str, "b": str, "measure": str, "margin": (int, float)}
SCORING = {
    "detector": str, "detector_size": int, "judges": str, "judges_folder": str, "use": list, "headline": list,
    "clip": str, "clip_for_faces": str, "pick_score": str, "style_tag": str, "style_words": dict, "device": str,
    "half": bool, "batch": int, "face_threshold": (int, float),
}  # fmt: skip


def read_study(path: Path) -> Study:
    """Open a study. Paths in it are relative to its folder. Raises `StudyError` in one sentence."""
    table = checked(toml(path), TOP, path.name, ("name", "people", "prompts", "method"))
    folder = path.resolve().parent
    people = read_people(folder / table["people"])
    methods = tuple(read_method(entry, folder, number) for number, entry in enumerate(table["method"], 1))
    if not methods:
        raise StudyError(f"{path.name} has no [[method]]; a study compares two at least, one of them bare.")
    return Study(
        name=table["name"],
        folder=folder,
        results=folder / table.get("results", "results"),
        people=people,
        subjects=read_subjects(table.get("subjects"), people),
        prompts=read_prompts(folder / table["prompts"]),
        methods=methods,
        comparisons=tuple(read_comparison(one, n) for n, one in enumerate(table.get("comparison", []), 1)),
        seeds=table.get("seeds", 1),
        sizes=tuple(read_size(size) for size in table.get("sizes", [[864, 1152]])),
        scoring=checked(table.get("scoring", {}), SCORING, "[scoring]", ()),
    )


def toml(path: Path) -> dict:
    try:
        import tomllib
    except ModuleNotFoundError:
        raise StudyError("Reading a study needs Python 3.11 or later; this is an older one.") from None
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StudyError(f"The study {path} does not exist.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise StudyError(f"{path.name} is not TOML ({error}).") from None


def checked(table: Any, known: dict, where: str, needed: tuple[str, ...]) -> dict:
    """The table, if every entry is known and of its type and none that is needed lacks."""
    if not isinstance(table, dict):
        raise StudyError(f"{where} must be a table of settings; it is {table!r}.")
    unknown = sorted(table.keys() - known.keys())
    if unknown:
        raise StudyError(f"{where} has an unknown setting {unknown[0]!r}; it can have {', '.join(known)}.")
    lacking = [name for name in needed if name not in table]
    if lacking:
        raise StudyError(f"{where} lacks {', '.join(lacking)}.")
    for name, value in table.items():
        kinds = known[name] if isinstance(known[name], tuple) else (known[name],)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            words = " or ".join(WORDS[kind] for kind in kinds)
            raise StudyError(f"{name} in {where} must be {words}; it is {value!r}.")
    return table


WORDS = {
    str: "a text", int: "a whole number", float: "a number", bool: "true or false", list: "a list", dict: "a table",
}  # fmt: skip


def read_method(entry: Any, folder: Path, number: int) -> Method:
    where = f"[[method]] number {number}"
    table = checked(entry, METHOD, where, ())
    if "template" in table:
        folder, table = from_template(table, where)
    table = checked(table, METHOD, where, ("id", "graph", "holes"))
    if table.get("photo_of", OWN) not in (OWN, NEXT):
        raise StudyError(f'photo_of in {where} must be "own" or "next"; it is {table["photo_of"]!r}.')
    judges = table.get("conditioned_on", [])
    if not all(isinstance(name, str) for name in judges):
        raise StudyError(f"conditioned_on in {where} must list names of judges; it is {judges!r}.")
    graph = read_graph(folder / table["graph"], table["id"], table["holes"], table.get("set", {}))
    plain = {name: table[name] for name in ("bare", "photo_of", "noise", "note") if name in table}
    return Method(table["id"], graph, conditioned_on=tuple(judges), **plain)


def templates() -> tuple[dict, dict[str, dict]]:
    """The holes that templates share, and the ready methods by name."""
    told = toml(GRAPHS / "graphs.toml")
    return told["holes"], told["template"]


def from_template(table: dict, where: str) -> tuple[Path, dict]:
    """A ready method with the study's own words on top; returns where its graph lies, too."""
    holes, known = templates()
    if table["template"] not in known:
        raise StudyError(f"{where} names the template {table['template']!r}; there are {', '.join(known)}.")
    ready = dict(known[table["template"]])
    tested = ready.pop("tested")
    if ready.get("bare"):
        holes = {name: bound for name, bound in holes.items() if name != "photo"}
    settings = ready.pop("set", {}) | table.get("set", {})
    own = {name: value for name, value in table.items() if name not in ("template", "set")}
    filled = {"id": table["template"], "holes": holes} | ready | {"set": settings} | own
    filled["note"] = f"{filled.get('note', '')} (graph tested: {tested})"
    return GRAPHS, filled


def read_comparison(entry: Any, number: int) -> Comparison:
    table = checked(entry, COMPARISON, f"[[comparison]] number {number}", ("a", "b", "measure"))
    return Comparison(table["a"], table["b"], table["measure"], table.get("margin"))


def read_size(size: Any) -> tuple[int, int]:
    if not (isinstance(size, list) and len(size) == 2 and all(type(side) is int for side in size)):
        raise StudyError(f"A size must be [width, height] in pixels; this one is {size!r}.")
    return size[0], size[1]


def read_subjects(groups: list | None, people: tuple[Person, ...]) -> tuple[tuple[str, ...], ...]:
    """Everybody alone, or the groups that the study names."""
    known = [person.id for person in people]
    if groups is None:
        return tuple((name,) for name in known)
    for group in groups:
        if not isinstance(group, list) or not 1 <= len(group) <= 6 or len(set(map(str, group))) != len(group):
            raise StudyError(f"A subject must list 1 to 6 different people; this one is {group!r}.")
        strangers = [name for name in group if name not in known]
        if strangers:
            raise StudyError(f"A subject names {strangers[0]!r}, who has no folder among the people.")
    if not groups or len(set(map(tuple, groups))) < len(groups):
        raise StudyError("subjects must name at least one group, and none twice.")
    return tuple(tuple(group) for group in groups)
