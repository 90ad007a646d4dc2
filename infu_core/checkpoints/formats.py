"""Is this an InfuseNet or a projector, of which sizes, under which names? Told from tensor names and shapes alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..networks.identity_projector import IdentityProjectorConfig
from ..networks.infusenet import InfuseNetConfig
from .file_faults import CheckpointError, some
from .foreign import what_else
from .headers import Header
from .key_maps import modules
from .network_sizes import (
    KIND,
    NETWORK,
    PROJECTOR,
    Config,
    check_not_a_text_controlnet,
    count_blocks,
    metadata_config,
    network_config,
    projector_config,
)

PUBLISHED, OURS = "published", "ours"
MARKS = {PUBLISHED: "controlnet_x_embedder.weight", OURS: "control_in.weight"}
BLOCKS = {PUBLISHED: ("transformer_blocks", "single_transformer_blocks"), OURS: ("double_blocks", "single_blocks")}
PROJECTOR_MARKS = ("latents", "proj_in.weight", "layers.0.0.to_kv.weight")


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
    double, single = (count_blocks(shapes, table, name) for table in BLOCKS[naming])
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
