"""The ground that the other host tests stand on: tiny models open in stock loaders and make a picture."""

import numpy as np
import pytest
import torch


def graph(names, steps=3, flux=None, seed=1):
    conditioning = {"guidance": 3.5, "tokens": 12, "context": 64, "pooled": 32}
    return {
        "model": {"class_type": "UNETLoader", "inputs": {"unet_name": flux or names.flux, "weight_dtype": "default"}},
        "vae": {"class_type": "VAELoader", "inputs": {"vae_name": names.vae}},
        "positive": {"class_type": "TestConditioning", "inputs": {"seed": 1, **conditioning}},
        "negative": {"class_type": "TestConditioning", "inputs": {"seed": 2, **conditioning}},
        "latent": {"class_type": "EmptySD3LatentImage", "inputs": {"width": 128, "height": 192, "batch_size": 1}},
        "sampler": {
            "class_type": "KSampler",
            "inputs": {
                "model": ["model", 0],
                "positive": ["positive", 0],
                "negative": ["negative", 0],
                "latent_image": ["latent", 0],
                "seed": seed,
                "steps": steps,
                "cfg": 1.0,
                "sampler_name": "euler",
                "scheduler": "simple",
                "denoise": 1.0,
            },
        },
        "decode": {"class_type": "VAEDecode", "inputs": {"samples": ["sampler", 0], "vae": ["vae", 0]}},
        "save": {"class_type": "SaveImage", "inputs": {"images": ["decode", 0], "filename_prefix": "harness"}},
    }  # fmt: skip


@pytest.mark.parametrize("storage", ["flux", "flux_schnell", "flux_bf16", "flux_fp8"])
def test_every_tiny_flux_opens_and_samples(comfyui, storage):
    latent = comfyui.run(graph(comfyui.names, flux=getattr(comfyui.names, storage)), {"latent": ["sampler", 0]})
    samples = latent["latent"]["samples"]
    assert samples.shape == (1, 16, 24, 16)
    assert torch.isfinite(samples).all() and 0.2 < samples.std() < 20


def test_controlnet_and_lora_change_the_result(comfyui):
    names, call = comfyui.names, comfyui.call
    model = call("UNETLoader", unet_name=names.flux, weight_dtype="default")[0]
    positive = call("TestConditioning", seed=1)[0]
    vae = call("VAELoader", vae_name=names.vae)[0]
    net = call("ControlNetLoader", control_net_name=names.controlnet)[0]
    hint = torch.rand(1, 192, 128, 3, generator=torch.Generator().manual_seed(0))
    controlled = call(
        "ControlNetApplyAdvanced", positive=positive, negative=positive, control_net=net, image=hint, vae=vae,
        strength=1.0, start_percent=0.0, end_percent=1.0,
    )[0]  # fmt: skip
    with_lora = call("LoraLoaderModelOnly", model=model, lora_name=names.lora, strength_model=1.0)[0]

    def sample(model, positive):
        latent = call("EmptySD3LatentImage", width=128, height=192, batch_size=1)[0]
        return call("KSampler", model=model, positive=positive, negative=positive, latent_image=latent, seed=1, steps=2,
                    cfg=1.0, sampler_name="euler", scheduler="simple", denoise=1.0)[0]["samples"]  # fmt: skip

    plain = sample(model, positive)
    for changed in (sample(model, controlled), sample(with_lora, positive)):
        difference = ((changed - plain).norm() / plain.norm()).item()
        assert 0.01 < difference < 3, f"relative change {difference}"


def test_a_graph_posted_to_each_server_saves_a_picture(any_server):
    picture = any_server.images(any_server.run(graph(any_server.names)))[0]
    pixels = np.asarray(picture)
    assert picture.size == (128, 192)
    assert 20 < pixels.mean() < 235 and pixels.std() > 5, (pixels.mean(), pixels.std())
