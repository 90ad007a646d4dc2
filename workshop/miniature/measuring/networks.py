"""The miniature's files as networks, as they ship, and the judges that only measuring needs."""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from infu_core.checkpoints.load import load_network, load_projector
from infu_core.checkpoints.scaled_fp8 import plain
from infu_core.faces.face_detector import FaceDetector
from infu_core.networks.identity_projector import IdentityProjector
from infu_core.networks.infusenet import InfuseNet
from miniature.files import MiniatureFiles
from miniature.networks.recogniser import Recogniser
from miniature.networks.text_encoder import TextEncoder

from ..networks.attributes import AttributeClassifier
from ..networks.autoencoder import Autoencoder
from ..networks.eyes import EyeClassifier
from ..networks.flux import Flux, FluxConfig
from ..networks.judge import Judge


@dataclass(frozen=True, eq=False)
class Networks:
    """Everything in float32 and evaluation mode; the detector is the pack's own, on the ONNX file."""

    flux: Flux
    text: TextEncoder
    autoencoder: Autoencoder
    infusenet: InfuseNet
    projector: IdentityProjector
    recogniser: Recogniser
    detector: FaceDetector
    judge: Judge
    classifier: AttributeClassifier
    eyes: EyeClassifier


def load_networks(files: MiniatureFiles, judges: Path, device: torch.device | str = "cpu") -> Networks:
    """Open what `python -m workshop.miniature.export` wrote; `judges`: the folder of its judges."""
    files.require()
    text = weights(files.text)
    context_size, pooled_size = text["word.weight"].shape[1], text["pool.weight"].shape[0]
    return Networks(
        flux=load_flux(files.flux).to(device),
        text=filled(TextEncoder(len(text["word.weight"]), context_size, pooled_size), text).to(device),
        autoencoder=filled(Autoencoder(), weights(files.vae)).to(device),
        infusenet=load_network(files.infusenet, torch.float32).to(device),
        projector=load_projector(files.projector, torch.float32).to(device),
        recogniser=filled(Recogniser(), weights(files.recogniser)).to(device),
        detector=FaceDetector(files.detector, "CPU"),
        judge=filled(Judge(), weights(judges / "judge.safetensors")).to(device),
        classifier=filled(AttributeClassifier(), weights(judges / "attributes.safetensors")).to(device),
        eyes=filled(EyeClassifier(), weights(judges / "eyes.safetensors")).to(device),
    )


def load_flux(path: Path) -> Flux:
    """The base from FLUX's original names; its sizes are read from the shapes."""
    stored = {name.replace("_norm.scale", "_norm.weight"): value for name, value in weights(path).items()}
    sizes = FluxConfig(
        hidden_size=stored["img_in.weight"].shape[0],
        double_blocks=count_blocks(stored, "double_blocks"),
        single_blocks=count_blocks(stored, "single_blocks"),
        context_size=stored["txt_in.weight"].shape[1],
        pooled_size=stored["vector_in.in_layer.weight"].shape[1],
    )
    return filled(Flux(sizes), stored)


def count_blocks(stored: dict[str, Tensor], kind: str) -> int:
    return 1 + max(int(name.split(".")[1]) for name in stored if name.startswith(kind + "."))


def weights(path: Path) -> dict[str, Tensor]:
    stored = plain(load_file(path), path.name)
    return {name: value.float() if value.is_floating_point() else value for name, value in stored.items()}


def filled(module, stored: dict[str, Tensor]):
    module.load_state_dict(stored)
    frozen: nn.Module = module.eval().requires_grad_(False)
    return frozen
