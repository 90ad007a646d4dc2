"""What must fit together before sampling: base, InfuseNet, identities, masks, VAE. One sentence for each misfit."""

import logging
from collections.abc import Sequence

from torch import Tensor

from ..faces.picture import as_batch, check_values
from ..faces.pose_image import looks_like_points
from ..identity.identity import Identity
from ..injection.region_layout import IdentityRegion
from .comfyui_loading import LoadedInfuseNet

log = logging.getLogger(__name__)

LATENT_CHANNELS = 16


def check_base(model, infusenet: LoadedInfuseNet) -> None:
    """Refuse a base (ComfyUI's BaseModel) that this InfuseNet's residuals do not fit."""
    base = model.model_config.unet_config
    kind = base.get("image_model")
    if kind != "flux" or base.get("vec_in_dim", 1) is None:  # relatives without a pooled text vector
        named = kind if kind and kind != "flux" else type(model).__name__
        raise ValueError(
            f"InfiniteYou works with FLUX.1 models; this MODEL is of the kind '{named}'. Connect a FLUX.1 model."
        )
    config = infusenet.network.model.config
    for what, ours, theirs in (
        ("hidden size", config.hidden_size, base.get("hidden_size", config.hidden_size)),
        ("pooled text size", config.pooled_size, base.get("vec_in_dim", config.pooled_size)),
    ):
        if ours != theirs:
            raise ValueError(
                f"{infusenet.name} was made for a FLUX of {what} {ours}, but this MODEL has {theirs}; "
                "choose an InfuseNet that belongs to the model."
            )


def as_regions(identity: Identity | Sequence[IdentityRegion], infusenet: LoadedInfuseNet) -> list[IdentityRegion]:
    """What the identity socket carried, as regions that this projector can read and whose masks all have an owner."""
    regions = [IdentityRegion(identity)] if isinstance(identity, Identity) else list(identity)
    if not regions:
        raise ValueError("No identity region is connected; add at least one with Identity Region (InfU).")
    for region in regions:
        if region.identity.recogniser != infusenet.recogniser:
            raise ValueError(
                f"The identity was made by the recogniser '{region.identity.recogniser}', {infusenet.name} reads "
                f"'{infusenet.recogniser}'; encode the photo again with that recogniser."
            )
        if region.masks_given > len(regions):
            raise ValueError(
                f"There are {region.masks_given} masks but {len(regions)} identities; "
                "add an Identity Region (InfU) for every mask, or connect fewer masks."
            )
    # A fixed order makes the result independent of the order in which the regions were chained.
    return sorted(regions, key=lambda region: region.identity.digest())


def check_vae(vae) -> None:
    """Refuse a VAE whose latents are not FLUX.1's."""
    if vae is None:
        raise ValueError("No VAE came in (this checkpoint holds none); load FLUX.1's VAE (ae.safetensors).")
    channels, dimensions = getattr(vae, "latent_channels", LATENT_CHANNELS), getattr(vae, "latent_dim", 2)
    if channels != LATENT_CHANNELS or dimensions != 2:
        raise ValueError(
            f"This VAE makes {'video' if dimensions != 2 else 'picture'} latents of {channels} channels, "
            f"FLUX.1's are picture latents of {LATENT_CHANNELS}; connect FLUX.1's VAE (ae.safetensors)."
        )


NO_POINTS = (
    "The pose image is no drawing of five key points but another kind of picture, which InfuseNet can't read; connect "
    "it to Face Pose (InfU), and that node's output here."
)


def checked_pose_image(image: Tensor | None) -> Tensor | None:
    """[F, height, width, 3], grey and transparent pictures too; ValueError in one sentence for other values."""
    if image is None:
        return None
    frames = as_batch(image, "pose_image")
    check_values(frames, "pose_image")
    return frames[..., :3].expand(-1, -1, -1, 3)


def warning_of(pose_image: Tensor | None) -> str:
    """What a node says of a pose image that it takes all the same; empty where nothing is odd."""
    frames = checked_pose_image(pose_image)
    if frames is None or all(looks_like_points((255 * frame.clamp(0, 1)).byte().cpu().numpy()) for frame in frames):
        return ""
    log.warning(NO_POINTS)
    return NO_POINTS
