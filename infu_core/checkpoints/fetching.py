"""Bring one published file: from the hub by `huggingface_hub`, from a release by torch; checked before it has its name.

Unfinished bytes lie in a folder that begins with a dot, which menus pass over. After a break the library goes on where
it was; after five in a row it gives up, and the next call begins anew (as of huggingface_hub 2).
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .file_faults import CheckpointError
from .known_files import HUB, KnownFile

STAGING = ".infu-download"
CHUNK = 1 << 20
NO_LIBRARY = (
    "Downloads need the package huggingface_hub, which ComfyUI usually brings; install it with "
    "'python -m pip install huggingface_hub', or fetch the file by hand: {}"
)
Say = Callable[[str], None]


def fetch(file: KnownFile, models: Path, endpoint: str | None = None, say: Say = print) -> Path:
    """The file below ComfyUI's `models` folder, complete and checked. `endpoint`: another address of the hub.

    Raises `CheckpointError`, in one sentence, where it is not what was published, can't be checked or can't be had.
    """
    target = file.below(models)
    if target.is_file():
        say(f"{target} is already there.")
        return target
    staging = models / file.directory / STAGING
    staging.mkdir(parents=True, exist_ok=True)
    expected, staged = (from_release if file.url else from_hub)(file, staging, endpoint)
    check_hash(staged, expected, file.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(staged, target)
    shutil.rmtree(staging)
    say(f"{target}: complete, SHA-256 as published.")
    return target


def from_hub(file: KnownFile, staging: Path, endpoint: str | None) -> tuple[str, Path]:
    """The SHA-256 that it must have, and where it lies now."""
    try:
        import huggingface_hub as hub
    except ImportError as error:
        raise CheckpointError(NO_LIBRARY.format(file.address)) from error
    with told(file, hub):
        place = hub.hf_hub_url(file.repository, file.path, revision=file.revision, endpoint=endpoint)
        says = hub.get_hf_file_metadata(place)
        expected = file.sha256 or says.etag or ""
        if not is_sha256(expected):
            raise CheckpointError(f"The server names no SHA-256 for {file.name}, so its download could not be checked.")
        check_room(staging, says.size or file.about_bytes, file.name)
        staged = hub.hf_hub_download(
            file.repository, file.path, revision=file.revision, endpoint=endpoint, local_dir=staging
        )
    return expected, Path(staged)


def from_release(file: KnownFile, staging: Path, _: str | None) -> tuple[str, Path]:
    import torch

    if file.sha256 is None:
        raise CheckpointError(f"No SHA-256 of {file.name} is known, so its download could not be checked.")
    check_room(staging, file.about_bytes, file.name)
    staged = staging / Path(file.name).name
    try:
        torch.hub.download_url_to_file(file.url, str(staged))
    except OSError as error:
        raise CheckpointError(f"{file.url} could not be fetched ({error}); run this again.") from error
    return file.sha256, staged


@contextmanager
def told(file: KnownFile, hub) -> Iterator[None]:
    """What the library and the network raise, in one sentence."""
    try:
        yield
    except CheckpointError:
        raise
    except hub.errors.GatedRepoError as error:
        raise CheckpointError(
            f"{file.repository} wants an account: agree to its licence on {HUB}/{file.repository}, run "
            "'hf auth login' or set HF_TOKEN, then run this again."
        ) from error
    except hub.errors.OfflineModeIsEnabled as error:
        raise CheckpointError("HF_HUB_OFFLINE is set, so nothing is fetched; unset it, then run this again.") from error
    except Exception as error:  # whatever the library's own network client raises: its kinds change with its version
        said = " ".join(str(error).split())[:200] or type(error).__name__
        raise CheckpointError(f"{file.address} could not be fetched ({said}); run this again.") from error


def check_hash(staged: Path, expected: str, name: str) -> None:
    found = sha256_of(staged)
    if found != expected:
        staged.unlink()
        raise CheckpointError(
            f"{name} arrived with SHA-256 {found[:12]}... instead of {expected[:12]}..., so it was deleted; run this "
            "again, and report it if it happens twice."
        )


def check_room(folder: Path, needed: int, name: str) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise CheckpointError(
            f"{name} takes {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free in {folder.parent}; make room first."
        )


def is_sha256(text: str) -> bool:
    return len(text) == 64 and all(letter in "0123456789abcdef" for letter in text)


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
