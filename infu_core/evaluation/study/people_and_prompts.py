"""Who is drawn and what is asked for: a folder of photos, and a file of prompts."""

import hashlib
import json
from pathlib import Path
from typing import Any

from .method_graph import StudyError
from .study import Person, Prompt

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")


def read_people(folder: Path) -> tuple[Person, ...]:
    """One sub-folder for each person, sorted by name."""
    if not folder.is_dir():
        raise StudyError(f"The folder of people, {folder}, does not exist.")
    found = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not found:
        raise StudyError(f"{folder} holds no sub-folder; each person needs one, with reference.jpg and other photos.")
    return tuple(read_person(path) for path in found)


def read_person(folder: Path) -> Person:
    photos = sorted(path for path in folder.iterdir() if path.suffix.lower() in PICTURES)
    references = [path for path in photos if path.name.lower().startswith("reference")]
    if len(references) != 1:
        raise StudyError(
            f"Person {folder.name!r} has {len(references)} photos called reference*; exactly one is given."
        )
    for path in photos:
        check_picture(path)
    others = tuple(path for path in photos if path not in references)
    content = references[0].read_bytes()
    same = [path.name for path in others if path.read_bytes() == content]
    if same:
        raise StudyError(
            f"{same[0]} of person {folder.name!r} is the reference photo again; a judge needs other photos of them."
        )
    return Person(folder.name, references[0], others, hashlib.sha256(content).hexdigest(), read_tags(folder))


def read_tags(folder: Path) -> dict[str, str]:
    path = folder / "tags.json"
    try:
        tags = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except ValueError as error:
        raise StudyError(f"tags.json of person {folder.name!r} is not JSON ({error}).") from None
    return checked_tags(tags, f"tags of person {folder.name!r}")


def checked_tags(tags: Any, whose: str) -> dict[str, str]:
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        raise StudyError(f'The {whose} must be texts by name, such as {{"style": "ink"}}; they are {tags!r}.')
    return tags


def check_picture(path: Path) -> None:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            picture.verify()
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError):
        raise StudyError(f"{path} is no picture that can be opened ({path.stat().st_size:,} bytes).") from None


def read_prompts(path: Path) -> tuple[Prompt, ...]:
    """Lines of text, or JSON: a list of {id, text, tags}."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise StudyError(f"The file of prompts, {path}, does not exist.") from None
    except UnicodeDecodeError:
        raise StudyError(f"The file of prompts, {path.name}, is not UTF-8 text.") from None
    if path.suffix.lower() == ".json":
        prompts = tuple(from_json(entry, number) for number, entry in enumerate(json_list(text, path.name), 1))
    else:
        lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
        prompts = tuple(Prompt(f"p{number:03}", line, {}) for number, line in enumerate(lines, 1))
    if not prompts:
        raise StudyError(f"The file of prompts, {path.name}, holds none.")
    return prompts


def json_list(text: str, name: str) -> list:
    try:
        entries = json.loads(text)
    except ValueError as error:
        raise StudyError(f"The file of prompts, {name}, is not JSON ({error}).") from None
    if not isinstance(entries, list):
        raise StudyError(f"The file of prompts, {name}, must hold a list of prompts, not a {type(entries).__name__}.")
    return entries


def from_json(entry: Any, number: int) -> Prompt:
    if isinstance(entry, str):
        entry = {"text": entry}
    if not isinstance(entry, dict) or not isinstance(entry.get("text"), str) or not entry["text"].strip():
        raise StudyError(f"Prompt number {number} has no text.")
    tags = checked_tags(entry.get("tags", {}), f"tags of prompt number {number}")
    needs = checked_tags(entry.get("for", {}), f"'for' of prompt number {number}")
    unknown = sorted(entry.keys() - {"id", "text", "tags", "for"})
    if unknown:
        raise StudyError(f"Prompt number {number} has an unknown entry {unknown[0]!r}; it has id, text, tags and for.")
    return Prompt(str(entry.get("id", f"p{number:03}")), entry["text"].strip(), tags, needs)
