"""What the node registry packs: the repository less what `.comfyignore` names, as git reads such a list."""

import shutil
import subprocess
from pathlib import Path

from harness.checkout import ROOT


def packed_files() -> list[str]:
    """Paths below the repository's root, sorted."""
    return sorted(set(_listed("--cached")) - set(_listed("--cached", "--ignored", "--exclude-from=.comfyignore")))


def unpack(folder: Path) -> Path:
    """Copy what is packed into `folder`, as an installer leaves it."""
    for name in packed_files():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    return folder


def _listed(*options: str) -> list[str]:
    command = ["git", "-C", str(ROOT), "ls-files", "-z", *options]
    named = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    return [name for name in named if name and (ROOT / name).is_file()]
