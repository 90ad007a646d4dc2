"""The tiny FLUX on a stage: apply identities to it, sample, and watch what InfuseNet was given."""

from contextlib import contextmanager

import torch
from harness.tiny_models import flux

STEPS = 2


class Stage:
    """`model` is the bare base; `positive`, `negative`, `vae`, `infusenet` as in any graph. Pictures are 64 x 64."""

    def __init__(self, comfyui):
        self.comfyui, self.names, self.call, self.module = comfyui, comfyui.names, comfyui.call, comfyui.module
        self.model = self.base()
        self.vae = self.call("VAELoader", vae_name=self.names.vae)[0]
        self.infusenet = self.call("LoadInfuseNet", infusenet=self.names.infusenet, projector="auto")[0]
        self.positive = self.prompt(1)
        self.negative = self.prompt(2)

    def base(self, name=None):
        return self.call("UNETLoader", unet_name=name or self.names.flux, weight_dtype="default")[0]

    def prompt(self, seed, **widgets):
        return self.call("TestConditioning", seed=seed, **{"guidance": 3.5, **widgets})[0]

    def identity(self, seed=7):
        return self.call("TestIdentity", seed=seed)[0]

    def region(self, seed, mask=None, regions=None, **widgets):
        given = {"identity": self.identity(seed), "feather": 0.0, **widgets}
        given |= {} if mask is None else {"mask": mask}
        given |= {} if regions is None else {"regions": regions}
        return self.call("InfuIdentityRegion", **given)[0]

    def apply(self, model=None, who=None, **widgets):
        return self.call("ApplyInfuseNet", model=model or self.model, **self.given(who), **widgets)[0]

    def condition(self, positive=None, who=None, **widgets):
        return self.call(
            "ApplyInfuseNetConditioning", positive=positive or self.positive, **self.given(who), **widgets
        )[0]

    def given(self, who):
        return {"infusenet": self.infusenet, "identity": who or self.identity(), "vae": self.vae}

    def control(self, positive=None, strength=1.0):
        """The positive prompt with a stock FLUX ControlNet."""
        positive = positive or self.positive
        net = self.call("ControlNetLoader", control_net_name=self.names.controlnet)[0]
        hint = torch.rand(1, 64, 64, 3, generator=torch.Generator().manual_seed(0))
        return self.call(
            "ControlNetApplyAdvanced", positive=positive, negative=self.negative, control_net=net, image=hint,
            vae=self.vae, strength=strength, start_percent=0.0, end_percent=1.0,
        )[0]  # fmt: skip

    def lora(self, model):
        return self.call("LoraLoaderModelOnly", model=model, lora_name=self.names.lora, strength_model=1.0)[0]

    def sample(self, model=None, positive=None, *, cfg=1.0, row=None, batch=1, width=64, height=64, **widgets):
        """Latents [B, 16, H, W]. `row` makes only this picture of a larger batch."""
        latent = {"samples": torch.zeros(batch, 16, height // 8, width // 8)}
        if row is not None:
            latent["batch_index"] = [row]
        given = {"negative": self.negative, "seed": 1, "steps": STEPS, "sampler_name": "euler", "scheduler": "simple"}
        return self.call(
            "KSampler", model=model or self.model, positive=positive or self.positive, cfg=cfg, denoise=1.0,
            **{**given, "latent_image": latent, **widgets},
        )[0]["samples"]  # fmt: skip

    @contextmanager
    def watching(self, infusenet=None):
        """Yields a list that gets the inputs of every InfuseNet run."""
        seen = []
        network = (infusenet or self.infusenet).network.model
        hook = network.register_forward_pre_hook(lambda module, args, kwargs: seen.append(kwargs), with_kwargs=True)
        try:
            yield seen
        finally:
            hook.remove()


def change(a, b):
    """Relative difference of two results."""
    return float((a - b).norm() / b.norm())


def base_with_channels(extra, guidance=True, **options):
    """A FLUX whose picture tokens carry `extra` latent channels more, as Fill's and Depth's do."""
    import comfy.sd

    state_dict = flux(guidance=guidance)
    weight = state_dict["img_in.weight"]
    more = torch.randn(weight.shape[0], extra * 4, generator=torch.Generator().manual_seed(0)) * weight.std()
    state_dict["img_in.weight"] = torch.cat((weight, more), dim=1)
    return comfy.sd.load_diffusion_model_state_dict(state_dict, **options)
