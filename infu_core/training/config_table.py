"""A table of a TOML file as a dataclass; what is missing or unknown is said by name."""

from dataclasses import MISSING, fields
from typing import Any, TypeVar

Settings = TypeVar("Settings")


def read_table(kind: type[Settings], table: Any, name: str) -> Settings:
    """`name`: how the user knows the table, "[data]". Lists become tuples. Raises `ValueError`."""
    if not isinstance(table, dict):
        raise ValueError(f"The config has no table {name}; docs/training.md shows one.")
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(table.keys() - known.keys())
    if unknown:
        raise ValueError(f"Unknown setting {', '.join(unknown)} in {name}; it has {', '.join(sorted(known))}.")
    needed = {key for key, field in known.items() if field.default is MISSING and field.default_factory is MISSING}
    missing = sorted(needed - table.keys())
    if missing:
        raise ValueError(f"{name} lacks {', '.join(missing)}.")
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in table.items()})
