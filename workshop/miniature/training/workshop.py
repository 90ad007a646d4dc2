"""The folder that a miniature grows in: pictures, runs, finished weights; and the sizes it is built to."""

import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import tomllib
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from infu_core.networks.identity_projector import IdentityProjector, IdentityProjectorConfig
from infu_core.networks.infusenet import InfuseNet, InfuseNetConfig
from miniature.faces.stranger import HELD_OUT
from miniature.networks.recogniser import Recogniser
from miniature.networks.text_encoder import TextEncoder, Words

from ..networks.autoencoder import Autoencoder
from ..networks.flux import Flux, FluxConfig
from ..networks.judge import Judge
from ..networks.latent_recogniser import LatentRecogniser
from .objectives import to_floats
from .renders import RenderPlan, open_renders

PORTION = 256
SETS = ("singles", "couples", "portraits", "double-portraits", "photos", "held-out", "held-out-portraits")


@dataclass
class Workshop:
    """`config`: the TOML file's tables. `device`: where tensors live; pictures too, where that is a GPU.

    `keep_unfinished`: a stage that runs out of time leaves the weights that it has, and counts as done.
    """

    config: dict
    folder: Path
    device: torch.device
    keep_unfinished: bool = False

    @classmethod
    def open(cls, config: Path, folder: Path, device: str) -> "Workshop":
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "weights").mkdir(exist_ok=True)
        return cls(tomllib.loads(config.read_text()), folder, torch.device(device))

    def plan(self, name: str) -> RenderPlan:
        """What is drawn for a set.

        Portraits are what base and InfuseNet learn from, photos what stage 2 is shown of the same people; recognisers
        know every pose.
        """
        sizes = self.config["renders"]
        size, people = sizes["size"], sizes["people"]
        sitters = sizes.get("sitters", people)
        close, restyle = sizes.get("close", False), sizes.get("restyle", 0.35)
        strangers = {"first": HELD_OUT, "people": sizes["held_out_people"]}
        portrait = {
            "size": size,
            "sway": sizes["sway"],
            "close": close,
            "restyle": restyle,
            "face": sizes.get("face", 0.0),
        }
        return {
            "singles": RenderPlan(sizes["singles"], people, size=size, close=close),
            "couples": RenderPlan(sizes["couples"], people, group=2, seed=1, size=size),
            "portraits": RenderPlan(sizes["portraits"], sitters, seed=4, **portrait),
            "double-portraits": RenderPlan(sizes["double_portraits"], sitters, group=2, seed=5, **portrait),
            "photos": RenderPlan(sizes["photos"], sitters, seed=6, size=size, close=close, style="photo"),
            "held-out": RenderPlan(sizes["held_out"], seed=2, size=size, close=close, **strangers),
            "held-out-portraits": RenderPlan(sizes["held_out"], seed=3, **strangers, **portrait),
        }[name]

    def renders(self, name: str) -> dict[str, Tensor]:
        """The arrays of a set; it is drawn first where it is not there yet."""
        processes = self.config["renders"].get("processes")
        arrays = open_renders(self.folder / "renders" / name, self.plan(name), processes)
        return {key: self._tensor(value) for key, value in arrays.items()}

    def draw_all(self) -> None:
        """Draw every set of pictures that is not drawn yet, and read none."""
        for name in SETS:
            open_renders(self.folder / "renders" / name, self.plan(name), self.config["renders"].get("processes"))

    def _tensor(self, array: np.ndarray) -> Tensor:
        """On a GPU the whole array moves there; on the CPU it stays in its file."""
        if self.device.type == "cpu":
            return torch.from_numpy(array)
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device)

    # Networks, at the sizes of the config.

    def autoencoder(self) -> Autoencoder:
        return Autoencoder()

    def latent_recogniser(self) -> LatentRecogniser:
        return LatentRecogniser(self.config["renders"]["size"] // 8)

    def text(self) -> TextEncoder:
        base = self.config["base"]
        return TextEncoder(len(Words()), base["context_size"], base["pooled_size"])

    def flux(self) -> Flux:
        return Flux(FluxConfig(**self.config["base"]))

    def infusenet(self) -> InfuseNet:
        base, own = self.flux().config, self.config["infusenet"]
        sizes = InfuseNetConfig(
            hidden_size=base.hidden_size,
            heads=base.heads,
            double_blocks=own["double_blocks"],
            single_blocks=own["single_blocks"],
            context_size=base.context_size,
            pooled_size=base.pooled_size,
            guidance_embeds=True,
            axes=base.axes,
        )
        return InfuseNet(sizes)

    def projector(self) -> IdentityProjector:
        return IdentityProjector(
            IdentityProjectorConfig(
                embedding_size=512, context_size=self.config["base"]["context_size"], **self.config["projector"]
            )
        )

    def face_weight(self, stage: str) -> float:
        """How much more than the rest a stage's loss counts the tokens of faces."""
        return self.config["stages"][stage].get("face_weight", 1.0)

    # Finished weights.

    def weights(self, name: str) -> Path:
        return self.folder / "weights" / f"{name}.safetensors"

    def finished(self, name: str) -> bool:
        return self.weights(name).exists()

    def keep(self, name: str, module: nn.Module) -> None:
        save_file(
            {key: value.detach().cpu().contiguous() for key, value in module.state_dict().items()}, self.weights(name)
        )

    def trained(self, name: str, module: nn.Module) -> nn.Module:
        """The module with finished weights, on the device, in evaluation mode and frozen."""
        if not self.finished(name):
            raise ValueError(f"{self.weights(name)} does not exist; train the stage {name} first.")
        module.load_state_dict(load_file(self.weights(name)))
        return module.to(self.device).eval().requires_grad_(False)

    # What trained networks say of pictures.

    @torch.no_grad()
    def latents_of(self, pictures: Tensor) -> Tensor:
        """uint8 [n, S, S, 3] -> inner latents [n, 16, S / 8, S / 8], half precision, on the device."""
        network = self.trained("autoencoder", self.autoencoder()).to(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16):
            parts = [network.encode(to_floats(part.to(self.device))).half() for part in pictures.split(PORTION)]
        return torch.cat(parts)

    def encoded(self, name: str) -> dict[str, Tensor]:
        """The renders of a set with their `latents`, on the device; encoded once, for several stages ask for them."""
        renders = self.renders(name)
        kept = self.folder / "latents" / f"{name}.safetensors"
        if not kept.exists():
            kept.parent.mkdir(exist_ok=True)
            save_file({"latents": self.latents_of(renders["pictures"]).cpu().contiguous()}, kept)
        return {**renders, "latents": load_file(kept, str(self.device))["latents"]}

    def forget_latents(self) -> None:
        """For a new autoencoder has another language."""
        shutil.rmtree(self.folder / "latents", ignore_errors=True)

    @torch.no_grad()
    def pictures_of(self, latents: Tensor) -> Tensor:
        """Inner latents -> uint8 [n, S, S, 3]."""
        network = self.trained("vae", self.autoencoder()).to(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16):
            parts = [
                network.decode(part.to(self.device).float()).float().clamp(0, 1) for part in latents.split(PORTION)
            ]
        return (255 * torch.cat(parts).float().clamp(0, 1)).round().byte().permute(0, 2, 3, 1)

    @torch.no_grad()
    def vectors_of(self, crops: Tensor, who: str = "recogniser") -> Tensor:
        """uint8 RGB crops [n, 112, 112, 3] -> unit vectors, by the recogniser or by the judge."""
        network = self.trained(who, {"recogniser": Recogniser, "judge": Judge}[who]())
        parts = [network(2 * to_floats(part.to(self.device)).flip(1) - 1) for part in crops.split(PORTION)]
        return torch.cat(parts)

    @cached_property
    def black(self) -> Tensor:
        """The latents of a black picture, [1, 16, S / 8, S / 8]: the control where no pose is given."""
        return self.black_like(torch.empty(1, 16, *2 * [self.config["renders"]["size"] // 8]))

    def black_like(self, latents: Tensor) -> Tensor:
        """The same for pictures of the size of these latents [n, 16, h, w]."""
        height, width = latents.shape[-2:]
        return self.latents_of(torch.zeros(1, 8 * height, 8 * width, 3, dtype=torch.uint8)).float()
