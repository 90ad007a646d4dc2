"""Write the trained miniature to `miniature/weights`: `python -m workshop.miniature.export`."""

import argparse
from pathlib import Path

from miniature.files import SHIPPED

from .training.export import export
from .training.workshop import Workshop

HERE = Path(__file__).parent


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--config", type=Path, default=HERE / "configs" / "miniature.toml")
    arguments.add_argument("--folder", type=Path, default=Path("build/miniature"))
    arguments.add_argument("--to", type=Path, default=SHIPPED)
    arguments.add_argument("--judges", type=Path, default=Path("tests/behaviour/judges"))
    arguments.add_argument("--stage", choices=("stage1", "stage2"), default="stage2")
    given = arguments.parse_args()
    size = export(Workshop.open(given.config, given.folder, "cpu"), given.to, given.judges, given.stage)
    print(f"{given.to}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
