"""What each of the miniature's networks is trained for: a loss per sample, [B]; chance comes with the batch.

Pictures arrive as uint8 [B, H, W, 3] RGB, crops as uint8 [B, 112, 112, 3] RGB.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from infu_core.networks.latent_tokens import pack, token_grid, token_positions
from infu_core.residuals import Residuals
from infu_core.training.flow_matching import Draws, flow_loss, noised
from miniature.networks.text_encoder import EMPTY, TextEncoder

from ..networks.attributes import UNSEEN, AttributeClassifier
from ..networks.autoencoder import LIVE_CHANNELS, Autoencoder
from ..networks.detector import Detector, detection_loss
from ..networks.eyes import EyeClassifier
from ..networks.flux import Flux
from ..networks.judge import angular_margin_loss
from ..networks.latent_recogniser import LatentRecogniser

PLAIN_GUIDANCE = 1.0
"""The guidance at which the base predicts the flow itself, without any strengthening."""


def to_floats(pictures: Tensor) -> Tensor:
    """uint8 [B, H, W, 3] -> [B, 3, H, W] in 0..1."""
    return pictures.permute(0, 3, 1, 2).float() / 255


EYES = 6.0
"""How much more than the rest a picture's error counts the points about the eyes: a face is known by them."""


def about_eyes(eyes: Tensor, side: int) -> Tensor:
    """Weights [B, 1, side, side]: 1 far from eyes, 1 + `EYES` at one. `eyes` [B, n, 2]: x, y in points of the square,
    which they may lie outside of."""
    grid = torch.arange(side, device=eyes.device) + 0.5
    across = (grid - eyes[..., :1]).square()[:, :, None, :]
    down = (grid - eyes[..., 1:]).square()[:, :, :, None]
    return 1 + EYES * torch.exp(-(across + down) / (2 * 6.0**2)).amax(1, keepdim=True)


def picture_error(made: Tensor, wanted: Tensor, weights: Tensor) -> Tensor:
    """How far a picture is from the one that was wanted: points, colours of 8 x 8 squares, and edges. [B]

    `weights` [B, 1, H, W]: how much each point counts; in the squares' colours all count the same.
    """
    far = made.float() - wanted
    points = (weights * (far.abs() + 2 * far.square())).mean((1, 2, 3))
    colours = 2 * F.avg_pool2d(far, 8).abs().mean((1, 2, 3))
    across = (weights[..., 1:] * far.diff(dim=3).abs()).mean((1, 2, 3))
    down = (weights[..., 1:, :] * far.diff(dim=2).abs()).mean((1, 2, 3))
    return points + colours + across + down


class AutoencoderObjective(nn.Module):
    """Pictures come back; latents have the power of standard normal noise, taken together, and bear a little of it.

    Channels may differ in power: what matters most stands out from the noise first.
    """

    NOISE = 0.2

    def __init__(self, network: Autoencoder):
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor, eyes: Tensor, noise: Tensor) -> Tensor:
        wanted = to_floats(pictures)
        latents = self.network.encode(wanted)
        made = self.network.decode(latents + self.NOISE * noise.to(latents))
        latents = latents.float()
        centre, power = latents.mean((0, 2, 3)), latents[:, :LIVE_CHANNELS].square().mean()
        shape = 0.1 * (centre.square().mean() + (power - 1).square())
        far = 0.05 * F.relu(latents.abs() - 2.8).square().mean((1, 2, 3))
        return picture_error(made, wanted, about_eyes(eyes, wanted.shape[-1])) + shape + far


class DecoderObjective(nn.Module):
    """Pictures come back from latents that are as wrong as a denoiser's: up to `WORST` of a deviation."""

    WORST = 0.5

    def __init__(self, network: Autoencoder):
        super().__init__()
        self.network = network
        network.taesd_encoder.requires_grad_(False)

    def forward(self, pictures: Tensor, eyes: Tensor, noise: Tensor) -> Tensor:
        wanted = to_floats(pictures)
        with torch.no_grad():
            latents = self.network.encode(wanted)
        share = torch.linspace(0, self.WORST, len(noise), device=noise.device)[:, None, None, None]
        made = self.network.decode(latents + (share * noise).to(latents))
        return picture_error(made, wanted, about_eyes(eyes, wanted.shape[-1]))


class RecogniserObjective(nn.Module):
    """People are told apart by their vectors' angles. `tint` [B, 3], `dim` [B] and `blur` [B] are augmentation."""

    def __init__(self, network: nn.Module, people: int, first: int, vector_size: int):
        super().__init__()
        self.network = network
        self.centres = nn.Parameter(torch.randn(people, vector_size) * 0.05)
        self.first = first

    def forward(self, crops: Tensor, people: Tensor, tint: Tensor, dim: Tensor, blur: Tensor) -> Tensor:
        pictures = to_floats(crops) * tint[:, :, None, None] + dim[:, None, None, None]
        soft = F.interpolate(F.avg_pool2d(pictures, 2), scale_factor=2.0, mode="bilinear")
        pictures = torch.where(blur[:, None, None, None] > 0, soft, pictures).clamp(0, 1)
        vectors = self.network(2 * pictures.flip(1) - 1)
        return angular_margin_loss(vectors, self.centres, people - self.first)


