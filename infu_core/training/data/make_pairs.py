"""`python -m infu_core.training.data.make_pairs PHOTOS CAPTIONS FOLDER --weights ...`: stage 1 makes stage 2's."""

import argparse
from pathlib import Path

from ..flux_dev.flux_encoders import FluxEncoders
from .aspect_buckets import buckets
from .made_pairs import FluxPainter, write_pairs
from .preparation import Rules
from .prepare import add_encoder_arguments

PHOTO_KINDS = (".jpg", ".jpeg", ".png", ".webp")


def main(words: list[str] | None = None) -> None:
    arguments = argparse.ArgumentParser(prog="infu_core.training.data.make_pairs", description=__doc__)
    arguments.add_argument("photos", type=Path, help="a folder of photos, each of one person")
    arguments.add_argument("captions", type=Path, help="a text file with a caption on each line, drawn at random")
    arguments.add_argument("folder", type=Path, help="where the pictures and their listing.jsonl go")
    arguments.add_argument("--weights", type=Path, required=True, help="stage 1's release")
    arguments.add_argument("--per-photo", type=int, default=4, help="pictures of each photo's person")
    arguments.add_argument("--area", type=int, default=864 * 1152, help="pixels of a picture, in several shapes")
    arguments.add_argument("--steps", type=int, default=30)
    arguments.add_argument("--guidance", type=float, default=3.5)
    arguments.add_argument("--strength", type=float, default=1.0)
    arguments.add_argument("--seed", type=int, default=0)
    add_encoder_arguments(arguments)
    given = arguments.parse_args(words)
    photos, captions = photos_in(given.photos), captions_in(given.captions)
    encoders = FluxEncoders.open(
        given.flux, given.detector, given.recogniser, given.device, given.text_tokens, whole=True
    )
    painter = FluxPainter.open(
        encoders,
        given.weights,
        shapes=buckets(given.area, 1.5),
        steps=given.steps,
        guidance=given.guidance,
        strength=given.strength,
    )
    photos = [photo for place, photo in enumerate(photos) if given.part.has(place)]
    folder = given.part.folder(given.folder)
    count, left_out = write_pairs(photos, captions, painter, encoders, Rules(()), folder, given.per_photo, given.seed)
    print(f"{folder / 'listing.jsonl'} lists {count} pictures; {len(left_out)} of {len(photos)} photos were left out.")
    for photo, reason in left_out.items():
        print(f"  {photo}: {reason}")


def photos_in(folder: Path) -> list[Path]:
    """The folder's photos, sorted. Raises `ValueError` where there are none."""
    photos = sorted(path for path in folder.rglob("*") if path.suffix.lower() in PHOTO_KINDS)
    if not photos:
        raise ValueError(f"{folder} holds no photos ({', '.join(PHOTO_KINDS)}).")
    return photos


def captions_in(file: Path) -> list[str]:
    captions = [line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    if not captions:
        raise ValueError(f"{file} holds no captions; write one on each line.")
    return captions


if __name__ == "__main__":
    main()
