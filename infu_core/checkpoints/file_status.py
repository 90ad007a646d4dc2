"""Which of the known files are there and right: the table of `python -m infu_core.checkpoints.download status`."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from .fetching import sha256_of
from .known_files import FILES, KnownFile, flavour_of

ALSO_IN = {
    "diffusion_models": ("unet", "checkpoints"),
    "text_encoders": ("clip",),
    "insightface": ("infinite_you",),
    "infinite_you": ("facexlib", "facedetection", "insightface", "controlnet"),
}
"""Other folders below models in which people keep a file, by the one where it belongs."""
MISSING = "missing"


def lines(models: Path, keys: Iterable[str] = FILES) -> Iterator[str]:
    """One at a time, for hashes of large files take their while. Folders of extra_model_paths.yaml are not searched."""
    yield f"Sought below {models}; folders of extra_model_paths.yaml are not looked into here."
    yield f"{'file':14} {'size':>9}  {'state':42} where"
    for key in keys:
        file = FILES[key]
        found = find(file, models)
        state = state_of(file, found) if found else MISSING
        place = found.relative_to(models).as_posix() if found else f"{file.directory}/{file.name}"
        yield f"{key:14} {file.about_bytes / 1e9:6.2f} GB  {state:42} {place}"


def find(file: KnownFile, models: Path) -> Path | None:
    """Where it belongs, or the first of the same name where people keep such files."""
    if file.below(models).is_file():
        return file.below(models)
    for folder in (file.directory, *ALSO_IN.get(file.directory, ())):
        for path in sorted((models / folder).rglob(Path(file.name).name)):
            inside = path.relative_to(models)
            of_the_other = {flavour_of(inside.as_posix()), flavour_of(file.name)} == {"aes", "sim"}
            if path.is_file() and not of_the_other and not any(part.startswith(".") for part in inside.parts):
                return path
    return None


def state_of(file: KnownFile, path: Path) -> str:
    size = path.stat().st_size
    if file.bytes is not None and size != file.bytes:
        return f"WRONG: {size:,} bytes, {file.bytes:,} published"
    if file.sha256 is None:
        return f"there, {size:,} bytes; no hash is known"
    return "right" if sha256_of(path) == file.sha256 else "WRONG: another SHA-256 than published"
