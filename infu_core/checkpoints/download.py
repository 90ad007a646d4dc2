"""Fetch the files that people need, when they ask: sizes and licences first, then one question, checked before use.

Run in the folder of this pack, by the Python that runs ComfyUI:

    python -m infu_core.checkpoints.download all            # all that workflow 01 opens
    python -m infu_core.checkpoints.download aes-fp8 faces  # a network with its projector; detector and recogniser
    python -m infu_core.checkpoints.download status         # what is there, right, wrong, missing
    python -m infu_core.checkpoints.download --list         # what there is
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from . import file_status
from .fetching import fetch
from .file_faults import CheckpointError
from .known_files import FILES, GROUPS

STATUS = "status"
CHOICES = (*GROUPS, *(key for key in FILES if key not in GROUPS), STATUS)


def models_folder() -> Path:
    """The models folder of the ComfyUI whose custom_nodes hold this pack."""
    pack = Path(os.path.abspath(__file__)).parents[2]
    if pack.parent.name != "custom_nodes":
        raise CheckpointError(
            f"This pack lies in {pack.parent}, not in custom_nodes; say with --models where ComfyUI's models are."
        )
    return pack.parent.parent / "models"


def keys_of(asked: Sequence[str]) -> list[str]:
    """Files, each once, in the order asked for."""
    return list(dict.fromkeys(key for word in asked for key in GROUPS.get(word, (word,))))


def listing() -> str:
    files = [f"{key:14} {told(key)}" for key in FILES]
    groups = [f"{name:14} {', '.join(keys)}" for name, keys in GROUPS.items()]
    return "\n".join(["Files:", *files, "", "Several at once:", *groups])


def told(key: str) -> str:
    file = FILES[key]
    account = ", needs an account there" if file.gated else ""
    return f"{file.about_bytes / 1e9:6.2f} GB  {file.directory}/{file.name}  ({file.licence}{account})"


def plan(keys: Sequence[str], models: Path) -> list[str]:
    """Say what is there and what would be fetched; the latter."""
    missing = [key for key in keys if not FILES[key].below(models).is_file()]
    for key in keys:
        print(f"{'fetch' if key in missing else 'there':6} {told(key)}")
    return missing


def agreed(missing: Sequence[str], models: Path, yes: bool) -> bool:
    """One question for all of them; `CheckpointError` where nobody can answer it."""
    total = sum(FILES[key].about_bytes for key in missing)
    question = f"Fetch {len(missing)} files, {total / 1e9:.1f} GB, into {models}?"
    if yes:
        print(question.removesuffix("?") + ".")
        return True
    if not sys.stdin.isatty():
        raise CheckpointError(f"{question} Nobody can answer here; say --yes.")
    return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infu_core.checkpoints.download", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("files", nargs="*", help="names of --list, or status")
    parser.add_argument("--models", type=Path, help="ComfyUI's models folder (default: of the ComfyUI that has this)")
    parser.add_argument("--folder", type=Path, help="models/infinite_you, wherever it is")
    parser.add_argument("--hub", default=os.environ.get("HF_ENDPOINT"), help="another address of the hub")
    parser.add_argument("--list", action="store_true", help="list what there is")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    given = parser.parse_args(arguments)
    unknown = [word for word in given.files if word not in CHOICES]
    if unknown:
        parser.error(f"{', '.join(unknown)} is not known; choose from {', '.join(CHOICES)}")
    if given.list or not given.files:
        print(listing())
        return 0
    try:
        models = given.models or (given.folder.parent if given.folder else models_folder())
        if STATUS in given.files:
            for line in file_status.lines(models):
                print(line, flush=True)
            return 0
        return bring(keys_of(given.files), models, given.hub, given.yes)
    except CheckpointError as error:
        print(error, file=sys.stderr)
        return 1


def bring(keys: Sequence[str], models: Path, hub: str | None, yes: bool) -> int:
    """All that are missing; 1 where any did not come, and the others are tried all the same."""
    missing = plan(keys, models)
    if not missing:
        return 0
    if not agreed(missing, models, yes):
        print("Nothing was fetched.")
        return 1
    failed = 0
    for key in missing:
        try:
            fetch(FILES[key], models, hub and hub.rstrip("/"))
        except CheckpointError as error:
            failed = 1
            print(error, file=sys.stderr)
    return failed


if __name__ == "__main__":
    sys.exit(main())
