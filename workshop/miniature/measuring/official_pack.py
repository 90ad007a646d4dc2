"""Two people by ByteDance's own ComfyUI pack: one pass for each person, masked their way, in real ComfyUI.

Their control network runs on the miniature's InfuseNet file. FLUX.1's depths are constants in it (19 and 38); they are
set to the miniature's, or residuals would go to the wrong blocks.
"""

import importlib.util
import sys
import tempfile
from pathlib import Path

import torch
from torch import Tensor

from miniature.files import MiniatureFiles

from .cells import Cells
from .couples import Couples, judged_couples, masks
from .studio import Studio, Subject


class OfficialPack:
    """ComfyUI in this process, which may start only once, with the miniature and a checkout of their pack."""

    def __init__(self, checkout: Path, files: MiniatureFiles, studio: Studio, folder: Path):
        from harness.base_directory import make_base_directory
        from harness.checkout import find_comfyui
        from harness.in_process import InProcessComfyUI

        comfyui_path = find_comfyui()
        if comfyui_path is None:
            raise ValueError("Comparing with the official pack runs in ComfyUI, and none was found; set COMFYUI_PATH.")
        sys.path.insert(0, str(comfyui_path))
        self.studio = studio
        self.comfyui = InProcessComfyUI.start(comfyui_path, make_base_directory(folder))
        import comfy.sd
        import comfy.utils

        self.model = comfy.sd.load_diffusion_model(str(files.flux))
        self.vae = comfy.sd.VAE(sd=comfy.utils.load_torch_file(str(files.vae), safe_load=True))
        nodes = self.comfyui.module("nodes.miniature_nodes")
        self.infusenet = nodes.load_infusenet(self.comfyui.module("miniature.files").MiniatureFiles(files.folder))
        spec = importlib.util.spec_from_file_location("official_infuse_net", checkout / "infuse_net.py")
        if spec is None or spec.loader is None:
            raise ValueError(f"{checkout} holds no infuse_net.py; give the folder of ByteDance's ComfyUI_InfiniteYou.")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        self.net = module.load_infuse_net_flux(str(files.infusenet))
        depths = studio.networks.flux.config
        self.net.control_model.main_model_double = depths.double_blocks
        self.net.control_model.main_model_single = depths.single_blocks

    def draw_theirs(self, a: Subject, b: Subject, texts: list[str], seed: int) -> Tensor:
        """Chained as their workflow for two people chains it."""
        size, previous = (self.studio.size, self.studio.width_of_two), None
        for subject, mask in zip((a, b), masks(*size), strict=True):
            net = self.net.copy().set_cond_hint(torch.zeros(1, 3, *size), 1.0, (0.0, 1.0), vae=self.vae)
            net.id_embedding = self.studio.person(subject.identity).tokens.clone().expand(len(texts), -1, -1)
            net.set_previous_controlnet(previous)
            net.set_extra_arg("control_mask", mask[None])
            previous = net
        return self.sample(self.model, texts, seed, control=previous, control_apply_to_uncond=False)

    def draw_ours(self, a: Subject, b: Subject, texts: list[str], seed: int) -> Tensor:
        """Our nodes, one pass for each person, in the same ComfyUI: what the host alone changes."""
        Identity = self.comfyui.module("infu_core.identity.identity").Identity
        chain = {}
        for subject, mask in zip((a, b), masks(self.studio.size, self.studio.width_of_two), strict=True):
            who = Identity(subject.identity.vectors, recogniser=subject.identity.recogniser)
            given = {"identity": who, "mask": mask[None], "feather": 0.0}
            chain = {"regions": self.comfyui.call("InfuIdentityRegion", **given, **chain)[0]}
        given = {"infusenet": self.infusenet, "identity": chain["regions"], "vae": self.vae, "region_mode": "separate"}
        return self.sample(self.comfyui.call("ApplyInfuseNet", model=self.model, **given)[0], texts, seed)

    def sample(self, model, texts: list[str], seed: int, **options) -> Tensor:
        """uint8 [B, S, W, 3] by ComfyUI's KSampler; its noise of a seed is the studio's."""
        studio = self.studio
        prompt = studio.prompt(texts)
        told = {"pooled_output": prompt.pooled.clone(), "guidance": studio.guidance, **options}
        conditioning = [[prompt.context.clone(), told]]
        latent = {"samples": torch.zeros(len(texts), 16, studio.size // 8, studio.width_of_two // 8)}
        sampled = self.comfyui.call(
            "KSampler", model=model, seed=seed, steps=studio.steps, cfg=1.0, sampler_name="euler", scheduler="simple",
            positive=conditioning, negative=conditioning, latent_image=latent, denoise=1.0,
        )[0]  # fmt: skip
        pictures = self.comfyui.call("VAEDecode", samples=sampled, vae=self.vae)[0]
        return (255 * pictures).round().byte()


def official_couples(cells: Cells, files: MiniatureFiles, checkout: Path) -> dict[str, Couples]:
    """Their way, and ours of the same kind in the same ComfyUI."""
    with tempfile.TemporaryDirectory() as folder:
        pack = OfficialPack(checkout, files, cells.studio, Path(folder))
        ours, theirs = "separate in ComfyUI", "official pack in ComfyUI"
        return {
            ours: judged_couples(cells, ours, pack.draw_ours),
            theirs: judged_couples(cells, theirs, pack.draw_theirs),
        }
