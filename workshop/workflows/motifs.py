"""What several workflows have in common: a few nodes at a time, and the groups that they lie in."""

from dataclasses import dataclass

from .page import Graph, Node

DEV = "flux1-dev.safetensors"
T5 = "t5xxl_fp16.safetensors"
AES = "aes_stage2/infusenet_aes_bf16.safetensors"
USUAL_COSTS = (
    "24 GB of graphics memory for the bf16 files, estimated from their sizes, not measured; less with those of *15 "
    "Small GPU*."
)


@dataclass(frozen=True)
class Models:
    """What every real picture starts from."""

    flux: Node
    clip: Node
    vae: Node
    net: Node


@dataclass(frozen=True)
class Words:
    """The prompt, the same with FLUX's guidance, and no negative prompt."""

    prompt: Node
    guided: Node
    nothing: Node


def load_models(graph: Graph, *more: Node, flux=DEV, t5=T5, net=AES, device="default") -> Models:
    """The loaders and their group. `more`: loaders that were added before."""
    models = Models(
        graph.add("UNETLoader", unet_name=flux, weight_dtype="default"),
        graph.add("DualCLIPLoader", clip_name1="clip_l.safetensors", clip_name2=t5, type="flux", device=device),
        graph.add("VAELoader", vae_name="ae.safetensors"),
        graph.add("LoadInfuseNet", infusenet=net, projector="auto"),
    )
    graph.group("Models", models.flux, models.clip, models.vae, models.net, *more)
    return models


def person(graph: Graph, picture="face.png", title="Photo of the person", group="The person", **more) -> Node:
    """A photo, its identity and their group; the identity."""
    photo = graph.add("LoadImage", title=title, image=picture)
    face = graph.add("EncodeFaceID", image=photo, **more)
    graph.group(group, photo, face)
    return face


def prompt(graph: Graph, models: Models, text: str, guidance: float | None = 3.5, group="The prompt") -> Words:
    """Words and their group; without a guidance (schnell) the words themselves."""
    words = graph.add("CLIPTextEncode", title="Prompt", text=text, clip=models.clip)
    guided = words if guidance is None else graph.add("FluxGuidance", guidance=guidance, conditioning=words)
    nothing = graph.add("ConditioningZeroOut", title="No negative prompt", conditioning=words)
    shown = [words, nothing] if guidance is None else [words, guided, nothing]
    graph.group(group, *shown, heights={words: 150})
    return Words(words, guided, nothing)


def begin(graph: Graph, text: str, *more: Node, guidance: float | None = 3.5, **files) -> tuple[Models, Words, Node]:
    """What most workflows begin with: the loaders, the prompt and one person. `more`, `files`: for `load_models`."""
    models = load_models(graph, *more, **files)
    return models, prompt(graph, models, text, guidance), person(graph)


def begin_with_two(
    graph: Graph, text: str, first: tuple[str, str], second: tuple[str, str]
) -> tuple[Models, Words, Node, Node]:
    """The same with two people. `first`, `second`: titles of a photo and of its group."""
    models = load_models(graph)
    words = prompt(graph, models, text)
    return models, words, person(graph, "face.png", *first), person(graph, "face_2.png", *second)


def apply(graph: Graph, models: Models, identity: Node, **more) -> Node:
    given = {"model": models.flux, "infusenet": models.net, "identity": identity, "vae": models.vae, "strength": 1.0}
    return graph.add("ApplyInfuseNet", **{**given, **more})


def sample(graph: Graph, model: Node, positive, negative, latent, kind="InfuSampler", **more) -> Node:
    """A sampler with the usual settings of FLUX.1-dev."""
    given = {"model": model, "positive": positive, "negative": negative, "latent_image": latent}
    usual = {"seed": 42, "steps": 30, "cfg": 1.0, "sampler_name": "euler", "scheduler": "simple"}
    return graph.add(kind, **{**given, **usual, **more})


def empty(graph: Graph, width=864, height=1152, count=1) -> Node:
    return graph.add("EmptySD3LatentImage", width=width, height=height, batch_size=count)


def decoded(graph: Graph, latent: Node, models: Models) -> Node:
    return graph.add("VAEDecode", samples=latent, vae=models.vae)


def result(graph: Graph, image, name: str, *before: Node, title="Result", height=420) -> Node:
    """A saved picture in a group of its own, below what leads to it."""
    saved = graph.add("SaveImage", images=image, filename_prefix=f"infu_{name}")
    graph.group(title, *before, saved, heights={saved: height})
    return saved


def drawn(graph: Graph, model: Node, words: Words, latent, models: Models, name: str, **more) -> Node:
    """From a latent to a saved picture: a group for the sampler, one for the result; the picture."""
    sampler = sample(graph, model, words.guided, words.nothing, latent, **more)
    graph.group("The picture", sampler)
    picture = decoded(graph, sampler, models)
    result(graph, picture, name, picture)
    return picture
