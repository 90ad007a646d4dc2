"""The tiny FLUX with and without an identity, sampled by KSampler and by ours, for the sampler's host tests."""

import torch

STEPS = 4


class Bench:
    """`model` is bare, `identity` has one person; `positive`, `negative`, `vae` as in any graph."""

    def __init__(self, comfyui):
        self.comfyui, self.names, self.call = comfyui, comfyui.names, comfyui.call
        self.model = self.call("UNETLoader", unet_name=self.names.flux, weight_dtype="default")[0]
        self.vae = self.call("VAELoader", vae_name=self.names.vae)[0]
        self.infusenet = self.call("LoadInfuseNet", infusenet=self.names.infusenet, projector="auto")[0]
        self.positive = self.call("TestConditioning", seed=1)[0]
        self.negative = self.call("TestConditioning", seed=2)[0]
        self.identity = self.apply(self.model)
        self.sampling = comfyui.module("infu_core.hosts.comfyui_sampling")
        self.records = []
        self.remember_records()

    def remember_records(self):
        begin = self.sampling.begin_record

        def remembering(options):
            self.records.append(begin(options))
            return self.records[-1]

        self.sampling.begin_record = remembering

    def record(self):
        """What our last sampling told about itself."""
        return self.records[-1]

    def apply(self, model, person=7, **widgets):
        identity = self.call("TestIdentity", seed=person)[0]
        given = {"model": model, "infusenet": self.infusenet, "identity": identity, "vae": self.vae}
        return self.call("ApplyInfuseNet", **given, **widgets)[0]

    def latent(self, batch=1, width=96, height=64):
        return self.call("EmptySD3LatentImage", width=width, height=height, batch_size=batch)[0]

    def picture(self):
        """A latent that is not empty, for image-to-image."""
        latent = self.latent()
        generator = torch.Generator().manual_seed(11)
        return {**latent, "samples": torch.randn(latent["samples"].shape, generator=generator)}

    def inputs(self, **widgets):
        defaults = {
            "positive": self.positive, "negative": self.negative, "seed": 1, "steps": STEPS, "cfg": 1.0,
            "sampler_name": "euler", "scheduler": "simple", "denoise": 1.0,
        }  # fmt: skip
        given = {**defaults, **widgets}
        given.setdefault("latent_image", self.latent())
        return given

    def ksampler(self, model, **widgets):
        return self.call("KSampler", model=model, **self.inputs(**widgets))[0]["samples"]

    def infu(self, model, **widgets):
        return self.call("InfuSampler", model=model, **self.inputs(**widgets))[0]["samples"]

    def advanced(self, guider, sampler_name="euler", scheduler="simple", steps=STEPS, denoise=1.0, latent_image=None):
        """SamplerCustomAdvanced with stock parts and this guider."""
        noise = self.call("RandomNoise", noise_seed=1)[0]
        sampler = self.call("KSamplerSelect", sampler_name=sampler_name)[0]
        sigmas = self.call("BasicScheduler", model=self.model, scheduler=scheduler, steps=steps, denoise=denoise)[0]
        parts = {"noise": noise, "guider": guider, "sampler": sampler, "sigmas": sigmas}
        latent = latent_image or self.latent()
        return [out["samples"] for out in self.call("SamplerCustomAdvanced", latent_image=latent, **parts)]


def outcome(sample):
    """The latent of a sampling, or the words of its failure: what must be the same for two samplers."""
    try:
        return sample()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def same(a, b) -> bool:
    if isinstance(a, str) or isinstance(b, str):
        return isinstance(a, str) and isinstance(b, str) and a == b
    if isinstance(a, list):
        return all(same(x, y) for x, y in zip(a, b, strict=True))
    return torch.equal(a, b)
