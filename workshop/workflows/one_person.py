"""Workflows with one person: the first picture, a head's pose, several photos, schnell, other views, paintings."""

from .motifs import USUAL_COSTS, apply, begin, decoded, drawn, empty, load_models, person, prompt, result, sample
from .page import Graph, Note

PORTRAIT = "Portrait photo of a person in a sunlit library, wearing a green wool coat, looking into the camera"


def one_face(graph: Graph) -> None:
    models, words, face = begin(graph, PORTRAIT)
    applied, latent = apply(graph, models, face), empty(graph)
    graph.group("The identity goes into the model", applied, latent)
    drawn(graph, applied, words, latent, models, "one_face")
    graph.note = Note(
        "One face",
        "One photo, one person, in words of yours. Choose your photo in *Photo of the person*, write a prompt, run.",
        (
            "stiff, plastic, the photo's pose copied: **strength** 0.8, or **start_percent** 0.1",
            "not close enough: more photos (*03*), then the `sim_stage1` files instead of `aes_stage2`, both of them",
            "a painting became a photo: **style_alignment** 0.5",
        ),
        USUAL_COSTS,
    )


def head_pose(graph: Graph) -> None:
    models, words, face = begin(graph, "Photo of a person on a mountain path, turning to the camera, morning light")
    latent = empty(graph)
    posing = graph.add("LoadImage", title="Picture whose head pose to take", image="face_2.png")
    pose = graph.add("InfuFacePose", image=posing, latent=latent)
    graph.group("The pose: where the face is", latent, posing, pose)
    applied = apply(graph, models, face, pose_image=pose)
    graph.group("The identity goes into the model", applied)
    drawn(graph, applied, words, latent, models, "head_pose")
    graph.note = Note(
        "Head pose from another picture",
        "Who comes from one photo; where the face is, how large and how turned from another. Only five points of it "
        "are used: eyes, nose, corners of the mouth.",
        (
            "**shift**, **scale** and **rotate** in *Face Pose* move the face; small steps keep the likeness",
            "the other person's proportions show: take a picture of a similar face, or **end_percent** 0.6",
            "the prompt must not say otherwise: *in profile* and a frontal pose fight",
        ),
        USUAL_COSTS,
    )


def several_photos(graph: Graph) -> None:
    models = load_models(graph)
    words = prompt(graph, models, PORTRAIT)
    names = ("face.png", "face_2.png", "layout.png")
    photos = [graph.add("LoadImage", title=f"Photo {n + 1} of the person", image=name) for n, name in enumerate(names)]
    batch = graph.add("BatchImagesNode", **{f"images.image{n}": photo for n, photo in enumerate(photos)})
    graph.group("Photos of one person", *photos, batch)
    face = graph.add("EncodeFaceID", image=batch, no_face="skip")
    kept = graph.add("InfuSaveIdentity", identity=face, name="person")
    graph.group("One identity, saved", face, kept)
    applied, latent = apply(graph, models, kept), empty(graph)
    graph.group("The identity goes into the model", applied, latent)
    drawn(graph, applied, words, latent, models, "several_photos")
    again = graph.add("InfuLoadIdentity", title="The saved identity", file="person_00001.safetensors", muted=True)
    used = apply(graph, models, again, muted=True)
    sampled = sample(graph, used, words.guided, words.nothing, latent, "KSampler", muted=True, seed=43)
    seen = graph.add("VAEDecode", samples=sampled, vae=models.vae, muted=True)
    shown = graph.add("SaveImage", images=seen, filename_prefix="infu_used_again", muted=True)
    graph.group("Later, without photos (muted)", again, used, sampled, seen, shown, heights={shown: 180})
    graph.note = Note(
        "Several photos, one saved identity",
        "Three to ten photos of one person make an identity that is more reliable than any of them, and a file of 3 kB "
        "that holds no picture. The last group uses that file again: after the first run press *R*, choose it in *The "
        "saved identity*, select the group's nodes and press *Ctrl+M* to wake them.",
        (
            "the report on *Encode Face ID* names photos without a face and photos that look like somebody else; "
            "**outliers** *drop* leaves those out",
            "more photos: a new socket appears on *Batch Images*",
            "**name** in *Save Identity*: `family/anna` makes a folder",
        ),
        USUAL_COSTS,
    )


