"""What the soak queues: every way in, mixed by a seed; some are interrupted, every tenth ends in an error."""

import random
from collections.abc import Callable
from dataclasses import dataclass

Graph = dict[str, dict]
SEEDS, SIZES = range(3), ((64, 64), (96, 64), (128, 128))
ERROR_EVERY, INTERRUPT_EVERY = 10, 13
STEPS = 10
TEXT = {"tokens": 12, "context": 64, "pooled": 32}


@dataclass(frozen=True)
class Prompt:
    """`key`: prompts of one key draw the same picture. `interrupt_at`: a step. `fails`: it ends in an error."""

    key: str
    graph: Graph
    interrupt_at: int | None = None
    fails: bool = False


def node(kind: str, **inputs) -> dict:
    return {"class_type": kind, "inputs": inputs}


def drawing(names, seed: int, size: tuple[int, int], sampler: str = "KSampler", **dials) -> Graph:
    """One person by ApplyInfuseNet; `dials` of InfuSampler, all of them, where it samples."""
    width, height = size
    sampling = {"model": ["apply", 0], "positive": ["positive", 0], "negative": ["negative", 0]}
    sampling |= {"latent_image": ["latent", 0], "seed": seed, "steps": STEPS, "cfg": 1.0, "denoise": 1.0}
    sampling |= {"sampler_name": "euler", "scheduler": "simple", **dials}
    return {
        "model": node("UNETLoader", unet_name=names.flux, weight_dtype="default"),
        "infusenet": node("LoadInfuseNet", infusenet=names.infusenet, projector="auto", weight_dtype="auto"),
        "vae": node("VAELoader", vae_name=names.vae),
        "person": node("TestIdentity", seed=7 + seed),
        "positive": node("TestConditioning", seed=1, guidance=3.5, **TEXT),
        "negative": node("TestConditioning", seed=2, guidance=3.5, **TEXT),
        "latent": node("EmptySD3LatentImage", width=width, height=height, batch_size=1),
        "apply": node("ApplyInfuseNet", model=["model", 0], **applied()),
        "sampler": node(sampler, **sampling),
        "decode": node("VAEDecode", samples=["sampler", 0], vae=["vae", 0]),
        "save": node("PreviewImage", images=["decode", 0]),
    }


def applied() -> dict:
    """The inputs that both Apply nodes have."""
    given = {"infusenet": ["infusenet", 0], "identity": ["person", 0], "vae": ["vae", 0], "strength": 1.0}
    given |= {"start_percent": 0.0, "end_percent": 1.0, "style_alignment": 0.0, "region_mode": "one_pass"}
    return {**given, "guidance": 1.0, "on_negative": False, "block_weights": ""}


def with_our_sampler(info: dict, **changed) -> Callable[..., Graph]:
    """InfuSampler; dials that are not named have their defaults, as `/object_info` tells them."""
    inputs = info["InfuSampler"]["input"]
    every = {**inputs["required"], **inputs.get("optional", {})}
    dials = {name: options["default"] for name, (_, options) in every.items() if "default" in options} | changed
    own = ("seed", "steps", "cfg", "denoise", "sampler_name", "scheduler")
    dials = {name: value for name, value in dials.items() if name not in own}
    return lambda names, seed, size: drawing(names, seed, size, "InfuSampler", **dials)


def regions(names, seed: int, size: tuple[int, int]) -> Graph:
    graph = drawing(names, seed, size)
    given = {"feather": 0.05, "strength": 1.0, "mask_index": 0}
    graph["left"] = node("InfuIdentityRegion", identity=["person", 0], box="0, 0, 0.5, 1", **given)
    graph["other"] = node("TestIdentity", seed=20 + seed)
    graph["right"] = node(
        "InfuIdentityRegion", identity=["other", 0], regions=["left", 0], box="0.5, 0, 0.5, 1", **given
    )
    graph["apply"]["inputs"] |= {"identity": ["right", 0], "on_negative": True}
    graph["sampler"]["inputs"]["cfg"] = 2.0
    return graph


def twin(names, seed: int, size: tuple[int, int]) -> Graph:
    """The identity in the prompt, behind a ControlNet."""
    graph = drawing(names, seed, size)
    del graph["apply"]
    graph["hint"] = node("LoadImage", image="layout.png")
    graph["control"] = node("ControlNetLoader", control_net_name=names.controlnet)
    graph["controlled"] = node(
        "ControlNetApplyAdvanced", positive=["positive", 0], negative=["negative", 0], control_net=["control", 0],
        image=["hint", 0], vae=["vae", 0], strength=0.5, start_percent=0.0, end_percent=1.0,
    )  # fmt: skip
    graph["twin"] = node("ApplyInfuseNetConditioning", positive=["controlled", 0], **applied())
    graph["sampler"]["inputs"] |= {"model": ["model", 0], "positive": ["twin", 0], "negative": ["controlled", 1]}
    return graph


def failing(graph: Graph) -> Graph:
    """A prompt of another text encoder, which breaks in the base's first step, after our state is made."""
    return {**graph, "positive": node("TestConditioning", seed=1, guidance=3.5, **{**TEXT, "context": 48})}


def mixed(count: int, seed: int, names, info: dict) -> list[Prompt]:
    """`info`: `/object_info`. One prompt never follows another of its key, which ComfyUI would not draw again."""
    kinds: dict[str, Callable[..., Graph]] = {
        "plain": drawing,
        "regions": regions,
        "guidance": with_our_sampler(info, identity_guidance=1.5, style_alignment=0.3),
        "reuse": with_our_sampler(info, reuse="fast", strength_curve="fade in"),
        "twin": twin,
    }
    chosen, prompts, last = random.Random(seed), [], ""
    for number in range(1, count + 1):
        key = last
        while key == last:
            kind, picture, size = chosen.choice(list(kinds)), chosen.choice(SEEDS), chosen.choice(SIZES)
            key = f"{kind} {picture} {size[0]}x{size[1]}"
        last, graph = key, kinds[kind](names, picture, size)
        if number % ERROR_EVERY == 0:
            prompts.append(Prompt(key, failing(graph), fails=True))
        elif number % INTERRUPT_EVERY == 0:
            prompts.append(Prompt(key, graph, interrupt_at=chosen.randint(1, STEPS - 1)))
        else:
            prompts.append(Prompt(key, graph))
    return prompts
