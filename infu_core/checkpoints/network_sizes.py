"""Sizes of an InfuseNet or a projector: from shapes, and from a config what shapes can't tell."""

import json
import re
from collections.abc import Mapping
from typing import Any

from ..networks.identity_projector import IdentityProjectorConfig
from ..networks.infusenet import InfuseNetConfig
from .file_faults import CheckpointError
from .headers import Header

KIND, CONFIG, RECOGNISER = "infu.kind", "infu.config", "infu.recogniser"
"""Words that our own files may carry in their metadata: what it is, sizes as JSON, the recogniser it was trained on."""

NETWORK, PROJECTOR = "infusenet", "projector"
FLUX_HIDDEN, FLUX_HEAD, FLUX_AXES = 3072, 128, (16, 56, 56)
PUBLISHED_DEPTH = (4, 10)
PROJECTOR_HEAD, FACE_VECTOR = 64, 512

Config = Mapping[str, Any]


def metadata_config(header: Header, name: str) -> Config | None:
    text = header.metadata.get(CONFIG)
    return parse_config(text, f"the metadata of {name}") if text else None


def parse_config(text: str, where: str) -> Config:
    try:
        config = json.loads(text, parse_constant=no_number)
    except RecursionError as error:
        raise CheckpointError(f"{where} is nested too deep; download it again.") from error
    except ValueError as error:
        raise CheckpointError(f"{where} is not valid JSON ({error}); download it again.") from error
    if not isinstance(config, dict):
        raise CheckpointError(f"{where} holds no table of sizes; download it again.")
    return config


def no_number(word: str):
    raise ValueError(f"{word} is no number there")


def count_blocks(shapes: Mapping[str, Any], table: str, name: str) -> int:
    """One more than the highest block's number; blocks are numbered from 0, so no more than there are tensors."""
    found = [match[1] for key in shapes if (match := re.match(rf"{table}\.([0-9]+)\.", key))]
    strange = [number for number in found if len(number) > 9 or int(number) >= len(shapes)]
    if strange:
        raise CheckpointError(f"{name} numbers a block {strange[0]} of {len(shapes):,} tensors; download it again.")
    return max(map(int, found), default=-1) + 1


def network_config(
    shapes: Mapping[str, tuple[int, ...]],
    sources: Mapping[str, tuple[str, ...]],
    double: int,
    single: int,
    guidance: bool,
    name: str,
    config: Config | None,
) -> InfuseNetConfig:
    """Sizes from shapes, and from `config` what shapes can't tell: how a head's channels divide over the axes."""

    def matrix(ours: str) -> tuple[int, ...]:
        (part,) = sources[f"{ours}.weight"]
        if len(shapes.get(part, ())) != 2 or 0 in shapes[part]:
            raise CheckpointError(f"{name} is incomplete: it lacks {part}; download it again.")
        return shapes[part]

    hidden, channels = matrix("img_in")
    control_channels = matrix("control_in")[1]
    if control_channels != channels:
        raise CheckpointError(
            f"{name} is no InfuseNet but a FLUX ControlNet with {control_channels} control channels instead of "
            f"{channels} (an inpainting ControlNet); load it with a ControlNet loader."
        )
    norms = [parts[0] for ours, parts in sources.items() if "query_norm" in ours and parts[0] in shapes]
    if not norms or len(shapes[norms[0]]) != 1 or 0 in shapes[norms[0]]:
        raise CheckpointError(f"{name} is incomplete: it has no transformer blocks; download it again.")
    head = shapes[norms[0]][0]
    given = config or {}
    axes = given.get("axes_dims_rope") or (FLUX_AXES if head == FLUX_HEAD else ())
    if not isinstance(axes, list | tuple) or not all(is_size(axis) and axis % 2 == 0 for axis in axes):
        raise CheckpointError(f"{name} has a config whose axes_dims_rope are no three even sizes; download it again.")
    if len(axes) != 3:
        raise CheckpointError(
            f"{name} has attention heads of {head} channels (FLUX.1 has {FLUX_HEAD}), and no config says how they "
            f"divide over the axes; put a config.json with axes_dims_rope beside it, or '{CONFIG}' into its metadata."
        )
    found = {
        "num_layers": double,
        "num_single_layers": single,
        "attention_head_dim": head,
        "num_attention_heads": hidden // head,
        "joint_attention_dim": matrix("txt_in")[1],
        "pooled_projection_dim": matrix("vector_in.in_layer")[1],
        "guidance_embeds": guidance,
        "in_channels": channels,
    }
    for word, value in found.items():
        if word in given and given[word] != value:
            raise CheckpointError(
                f"{name} does not belong to its config: {word} is {given[word]} there, but {value} by its tensors; "
                "download both again."
            )
    try:
        return InfuseNetConfig(
            hidden_size=hidden,
            heads=hidden // head,
            double_blocks=double,
            single_blocks=single,
            context_size=found["joint_attention_dim"],
            pooled_size=found["pooled_projection_dim"],
            guidance_embeds=guidance,
            in_channels=channels,
            control_channels=control_channels,
            axes=(axes[0], axes[1], axes[2]),
        )
    except ValueError as error:
        raise CheckpointError(f"{name} can't be an InfuseNet: {error}") from error


