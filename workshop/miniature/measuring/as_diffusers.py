"""The miniature's base with the face of diffusers' FLUX, so that the pack's own denoising loop drives it."""

from torch import Tensor

from infu_core.injection.identity_guidance import IdentityGuidance
from infu_core.injection.stream_attention import TextOnly, TokenLayout, attend_to_text_stream
from infu_core.residuals import Residuals

from ..networks.flux import Flux, plain_attention


class AsDiffusers:
    """`guided`: as InfuSampler does it, here over the whole run; where it is not neutral it costs a second pass."""

    class config:  # noqa: N801 - diffusers' own name
        guidance_embeds = True

    def __init__(self, flux: Flux, guided: IdentityGuidance | None = None):
        self.flux, self.guided = flux, guided or IdentityGuidance()
        self.transformer_blocks, self.single_transformer_blocks = flux.double_blocks, flux.single_blocks
        self.evaluations, self.text_only = 0, {}

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
        def predict(residuals: Residuals | None, attention_of=None):
            context = (encoder_hidden_states, pooled_projections)
            return self.flux(hidden_states, *context, timestep, guidance, img_ids, residuals, attention_of)

        if not controlnet_block_samples and not controlnet_single_block_samples:
            return (predict(None),)
        residuals = Residuals(tuple(controlnet_block_samples or ()), tuple(controlnet_single_block_samples or ()))
        if self.guided.is_neutral:
            return (predict(residuals),)
        height, width = (int(img_ids[:, axis].max()) + 1 for axis in (1, 2))
        streams = Streams(self.guided, TokenLayout(encoder_hidden_states.shape[1], height, width), self.text_only)
        due = self.evaluations % self.guided.interaction.every == 0 or not self.guided.needs_one_prediction
        self.evaluations += 1
        text = predict(None, streams.remembering) if due else None
        met = predict(residuals, None if self.guided.interaction.is_off else streams.meeting)
        return (met if text is None else self.guided.combine(met, text),)


class Streams:
    """What blocks attend with where the stream with identity looks at the text-only one, which was run before."""

    def __init__(self, guided: IdentityGuidance, tokens: TokenLayout, text_only: dict[tuple[str, int], TextOnly]):
        self.interaction, self.tokens, self.text_only = guided.interaction, tokens, text_only

    def remembering(self, kind: str, index: int):
        def attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            self.text_only[kind, index] = TextOnly.of(k, v, self.interaction, self.tokens)
            return plain_attention(q, k, v)

        return attention

    def meeting(self, kind: str, index: int):
        def attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
            out, other = plain_attention(q, k, v), self.text_only[kind, index]
            if self.interaction.acts_in((kind, index)):
                image = out[:, self.tokens.image].clone()
                out[:, self.tokens.image] = attend_to_text_stream(
                    image, q, k, v, other, self.interaction, self.tokens, lambda q, k, v, mask: plain_attention(q, k, v)
                )
            return out

        return attention
