"""Workflows that start from a picture: recraft it, put another face into it, mend a small face, make it larger."""

from .motifs import USUAL_COSTS, Models, apply, begin, decoded, empty, result, sample
from .page import Graph, Node, Note

BIGGER = 1.5


def recraft(graph: Graph) -> None:
    models, words, face = begin(graph, "Photo of a person at a market in the south, summer light, linen shirt")
    given = graph.add("LoadImage", title="Picture to recraft", image="layout.png")
    scaled = graph.add("ImageScaleToTotalPixels", image=given, upscale_method="lanczos", megapixels=1.0)
    latent = graph.add("VAEEncode", title="The picture as latents", pixels=scaled, vae=models.vae)
    graph.group("The picture to recraft", given, scaled, latent)
    pose = graph.add("InfuFacePose", image=scaled, latent=latent, no_face="skip")
    applied = apply(graph, models, face, pose_image=pose)
    graph.group("Whose face it gets", pose, applied)
    sampler = sample(graph, applied, words.guided, words.nothing, latent, denoise=0.75)
    graph.group("The picture, recrafted", sampler)
    again = decoded(graph, sampler, models)
    result(graph, again, "recraft", again)
    graph.note = Note(
        "Recraft a picture",
        "A picture of yours is drawn anew with somebody's face: its layout stays, as FaceStudio shows. Noise is laid "
        "over the picture and taken off again with the prompt and the identity.",
        (
            "**denoise** in *Sampler (InfU)*: 0.5 keeps most of the picture, 0.75 is the middle, 0.9 little of it",
            "identity acts late here: keep **start_percent** at 0; below denoise 0.5 take **strength** 1.2",
            "only the face should change: *13* or *14*",
        ),
        USUAL_COSTS,
    )


def closer(graph: Graph, models: Models, **crop) -> tuple[Node, Node]:
    """A picture and one of its faces, cut out and enlarged."""
    whole = graph.add("LoadImage", title="The finished picture", image="face_2.png")
    cut = graph.add("InfuFaceCrop", image=whole, **crop)
    graph.group("The picture and its face", whole, cut)
    return whole, cut


def put_back(graph: Graph, whole: Node, cut: Node, face: Node, name: str) -> None:
    """The drawn face at its size, in its place, through the soft mask of the head."""
    how = {"upscale_method": "lanczos", "crop": "disabled"}
    small = graph.add("ImageScale", title="Back to its size", image=face, width=cut[4], height=cut[5], **how)
    place = {"x": cut[2], "y": cut[3], "mask": cut[1], "resize_source": False}
    picture = graph.add("ImageCompositeMasked", title="Back to its place", destination=whole, source=small, **place)
    result(graph, picture, name, face, small, picture, title="Put back")


def new_face(graph: Graph) -> None:
    models, words, face = begin(
        graph, "Close-up photo of a person, natural skin, sharp eyes", guidance=30.0, flux="flux1-fill-dev.safetensors"
    )
    whole, cut = closer(graph, models, size=1024, margin=2.5)
    pose = graph.add("InfuFacePose", image=cut, width=1024, height=1024, no_face="skip")
    sides = {"positive": words.guided, "negative": words.nothing, "vae": models.vae}
    hole = graph.add("InpaintModelConditioning", title="A hole where the face was", pixels=cut, mask=cut[1], **sides)
    graph.group("Where the new face goes", pose, hole)
    applied = apply(graph, models, face, pose_image=pose)
    graph.group("Whose face it is", applied)
    sampler = sample(graph, applied, hole, hole[1], hole[2])
    graph.group("The face, filled in", sampler)
    put_back(graph, whole, cut, decoded(graph, sampler, models), "new_face")
    graph.note = Note(
        "A new face in a finished picture",
        "The face is found, cut out and enlarged; FLUX.1 Fill draws another one into the hole, turned as the old one "
        "was; it is put back through a soft mask. The rest of the picture is untouched, pixel by pixel. Use it with "
        "the consent of the people that it shows.",
        (
            "**face** and **index** in *Face Crop* choose among several people",
            "the seam shows: **feather** 0.4; hair should change too: **margin** 3.5",
            "the old face shines through: **strength** 1.1; the light does not fit: **style_alignment** 0.3",
        ),
        "24 GB of graphics memory for Fill in bf16, estimated from the files; one picture of 1024 x 1024.",
    )


def face_detail(graph: Graph) -> None:
    models, words, face = begin(graph, "Close-up portrait photo of a person, natural skin, sharp eyes")
    whole, cut = closer(graph, models, size=1024)
    encoded = graph.add("VAEEncode", title="The enlarged face as latents", pixels=cut, vae=models.vae)
    pose = graph.add("InfuFacePose", image=cut, latent=encoded, no_face="skip")
    graph.group("Where the face is", encoded, pose)
    applied = apply(graph, models, face, pose_image=pose)
    graph.group("Whose face it is", applied)
    sampler = sample(graph, applied, words.guided, words.nothing, encoded, steps=20, denoise=0.45)
    graph.group("The face, drawn anew", sampler)
    put_back(graph, whole, cut, decoded(graph, sampler, models), "face_detail")
    graph.note = Note(
        "A closer look at a small face",
        "In a full-length picture a face has few pixels, and likeness is lost first there. Here the face is cut out, "
        "enlarged, drawn anew with the identity, and put back through a soft mask.",
        (
            "**denoise** in *Sampler (InfU)*: 0.3 keeps the expression, 0.45 is the middle, 0.6 changes more",
            "**margin** in *Face Crop*: 2 to 3 face sizes; several people: **face** and **index**",
            "the light does not fit: **strength** 0.8, or **style_alignment** 0.3 to 0.6",
        ),
        f"Half a picture more: 20 steps at denoise 0.45 are 9. {USUAL_COSTS}",
    )


def larger(graph: Graph) -> None:
    models, words, face = begin(
        graph, "Photo of a person in front of a snowy forest, red scarf, looking into the camera"
    )
    applied, latent = apply(graph, models, face), empty(graph)
    graph.group("The identity goes into the model", applied, latent)
    first = sample(graph, applied, words.guided, words.nothing, latent)
    graph.group("First pass", first)
    small = decoded(graph, first, models)
    large = graph.add("ImageScaleBy", image=small, upscale_method="lanczos", scale_by=BIGGER)
    encoded = graph.add("VAEEncode", title="The larger picture as latents", pixels=large, vae=models.vae)
    second = sample(graph, applied, words.guided, words.nothing, encoded, "KSampler", steps=20, denoise=0.4)
    graph.group("Second pass, with the same identity", small, large, encoded, second)
    picture = decoded(graph, second, models)
    result(graph, picture, "larger", picture)
    graph.note = Note(
        "Larger, without losing the face",
        "The picture is scaled up and drawn once more, lightly, with the identity in the model: details come in, and "
        "the face stays who it is. Without it a second pass drifts to somebody else.",
        (
            "**denoise** in the second pass: 0.3 only sharpens, 0.4 is the middle, above 0.5 the layout changes",
            "**scale_by**: 1.5 here; 2 wants denoise 0.3",
            "a small face: *14* afterwards",
        ),
        f"The second pass has 2.25 times the pixels and 8 steps. {USUAL_COSTS}",
    )
