"""The files that hold one network: a single file, or a diffusers folder with shards, an index and a config.json."""

import logging
import re
from collections.abc import Container
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

from safetensors import safe_open
from torch import Tensor

from .file_faults import CheckpointError, reading, size_of, some
from .formats import kind_of
from .gguf_files import check_library, read_tensor
from .gguf_header import GGUF, read_gguf_header
from .headers import SAFETENSORS, TORCH, Header, read_safetensors_header
from .network_sizes import PROJECTOR, Config, parse_config
from .scaled_fp8 import QUANT, check_metadata, check_names, check_note, helpers, parted, scales_of, unscaled
from .torch_files import header_of, read_torch_file

log = logging.getLogger(__name__)

SHARD = re.compile(r"(.+)-(\d{1,9})-of-(\d{1,9})$", re.ASCII)
MOST_SHARDS, LARGEST_CONFIG = 1000, 10_000_000
DIFFUSERS_STEM = "diffusion_pytorch_model"
LEFTOVER = re.compile(
    r"(global_|train_|ema_|num_)?(step|steps|epoch|epochs|iteration|iterations|updates|decay|lr|loss|seed)$"
    r"|(optimi[sz]er|optim|(lr_)?scheduler|grad_scaler|scaler|rng)(_states?)?([._]|$)"
)
"""Names that trainers give to what is no weight, such as `step` or `optimizer.state.0.exp_avg`."""


@dataclass(frozen=True, eq=False)
class WeightFiles:
    """`header` of all files together, `owners`: which file holds a tensor, `config`: the folder's config.json.

    `scales`: of weights in scaled fp8, the tensor with the scale, which `header` does not list.
    """

    path: Path
    header: Header
    owners: dict[str, Path]
    config: Config | None = None
    torch_weights: dict[str, Tensor] = field(default_factory=dict)
    scales: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.path.name

    def read(self, name: str) -> Tensor:
        """One tensor, in bf16 where it was stored with a scale."""
        stored = self.read_stored(name)
        if name not in self.scales:
            return stored
        return unscaled(stored, self.read_stored(self.scales[name]), name, self.name)

    def read_stored(self, name: str) -> Tensor:
        """As it lies there. Its file is mapped anew each time, so that what was read does not stay in memory."""
        if self.torch_weights:
            return self.torch_weights[name]
        owner = self.owners[name]
        if owner.suffix.lower() in GGUF:
            return read_tensor(owner, self.header, name)
        with reading(owner.name), safe_open(owner, framework="pt", device="cpu") as file:
            return file.get_tensor(name)

    def read_all(self) -> dict[str, Tensor]:
        return {name: self.read(name) for name in self.header.shapes}


def open_weights(path: Path) -> WeightFiles:
    """Read what the files say of themselves; safetensors' tensors stay unread."""
    with reading(path.name):
        return without_scales(without_leftovers(open_any(path)))


def without_leftovers(files: WeightFiles) -> WeightFiles:
    """The header without what training leaves beside the weights; the log tells how much was left out."""
    left = sorted(name for name in files.header.shapes if LEFTOVER.match(name))
    if not left:
        return files
    log.info("%s: left out %d entries of its training (%s).", files.name, len(left), some(left))
    return replace(files, header=without(files.header, set(left)))


def without(header: Header, names: Container[str]) -> Header:
    kept = {name: shape for name, shape in header.shapes.items() if name not in names}
    return replace(header, shapes=kept, types={name: kind for name, kind in header.types.items() if name in kept})


def without_scales(files: WeightFiles) -> WeightFiles:
    """The header without what belongs to scaled fp8; `CheckpointError` for a format that can't be read."""
    header = files.header
    check_metadata(header.metadata, files.name)
    check_names(header.shapes, files.name)
    more = helpers(header.shapes)
    for name in sorted(more):
        if parted(name)[1] == QUANT:
            check_note(files.read_stored(name), name, files.name)
    return replace(files, header=without(header, more), scales=scales_of(header.shapes))


def open_any(path: Path) -> WeightFiles:
    if path.is_dir():
        files, config = shards_of(path), folder_config(path)
        header, owners = joined([(file, read_safetensors_header(file)) for file in files], path.name)
        return WeightFiles(path, header, owners, config)
    if path.suffix.lower() in SAFETENSORS and (shard := SHARD.match(path.stem)):
        files = whole(file_sets(path.parent)[shard[1]], path.parent)
        header, owners = joined([(file, read_safetensors_header(file)) for file in files], path.name)
        return WeightFiles(path, header, owners, single_file_config(path))
    if path.suffix.lower() in SAFETENSORS:
        header = read_safetensors_header(path)
        return WeightFiles(path, header, dict.fromkeys(header.shapes, path), single_file_config(path))
    if path.suffix.lower() in TORCH:
        weights = read_torch_file(path)
        return WeightFiles(path, header_of(weights), dict.fromkeys(weights, path), None, weights)
    if path.suffix.lower() in GGUF:
        header = read_gguf_header(path)
        check_library(header, path.name)
        return WeightFiles(path, header, dict.fromkeys(header.shapes, path))
    raise CheckpointError(f"{path.name} is of a kind that is not read here; choose a .safetensors, .gguf or .bin file.")


