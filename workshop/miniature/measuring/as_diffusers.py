"""The miniature's base with the face of diffusers' FLUX, so that the pack's own denoising loop drives it."""

from infu_core.injection.identity_guidance import IdentityGuidance
from infu_core.residuals import Residuals

from ..networks.flux import Flux


class AsDiffusers:
    """`identity_guidance`: as InfuSampler's, here over the whole run; other than 1 it costs a second pass."""

    class config:  # noqa: N801 - diffusers' own name
        guidance_embeds = True

    def __init__(self, flux: Flux, identity_guidance: float = 1.0):
        self.flux = flux
        self.identity_guidance = IdentityGuidance(identity_guidance)
        self.transformer_blocks, self.single_transformer_blocks = flux.double_blocks, flux.single_blocks

    def __call__(
        self,
        hidden_states,
        timestep,
        guidance,
        pooled_projections,
        encoder_hidden_states,
        controlnet_block_samples,
        controlnet_single_block_samples,
        txt_ids,
        img_ids,
        return_dict,
    ):
        def predict(residuals: Residuals | None):
            context = (encoder_hidden_states, pooled_projections)
            return self.flux(hidden_states, *context, timestep, guidance, img_ids, residuals)

        if not controlnet_block_samples and not controlnet_single_block_samples:
            return (predict(None),)
        residuals = Residuals(tuple(controlnet_block_samples or ()), tuple(controlnet_single_block_samples or ()))
        if self.identity_guidance.is_neutral:
            return (predict(residuals),)
        return (self.identity_guidance.combine(predict(residuals), predict(None)),)
