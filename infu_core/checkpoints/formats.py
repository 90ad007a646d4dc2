"""Is this an InfuseNet or a projector, of which sizes, under which names? Told from tensor names and shapes alone."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..networks.identity_projector import IdentityProjectorConfig
from ..networks.infusenet import InfuseNetConfig
from .foreign import what_else
from .headers import CheckpointError, Header
from .key_maps import modules

KIND, CONFIG, RECOGNISER = "infu.kind", "infu.config", "infu.recogniser"
"""Words that our own files may carry in their metadata: what it is, sizes as JSON, the recogniser it was trained on."""

NETWORK, PROJECTOR = "infusenet", "projector"
PUBLISHED, OURS = "published", "ours"
MARKS = {PUBLISHED: "controlnet_x_embedder.weight", OURS: "control_in.weight"}
BLOCKS = {PUBLISHED: ("transformer_blocks", "single_transformer_blocks"), OURS: ("double_blocks", "single_blocks")}
PROJECTOR_MARKS = ("latents", "proj_in.weight", "layers.0.0.to_kv.weight")

FLUX_HIDDEN, FLUX_HEAD, FLUX_AXES = 3072, 128, (16, 56, 56)
PUBLISHED_DEPTH = (4, 10)
PROJECTOR_HEAD = 64

Config = Mapping[str, Any]


@dataclass(frozen=True)
class NetworkFormat:
    """`sources`: for each parameter of ours, the file's tensors whose stacked rows are its value."""

    config: InfuseNetConfig
    sources: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class ProjectorFormat:
    config: IdentityProjectorConfig
    sources: dict[str, tuple[str, ...]]


def kind_of(header: Header) -> str | None:
    """NETWORK, PROJECTOR, or None for any other file."""
    if what_else(header.shapes):
        return None
    if network_naming(header):
        return NETWORK
    return PROJECTOR if projector_prefix(header) is not None else None


def recognise_network(header: Header, name: str, config: Config | None = None) -> NetworkFormat:
    """`config`: a diffusers `config.json`, which wins over guesses and is checked against the shapes."""
    other = what_else(header.shapes)
    if other:
        raise CheckpointError(f"{name} is no InfuseNet but {other}.")
    found = network_naming(header)
    if found is None:
        raise CheckpointError(no_network(header, name))
    naming, prefix = found
    own = header.metadata.get(KIND) == NETWORK or (config or {}).get(KIND) == NETWORK
    config = config or metadata_config(header, name)
    shapes = {key.removeprefix(prefix): shape for key, shape in header.shapes.items() if key.startswith(prefix)}
    double, single = (count_blocks(shapes, table) for table in BLOCKS[naming])
    guidance = any("guidance" in key for key in shapes)
    sources = network_sources(shapes, naming, double, single, guidance)
    sizes = network_config(shapes, sources, double, single, guidance, name, config)
    if not own:
        check_not_a_text_controlnet(sizes, name)
    stacked = {key: stacked_shape(shapes, parts) for key, parts in sources.items()}
    strange = header.shapes.keys() - {prefix + part for parts in sources.values() for part in parts}
    check_complete(stacked, expected_network(sizes), sources, strange, name)
    return NetworkFormat(sizes, {key: tuple(prefix + part for part in parts) for key, parts in sources.items()})


def recognise_projector(header: Header, name: str) -> ProjectorFormat:
    other = what_else(header.shapes)
    if other:
        raise CheckpointError(f"{name} is no identity projector but {other}.")
    if network_naming(header):
        raise CheckpointError(
            f"{name} is an InfuseNet, not an identity projector; choose image_proj_model as the projector, or 'auto'."
        )
    prefix = projector_prefix(header)
    if prefix is None:
        raise CheckpointError(
            f"{name} is no identity projector (its tensors are {some(header.shapes)}); choose image_proj_model, "
            "or 'auto'."
        )
    shapes = {key.removeprefix(prefix): shape for key, shape in header.shapes.items() if key.startswith(prefix)}
    config = projector_config(shapes, name, metadata_config(header, name) or {})
    sources = {key: (key,) for key in shapes}
    expected = expected_projector(config)
    strange = header.shapes.keys() - {prefix + key for key in expected}
    check_complete(shapes, expected, sources, strange, name)
    return ProjectorFormat(config, {key: (prefix + key,) for key in shapes})


def network_naming(header: Header) -> tuple[str, str] | None:
    """How the file names its tensors (PUBLISHED or OURS) and what stands before every name."""
    for naming, mark in MARKS.items():
        for key in header.shapes:
            if key == mark or key.endswith(f".{mark}"):
                return naming, key.removesuffix(mark)
    return None


def projector_prefix(header: Header) -> str | None:
    for key in header.shapes:
        if key == "latents" or key.endswith(".latents"):
            prefix = key.removesuffix("latents")
            if all(prefix + mark in header.shapes for mark in PROJECTOR_MARKS):
                return prefix
    return None


