"""Saved identities in ComfyUI's folders: written to output/identities, read from there and from input/identities."""

import os
import re

import folder_paths

from ..identity.identity import Identity
from ..identity.identity_file import load_identity, save_identity

FOLDER = "identities"
ENDING = ".safetensors"
LONGEST_NAME = 200
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in range(10))}
OUTPUT_MARK = " [output]"
"""ComfyUI's own way to say that a file lies in the output folder."""


def identity_entries() -> list[str]:
    """Sorted menu entries with forward slashes; those of the output folder end with " [output]"."""
    return sorted(
        [*names_in(folder_paths.get_input_directory())]
        + [name + OUTPUT_MARK for name in names_in(folder_paths.get_output_directory())]
    )


def names_in(directory: str) -> list[str]:
    names = []
    for folder, _, files in os.walk(os.path.join(directory, FOLDER)):
        paths = [os.path.join(folder, file) for file in files if file.lower().endswith(ENDING)]
        names += [os.path.relpath(path, directory).replace(os.sep, "/") for path in paths]
    return names


def identity_path(entry: str) -> str:
    """The full path of a menu entry. Raises `ValueError` when it is not one."""
    if entry not in identity_entries():
        raise ValueError(f"There is no identity file {entry}; press R to refresh the menu and choose another.")
    in_output = entry.endswith(OUTPUT_MARK)
    directory = folder_paths.get_output_directory() if in_output else folder_paths.get_input_directory()
    return os.path.join(directory, entry.removesuffix(OUTPUT_MARK))


def save_as(identity: Identity, name: str) -> str:
    """Save under output/identities and return the menu entry. Nothing is overwritten: a name that is taken by
    another identity gets a number; the same identity is not written twice. `name` may hold subfolders."""
    clean = str(name).strip().replace("\\", "/").removesuffix(ENDING)
    if not all(map(is_file_name, clean.split("/"))):
        raise ValueError(
            f"{str(name)[:80]!r} is no name for a file on every system; use up to {LONGEST_NAME} letters, digits, "
            "blanks, - and _, such as `anna`."
        )
    base = os.path.join(folder_paths.get_output_directory(), FOLDER, *clean.split("/"))
    os.makedirs(os.path.dirname(base), exist_ok=True)
    number, path = 1, base + ENDING
    while os.path.exists(path) and not holds(path, identity):
        number += 1
        path = f"{base}_{number}{ENDING}"
    if not os.path.exists(path):
        save_identity(identity, path)
    return os.path.relpath(path, folder_paths.get_output_directory()).replace(os.sep, "/") + OUTPUT_MARK


def is_file_name(part: str) -> bool:
    """Whether every system takes it: Windows reserves some words, and drops dots and blanks at the end."""
    reserved = part.partition(".")[0].strip().lower() in RESERVED
    short = len(part.encode()) <= LONGEST_NAME
    return short and not reserved and bool(re.fullmatch(r"\w([\w .()+-]*[\w()+-])?", part))


def holds(path: str, identity: Identity) -> bool:
    """Whether the file already holds this very identity."""
    try:
        saved = load_identity(path)
    except ValueError:
        return False
    same = saved.digest() == identity.digest() and saved.sources == identity.sources
    return same and saved.recogniser == identity.recogniser
