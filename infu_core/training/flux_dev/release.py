"""A trained InfuseNet and projector as InfiniteYou publishes its own, so that every loader opens them."""

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save_file

from ...checkpoints.key_maps import to_published
from ...checkpoints.load import load_network, load_projector
from ...checkpoints.network_sizes import CONFIG, KIND, NETWORK, PROJECTOR, RECOGNISER
from ...networks.identity_projector import IdentityProjector
from ...networks.infusenet import InfuseNet

NETWORK_FOLDER = "InfuseNetModel"
PROJECTOR_FILES = ("image_proj_model.safetensors", "image_proj_model.bin")


def diffusers_config(infusenet: InfuseNet) -> dict:
    """The `config.json` of a FLUX ControlNet of this size."""
    sizes = infusenet.config
    return {
        "_class_name": "FluxControlNetModel",
        "attention_head_dim": sizes.hidden_size // sizes.heads,
        "axes_dims_rope": list(sizes.axes),
        "guidance_embeds": sizes.guidance_embeds,
        "in_channels": sizes.in_channels,
        "joint_attention_dim": sizes.context_size,
        "num_attention_heads": sizes.heads,
        "num_layers": sizes.double_blocks,
        "num_mode": None,
        "num_single_layers": sizes.single_blocks,
        "patch_size": 1,
        "pooled_projection_dim": sizes.pooled_size,
        KIND: NETWORK,
    }


def save_release(
    folder: Path, infusenet: InfuseNet, projector: IdentityProjector, recogniser: str, dtype=torch.bfloat16
) -> None:
    """`InfuseNetModel/` in diffusers' layout, `image_proj_model.safetensors`, and the published `.bin` beside it."""
    network = folder / NETWORK_FOLDER
    network.mkdir(parents=True, exist_ok=True)
    sizes = infusenet.config
    weights = {name: weight.detach().to("cpu", dtype) for name, weight in infusenet.state_dict().items()}
    published = to_published(weights, sizes.double_blocks, sizes.single_blocks, sizes.guidance_embeds)
    metadata = {KIND: NETWORK, CONFIG: json.dumps(diffusers_config(infusenet)), RECOGNISER: recogniser, "format": "pt"}
    save_file(published, network / "diffusion_pytorch_model.safetensors", metadata)
    (network / "config.json").write_text(json.dumps(diffusers_config(infusenet), indent=2) + "\n", encoding="utf-8")

    tokens = {name: weight.detach().cpu().float().contiguous() for name, weight in projector.state_dict().items()}
    metadata = {KIND: PROJECTOR, CONFIG: json.dumps(asdict(projector.config)), RECOGNISER: recogniser, "format": "pt"}
    save_file(tokens, folder / PROJECTOR_FILES[0], metadata)
    torch.save({"image_proj": tokens}, folder / PROJECTOR_FILES[1])


def load_release(folder: Path, dtype: torch.dtype) -> tuple[InfuseNet, IdentityProjector]:
    """Both, on the CPU, from a folder as published or as `save_release` writes it."""
    files = [folder / name for name in PROJECTOR_FILES if (folder / name).is_file()]
    if not (folder / NETWORK_FOLDER).is_dir() or not files:
        raise ValueError(
            f"{folder} holds no {NETWORK_FOLDER} with {PROJECTOR_FILES[0]}; give a released folder, such as stage 1's."
        )
    return load_network(folder / NETWORK_FOLDER, dtype), load_projector(files[0], dtype)