def check_not_a_text_controlnet(sizes: InfuseNetConfig, name: str) -> None:
    """At FLUX.1's width the depth tells an InfuseNet from ControlNets that read text (Jasper, Shakker, InstantX)."""
    depth = (sizes.double_blocks, sizes.single_blocks)
    if sizes.hidden_size == FLUX_HIDDEN and depth != PUBLISHED_DEPTH:
        raise CheckpointError(
            f"{name} is a FLUX ControlNet with {depth[0]} + {depth[1]} blocks, where InfuseNet has "
            f"{PUBLISHED_DEPTH[0]} + {PUBLISHED_DEPTH[1]} (upscaler, depth and union ControlNets do); load it with "
            "a ControlNet loader, or, if you trained it as an InfuseNet, say so with "
            f'"{KIND}": "{NETWORK}" in its metadata or config.json.'
        )


def is_size(value: Any) -> bool:
    return type(value) is int and value > 0


def projector_config(shapes: Mapping[str, tuple[int, ...]], name: str, given: Config) -> IdentityProjectorConfig:
    try:
        depth = count_blocks(shapes, "layers", name)
        inner = shapes["layers.0.0.to_q.weight"][0]
        width, embedding = shapes["proj_in.weight"]
        context = shapes["proj_out.weight"][0]
        tokens = shapes["latents"][1]
        ratio = shapes["layers.0.1.1.weight"][0] // width
    except CheckpointError:
        raise
    except (LookupError, ValueError, ZeroDivisionError) as error:
        raise CheckpointError(f"{name} is an incomplete identity projector; download it again.") from error
    if not all(is_size(size) for size in (depth, inner, width, embedding, context, tokens, ratio)):
        raise CheckpointError(f"{name} is an identity projector with a size of 0; download it again.")
    if embedding != FACE_VECTOR:
        raise CheckpointError(
            f"{name} reads face vectors of {embedding} numbers, but ArcFace makes {FACE_VECTOR}; choose the projector "
            "that was published with the InfuseNet."
        )
    head = given.get("head_size", PROJECTOR_HEAD)
    if not is_size(head):
        raise CheckpointError(f"{name} has {head!r} as the head_size of its metadata, which is no size; correct it.")
    if inner % head:
        raise CheckpointError(
            f"{name} has an attention of {inner} channels, which is no whole number of heads of {head}; say its "
            f"head_size in '{CONFIG}' of its metadata."
        )
    return IdentityProjectorConfig(tokens, width, depth, inner // head, head, embedding, context, ratio)