def no_network(header: Header, name: str) -> str:
    if projector_prefix(header) is not None:
        return f"{name} is an identity projector, not an InfuseNet; choose it as the projector."
    return f"{name} is no InfuseNet (its tensors are {some(header.shapes)}); choose another file."


def metadata_config(header: Header, name: str) -> Config | None:
    text = header.metadata.get(CONFIG)
    return parse_config(text, f"the metadata of {name}") if text else None


def parse_config(text: str, where: str) -> Config:
    try:
        config = json.loads(text)
    except ValueError as error:
        raise CheckpointError(f"{where} is not valid JSON ({error}); download it again.") from error
    if not isinstance(config, dict):
        raise CheckpointError(f"{where} holds no table of sizes; download it again.")
    return config


def count_blocks(shapes: Mapping[str, Any], table: str) -> int:
    found = [int(match[1]) for key in shapes if (match := re.match(rf"{table}\.(\d+)\.", key))]
    return max(found, default=-1) + 1


def network_sources(
    shapes: Mapping[str, Any], naming: str, double: int, single: int, guidance: bool
) -> dict[str, tuple[str, ...]]:
    """Parameters of ours -> the tensors they are made of, all those that a network of this size has."""
    sources = {}
    for ours, theirs in modules(double, single, guidance):
        for kind in ("weight",) if "_norm" in ours else ("weight", "bias"):
            parts = theirs if naming == PUBLISHED else (ours,)
            sources[f"{ours}.{kind}"] = tuple(f"{part}.{kind}" for part in parts)
    return sources


def stacked_shape(shapes: Mapping[str, tuple[int, ...]], parts: tuple[str, ...]) -> tuple[int, ...] | None:
    """The shape of these tensors on top of each other; None where one is missing or too narrow."""
    found = [shapes.get(part) for part in parts]
    first = found[0]
    if first is None or any(shape is None or shape[1:] != first[1:] for shape in found):
        return None
    return (sum(shape[0] for shape in found if shape), *first[1:]) if first else ()


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
        if len(shapes.get(part, ())) != 2:
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
    if not norms:
        raise CheckpointError(f"{name} is incomplete: it has no transformer blocks; download it again.")
    head = shapes[norms[0]][0]
    given = config or {}
    axes = given.get("axes_dims_rope") or (FLUX_AXES if head == FLUX_HEAD else ())
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


def projector_config(shapes: Mapping[str, tuple[int, ...]], name: str, given: Config) -> IdentityProjectorConfig:
    try:
        depth = count_blocks(shapes, "layers")
        inner = shapes["layers.0.0.to_q.weight"][0]
        width, embedding = shapes["proj_in.weight"]
        context = shapes["proj_out.weight"][0]
        tokens = shapes["latents"][1]
        ratio = shapes["layers.0.1.1.weight"][0] // width
    except (KeyError, IndexError, ValueError) as error:
        raise CheckpointError(f"{name} is an incomplete identity projector; download it again.") from error
    head = given.get("head_size", PROJECTOR_HEAD)
    if inner % head:
        raise CheckpointError(
            f"{name} has an attention of {inner} channels, which is no whole number of heads of {head}; say its "
            f"head_size in '{CONFIG}' of its metadata."
        )
    return IdentityProjectorConfig(tokens, width, depth, inner // head, head, embedding, context, ratio)


def expected_network(config: InfuseNetConfig) -> dict[str, tuple[int, ...]]:
    from ..networks.infusenet import InfuseNet

    return {key: tuple(value.shape) for key, value in InfuseNet(config, device="meta").state_dict().items()}


def expected_projector(config: IdentityProjectorConfig) -> dict[str, tuple[int, ...]]:
    from ..networks.identity_projector import IdentityProjector

    return {key: tuple(value.shape) for key, value in IdentityProjector(config, device="meta").state_dict().items()}


def check_complete(
    found: Mapping[str, tuple[int, ...] | None],
    expected: Mapping[str, tuple[int, ...]],
    sources: Mapping[str, tuple[str, ...]],
    strange: set[str],
    name: str,
) -> None:
    """Every parameter there, nothing else, and all of the right shape."""
    missing = [sources.get(key, (key,))[0] for key in expected if found.get(key) is None]
    if missing:
        raise CheckpointError(f"{name} lacks {some(missing)}; it is incomplete, so download it again.")
    if strange:
        raise CheckpointError(f"{name} holds {some(strange)}, which this kind of network does not have.")
    for key, shape in expected.items():
        if found[key] != shape:
            raise CheckpointError(
                f"{name} has {sources[key][0]} of shape {found[key]} where {shape} is needed; download it again."
            )


def some(names) -> str:
    """Up to three names, and how many more there are."""
    names = sorted(names)
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
