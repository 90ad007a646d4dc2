"""The version of this pack, for sentences and records that name it."""

from pathlib import Path


def pack_version() -> str:
    """From pyproject.toml, which lies beside infu_core wherever the pack is."""
    for line in (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8").splitlines():
        if line.startswith("version = "):
            return line.split('"')[1]
    return "unknown"
