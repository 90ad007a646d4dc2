"""InfiniteYou's files in ComfyUI's model folders: what the menus offer, and where a chosen name lies.

Names are relative to a folder registered as `infinite_you` (models/infinite_you, extra_model_paths), with forward
slashes on every system; names that were saved with backslashes are read too.
"""

import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath, PureWindowsPath

import folder_paths

from ..checkpoints.file_faults import CheckpointError, reading
from ..checkpoints.formats import kind_of
from ..checkpoints.gguf_header import GGUF, read_gguf_header
from ..checkpoints.headers import SAFETENSORS, read_safetensors_header
from ..checkpoints.known_files import download_command, download_key, published_name
from ..checkpoints.network_sizes import NETWORK, PROJECTOR
from ..checkpoints.weight_files import is_diffusers_file, is_later_shard
from .comfyui_model_folders import files_in

FOLDER = "infinite_you"
AUTO = "auto"
TORCH_ENDINGS = (".bin", ".pt", ".pth")
LARGEST_IN_MENU = 1_000_000
"""Bytes of a header that a menu reads, ten times InfiniteYou's; a file with more stays in it, to be explained."""
PROJECTOR_NAMES = ("image_proj_model.safetensors", "image_proj_model.bin")


def register_folder() -> None:
    """Make models/infinite_you known to ComfyUI, beside whatever another pack or a config file has registered."""
    folder_paths.add_model_folder_path(FOLDER, str(Path(folder_paths.models_dir) / FOLDER))
    paths, endings = folder_paths.folder_names_and_paths[FOLDER]
    if endings:  # none registered means that every file is listed
        folder_paths.folder_names_and_paths[FOLDER] = (paths, {*endings, *SAFETENSORS, *GGUF, *TORCH_ENDINGS})


def network_menu() -> list[str]:
    """Every file that may be an InfuseNet, and every diffusers folder as one entry, sorted."""
    return sorted(network_names(all_names()), key=str.lower)


def network_names(names: Iterable[str]) -> set[str]:
    found = set()
    for name in names:
        path = PurePosixPath(name)
        if path.suffix.lower() in (*SAFETENSORS, *GGUF) and kind_in(name) != PROJECTOR:
            if is_diffusers_file(path) and len(path.parts) > 1:
                found.add(str(path.parent))
            elif not is_later_shard(path):
                found.add(name)
    return found


def projector_menu() -> list[str]:
    """Every file that may be a projector, sorted; the node puts 'auto' before them."""
    return sorted((name for name in all_names() if may_be_projector(name)), key=str.lower)


def may_be_projector(name: str) -> bool:
    path = PurePosixPath(name)
    if path.suffix.lower() in SAFETENSORS:
        return not is_diffusers_file(path) and kind_in(name) != NETWORK
    return path.suffix.lower() in TORCH_ENDINGS and not is_diffusers_file(path)


def all_names() -> list[str]:
    return files_in(FOLDER, (*SAFETENSORS, *GGUF, *TORCH_ENDINGS))


def kind_in(name: str) -> str | None:
    """What a file is by its header; a file that can't be read stays in the menus, to be explained."""
    try:
        path = locate(name)
        with reading(path.name):
            read = read_gguf_header if path.suffix.lower() in GGUF else read_safetensors_header
            return kind_of(read(path, LARGEST_IN_MENU))
    except CheckpointError:
        return None


def default_network(menu: list[str]) -> str:
    """aes is the authors' default; where there is no file at all, the name of the published one."""
    return next((name for name in menu if "aes" in name.lower()), menu[0] if menu else published_name("aes-bf16"))


def locate(name: str) -> Path:
    """The file or diffusers folder of that name; `CheckpointError` says how to get it where it is missing."""
    relative = inside(name)
    for folder in folder_paths.get_folder_paths(FOLDER):
        if os.path.exists(Path(folder) / relative):  # false, not an error, where no system takes the name
            return Path(folder) / relative
        if os.path.islink(Path(folder) / relative):
            raise CheckpointError(f"{relative} in {folder} is a link to a file that is gone; mend the link.")
    folders = " or ".join(folder_paths.get_folder_paths(FOLDER))
    raise CheckpointError(
        f"{relative} is not in {folders}; put it there, or fetch the published file by running "
        f"'{download_command(download_key(str(relative)))}' in the folder of this pack."
    )


def inside(name: str) -> PurePosixPath:
    """A menu name as a relative path that can't leave its folder."""
    path = PurePosixPath(str(name).replace("\\", "/"))
    if not path.parts or path.is_absolute() or ".." in path.parts or PureWindowsPath(str(name)).drive:
        raise CheckpointError(f"'{name}' does not name a file inside the folder {FOLDER}; choose one from the menu.")
    return path


def locate_projector(network: Path, chosen: str) -> Path:
    """The chosen projector; 'auto' is the one beside the network, or beside its diffusers folder.

    A folder of the same name below another registered folder counts as the same place.
    """
    if chosen != AUTO:
        return locate(chosen)
    folders = [network, network.parent] if network.is_dir() else [network.parent]
    for folder in (twin for place in folders for twin in twins(place)):
        for name in PROJECTOR_NAMES:
            if (folder / name).is_file():
                return folder / name
    command = download_command(download_key(network.as_posix(), projector=True))
    raise CheckpointError(
        f"No image_proj_model.safetensors or .bin lies beside {network.name} in {folders[-1]}; choose the projector, "
        f"or fetch the published one by running '{command}' in the folder of this pack."
    )


def locate_pair(network: str, projector: str) -> tuple[Path, Path]:
    """Both; where neither is there the error says so at once."""
    try:
        path = locate(network)
    except CheckpointError as error:
        place = Path(folder_paths.get_folder_paths(FOLDER)[0]) / inside(network)
        try:
            locate_projector(place, projector)
        except CheckpointError:
            name = PurePosixPath(published_name(download_key(network, projector=True))).name
            raise CheckpointError(f"{error} Its projector ({name}) is missing too; the command brings both.") from error
        raise
    return path, locate_projector(path, projector)


def twins(folder: Path) -> list[Path]:
    """The folder, and those at the same place below the other registered folders."""
    roots = [Path(root) for root in folder_paths.get_folder_paths(FOLDER)]
    below = next((folder.relative_to(root) for root in roots if folder.is_relative_to(root)), None)
    others = [] if below is None else [root / below for root in roots]
    return [folder, *(other for other in others if other != folder)]


def short_name(path: Path) -> str:
    """How users know a file: its place below the registered folder."""
    for folder in folder_paths.get_folder_paths(FOLDER):
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return path.name
