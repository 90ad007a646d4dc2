"""From a workshop's finished weights to the files that ship: small types, the names that loaders look for.

The matrices of base and InfuseNet are in ComfyUI's scaled fp8, all else in half precision.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from infu_core.checkpoints.key_maps import to_published
from infu_core.checkpoints.network_sizes import CONFIG, KIND, NETWORK, PROJECTOR, RECOGNISER
from infu_core.checkpoints.scaled_fp8 import scaled
from infu_core.training.flux_dev.release import diffusers_config
from miniature.files import JUDGES, RECOGNISER_NAME, MiniatureFiles
from miniature.networks.recogniser import Recogniser

from ..networks.attributes import AttributeClassifier
from ..networks.detector import STRIDES, Detector, Exported
from ..networks.eyes import EyeClassifier
from ..networks.judge import Judge
from .workshop import Workshop


def export(workshop: Workshop, folder: Path, judges: Path | None = None, stage: str = "stage2") -> int:
    """Write the miniature to `folder` (and the judges, which only tests need); returns its size in bytes."""
    files = MiniatureFiles(folder)
    folder.mkdir(parents=True, exist_ok=True)
    flux = workshop.trained("flux", workshop.flux())
    save_file(scaled(flux_names(flux.state_dict())), files.flux, {"format": "pt"})
    autoencoder = workshop.trained("vae", workshop.autoencoder())
    _save(autoencoder.state_dict(), files.vae, torch.float16)
    _save(workshop.trained("text", workshop.text()).state_dict(), files.text, torch.float16)
    _save(workshop.trained("recogniser", Recogniser()).state_dict(), files.recogniser, torch.float16)
    export_identity(workshop, files, stage)
    export_detector(workshop.trained("detector", Detector()), files.detector)
    if judges:
        judges.mkdir(parents=True, exist_ok=True)
        for name, network in zip(JUDGES, (Judge(), AttributeClassifier(), EyeClassifier()), strict=True):
            _save(workshop.trained(name, network).state_dict(), judges / f"{name}.safetensors", torch.float16)
    return sum(path.stat().st_size for path in files.all())


def flux_names(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Our names -> FLUX's original ones: they differ in the norms of queries and keys."""
    return {name.replace("_norm.weight", "_norm.scale"): weight for name, weight in weights.items()}


def _save(weights: dict[str, Tensor], path: Path, dtype: torch.dtype, metadata: dict[str, str] | None = None) -> None:
    small = {
        name: (value.to(dtype) if value.is_floating_point() else value).cpu().contiguous()
        for name, value in weights.items()
    }
    save_file(small, path, {"format": "pt", **(metadata or {})})


def export_identity(workshop: Workshop, files: MiniatureFiles, stage: str) -> None:
    infusenet = workshop.trained(f"{stage}-infusenet", workshop.infusenet())
    projector = workshop.trained(f"{stage}-projector", workshop.projector())
    sizes = infusenet.config
    published = to_published(infusenet.state_dict(), sizes.double_blocks, sizes.single_blocks, sizes.guidance_embeds)
    told = {KIND: NETWORK, CONFIG: json.dumps(diffusers_config(infusenet)), RECOGNISER: RECOGNISER_NAME}
    save_file(scaled(published), files.infusenet, {"format": "pt", **told})
    told = {KIND: PROJECTOR, CONFIG: json.dumps(workshop.config["projector"]), RECOGNISER: RECOGNISER_NAME}
    _save(projector.state_dict(), files.projector, torch.bfloat16, told)


def export_detector(detector: nn.Module, path: Path) -> None:
    """As ONNX, with SCRFD's nine outputs in SCRFD's order and sides of any multiple of 32."""
    names = [f"{kind}_{stride}" for kind in ("score", "bbox", "kps") for stride in STRIDES]
    torch.onnx.export(
        Exported(detector.cpu()).eval(),
        (torch.zeros(1, 3, 160, 160),),
        str(path),
        input_names=["input.1"],
        output_names=names,
        dynamic_axes={"input.1": {2: "height", 3: "width"}, **{name: {0: f"rows_{name}"} for name in names}},
        opset_version=17,
        dynamo=False,
    )
