"""Fetch the published files, when the user asks: resumed after a break, and checked by SHA-256 before use.

Run in the folder of this pack:

    python -m infu_core.checkpoints.download aes-fp8            # the network and its projector
    python -m infu_core.checkpoints.download --list             # what there is: size, licence
    python -m infu_core.checkpoints.download aes-bf16 --folder D:/models/infinite_you
"""

import argparse
import hashlib
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from .headers import CheckpointError
from .known_files import FILES, KnownFile, flavour_of

HUB = "https://huggingface.co"
CHUNK = 1 << 20
TIMEOUT = 60


class Remote(NamedTuple):
    """What the hub says of a file: where its bytes are, how many, and their SHA-256 (None where it says neither)."""

    url: str
    bytes: int | None
    sha256: str | None


class KeepRedirect(urllib.request.HTTPRedirectHandler):
    """The hub names size and hash in the answer that redirects, so that answer must not be skipped."""

    def redirect_request(self, *_):
        return None


def ask_hub(file: KnownFile, hub: str) -> Remote:
    """The hub's own size and hash of a large file (`X-Linked-Size`, `X-Linked-Etag`)."""
    url = f"{hub}/{file.repository}/resolve/{file.revision}/{file.path}"
    request = urllib.request.Request(url, method="HEAD")
    try:
        with urllib.request.build_opener(KeepRedirect).open(request, timeout=TIMEOUT) as answer:
            headers = answer.headers
    except urllib.error.HTTPError as error:
        if error.code not in (301, 302, 303, 307, 308):
            raise CheckpointError(f"{url} can't be fetched: the server says {error.code} {error.reason}.") from error
        headers = error.headers
    except OSError as error:
        raise CheckpointError(f"{url} can't be reached ({error}); check the connection and run this again.") from error
    size = headers.get("X-Linked-Size") or headers.get("Content-Length")
    etag = (headers.get("X-Linked-Etag") or "").strip('"')
    return Remote(url, int(size) if size else None, etag if is_sha256(etag) else None)


def is_sha256(text: str) -> bool:
    return len(text) == 64 and all(letter in "0123456789abcdef" for letter in text)


def download(file: KnownFile, folder: Path, hub: str = HUB, say=print) -> Path:
    """The file below `folder`, complete and checked; `CheckpointError` where it is not what was published.

    Unfinished bytes stay in `NAME.part` and are continued by the next call.
    """
    target = folder / file.name
    if target.is_file():
        say(f"{file.name} is already there.")
        return target
    remote = ask_hub(file, hub)
    expected = file.sha256 or remote.sha256
    if expected is None:
        raise CheckpointError(f"The server names no SHA-256 for {file.name}, so its download could not be checked.")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    fetch(remote, part, say)
    found = sha256_of(part)
    if found != expected:
        part.unlink()
        raise CheckpointError(
            f"{file.name} arrived with SHA-256 {found[:12]}... instead of {expected[:12]}..., so it was deleted; "
            "run this again, and report it if it happens twice."
        )
    os.replace(part, target)
    say(f"{target}: complete, SHA-256 as published.")
    return target


def fetch(remote: Remote, part: Path, say) -> None:
    """Append what is missing to `part`."""
    have = part.stat().st_size if part.is_file() else 0
    if remote.bytes is not None and have > remote.bytes:
        part.unlink()
        have = 0
    if have and have == remote.bytes:
        return
    request = urllib.request.Request(remote.url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            resumed = answer.status == 206
            if have:
                say(f"continuing at {have:,} bytes" if resumed else "the server can't continue, starting again")
            with part.open("ab" if resumed else "wb") as out:
                copy(answer, out, remote.bytes, say)
    except OSError as error:
        raise CheckpointError(f"The download of {part.stem} broke off ({error}); run this again.") from error
    if remote.bytes is not None and part.stat().st_size < remote.bytes:
        raise CheckpointError(
            f"The download of {part.stem} broke off at {part.stat().st_size:,} of {remote.bytes:,} bytes; run this "
            "again to continue."
        )


def copy(source, out, total: int | None, say) -> None:
    told = out.tell() // (CHUNK * 256)
    while chunk := source.read(CHUNK):
        out.write(chunk)
        if out.tell() // (CHUNK * 256) > told:
            told = out.tell() // (CHUNK * 256)
            say(f"{out.tell() / 1e9:.2f} GB" + (f" of {total / 1e9:.2f} GB" if total else ""))


def sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def with_projector(key: str) -> list[str]:
    """A network is of no use without its projector."""
    return [key] if key.endswith("projector") else [key, f"{flavour_of(key)}-projector"]


def models_folder() -> Path:
    """models/infinite_you of the ComfyUI whose custom_nodes hold this pack."""
    pack = Path(os.path.abspath(__file__)).parents[2]
    if pack.parent.name != "custom_nodes":
        raise CheckpointError(
            f"This pack lies in {pack.parent}, not in custom_nodes; say with --folder where models/infinite_you is."
        )
    return pack.parent.parent / "models" / "infinite_you"


def listing() -> str:
    rows = (f"{key:14} {file.about_bytes / 1e9:5.2f} GB  {file.licence}  {file.name}" for key, file in FILES.items())
    return "\n".join(rows)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infu_core.checkpoints.download", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("file", nargs="?", choices=FILES, help="what to fetch; a network brings its projector")
    parser.add_argument("--folder", type=Path, help="where to put it (default: ComfyUI's models/infinite_you)")
    parser.add_argument("--hub", default=os.environ.get("HF_ENDPOINT", HUB), help="another address of the hub")
    parser.add_argument("--list", action="store_true", help="list what there is")
    given = parser.parse_args(arguments)
    if given.list or not given.file:
        print(listing())
        return 0
    try:
        folder = given.folder or models_folder()
        for key in with_projector(given.file):
            print(f"{FILES[key].name}, {FILES[key].about_bytes / 1e9:.2f} GB, {FILES[key].licence}")
            download(FILES[key], folder, given.hub.rstrip("/"))
    except CheckpointError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
