"""Latents as samplers bring them, before anything is computed: a picture of FLUX.1's, or one sentence."""

import torch
from torch import Tensor

CHANNELS = 16
LATENTS = "infu_latents"
INSTEAD = "connect Empty Latent Image or VAE Encode"


def picture_latents(executor, noise, latent_image, sampler, sigmas, denoise_mask=None, *args, **kwargs):
    """OUTER_SAMPLE: refuse what FLUX.1 can't draw; one frame [B, 16, 1, H, W], as video nodes make it, is a picture."""
    if latent_image.ndim == 5 and latent_image.shape[2] == 1:
        noise, latent_image = noise.squeeze(2), latent_image.squeeze(2)
        denoise_mask = None if denoise_mask is None else denoise_mask.squeeze(2)
        kwargs["latent_shapes"] = [latent_image.shape]
    check_layout(latent_image)
    if not torch.isfinite(latent_image).all():
        raise ValueError(
            "The sampler's latent_image holds values that are not numbers (NaN or infinite); encode the picture again, "
            "with a VAE in bf16 or fp32."
        )
    return executor(noise, latent_image, sampler, sigmas, denoise_mask, *args, **kwargs)


def check_layout(latent: Tensor) -> None:
    """Raises ValueError, in one sentence, for anything but [B, 16, H, W]."""
    shape = tuple(latent.shape)
    if latent.ndim == 5:
        raise ValueError(
            f"The sampler's latent_image is a video (shape {shape}), but FLUX.1 draws pictures; {INSTEAD}."
        )
    if latent.ndim != 4:
        raise ValueError(
            f"The sampler's latent_image must have the shape batch, {CHANNELS}, height, width; this one has {shape}: "
            f"{INSTEAD}."
        )
    if latent.numel() == 0:
        raise ValueError(f"The sampler's latent_image is empty (shape {shape}); {INSTEAD}.")
    if shape[1] != CHANNELS:
        raise ValueError(
            f"The sampler's latent_image has {shape[1]} channels, FLUX.1's have {CHANNELS}; encode the picture with "
            "FLUX.1's VAE (ae.safetensors)."
        )


def samples_of(latent) -> Tensor:
    """The tensor of a LATENT; ValueError where there is none."""
    samples = latent.get("samples") if isinstance(latent, dict) else None
    if not isinstance(samples, Tensor):
        raise ValueError(f"The latent that came in holds no samples; {INSTEAD}.")
    if samples.numel() == 0 or samples.ndim < 4:
        raise ValueError(f"The latent that came in is empty or no picture (shape {tuple(samples.shape)}); {INSTEAD}.")
    return samples
