"""What the trained networks hold before the first step: the base's first blocks, or weights that were released."""

from pathlib import Path
from typing import Any

import torch

from ...checkpoints.key_maps import from_published
from ...networks.identity_projector import IdentityProjector
from ...networks.infusenet import InfuseNet
from ..identity_objective import begin_projector, begin_silent, copy_base_blocks
from .release import load_release


def begin_like_base(transformer: Any, infusenet: InfuseNet, projector: IdentityProjector) -> None:
    """InfuseNet's blocks start as copies of the base's first ones, its outputs at zero."""
    sizes = infusenet.config
    weights = {
        name: weight.detach().float()
        for name, weight in transformer.state_dict().items()
        if _within(name, sizes.double_blocks, sizes.single_blocks)
    }
    copy_base_blocks(
        infusenet, from_published(weights, sizes.double_blocks, sizes.single_blocks, sizes.guidance_embeds)
    )
    begin_silent(infusenet)
    begin_projector(projector)


def _within(name: str, double_blocks: int, single_blocks: int) -> bool:
    """Is this one of the blocks that are copied? The others of FLUX.1-dev would cost every process 34 GiB."""
    room, *rest = name.split(".")
    count = {"transformer_blocks": double_blocks, "single_transformer_blocks": single_blocks}.get(room)
    return count is None or int(rest[0]) < count


def begin_with_release(folder: Path, infusenet: InfuseNet, projector: IdentityProjector) -> None:
    """`folder` holds InfuseNetModel and the projector's file, as published and as this training writes them."""
    network, tokens = load_release(folder, torch.float32)
    for own, released in ((infusenet.config, network.config), (projector.config, tokens.config)):
        if own != released:
            raise ValueError(f"{folder} has other sizes than the config: {released} instead of {own}.")
    infusenet.load_state_dict(network.state_dict())
    projector.load_state_dict(tokens.state_dict())
