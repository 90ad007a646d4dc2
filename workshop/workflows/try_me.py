"""Workflow 00: the miniature, right after install."""

from .motifs import sample
from .page import Graph, Note

PERSON, SEED = 30, 2


def try_me(graph: Graph) -> None:
    """Nothing to download: the same noise and words with a person and without."""
    small = graph.add("InfuLoadMiniature")
    photo = graph.add("InfuMiniatureFace", title="Photo of the person", person=PERSON)
    face = graph.add("EncodeFaceID", image=photo, face_encoder=small[3])
    words = graph.add(
        "InfuMiniaturePrompt",
        title="Prompt",
        text="a photo of a young woman with black hair in a bob, smiling, on a blue background",
    )
    nothing = graph.add("ConditioningZeroOut", title="No negative prompt", conditioning=words)
    latent = graph.add("EmptySD3LatentImage", width=128, height=128, batch_size=1)
    seed = graph.add("PrimitiveInt", title="Seed of both pictures", value=SEED)
    applied = graph.add("ApplyInfuseNet", model=small, infusenet=small[2], identity=face, vae=small[1], strength=1.0)
    graph.group("The miniature", small, latent, seed)
    graph.group("The prompt", words, nothing, heights={words: 240})
    graph.group("The person", photo, face)
    graph.group("The identity goes into the model", applied)
    for model, title in ((small, "Without the person"), (applied, "With the person")):
        sampler = sample(graph, model, words, nothing, latent, "KSampler", seed=seed, steps=20)
        decode = graph.add("VAEDecode", samples=sampler, vae=small[1])
        large = graph.add(
            "ImageScaleBy", title="Three times as large", image=decode, upscale_method="lanczos", scale_by=3
        )
        shown = graph.add("PreviewImage", title=title, images=large)
        graph.group(title, sampler, decode, large, shown, heights={shown: 430})
    graph.note = Note(
        "Try me",
        "Run it: no download, no GPU. A tiny FLUX that comes with this pack draws a person whom it knows from one "
        "picture: the same words and noise without the person, and with. It knows drawn faces only; for your own "
        "photos and real pictures open **01 One face**: the same nodes, other loaders.",
        (
            "**person** in *Photo of the person*: every number is somebody else, whom the model never saw; say *man* "
            "or *woman* in the prompt",
            "the **prompt**: *an ink drawing of*, *a watercolour of*, *an oil painting of*, hair, glasses, *laughing*, "
            "*in a forest*; words it does not know are named below it",
            "**strength** in *Apply InfiniteYou* (0 is the picture without), or the **seed**",
        ),
        "Seconds on any CPU.",
    )
