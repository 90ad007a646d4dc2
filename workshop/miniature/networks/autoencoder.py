"""A small autoencoder in TAESD's layout with 16 channels: ComfyUI's VAE loader and diffusers' AutoencoderTiny open it.

Its inner latents are the denoiser's: of about unit deviation. Outside they wear FLUX's scale and shift, so that hosts
which take FLUX's off again find them. The layout has 16 channels, but only the first `LIVE_CHANNELS` carry anything:
a denoiser as narrow as the miniature's would spend much of its width on passing 64 numbers of noise per token through.
The weights of the others are zero and, as training draws no noise there, stay zero. Weights with fewer live channels
are opened all the same: the miniature that ships has eight.

Legend for shapes: `B` batch, pictures [B, 3, H, W] in 0..1, latents [B, 16, H / 8, W / 8].
"""

import torch
from torch import Tensor, nn

LATENT_CHANNELS, LIVE_CHANNELS = 16, 12
FLUX_SCALE, FLUX_SHIFT = 0.3611, 0.1159
WIDTH = 64


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(_conv(), nn.ReLU(), _conv(), nn.ReLU(), _conv())
        self.fuse = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.fuse(self.conv(x) + x)


class Clamp(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x / 3) * 3


def _conv(inputs: int = WIDTH, outputs: int = WIDTH, **options) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1, **options)


def encoder() -> nn.Sequential:
    """Pictures -> inner latents."""
    layers: list[nn.Module] = [_conv(3), Block()]
    for _ in range(3):
        layers += [_conv(stride=2, bias=False), Block(), Block(), Block()]
    return nn.Sequential(*layers, _conv(outputs=LATENT_CHANNELS))


def decoder() -> nn.Sequential:
    """Inner latents -> pictures."""
    layers: list[nn.Module] = [Clamp(), _conv(inputs=LATENT_CHANNELS), nn.ReLU()]
    for _ in range(3):
        layers += [Block(), Block(), Block(), nn.Upsample(scale_factor=2), _conv(bias=False)]
    return nn.Sequential(*layers, Block(), _conv(outputs=3))


class Autoencoder(nn.Module):
    """State keys are `taesd_encoder.*`, `taesd_decoder.*`, `vae_scale` and `vae_shift`."""

    def __init__(self):
        super().__init__()
        self.taesd_encoder = encoder()
        self.taesd_decoder = decoder()
        self.register_buffer("vae_scale", torch.tensor(FLUX_SCALE))
        self.register_buffer("vae_shift", torch.tensor(FLUX_SHIFT))
        with torch.no_grad():
            self.taesd_encoder[-1].weight[LIVE_CHANNELS:] = 0
            self.taesd_encoder[-1].bias[LIVE_CHANNELS:] = 0
            self.taesd_decoder[1].weight[:, LIVE_CHANNELS:] = 0

    def encode(self, pictures: Tensor) -> Tensor:
        return self.taesd_encoder(pictures)

    def decode(self, latents: Tensor) -> Tensor:
        return self.taesd_decoder(latents)
