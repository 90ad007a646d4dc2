"""Identity guidance in ComfyUI: the text alone as one more condition of the same batch."""

import uuid
from dataclasses import replace

import comfy.samplers
import torch
from torch import Tensor

from ..injection.identity_guidance import IdentityGuidance
from .comfyui_clock import moment_of
from .comfyui_sampling_request import SAMPLING, SamplingRequest, request_in
from .comfyui_streams import other_stream

CALC = "sampler_calc_cond_batch_function"
TEXT_COND = 2
"""The text alone stands behind positive (0) and negative (1)."""


class GuidedPredictions:
    """ComfyUI's `sampler_calc_cond_batch_function`: the positive prompt's prediction, guided by identity.

    `inner`: the function that stood there before, or None.
    """

    def __init__(self, guidance: IdentityGuidance, inner=None):
        self.guidance = guidance
        self.inner = inner

    def __call__(self, args: dict) -> list[Tensor]:
        """Denoised predictions of [positive, negative]."""
        options = args["model_options"].get("transformer_options", {})
        moment = moment_of(options, args["sigma"], args["model"].model_sampling)
        if not self.guidance.acts(moment.percent, moment.within):
            return self.predictions(args, args["conds"])
        request(args).record.guided += 1
        if self.guidance.is_text_alone:
            return self.predictions(asking(args, without_identity=True), args["conds"])
        interaction, memory = self.guidance.interaction, request(args).memory
        if not interaction.is_off:
            args = asking(args, text_names=names_of(renamed(args["conds"][0])))
            if not memory.is_due(interaction.every) and self.guidance.needs_one_prediction:
                return self.predictions(args, args["conds"])
        try:
            with_identity, negative, text = self.both(args)
        finally:
            if interaction.every == 1:
                memory.kept.clear()
        return [self.guidance.combine(with_identity, text), negative]

    def both(self, args: dict) -> list[Tensor]:
        """Predictions of [positive, negative, the positive prompt without identity]."""
        positive, negative = args["conds"]
        request(args).record.text_passes += 1
        if patches_attention(args):
            return self.beside_the_negative(args, positive, negative)
        if self.inner:
            text = self.predictions(asking(args, without_identity=True), [renamed(positive), None])[0]
            return [*self.predictions(args, args["conds"]), text]
        return self.predictions(asking(args, text_cond=TEXT_COND), [positive, negative, renamed(positive)])

    def beside_the_negative(self, args: dict, positive: list[dict], negative: list[dict] | None) -> list[Tensor]:
        """Where the two prompts' attention is mixed, the negative's prediction has some identity too: it is guided."""
        text, text_negative = self.predictions(asking(args, without_identity=True), [renamed(positive), negative])
        with_identity, with_negative = self.predictions(args, args["conds"])
        return [with_identity, torch.lerp(text_negative, with_negative, self.guidance.guidance), text]

    def predictions(self, args: dict, conds: list) -> list[Tensor]:
        args = asking(args, guided=True)
        if self.inner:
            return self.inner({**args, "conds": conds})
        return comfy.samplers.calc_cond_batch(args["model"], conds, args["input"], args["sigma"], args["model_options"])


def renamed(cond: list[dict]) -> list[dict]:
    """The same condition under another name, so that caches (EasyCache's, ours) keep the two apart."""
    return [{**part, "uuid": other_stream(part["uuid"])} if "uuid" in part else part for part in cond]


def names_of(cond: list[dict]) -> frozenset[uuid.UUID]:
    return frozenset(part["uuid"] for part in cond if "uuid" in part)


def patches_attention(args: dict) -> bool:
    """Whether a patch on the model mixes positive and negative (NAG): a third prompt in their batch would upset it."""
    options = args["model_options"].get("transformer_options", {})
    return any(name.startswith("attn") for place in ("patches", "patches_replace") for name in options.get(place, {}))


def request(args: dict) -> SamplingRequest:
    return request_in(args["model_options"].get("transformer_options", {}))


def asking(args: dict, **changes) -> dict:
    """The same call with something else asked of the model's identities."""
    options = args["model_options"]
    changed = {**options.get("transformer_options", {}), SAMPLING: replace(request(args), **changes)}
    return {**args, "model_options": {**options, "transformer_options": changed}}
