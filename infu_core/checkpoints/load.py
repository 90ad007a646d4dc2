"""From a path to our networks: any published layout, one tensor at a time.

A parameter that is stacked from several tensors (q, k and v) is filled part by part, so that the network never
lies in memory twice.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from ..networks.identity_projector import IdentityProjector
from ..networks.infusenet import InfuseNet
from .damage import check_weights
from .file_faults import CheckpointError, reading
from .formats import NetworkFormat, ProjectorFormat, recognise_network, recognise_projector
from .gguf_header import PACKED
from .network_sizes import RECOGNISER
from .stored_types import TORCH_TYPES
from .weight_files import WeightFiles, open_weights

Module = TypeVar("Module", bound=nn.Module)
Build = Callable[..., Module]


class NetworkFile:
    """An InfuseNet on the disk: recognised, checked, not yet read."""

    def __init__(self, path: Path):
        self.files: WeightFiles = open_weights(path)
        with reading(self.files.name):
            self.format: NetworkFormat = recognise_network(self.files.header, self.files.name, self.files.config)
        self.recogniser: str | None = self.files.header.metadata.get(RECOGNISER)

    @property
    def dtype(self) -> torch.dtype:
        return stored_dtype(self.files)


class ProjectorFile:
    """An identity projector on the disk: recognised, checked; a .bin is already mapped into memory."""

    def __init__(self, path: Path):
        self.files: WeightFiles = open_weights(path)
        with reading(self.files.name):
            self.format: ProjectorFormat = recognise_projector(self.files.header, self.files.name)
        self.recogniser: str | None = self.files.header.metadata.get(RECOGNISER)

    @property
    def dtype(self) -> torch.dtype:
        return stored_dtype(self.files)


def check_pair(network: NetworkFile, projector: ProjectorFile) -> None:
    """Refuse a projector whose tokens this network can't read. `aes` and `sim` can't be told apart here."""
    needed, given = network.format.config.context_size, projector.format.config.context_size
    if needed != given:
        raise CheckpointError(
            f"{projector.files.name} makes identity tokens of {given} numbers, but {network.files.name} reads "
            f"{needed}; choose the projector that was published with this InfuseNet."
        )
    if network.recogniser and projector.recogniser and network.recogniser != projector.recogniser:
        raise CheckpointError(
            f"{projector.files.name} was trained on '{projector.recogniser}', {network.files.name} on "
            f"'{network.recogniser}'; choose the projector that belongs to this InfuseNet."
        )


def stored_dtype(files: WeightFiles) -> torch.dtype:
    """The type that most of the file's numbers are stored in; bf16, as they are read, where they have scales."""
    kind = files.header.main_type()
    if files.scales or kind in PACKED:
        return torch.bfloat16
    if kind not in TORCH_TYPES or not TORCH_TYPES[kind].is_floating_point:
        raise CheckpointError(
            f"{files.name} stores its weights as {kind}, which can't be read; use the bf16 or the fp8 file."
        )
    return TORCH_TYPES[kind]


def load_network(path: Path, dtype: torch.dtype | None = None, **parts) -> InfuseNet:
    """An InfuseNet on the CPU; `dtype` None keeps the file's. `parts`: see `InfuseNet` (operations, attention)."""
    file = NetworkFile(path)
    network = InfuseNet(file.format.config, device="meta", dtype=dtype or file.dtype, **parts)
    return fill(network, file, dtype or file.dtype)


def load_projector(path: Path, dtype: torch.dtype | None = None, **parts) -> IdentityProjector:
    """An identity projector on the CPU; `dtype` None keeps the file's."""
    file = ProjectorFile(path)
    projector = IdentityProjector(file.format.config, device="meta", dtype=dtype or file.dtype, **parts)
    return fill(projector, file, dtype or file.dtype)


def fill(
    module: Module,
    file: NetworkFile | ProjectorFile,
    dtype: torch.dtype,
    on_weight: Callable[[], object] = lambda: None,
) -> Module:
    """Give a module that was built on the meta device its weights, each in memory of its own.

    `on_weight` is called after each; there are as many as `file.format.sources`.
    """
    with reading(file.files.name):
        check_weights(file.files, (part for parts in file.format.sources.values() for part in parts))
        weights = {}
        for name, weight in read_parameters(file.files, file.format.sources, dtype):
            weights[name] = weight
            on_weight()
    missing, unexpected = module.load_state_dict(weights, strict=False, assign=True)
    if missing or unexpected:  # the header was checked, so this is a fault of ours or of the host
        raise CheckpointError(f"{file.files.name} did not fit the network: {[*missing, *unexpected][:3]}.")
    return module.eval().requires_grad_(False)


def read_parameters(
    files: WeightFiles, sources: dict[str, tuple[str, ...]], dtype: torch.dtype
) -> Iterator[tuple[str, Tensor]]:
    """Our parameters one by one, stacked from the file's tensors and in `dtype`."""
    for ours, parts in sources.items():
        shapes = [files.header.shapes[part] for part in parts]
        whole = torch.empty((sum(shape[0] for shape in shapes), *shapes[0][1:]), dtype=kept_as(dtype, shapes[0]))
        row = 0
        for part, shape in zip(parts, shapes, strict=True):
            whole[row : row + shape[0]].copy_(files.read(part))
            row += shape[0]
        yield ours, whole


def kept_as(dtype: torch.dtype, shape: tuple[int, ...]) -> torch.dtype:
    """Eight bits are for matrices; biases and norms are tiny, and lose too much in them."""
    return torch.bfloat16 if dtype.itemsize == 1 and len(shape) < 2 else dtype