def schnell(graph: Graph) -> None:
    models, words, face = begin(graph, PORTRAIT, guidance=None, flux="flux1-schnell.safetensors")
    applied, latent = apply(graph, models, face), empty(graph)
    graph.group("The identity goes into the model", applied, latent)
    drawn(graph, applied, words, latent, models, "schnell", steps=4)
    graph.note = Note(
        "Schnell, four steps",
        "FLUX.1-schnell draws in four steps, under a free licence. It has no guidance, so the prompt goes straight "
        "into the sampler. InfuseNet was trained on FLUX.1-dev; on schnell it works with less likeness and detail.",
        (
            "**steps** 4 to 8; more do not help",
            "too little likeness: **strength** 1.2; spots or hard edges: **strength** 0.8",
            "there are only four steps: leave **reuse** at exact and **end_percent** at 1",
        ),
        "A seventh of the time of *01*: 4 steps instead of 30. Memory as there.",
    )


def other_views(graph: Graph) -> None:
    models, words, face = begin(
        graph, "Studio portrait photo of a person, head turned, plain grey background, soft light"
    )
    size = empty(graph)
    turns = graph.add("InfuHeadTurns", latent=size, turn="-40, -20, 0, 20, 40")
    batch = graph.add("RepeatLatentBatch", title="One latent for every view", samples=size, amount=turns[1])
    graph.group("A strip of head poses", size, turns, batch)
    applied = apply(graph, models, face, pose_image=turns, strength=0.9)
    graph.group("The identity goes into the model", applied)
    sampler = sample(graph, applied, words.guided, words.nothing, batch)
    graph.group("The pictures", sampler)
    pictures = decoded(graph, sampler, models)
    strip = graph.add("InfuLabelledGrid", images=pictures, labels=turns[2], columns=5)
    result(graph, strip, "other_views", pictures, strip, height=300)
    graph.note = Note(
        "Other views of a person",
        "One photo, five pictures in which the head looks from one side to the other, as in FaceStudio's novel views. "
        "*Head Turns* draws the five key points of a mean face at these angles; every pose has its own row of the "
        "batch.",
        (
            "**turn** in *Head Turns*: other angles, more or fewer; **nod** looks up and down",
            "heads turn too little: say it in the prompt too (*in profile, looking to the left*), one queue a view",
            "the mean face's proportions show: **end_percent** 0.5",
        ),
        "Five pictures in one batch: five times the time, and more memory; with too little of it give fewer angles.",
    )


def painting_and_back(graph: Graph) -> None:
    models = load_models(graph)
    to_photo = prompt(
        graph, models, "Portrait photo of a person, natural skin, window light, 85 mm", group="As a photo"
    )
    painted = person(
        graph, "face.png", "A painted face", "Whoever was painted", threshold=0.3
    )  # drawn faces are found less surely
    latent = empty(graph)
    alive = apply(graph, models, painted)
    graph.group("The painted person goes into the model", latent, alive)
    first = sample(graph, alive, to_photo.guided, to_photo.nothing, latent, "KSampler")
    photo = decoded(graph, first, models)
    graph.group("From painting to photo", first, photo)
    result(graph, photo, "painting_to_photo", title="The photo", height=300)
    to_oil = prompt(
        graph,
        models,
        "Oil painting of a person, thick brush strokes, dark background, museum piece",
        group="As a painting",
    )
    known = person(graph, "face_2.png", "A photo", "Whoever was photographed")
    styled = apply(graph, models, known, strength=0.9, style_alignment=0.5)
    graph.group("The photographed person goes into the model", styled)
    second = sample(graph, styled, to_oil.guided, to_oil.nothing, latent, "KSampler")
    oil = decoded(graph, second, models)
    graph.group("From photo to painting", second, oil)
    result(graph, oil, "photo_to_painting", title="The painting", height=300)
    graph.note = Note(
        "From painting to photo, and back",
        "Above, a painted face becomes somebody in a photo; below, somebody in a photo becomes a painting. The "
        "identity carries no brush strokes, the prompt brings the style.",
        (
            "no face is found in the painting: **threshold** 0.2, or type **key_points** in *Encode Face ID*",
            "the painting looks like a photo: **style_alignment** 0.7, **end_percent** 0.8",
            "the photo looks painted: leave words such as *portrait of* out, say *85 mm photo*",
        ),
        f"Two pictures in one run. {USUAL_COSTS}",
    )