def joined(parts: list[tuple[Path, Header]], name: str) -> tuple[Header, dict[str, Path]]:
    shapes, types, metadata, places, owners = {}, {}, {}, {}, {}
    for file, header in parts:
        double = owners.keys() & header.shapes.keys()
        if double:
            raise CheckpointError(
                f"{name} holds {min(double)} twice, in {owners[min(double)].name} and {file.name}; keep one set."
            )
        shapes |= header.shapes
        types |= header.types
        metadata |= header.metadata
        places |= header.places
        owners |= dict.fromkeys(header.shapes, file)
    return Header(shapes, types, metadata, places), owners


def shards_of(folder: Path) -> list[Path]:
    """The safetensors files of a diffusers folder; each of a numbered set must be there."""
    index = sorted(folder.glob("*.safetensors.index.json"))
    if len(index) == 1:
        try:
            table = parse_config(small_text(index[0]), f"{folder.name}/{index[0].name}")
            names = sorted(set(table["weight_map"].values()))
            files = [folder / Path(name).name for name in names]
        except (KeyError, TypeError, AttributeError) as error:
            raise CheckpointError(f"{folder.name}/{index[0].name} is damaged; download it again.") from error
    else:
        sets = {stem: files for stem, files in file_sets(folder).items() if not hold_a_projector(files)}
        if not sets:
            raise CheckpointError(f"The folder {folder.name} holds no .safetensors file; download its weights again.")
        stem = DIFFUSERS_STEM if DIFFUSERS_STEM in sets else min(sets)
        if len(sets) > 1 and stem != DIFFUSERS_STEM:
            raise CheckpointError(
                f"The folder {folder.name} holds several networks ({', '.join(sorted(sets))}); "
                "give each a folder of its own."
            )
        files = sets[stem]
    return whole(files, folder)


def hold_a_projector(files: list[Path]) -> bool:
    """A set that is the identity projector which a converter laid beside the network."""
    try:
        return len(files) == 1 and kind_of(read_safetensors_header(files[0])) == PROJECTOR
    except CheckpointError:
        return False


def whole(files: list[Path], folder: Path) -> list[Path]:
    """The files, all of which must be there."""
    missing = [file.name for file in files if not file.is_file()]
    dangling = [file.name for file in files if file.is_symlink() and not file.exists()]
    if dangling:
        raise CheckpointError(f"In the folder {folder.name}, {some(dangling)} is a link to a file that is gone.")
    if missing:
        raise CheckpointError(f"The folder {folder.name} lacks {some(missing)}; download the missing shards.")
    return files


def file_sets(folder: Path) -> dict[str, list[Path]]:
    """Files by common stem; a numbered set is listed in full, even where a shard is missing."""
    sets: dict[str, list[Path]] = {}
    for file in sorted(folder.glob("*.safetensors")):
        shard = SHARD.match(file.stem)
        if shard is None:
            sets[file.stem] = [file]
        elif int(shard[3]) > MOST_SHARDS:
            raise CheckpointError(f"{file.name} claims to be one of {int(shard[3]):,} files; download it again.")
        elif shard[1] not in sets:
            width = len(shard[3])
            names = (f"{shard[1]}-{i:0{width}}-of-{shard[3]}.safetensors" for i in range(1, int(shard[3]) + 1))
            sets[shard[1]] = [folder / name for name in names]
    return sets


def folder_config(folder: Path) -> Config | None:
    file = folder / "config.json"
    return parse_config(small_text(file), f"{folder.name}/config.json") if file.is_file() else None


def small_text(path: Path) -> str:
    """A table beside the weights; a mark of byte order, which some editors write, is passed over."""
    if size_of(path) > LARGEST_CONFIG:
        raise CheckpointError(f"{path.parent.name}/{path.name} is too large to be a table of sizes; download it again.")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise CheckpointError(
            f"{path.parent.name}/{path.name} is no UTF-8 text; save it as UTF-8, or download it again."
        ) from error


def single_file_config(path: Path) -> Config | None:
    """A file inside a diffusers folder is read with that folder's config; elsewhere a config.json is not ours."""
    return folder_config(path.parent) if path.stem.startswith(DIFFUSERS_STEM) else None


def is_later_shard(path: PurePath) -> bool:
    """A file of a numbered set that is not its first, which stands for all of them."""
    shard = SHARD.match(path.stem)
    return bool(shard) and int(shard[2]) != 1


def is_diffusers_file(path: PurePath) -> bool:
    return bool(SHARD.match(path.stem)) or path.stem.startswith(DIFFUSERS_STEM)
