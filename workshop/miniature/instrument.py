"""An InfuseNet that costs style, as InfiniteYou's does: `python -m workshop.miniature.instrument`. Not shipped.

The miniature's own costs none: it learned from all styles. To measure what brings style back, this one goes on from the
shipped weights, on photos whose captions name any style, as `configs/instrument.toml` says. FOLDER/files keeps the
miniature with it: `python -m workshop.miniature.measure --files FOLDER/files --experiments style_means`.
"""

import argparse
import logging
import shutil
from pathlib import Path

import tomllib
import torch

from miniature.files import SHIPPED, MiniatureFiles

from .. import ROOT
from .measuring.networks import load_networks
from .training.export import export_identity
from .training.identity_stages import stage1
from .training.variants import changed
from .training.workshop import Workshop

HERE = Path(__file__).parent / "configs"
JUDGES = ROOT / "tests" / "behaviour" / "judges"


def main() -> int:
    """0 when it is made, 3 when time ran out before; call it again to go on."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--config", type=Path, default=HERE / "miniature.toml")
    arguments.add_argument("--changes", type=Path, default=HERE / "instrument.toml")
    arguments.add_argument("--folder", type=Path, default=Path("build/instrument"))
    arguments.add_argument("--minutes", type=float, help="stop after this long, with a checkpoint")
    arguments.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    given = arguments.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    workshop = Workshop.open(given.config, given.folder, given.device)
    workshop.config = changed(workshop.config, tomllib.loads(given.changes.read_text()))
    adopt_shipped(workshop)
    if not workshop.finished("stage1-infusenet"):
        torch.manual_seed(workshop.config["stages"]["stage1"]["seed"])
        if not stage1(workshop, given.minutes and 60 * given.minutes):
            return 3
    files = MiniatureFiles(given.folder / "files")
    shutil.copytree(SHIPPED, files.folder, dirs_exist_ok=True)
    export_identity(workshop, files, "stage1")
    print(f"{files.folder}: the miniature with an InfuseNet that costs style.")
    return 0


def adopt_shipped(workshop: Workshop) -> None:
    """What ships as this workshop's finished weights."""
    shipped = load_networks(MiniatureFiles(), JUDGES)
    networks = {
        "autoencoder": shipped.autoencoder,
        "vae": shipped.autoencoder,
        "text": shipped.text,
        "flux": shipped.flux,
        "recogniser": shipped.recogniser,
        "stage2-infusenet": shipped.infusenet,
        "stage2-projector": shipped.projector,
    }
    for name, network in networks.items():
        workshop.keep(name, network)


if __name__ == "__main__":
    raise SystemExit(main())