class LatentRecogniserObjective(nn.Module):
    """The vector that the recogniser gives the picture's crop, and nearer to it than to the batch's other ones.

    Latents come with noise of up to `WORST` of a deviation: what is looked at later are predictions.
    """

    WORST, SCALE, SHARE = 0.4, 20.0, 0.3

    def __init__(self, network: LatentRecogniser):
        super().__init__()
        self.network = network

    def forward(self, latents: Tensor, vectors: Tensor, noise: Tensor) -> Tensor:
        share = torch.linspace(0, self.WORST, len(noise), device=noise.device)[:, None, None, None]
        cosine = self.network(latents + share * noise) @ vectors.T
        own = torch.arange(len(cosine), device=cosine.device)
        return 1 - cosine.diagonal() + self.SHARE * F.cross_entropy(self.SCALE * cosine, own, reduction="none")


class AttributeObjective(nn.Module):
    def __init__(self, network: AttributeClassifier):
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor, labels: Tensor) -> Tensor:
        logits = self.network(to_floats(pictures))
        losses = [
            F.cross_entropy(logits[name].float(), labels[:, index].long(), ignore_index=UNSEEN, reduction="none")
            for index, name in enumerate(logits)
        ]
        return torch.stack(losses).mean(0)


class EyesObjective(nn.Module):
    def __init__(self, network: EyeClassifier):
        super().__init__()
        self.network = network

    def forward(self, eyes: Tensor, open: Tensor) -> Tensor:
        """`eyes` [B, 3, H, W] in 0..1, `open` [B] of 1 and 0."""
        return F.binary_cross_entropy_with_logits(self.network(eyes).float(), open, reduction="none")


class DetectorObjective(nn.Module):
    def __init__(self, network: Detector):
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor, boxes: Tensor, points: Tensor) -> Tensor:
        """`pictures` [B, 3, H, W] in -1..1, boxes [B, F, 4] and points [B, F, 10] in their pixels."""
        return detection_loss(self.network, pictures, boxes, points)


class TextToImageObjective(nn.Module):
    """The base and its words, together; without words where `named` is 0, so that guidance has something to leave."""

    def __init__(self, text: TextEncoder, flux: Flux):
        super().__init__()
        self.text = text
        self.flux = flux

    def forward(
        self,
        latents: Tensor,
        words: Tensor,
        named: Tensor,
        noise: Tensor,
        time: Tensor,
        weight: Tensor | None = None,
    ) -> Tensor:
        """`weight` [B, L]: how much each token counts in the loss; None: all the same."""
        draws = Draws(noise, time)
        context, pooled = self.text(torch.where(named[:, None] > 0, words.long(), EMPTY))
        positions = token_positions(*token_grid(*latents.shape[-2:]), latents.device)
        guidance = torch.full_like(time, PLAIN_GUIDANCE)
        predicted = self.flux(pack(noised(latents, draws)), context, pooled, time, guidance, positions)
        return flow_loss(predicted, pack(latents), Draws(pack(noise), time), weight)


class GuidanceObjective(nn.Module):
    """FLUX.1-dev's own trick: the student, told a guidance, predicts what guiding the teacher by it would give."""

    def __init__(self, student: Flux, teacher: Flux, text: TextEncoder):
        super().__init__()
        self.flux = student
        self._frozen = (teacher, text)

    def forward(self, latents: Tensor, words: Tensor, guidance: Tensor, noise: Tensor, time: Tensor) -> Tensor:
        teacher, text = self._frozen
        positions = token_positions(*token_grid(*latents.shape[-2:]), latents.device)
        noisy = pack(noised(latents, Draws(noise, time)))
        with torch.no_grad():
            context, pooled = text(words.long())
            empty, empty_pooled = text(torch.full_like(words.long(), EMPTY))
            plain = torch.full_like(time, PLAIN_GUIDANCE)
            with_words = teacher(noisy, context, pooled, time, plain, positions)
            without = teacher(noisy, empty, empty_pooled, time, plain, positions)
            wanted = without + guidance[:, None, None] * (with_words - without)
        made = self.flux(noisy, context, pooled, time, guidance, positions)
        return (made.float() - wanted.float()).square().flatten(1).mean(1)


class MiniatureBase:
    """The trained base as `IdentityObjective` wants it: frozen, at the guidance that predicts the flow itself."""

    def __init__(self, flux: Flux, guidance: float = PLAIN_GUIDANCE):
        self.flux = flux.requires_grad_(False)
        self.guidance = guidance

    def __call__(
        self, image: Tensor, context: Tensor, pooled: Tensor, time: Tensor, positions: Tensor, residuals: Residuals
    ) -> Tensor:
        guidance = torch.full_like(time, self.guidance)
        return self.flux(image, context, pooled, time, guidance, positions, residuals)


class StrengthenedBase(MiniatureBase):
    """The base at guidances from `lowest` to `highest`, one for each row, less what they add to the bare base.

    So residuals are learned where they will act, and what they are to bring about stays the flow itself.
    """

    def __init__(self, flux: Flux, lowest: float, highest: float):
        super().__init__(flux)
        self.lowest, self.highest = lowest, highest

    def __call__(
        self, image: Tensor, context: Tensor, pooled: Tensor, time: Tensor, positions: Tensor, residuals: Residuals
    ) -> Tensor:
        guidance = torch.linspace(self.lowest, self.highest, len(time), device=time.device).to(time)
        with torch.no_grad():
            plain = self.flux(image, context, pooled, time, torch.full_like(time, PLAIN_GUIDANCE), positions)
            guided = self.flux(image, context, pooled, time, guidance, positions)
        return self.flux(image, context, pooled, time, guidance, positions, residuals) - (guided - plain)
