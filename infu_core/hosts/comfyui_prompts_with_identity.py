"""Which prompts get the identity: the wanted ones, all where it is asked for, never the text-only pass.

A prompt is known by its place in the guider's `conds` ("positive", "middle", "negative", ...), not by its number in a
call: DualCFGGuider calls with the negative first, others call for one prompt at a time. ComfyUI copies a prompt with an
area, name and all, into the other prompts' lists; so the list that a call is given decides, and names only where that
list is nobody's.
"""

from collections.abc import Mapping, Sequence

from .comfyui_sampling_request import SamplingRequest

POSITIVE = 0
"""ComfyUI's usual number for the positive prompt in `cond_or_uncond`."""
GUIDER, WANTED = "infu_guider", "infu_wanted"
"""Places in `transformer_options`: whose prompts a sampling has; and which of an evaluation's get the identity."""
NOBODY = ()
"""Said of an evaluation of another model than the one with the identity."""
UNWANTED_WORDS = ("negative", "empty", "uncond")


def tell_prompts(executor, model, conds, x_in, timestep, model_options, *args, **kwargs):
    """CALC_COND_BATCH: say which of these prompts are wanted, before they are mixed into batches."""
    options = model_options.get("transformer_options", {})
    guider = options.get(GUIDER)
    if guider is not None:
        wanted = wanted_prompts(conds, guider.conds) if model is guider.inner_model else NOBODY
        model_options = {**model_options, "transformer_options": {**options, WANTED: wanted}}
    return executor(model, conds, x_in, timestep, model_options, *args, **kwargs)


def wanted_prompts(conds: Sequence[list[dict] | None], known: Mapping[str, list[dict]]) -> tuple[bool, ...]:
    """For each list of a call, whether the identity belongs there. `known`: the guider's own."""
    kinds = [kind_of(prompts, known) for prompts in conds]
    return tuple(
        number == POSITIVE if kind is None else not any(word in kind.lower() for word in UNWANTED_WORDS)
        for number, kind in enumerate(kinds)
    )


def kind_of(prompts: list[dict] | None, known: Mapping[str, list[dict]]) -> str | None:
    """The guider's word for these prompts; None where it has none, or several that fit as well."""
    if not prompts:
        return None
    for kind, own in known.items():
        if own is prompts:
            return kind
    names = {origin(prompt) for prompt in prompts if "uuid" in prompt}
    shared = {
        kind: len(names & {origin(prompt) for prompt in own or () if "uuid" in prompt}) for kind, own in known.items()
    }
    most = max(shared.values(), default=0)
    best = [kind for kind, count in shared.items() if count == most > 0]
    return best[0] if len(best) == 1 else None


def origin(prompt: dict) -> int:
    """A prompt's name, the same for the text-only pass that `comfyui_guidance` makes of it."""
    return prompt["uuid"].int | 1


def chunks_with_identity(
    prompts: Sequence[int], request: SamplingRequest, on_negative: bool, wanted: Sequence[bool] | None = None
) -> list[int]:
    """Places in a batch whose chunks are for `prompts`, numbered as in `cond_or_uncond`.

    `wanted`: by number, what `tell_prompts` said of this call; None where nobody called it.
    """
    if request.without_identity or wanted == NOBODY:
        return []

    def is_wanted(number: int) -> bool:
        return wanted[number] if wanted and number < len(wanted) else number == POSITIVE

    return [
        chunk
        for chunk, number in enumerate(prompts)
        if (on_negative or is_wanted(number)) and number != request.text_cond
    ]
