"""Workflows that look before they choose: the small GPU's settings, a labelled grid, the best of a batch."""

from .motifs import USUAL_COSTS, apply, begin, decoded, drawn, empty, result, sample
from .page import Graph, Note


def small_gpu(graph: Graph) -> None:
    lean = {"flux": "flux1-dev-fp8.safetensors", "t5": "t5xxl_fp8_e4m3fn.safetensors", "device": "cpu"}
    models, words, face = begin(
        graph,
        "Portrait photo of a person in a sunlit library, wearing a green wool coat",
        net="aes_stage2/infusenet_aes_fp8e4m3fn.safetensors",
        **lean,
    )
    applied, latent = apply(graph, models, face, end_percent=0.9), empty(graph, 768, 1024)
    graph.group("The identity goes into the model", applied, latent)
    drawn(graph, applied, words, latent, models, "small_gpu", steps=25, reuse="balanced")
    graph.note = Note(
        "Small GPU",
        "FLUX and InfuseNet in fp8, the text encoder on the CPU, fewer pixels, and InfuseNet on 11 of the steps with "
        "forecasts between (*reuse* balanced).",
        (
            "**reuse** *fast*: 6 runs of InfuseNet instead of 11",
            "still too much: 640 x 896 in *Empty Latent*, or start ComfyUI with `--lowvram`",
            "GGUF: *Unet Loader (GGUF)* of the pack ComfyUI-GGUF (city96) in place of *Load Diffusion Model*, and "
            "nothing else; this workflow itself needs no other pack",
        ),
        "By file sizes, not measured: 11.9 GB FLUX and 3.0 GB InfuseNet, together for 16 GB cards; below that ComfyUI "
        "moves weights in and out. A Q4 GGUF of FLUX has 6.8 GB.",
    )


def strength_and_style(graph: Graph) -> None:
    models, words, face = begin(graph, "Watercolour portrait of a person in the rain, loose brush strokes")
    tried = graph.add("InfuSweep", rows="0.6, 0.8, 1", columns="0, 0.5, 1")
    applied = apply(graph, models, face, strength=tried[0], style_alignment=tried[1])
    latent = empty(graph, 768, 1024)
    graph.group("Every pair of two settings", tried, applied, latent, heights={tried: 300})
    sampler = sample(graph, applied, words.guided, words.nothing, latent, "KSampler")
    pictures = decoded(graph, sampler, models)
    likeness = graph.add("InfuIdentitySimilarity", images=pictures, identity=face)
    graph.group("A picture for each, and its likeness", sampler, pictures, likeness)
    laid = {"images": pictures, "labels": tried[2], "columns": tried[3], "numbers": likeness[1]}
    grid = graph.add("InfuLabelledGrid", **laid)
    result(graph, grid, "strength_and_style", grid)
    graph.note = Note(
        "Strength and style as a grid",
        "Three strengths with three style alignments: nine pictures of the same noise in one sheet, each with its "
        "settings and how much it looks like the person.",
        (
            "**rows** and **columns** in *Sweep Two Values*: other values; a single column tries one setting alone",
            "other settings: drag *row_value* onto another widget, and change **row_name**",
            "the best is rarely the highest number: likeness 0.5 in the right style beats 0.7 in the wrong one",
        ),
        f"Nine pictures: nine times the time of one, the same memory. {USUAL_COSTS}",
    )


def keep_style(graph: Graph) -> None:
    models, words, face = begin(graph, "Loose watercolour of a person under a red umbrella, wet paper, pale washes")
    applied, latent = apply(graph, models, face), empty(graph, 768, 1024)
    graph.group("The identity goes into the model", applied, latent)
    given = (words.guided, words.nothing, latent)
    kept = sample(graph, applied, *given, title="With style: keep", style="keep")
    published = sample(graph, applied, *given, kind="KSampler", title="As published")
    graph.group("Twice from the same noise", kept, published)
    pictures = [decoded(graph, sampler, models) for sampler in (kept, published)]
    both = graph.add(
        "ImageStitch", image1=pictures[0], image2=pictures[1], direction="right", match_image_size=True,
        spacing_width=8, spacing_color="white",
    )  # fmt: skip
    result(graph, both, "keep_style", *pictures, both, title="Keep left, as published right")
    graph.note = Note(
        "Keep the style of the prompt",
        "An identity pulls watercolour and ink towards a photo. *style* in *Sampler (InfU)* takes that pull out of "
        "what InfuseNet adds, and costs no time.",
        (
            "**style** in *With style: keep*: *strong* where that is still a photo",
            "the face is less like the person then: a second photo of them gives likeness back, and style stays",
            "one picture is enough? Delete *As published*, and link the other picture to *Save Image*",
        ),
        f"Two pictures: twice the time of one. {USUAL_COSTS}",
    )


def best_of_a_batch(graph: Graph) -> None:
    models, words, face = begin(graph, "Photo of a person laughing on a beach, wind in the hair, evening light")
    applied, latent = apply(graph, models, face), empty(graph, count=4)
    graph.group("The identity goes into the model", applied, latent)
    sampler = sample(graph, applied, words.guided, words.nothing, latent)
    graph.group("Four pictures", sampler)
    pictures = decoded(graph, sampler, models)
    judged = graph.add("InfuIdentitySimilarity", images=pictures, identity=face)
    result(graph, judged, "best_of_a_batch", pictures, judged, title="The one most like the person")
    graph.note = Note(
        "Best of a batch",
        "Four pictures of different noise; the one whose face comes closest to the person is saved. Bars and numbers "
        "on *Identity Similarity* show all four.",
        (
            "**batch_size** in *Empty Latent*: 4 to 8",
            "**seed**: *randomize*, and run again until the best is good enough; one person in two photos usually "
            "reaches 0.4 to 0.8",
            "the judge is the network that made the identity: look yourself before you trust the last 0.05",
        ),
        f"Four pictures in one batch: four times the time, and more memory. {USUAL_COSTS}",
    )
