"""Where the miniature's trained files are, and what they are called. Imports nothing heavy."""

from dataclasses import dataclass
from pathlib import Path

SHIPPED = Path(__file__).parent / "weights"
JUDGES = ("judge", "attributes", "eyes")
RECOGNISER_NAME = "miniature"
"""The name that the miniature's face vectors carry: they mean nothing to InfiniteYou's own projectors."""


@dataclass(frozen=True)
class MiniatureFiles:
    folder: Path = SHIPPED

    @property
    def flux(self) -> Path:
        return self.folder / "flux.safetensors"

    @property
    def vae(self) -> Path:
        return self.folder / "vae.safetensors"

    @property
    def text(self) -> Path:
        return self.folder / "text.safetensors"

    @property
    def infusenet(self) -> Path:
        return self.folder / "infusenet.safetensors"

    @property
    def projector(self) -> Path:
        return self.folder / "image_proj_model.safetensors"

    @property
    def recogniser(self) -> Path:
        return self.folder / "recogniser.safetensors"

    @property
    def detector(self) -> Path:
        return self.folder / "detector.onnx"

    def all(self) -> tuple[Path, ...]:
        return self.flux, self.vae, self.text, self.infusenet, self.projector, self.recogniser, self.detector

    def missing(self) -> list[str]:
        return [path.name for path in self.all() if not path.is_file()]

    def require(self) -> None:
        """Raises `ValueError` with what to do where a file is missing."""
        missing = self.missing()
        if missing:
            raise ValueError(
                f"The miniature is not complete: {self.folder} lacks {', '.join(missing)}; install the "
                "pack again, or train it with `make miniature` (hours on a CPU)."
            )
