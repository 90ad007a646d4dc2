"""The files that people need: where they are, how large, under which licence, and the SHA-256 that they must have.

Hashes and sizes marked None were not known when this was written; a download is then checked against what the hub
itself says. Those given are reported by users of the files.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = "ByteDance/InfiniteYou"
REVISION = "main"
FOLDER = "infu_flux_v1.0"
WEIGHTS_LICENCE = "CC BY-NC 4.0"
DEV_LICENCE, APACHE = "FLUX.1 [dev] Non-Commercial", "Apache 2.0"
HUB = "https://huggingface.co"
MODULE = "infu_core.checkpoints.download"


@dataclass(frozen=True)
class KnownFile:
    """`path` in the repository at `revision`, or a `url` elsewhere; `name` below models/`directory`, where it goes.

    `about_bytes` for a user, `bytes` to the byte. `gated`: the hub wants an account that has agreed to the licence.
    """

    path: str
    name: str
    about_bytes: int
    bytes: int | None = None
    sha256: str | None = None
    repository: str = REPOSITORY
    revision: str = REVISION
    licence: str = WEIGHTS_LICENCE
    directory: str = "infinite_you"
    url: str = ""
    gated: bool = False

    @property
    def address(self) -> str:
        return self.url or f"{HUB}/{self.repository}/resolve/{self.revision}/{self.path}"

    def below(self, models: Path) -> Path:
        return models / self.directory / self.name


def _file(name: str, about: int, exact: int | None = None, sha256: str | None = None) -> KnownFile:
    return KnownFile(f"{FOLDER}/{name}", name, about, exact, sha256)


def _other(directory: str, repository: str, path: str, about: int, licence: str, gated: bool = False) -> KnownFile:
    name = path.rpartition("/")[2]
    return KnownFile(path, name, about, None, None, repository, REVISION, licence, directory, "", gated)


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
    "detector": KnownFile(
        "supports/insightface/models/antelopev2/scrfd_10g_bnkps.onnx",
        "models/antelopev2/scrfd_10g_bnkps.onnx",
        16_923_827,
        16_923_827,
        "5838f7fe053675b1c7a08b633df49e7af5495cee0493c7dcf6697200b85b5b91",
        licence="non-commercial",
        directory="insightface",
    ),
    "recogniser": KnownFile(
        "",
        "recognition_arcface_ir_se50.pth",
        175_000_000,
        None,
        "a035c768259b98ab1ce0e646312f48b9e1e218197a0f80ac6765e88f8b6ddf28",
        licence="MIT",
        url="https://github.com/xinntao/facexlib/releases/download/v0.1.0/recognition_arcface_ir_se50.pth",
    ),
    "flux-dev": _other(
        "diffusion_models",
        "black-forest-labs/FLUX.1-dev",
        "flux1-dev.safetensors",
        23_800_000_000,
        DEV_LICENCE,
        gated=True,
    ),
    "flux-dev-fp8": _other(
        "diffusion_models", "Kijai/flux-fp8", "flux1-dev-fp8.safetensors", 11_900_000_000, DEV_LICENCE
    ),
    "flux-schnell": _other(
        "diffusion_models",
        "black-forest-labs/FLUX.1-schnell",
        "flux1-schnell.safetensors",
        23_800_000_000,
        APACHE,
    ),
    "clip-l": _other("text_encoders", "comfyanonymous/flux_text_encoders", "clip_l.safetensors", 246_000_000, "MIT"),
    "t5": _other("text_encoders", "comfyanonymous/flux_text_encoders", "t5xxl_fp16.safetensors", 9_790_000_000, APACHE),
    "t5-fp8": _other(
        "text_encoders", "comfyanonymous/flux_text_encoders", "t5xxl_fp8_e4m3fn.safetensors", 4_890_000_000, APACHE
    ),
    "vae": _other(
        "vae", "Comfy-Org/Lumina_Image_2.0_Repackaged", "split_files/vae/ae.safetensors", 335_000_000, APACHE
    ),
}
GROUPS = {
    "aes": ("aes-bf16", "aes-projector"),
    "aes-bf16": ("aes-bf16", "aes-projector"),
    "aes-fp8": ("aes-fp8", "aes-projector"),
    "sim": ("sim-bf16", "sim-projector"),
    "sim-bf16": ("sim-bf16", "sim-projector"),
    "sim-fp8": ("sim-fp8", "sim-projector"),
    "faces": ("detector", "recogniser"),
    "dev": ("flux-dev", "clip-l", "t5", "vae"),
    "dev-fp8": ("flux-dev-fp8", "clip-l", "t5-fp8", "vae"),
    "schnell": ("flux-schnell", "clip-l", "t5", "vae"),
    "all": ("aes-bf16", "aes-projector", "detector", "recogniser", "flux-dev", "clip-l", "t5", "vae"),
}
"""What the command takes beside single files: a network is of no use without its projector; all is what workflow 01
opens."""


def published_name(key: str) -> str:
    return FILES[key].name


def flavour_of(path: str) -> str | None:
    """'aes' or 'sim', as the folders and names of a path say; None where they say neither or both."""
    found = {word for word in ("aes", "sim") for part in path.lower().split("/") if is_word_in(word, part)}
    return found.pop() if len(found) == 1 else None


def is_word_in(word: str, name: str) -> bool:
    return word in name.replace("-", "_").replace(".", "_").split("_")


def download_key(path: str, projector: bool = False) -> str:
    """The published file that a path means."""
    flavour = flavour_of(path) or "aes"
    kind = "projector" if projector or "image_proj" in path else "fp8" if "fp8" in path.lower() else "bf16"
    return f"{flavour}-{kind}"


def download_command(*keys: str) -> str:
    """What to run in the pack's folder; portable Windows' Python does not look into the folder that it is called in."""
    if Path(sys.executable).parent.name != "python_embeded":
        return f"python -m {MODULE} {' '.join(keys)}"
    given = ", ".join(f"'{key}'" for key in keys)
    return (
        f'"{sys.executable}" -c "import sys; sys.path.insert(0, \'.\'); from {MODULE} import main; '
        f'sys.exit(main([{given}]))"'
    )
