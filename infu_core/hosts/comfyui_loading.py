"""Load an InfuseNet and its projector into ComfyUI: chosen names in, one value for the INFUSENET wire out."""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import comfy.ops
import comfy.utils
import torch

from ..checkpoints.headers import SAFETENSORS
from ..checkpoints.known_files import flavour_of
from ..checkpoints.load import NetworkFile, ProjectorFile, check_pair, fill
from ..identity.identity import RECOGNISER
from ..networks.identity_projector import IdentityProjector
from ..networks.infusenet import InfuseNet
from .comfyui_memory import attention, managed, precision_for
from .comfyui_weight_files import locate_pair, short_name

log = logging.getLogger(__name__)

WEIGHT_TYPES = {
    "auto": None,
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
    "fp32": torch.float32,
    "fp8_e4m3fn": torch.float8_e4m3fn,
}


@dataclass(frozen=True, eq=False)
class LoadedInfuseNet:
    """What travels on the INFUSENET wire; nothing in it changes, and two loads share nothing.

    `network`, `projector`: ComfyUI patchers around `InfuseNet` and `IdentityProjector`. `name`: as users know the
    file. `recogniser`: which face vectors the projector reads. `dtype`: what the network's inputs must be in.
    """

    network: Any
    projector: Any
    name: str
    recogniser: str
    dtype: torch.dtype

    def get_models(self) -> list:
        """Every model that ComfyUI must know to be in use."""
        return [self.network, self.projector]


def load_infusenet(infusenet: str, projector: str = "auto", weight_dtype: str = "auto") -> LoadedInfuseNet:
    """Menu names -> a loaded pair; `CheckpointError` in one sentence where they can't be used."""
    network_path, projector_path = locate_pair(infusenet, projector)
    network_file, projector_file = NetworkFile(network_path), ProjectorFile(projector_path)
    check_pair(network_file, projector_file)
    tell_pair(short_name(network_path), short_name(projector_path))
    network, dtype = network_patcher(network_file, WEIGHT_TYPES[weight_dtype])
    loaded = LoadedInfuseNet(
        network,
        projector_patcher(projector_file),
        short_name(network_path),
        projector_file.recogniser or network_file.recogniser or RECOGNISER,
        dtype,
    )
    tell_torch_file(projector_path)
    return loaded


def network_patcher(file: NetworkFile, wanted: torch.dtype | None, disable_dynamic: bool = False):
    """The network under ComfyUI's management, and the dtype of its activations."""
    precision = precision_for(file.dtype, wanted)
    module = InfuseNet(file.format.config, precision.operations, attention, precision.stored, "meta")
    bar = comfy.utils.ProgressBar(len(file.format.sources))
    filled = fill(module, file, precision.stored, lambda: bar.update(1))
    patcher = managed(filled, disable_dynamic=disable_dynamic)
    patcher.cached_patcher_init = (reload_network, (file.files.path, wanted))
    return patcher, precision.computed


def projector_patcher(file: ProjectorFile, disable_dynamic: bool = False):
    """The projector, small and run once per image: computed in float32 however it is stored."""
    operations = comfy.ops.pick_operations(file.dtype, torch.float32, disable_fast_fp8=True)
    module = IdentityProjector(file.format.config, operations, file.dtype, "meta")
    patcher = managed(fill(module, file, file.dtype), disable_dynamic=disable_dynamic)
    patcher.cached_patcher_init = (reload_projector, (file.files.path,))
    return patcher


def reload_network(path: Path, wanted: torch.dtype | None, disable_dynamic: bool = False):
    """What ComfyUI calls for a copy on another graphics card."""
    return network_patcher(NetworkFile(path), wanted, disable_dynamic)[0]


def reload_projector(path: Path, disable_dynamic: bool = False):
    return projector_patcher(ProjectorFile(path), disable_dynamic)


def tell_pair(network: str, projector: str) -> None:
    """aes and sim have the same shapes, so only their names can tell a wrong pair."""
    log.info("InfuseNet %s with the projector %s", network, projector)
    ours, theirs = flavour_of(network), flavour_of(projector)
    if ours and theirs and ours != theirs:
        log.warning(
            "%s is named as '%s' but its projector %s as '%s': faces will come out unlike unless one of them was "
            "renamed; choose projector 'auto' to pair them by folder.",
            network,
            ours,
            projector,
            theirs,
        )


def tell_torch_file(path: Path) -> None:
    if path.suffix.lower() not in SAFETENSORS:
        log.info(
            "%s is a torch file; 'python -m infu_core.checkpoints.convert \"%s\"', run in the folder of this pack, "
            "writes a safetensors copy beside it, which then loads without it.",
            path.name,
            path,
        )
