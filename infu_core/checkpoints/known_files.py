"""The published files: where they are, how large, under which licence, and the SHA-256 that they must have.

Hashes and sizes marked None were not known when this was written; a download is then checked against what the hub
itself says. Those given are reported by users of the files.
"""

from dataclasses import dataclass

REPOSITORY = "ByteDance/InfiniteYou"
REVISION = "main"
FOLDER = "infu_flux_v1.0"
WEIGHTS_LICENCE = "CC BY-NC 4.0"


@dataclass(frozen=True)
class KnownFile:
    """`path` in the repository; `name` below models/infinite_you; `about_bytes` for a user, `bytes` to the byte."""

    path: str
    name: str
    about_bytes: int
    bytes: int | None = None
    sha256: str | None = None
    repository: str = REPOSITORY
    revision: str = REVISION
    licence: str = WEIGHTS_LICENCE


def _file(name: str, about: int, exact: int | None = None, sha256: str | None = None) -> KnownFile:
    return KnownFile(f"{FOLDER}/{name}", name, about, exact, sha256)


FILES = {
    "aes-bf16": _file("aes_stage2/infusenet_aes_bf16.safetensors", 5_905_000_000),
    "aes-fp8": _file(
        "aes_stage2/infusenet_aes_fp8e4m3fn.safetensors",
        2_952_691_776,
        2_952_691_776,
        "7f6526ae545731182f95e5ff2f1dedddfe4adb3895ba727f332029e7df8395a7",
    ),
    "aes-projector": _file(
        "aes_stage2/image_proj_model.bin",
        338_413_026,
        338_413_026,
        "f85518431d7367de30b9558a939c003462a7e331e8c8b929146916dc27e471d6",
    ),
    "sim-bf16": _file("sim_stage1/infusenet_sim_bf16.safetensors", 5_905_000_000),
    "sim-fp8": _file(
        "sim_stage1/infusenet_sim_fp8e4m3fn.safetensors",
        2_952_691_776,
        2_952_691_776,
        "de810f98f99ff103ea2529a141cdbe62c856177851d1660b33c3ade7ff0dba56",
    ),
    "sim-projector": _file(
        "sim_stage1/image_proj_model.bin",
        338_413_026,
        338_413_026,
        "b7a8a1b6fecf2731b2ac64bde33a1885014949c8c08f3efaebd0665bb0e8ad8f",
    ),
}


def published_name(key: str) -> str:
    return FILES[key].name


def flavour_of(path: str) -> str | None:
    """'aes' or 'sim', as the folders and names of a path say; None where they say neither or both."""
    found = {word for word in ("aes", "sim") for part in path.lower().split("/") if is_word_in(word, part)}
    return found.pop() if len(found) == 1 else None


def is_word_in(word: str, name: str) -> bool:
    return word in name.replace("-", "_").replace(".", "_").split("_")


def download_command(path: str, projector: bool = False) -> str:
    """What to run, in the pack's folder, to get the published file that a path means."""
    flavour = flavour_of(path) or "aes"
    kind = "projector" if projector or "image_proj" in path else "fp8" if "fp8" in path.lower() else "bf16"
    return f"python -m infu_core.checkpoints.download {flavour}-{kind}"
