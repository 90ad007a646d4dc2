"""What several shipped workflows have in common: a few nodes at a time, and the columns that they lie in."""

from dataclasses import dataclass

from .page import Graph, Node


@dataclass(frozen=True)
class Models:
    """What every real picture starts from."""

    flux: Node
    clip: Node
    vae: Node
    net: Node


def load_models(graph: Graph) -> Models:
    flux = graph.add("UNETLoader", unet_name="flux1-dev.safetensors", weight_dtype="default")
    clip = graph.add(
        "DualCLIPLoader", clip_name1="clip_l.safetensors", clip_name2="t5xxl_fp16.safetensors", type="flux"
    )
    vae = graph.add("VAELoader", vae_name="ae.safetensors")
    net = graph.add("LoadInfuseNet", infusenet="aes_stage2/infusenet_aes_bf16.safetensors", projector="auto")
    return Models(flux, clip, vae, net)


def models_column(graph: Graph, models: Models, *more: Node, lora: Node | None = None) -> None:
    flux = [models.flux] if lora is None else [models.flux, lora]
    graph.column("Models", *flux, models.clip, models.vae, models.net, *more)


def person(graph: Graph, picture: str, title: str) -> tuple[Node, Node]:
    """A photo and its identity."""
    photo = graph.add("LoadImage", title=title, image=picture)
    return photo, graph.add("EncodeFaceID", image=photo)


def text(graph: Graph, clip: Node, prompt: str) -> tuple[Node, Node, Node]:
    """The prompt, the prompt with FLUX's guidance, and no negative prompt."""
    words = graph.add("CLIPTextEncode", title="Prompt", text=prompt, clip=clip)
    guided = graph.add("FluxGuidance", guidance=3.5, conditioning=words)
    nothing = graph.add("ConditioningZeroOut", title="No negative prompt", conditioning=words)
    return words, guided, nothing


def prompt_column(graph: Graph, words: tuple[Node, ...], title="The prompt", width=400, height=150) -> None:
    graph.column(title, *words, width=width, heights={words[0]: height})


def apply(graph: Graph, models: Models, identity: Node, **more) -> Node:
    given = {"model": models.flux, "infusenet": models.net, "identity": identity, "vae": models.vae, "strength": 1.0}
    return graph.add("ApplyInfuseNet", **{**given, **more})


def sample(graph: Graph, model: Node, positive, negative, latent: Node, sampler="InfuSampler", **more) -> Node:
    """A sampler with the usual settings of FLUX.1-dev."""
    given = {"model": model, "positive": positive, "negative": negative, "latent_image": latent}
    usual = {"seed": 42, "steps": 30, "cfg": 1.0, "sampler_name": "euler", "scheduler": "simple"}
    return graph.add(sampler, **{**given, **usual, **more})


def picture(graph: Graph, model: Node, positive, negative, models: Models, name: str) -> tuple[Node, ...]:
    """From an empty latent to a saved picture."""
    latent = graph.add("EmptySD3LatentImage", width=864, height=1152, batch_size=1)
    sampler = sample(graph, model, positive, negative, latent)
    decode = graph.add("VAEDecode", samples=sampler, vae=models.vae)
    return latent, sampler, decode, save(graph, decode, name)


def save(graph: Graph, image: Node, name: str) -> Node:
    return graph.add("SaveImage", images=image, filename_prefix=f"infu_{name}")


def result_column(graph: Graph, saved: Node) -> None:
    graph.column("Result", saved, width=420, heights={saved: 560})
