"""A laboratory's config file: configs/flux-dev.toml is the commented example."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomllib

from ..config_table import read_table
from ..loop.run_settings import RunSettings

STAGES = ("stage1", "stage2")


@dataclass(frozen=True)
class BaseSettings:
    """`path`: the transformer's folder in diffusers' layout. `sizes`: of the dry run, which has no folder."""

    path: str
    sizes: dict[str, Any]
    guidance: float = 1.0


@dataclass(frozen=True)
class DataSettings:
    """`stage1`, `stage2`: prepared samples. `height`, `width`: pixels of the dry run's sample."""

    stage1: str
    stage2: str
    pose_share: float = 0.5
    height: int = 1152
    width: int = 864


@dataclass(frozen=True)
class HardwareSettings:
    sharded: bool = True
    gpu_memory_gib: float = 80


@dataclass(frozen=True)
class BeginSettings:
    """Published or released weights to begin a stage with; empty: the base's blocks, and stage 1's release."""

    stage1: str = ""
    stage2: str = ""


@dataclass(frozen=True)
class IdentityLossSettings:
    """`weight`, `contrast`, `until`, `least`: see `IdentityLoss`. The others: files to see a prediction's face with.

    `window`: of the dry run's face, latents of a side.
    """

    weight: float
    vae: str
    recogniser: str
    contrast: float = 0.0
    until: float = 0.85
    least: float = 0.1
    window: int = 64


@dataclass(frozen=True)
class WatchSettings:
    """Sample sheets. `samples`: prepared ones of people that are not trained on; the others: files to see with."""

    samples: str
    vae: str
    detector: str
    recogniser: str
    pictures: int = 4
    steps: int = 20
    guidance: float = 3.5


@dataclass(frozen=True)
class LabConfig:
    """`infusenet`, `projector`: their sizes, without those that follow from the base."""

    base: BaseSettings
    infusenet: dict[str, Any]
    projector: dict[str, Any]
    data: DataSettings
    hardware: HardwareSettings
    begin: BeginSettings
    identity_loss: IdentityLossSettings | None
    watch: WatchSettings | None
    stages: dict[str, RunSettings]

    @classmethod
    def read(cls, path: Path) -> "LabConfig":
        """Raises `ValueError` for tables and settings that are missing or unknown."""
        if not path.is_file():
            raise ValueError(f"{path} does not exist; begin with a copy of infu_core/training/flux_dev/flux-dev.toml.")
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"{path.name} is not valid TOML: {error}.") from error
        parts = {"base": BaseSettings, "data": DataSettings, "hardware": HardwareSettings, "begin": BeginSettings}
        tables.setdefault("hardware", {})
        tables.setdefault("begin", {})
        for name, kind in parts.items():
            tables[name] = read_table(kind, tables.get(name), f"[{name}]")
        for name, kind in {"identity_loss": IdentityLossSettings, "watch": WatchSettings}.items():
            tables[name] = read_table(kind, tables[name], f"[{name}]") if name in tables else None
        stages = tables.get("stages") or {}
        tables["stages"] = {name: read_table(RunSettings, stages[name], f"[stages.{name}]") for name in stages}
        return read_table(cls, tables, f"{path.name}")

    def stage(self, name: str) -> RunSettings:
        if name not in self.stages:
            raise ValueError(f"The config has no [stages.{name}]; it has {', '.join(self.stages) or 'no stage'}.")
        settings = self.stages[name]
        if settings.watch_every and self.watch is None:
            raise ValueError(f"[stages.{name}] asks for sample sheets (watch_every), but there is no [watch].")
        return settings
