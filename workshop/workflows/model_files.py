"""The files that workflows name: where each goes and comes from, its size and licence.

Those that everybody needs are read from `known_files`, so that there is one truth about them. `properties.models` of a
node, which ComfyUI's page offers to download, and the notes are both written from here.
"""

from dataclasses import dataclass

from infu_core.checkpoints.known_files import APACHE, DEV_LICENCE, FILES, GROUPS, HUB, MODULE, flavour_of

WIDGETS = (
    "unet_name",
    "clip_name1",
    "clip_name2",
    "clip_name",
    "vae_name",
    "infusenet",
    "lora_name",
    "control_net_name",
    "style_model_name",
)
"""Widgets whose value is a file."""


@dataclass(frozen=True)
class ModelFile:
    """`name`: as the menu lists it, in `folder` below ComfyUI/models. `told`: what else a user has to know."""

    name: str
    folder: str
    url: str
    bytes: float
    licence: str
    told: str = ""

    def offer(self) -> dict:
        """What the page's own list of missing models needs."""
        return {"name": self.name, "url": self.url, "directory": self.folder}

    def line(self) -> str:
        """For a note."""
        path, _, file = self.name.rpartition("/")
        folder = f"{self.folder}/{path}" if path else self.folder
        told = f"; {self.told}" if self.told else ""
        return f"- [{file}]({self.url}), {size(self.bytes)}, {self.licence}{told}: **{folder}**"


def size(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def other(repository: str, path: str, folder: str, count: float, licence: str, told: str = "", name: str = ""):
    """What a single workflow opens beside what everybody needs."""
    url = f"{HUB}/{repository}/resolve/main/{path}"
    return ModelFile(name or path.rpartition("/")[2], folder, url, count, licence, told)


def known(key: str) -> ModelFile:
    """A file that the command fetches too."""
    file = FILES[key]
    name, directory = file.name, file.directory
    if directory not in REGISTERED:  # menus list what lies below a folder of the pack by its path there
        directory, _, name = f"{directory}/{name}".rpartition("/")
    return ModelFile(name, directory, file.address, file.about_bytes, file.licence, ACCOUNT * file.gated)


REGISTERED = ("infinite_you", "diffusion_models", "text_encoders", "vae")
ACCOUNT = "needs an account there"
MODELS = {
    file.name: file
    for file in (
        *map(known, ("flux-dev", "flux-dev-fp8", "flux-schnell", "clip-l", "t5", "t5-fp8", "vae")),
        other(
            "black-forest-labs/FLUX.1-Fill-dev",
            "flux1-fill-dev.safetensors",
            "diffusion_models",
            23.8e9,
            DEV_LICENCE,
            ACCOUNT,
        ),
        other(
            "Comfy-Org/flux1-kontext-dev_ComfyUI",
            "split_files/diffusion_models/flux1-dev-kontext_fp8_scaled.safetensors",
            "diffusion_models",
            11.9e9,
            DEV_LICENCE,
        ),
        other("Comfy-Org/sigclip_vision_384", "sigclip_vision_patch14_384.safetensors", "clip_vision", 857e6, APACHE),
        other(
            "black-forest-labs/FLUX.1-Redux-dev",
            "flux1-redux-dev.safetensors",
            "style_models",
            129e6,
            DEV_LICENCE,
            ACCOUNT,
        ),
        other(
            "Shakker-Labs/FLUX.1-dev-ControlNet-Union-Pro-2.0",
            "diffusion_pytorch_model.safetensors",
            "controlnet",
            4.28e9,
            DEV_LICENCE,
            "published as diffusion_pytorch_model.safetensors, rename it",
            "FLUX.1-dev-ControlNet-Union-Pro-2.0.safetensors",
        ),
        other(
            "comfyanonymous/flux_RealismLora_converted_comfyui",
            "flux_realism_lora.safetensors",
            "loras",
            22.4e6,
            DEV_LICENCE,
        ),
        known("aes-bf16"),
        known("aes-fp8"),
    )
}
PROJECTOR = known("aes-projector")
FACES = (known("detector"), known("recogniser"))
"""What ComfyUI's page cannot offer: it takes neither their endings nor the second one's address."""


def named_in(entry: dict) -> list[ModelFile]:
    """The files that an API node's widgets name."""
    return [MODELS[value] for widget in WIDGETS if isinstance(value := entry["inputs"].get(widget), str)]


def of_graph(api: dict) -> list[ModelFile]:
    """Every file that a graph needs, in the order of its nodes."""
    files = dict.fromkeys(file for entry in api.values() for file in named_in(entry))
    kinds = {entry["class_type"] for entry in api.values()}
    more = ([PROJECTOR] if "LoadInfuseNet" in kinds else []) + [*FACES] * ("EncodeFaceID" in kinds)
    return [*files, *more]


def fetch_command(api: dict) -> str:
    """The one command for all files of a graph that it knows: groups first, then what they lack."""
    names = {value for entry in api.values() for value in entry["inputs"].values() if isinstance(value, str)}
    needed = [key for key, file in FILES.items() if file.name in names]
    kinds = {entry["class_type"] for entry in api.values()}
    needed += [f"{flavour_of(FILES[key].name)}-projector" for key in needed if key.startswith(("aes", "sim"))]
    needed += ["detector", "recogniser"] if "EncodeFaceID" in kinds else []
    groups = sorted(GROUPS, key=lambda group: -len(GROUPS[group]))
    said: list[str] = []
    for group in groups:
        if set(GROUPS[group]) <= set(needed):
            said.append(group)
            needed = [key for key in needed if key not in GROUPS[group]]
    return f"python -m {MODULE} {' '.join([*said, *needed])}"
