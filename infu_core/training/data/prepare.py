"""`python -m infu_core.training.data.prepare LISTING FOLDER --flux ...`: pictures and captions to samples."""

import argparse
from pathlib import Path

from ..flux_dev.flux_encoders import FluxEncoders
from .aspect_buckets import buckets
from .parts import WHOLE, Part
from .preparation import Rules, prepare


def main(words: list[str] | None = None) -> None:
    arguments = argparse.ArgumentParser(prog="infu_core.training.data.prepare", description=__doc__)
    arguments.add_argument("listing", type=Path, help="JSONL with picture, caption and, for stage 2, reference")
    arguments.add_argument("folder", type=Path, help="where the prepared samples go")
    arguments.add_argument("--area", type=int, default=864 * 1152, help="pixels of a picture")
    arguments.add_argument("--likeness", type=float, default=0.5, help="least cosine of a picture to its reference")
    arguments.add_argument("--seed", type=int, default=0, help="which of several captions is drawn")
    add_encoder_arguments(arguments)
    given = arguments.parse_args(words)
    encoders = FluxEncoders.open(given.flux, given.detector, given.recogniser, given.device, given.text_tokens)
    rules = Rules(buckets(given.area), likeness=given.likeness, seed=given.seed)
    print(prepare(given.listing, given.folder, encoders, rules, given.part).sentence())


def add_encoder_arguments(arguments: argparse.ArgumentParser) -> None:
    """What `prepare` and `make_pairs` both ask for."""
    arguments.add_argument("--flux", type=Path, required=True, help="FLUX.1-dev in diffusers' layout")
    arguments.add_argument("--detector", type=Path, required=True, help="scrfd_10g_bnkps.onnx")
    arguments.add_argument("--recogniser", type=Path, required=True, help="recognition_arcface_ir_se50.pth")
    arguments.add_argument("--device", default="cuda")
    arguments.add_argument("--text-tokens", type=int, default=512)
    arguments.add_argument("--part", type=part, default=WHOLE, help="one of several machines' shares, as 3/64")


def part(text: str) -> Part:
    try:
        return Part.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


if __name__ == "__main__":
    main()
