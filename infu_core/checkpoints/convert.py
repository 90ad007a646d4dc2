"""Write a safetensors copy of a projector's torch file, which loads without a pickle and says what it is.

Run in the folder of this pack:

    python -m infu_core.checkpoints.convert ../../models/infinite_you/aes_stage2/image_proj_model.bin

The copy stands beside the original, which stays; `auto` takes the copy from then on.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from safetensors.torch import save_file

from .headers import CheckpointError
from .load import ProjectorFile
from .network_sizes import KIND, PROJECTOR


def convert_projector(source: Path) -> Path:
    """`image_proj_model.bin` -> `image_proj_model.safetensors` beside it; the same numbers, the same names."""
    target = source.with_suffix(".safetensors")
    if target.exists():
        raise CheckpointError(f"{target} is already there; move it away to convert {source.name} again.")
    if not source.is_file():
        raise CheckpointError(f"There is no file {source}.")
    file = ProjectorFile(source)
    weights = {ours: file.files.read(theirs).clone() for ours, (theirs,) in file.format.sources.items()}
    part = target.with_name(target.name + ".part")
    save_file(weights, part, metadata={KIND: PROJECTOR, "format": "pt"})
    part.replace(target)
    return target


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m infu_core.checkpoints.convert", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("file", type=Path, help="an image_proj_model.bin")
    try:
        print(f"written: {convert_projector(parser.parse_args(arguments).file)}")
    except CheckpointError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
