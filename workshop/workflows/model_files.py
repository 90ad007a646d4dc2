"""The files that workflows name: where each goes and comes from, its size and licence.

InfiniteYou's own are read from `known_files`, so that there is one truth about them. `properties.models` of a node,
which ComfyUI's page offers to download, and the notes are both written from here.
"""

from dataclasses import dataclass

from infu_core.checkpoints.known_files import FILES

HUB = "https://huggingface.co"
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
DEV, APACHE = "FLUX.1 [dev] Non-Commercial", "Apache 2.0"


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


def on_hub(repository: str, path: str, folder: str, count: float, licence: str, told: str = "", name: str = ""):
    url = f"{HUB}/{repository}/resolve/main/{path}"
    return ModelFile(name or path.rpartition("/")[2], folder, url, count, licence, told)


def published(key: str) -> ModelFile:
    """A file of InfiniteYou's release."""
    known = FILES[key]
    url = f"{HUB}/{known.repository}/resolve/{known.revision}/{known.path}"
    return ModelFile(known.name, "infinite_you", url, known.about_bytes, known.licence)


BASE, TEXT, GATED = "diffusion_models", "text_encoders", "needs an account there"
MODELS = {
    file.name: file
    for file in (
        on_hub("black-forest-labs/FLUX.1-dev", "flux1-dev.safetensors", BASE, 23.8e9, DEV, GATED),
        on_hub("Kijai/flux-fp8", "flux1-dev-fp8.safetensors", BASE, 11.9e9, DEV),
        on_hub("black-forest-labs/FLUX.1-schnell", "flux1-schnell.safetensors", BASE, 23.8e9, APACHE),
        on_hub("black-forest-labs/FLUX.1-Fill-dev", "flux1-fill-dev.safetensors", BASE, 23.8e9, DEV, GATED),
        on_hub(
            "Comfy-Org/flux1-kontext-dev_ComfyUI",
            "split_files/diffusion_models/flux1-dev-kontext_fp8_scaled.safetensors",
            BASE,
            11.9e9,
            DEV,
        ),
        on_hub("comfyanonymous/flux_text_encoders", "clip_l.safetensors", TEXT, 246e6, "MIT"),
        on_hub("comfyanonymous/flux_text_encoders", "t5xxl_fp16.safetensors", TEXT, 9.79e9, APACHE),
        on_hub("comfyanonymous/flux_text_encoders", "t5xxl_fp8_e4m3fn.safetensors", TEXT, 4.89e9, APACHE),
        on_hub("Comfy-Org/Lumina_Image_2.0_Repackaged", "split_files/vae/ae.safetensors", "vae", 335e6, APACHE),
        on_hub("Comfy-Org/sigclip_vision_384", "sigclip_vision_patch14_384.safetensors", "clip_vision", 857e6, APACHE),
        on_hub("black-forest-labs/FLUX.1-Redux-dev", "flux1-redux-dev.safetensors", "style_models", 129e6, DEV, GATED),
        on_hub(
            "Shakker-Labs/FLUX.1-dev-ControlNet-Union-Pro-2.0",
            "diffusion_pytorch_model.safetensors",
            "controlnet",
            4.28e9,
            DEV,
            "published as diffusion_pytorch_model.safetensors, rename it",
            "FLUX.1-dev-ControlNet-Union-Pro-2.0.safetensors",
        ),
        on_hub(
            "comfyanonymous/flux_RealismLora_converted_comfyui",
            "flux_realism_lora.safetensors",
            "loras",
            22.4e6,
            DEV,
        ),
        published("aes-bf16"),
        published("aes-fp8"),
    )
}
PROJECTOR = published("aes-projector")
FACES = (
    on_hub(
        "ByteDance/InfiniteYou",
        "supports/insightface/models/antelopev2/scrfd_10g_bnkps.onnx",
        "insightface/models/antelopev2",
        17e6,
        "non-commercial",
    ),
    ModelFile(
        "recognition_arcface_ir_se50.pth",
        "infinite_you",
        "https://github.com/xinntao/facexlib/releases/download/v0.1.0/recognition_arcface_ir_se50.pth",
        175e6,
        "MIT",
    ),
)
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
    """The one command for InfiniteYou's own files of a graph."""
    (name,) = {entry["inputs"]["infusenet"] for entry in api.values() if entry["class_type"] == "LoadInfuseNet"}
    key = next(key for key, known in FILES.items() if known.name == name)
    return f"python -m infu_core.checkpoints.download {key}"
