"""Variants of a config, each in a folder of its own that shares what it does not change."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomllib

from .workshop import Workshop

SMALL = ("autoencoder", "vae", "recogniser", "judge", "attributes", "eyes", "detector", "latent_recogniser")
"""Finished weights that every variant is judged and conditioned by."""
BASE = ("text", "base", "flux")
AFTER_BASE = {"infusenet", "projector", "pairs", "stages.stage1", "stages.stage2"}


def read_variants(path: Path) -> dict[str, dict[str, Any]]:
    """Name -> what it changes, in tables as the config's."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def changed(config: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The config with these changes. Raises `ValueError` for a table that it does not have."""
    made = copy.deepcopy(dict(config))
    for name, value in changes.items():
        if not isinstance(value, Mapping):
            made[name] = value
        elif isinstance(made.get(name), dict):
            made[name] = changed(made[name], value) if name != "shares" else dict(value)
        else:
            raise ValueError(f"The config has no table {name}; it has {', '.join(made)}.")
    return made


def touched(changes: Mapping[str, Any]) -> set[str]:
    """The tables that change; of stages, which."""
    return {
        f"stages.{stage}" if name == "stages" else name
        for name, table in changes.items()
        for stage in (table if name == "stages" else (name,))
    }


def open_variant(workshop: Workshop, name: str, changes: Mapping[str, Any]) -> Workshop:
    """A workshop in FOLDER/screening/NAME that keeps what it has when time is over.

    Pictures are drawn anew where `renders` change; the base is shared where nothing changes before stage 1.
    """
    folder = workshop.folder / "screening" / name
    (folder / "weights").mkdir(parents=True, exist_ok=True)
    shared = [f"weights/{part}.safetensors" for part in SMALL]
    if touched(changes) <= AFTER_BASE and workshop.finished("flux"):
        shared += [f"weights/{part}.safetensors" for part in BASE]
    if "renders" not in touched(changes):
        shared += ["renders", "latents"]
        (workshop.folder / "latents").mkdir(exist_ok=True)
    for part in shared:
        if not (workshop.folder / part).exists():
            raise ValueError(f"{workshop.folder / part} does not exist; train the small networks before screening.")
        if not (folder / part).exists():
            (folder / part).symlink_to((workshop.folder / part).resolve())
    return Workshop(changed(workshop.config, changes), folder, workshop.device, keep_unfinished=True)
