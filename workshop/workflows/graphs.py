"""The graphs of `workflows/`, each once."""

from .motifs import apply, load_models, models_column, person, picture, prompt_column, result_column, sample, save, text
from .page import Graph

PROMPT = "Portrait photo of a person in a sunlit library, wearing a green wool coat, looking into the camera"
FILES = """Files, and the folder in `ComfyUI/models/` for each:

| file | folder |
| --- | --- |
| flux1-dev.safetensors | diffusion_models |
| clip_l.safetensors, t5xxl_fp16.safetensors | text_encoders |
| ae.safetensors | vae |
| infusenet_aes_bf16.safetensors, image_proj_model.bin | infinite_you/aes_stage2 |
| recognition_arcface_ir_se50.pth | infinite_you |
| scrfd_10g_bnkps.onnx | insightface/models/antelopev2 |
"""
MORE_FILES = """| flux_realism_lora.safetensors | loras |
| FLUX.1-dev-ControlNet-Union-Pro-2.0.safetensors | controlnet |
"""


def try_me(graph: Graph) -> None:
    """The miniature: nothing to download, the same noise and words with a person and without."""
    small = graph.add("InfuLoadMiniature")
    photo = graph.add("InfuMiniatureFace", title="Photo of the person", person=2)
    face = graph.add("EncodeFaceID", image=photo, face_encoder=small[3])
    words = graph.add(
        "InfuMiniaturePrompt", title="Prompt", text="a photo of a young woman, smiling, on a blue background"
    )
    nothing = graph.add("ConditioningZeroOut", title="No negative prompt", conditioning=words)
    latent = graph.add("EmptySD3LatentImage", width=128, height=128, batch_size=1)
    seed = graph.add("PrimitiveInt", title="Seed of both pictures", value=1)
    applied = graph.add("ApplyInfuseNet", model=small, infusenet=small[2], identity=face, vae=small[1], strength=1.0)
    graph.column("The miniature", small, latent, seed)
    graph.column("The person", photo, face)
    prompt_column(graph, (words, nothing), height=240)
    graph.below("The identity goes into the model", applied, y=490)
    for model, title in ((small, "Without the person"), (applied, "With the person")):
        sampler = sample(graph, model, words, nothing, latent, "KSampler", seed=seed, steps=20)
        decode = graph.add("VAEDecode", samples=sampler, vae=small[1])
        large = graph.add(
            "ImageScaleBy", title="Three times as large", image=decode, upscale_method="lanczos", scale_by=3
        )
        shown = graph.add("PreviewImage", title=title, images=large)
        graph.column(title, sampler, decode, large, shown, width=390, heights={shown: 430})
    graph.note(
        "# Try me\n\nQueue it: no download, no GPU. A tiny FLUX that comes with this pack draws a person whom it knows "
        "from one picture.\n\n"
        "1. Change **person** in *Photo of the person*: every number is somebody else, whom the model never saw; say "
        "*man* or *woman* in the prompt.\n"
        "2. Change the **prompt**: *an ink drawing of*, *a watercolour of*, *an oil painting of*, hair, glasses, "
        "*laughing*, *in a forest*; words it does not know are named below it.\n"
        "3. Change **strength** in *Apply InfiniteYou* (0 is the picture on the left, 1 as usual), or the **seed**.\n\n"
        "It knows drawn faces only. For your own photos and real pictures open **01_one_face**: the same nodes, other "
        "loaders.",
        height=340,
    )


def one_face(graph: Graph) -> None:
    models = load_models(graph)
    photo, face = person(graph, "face.png", "Photo of the person")
    words, guided, nothing = text(graph, models.clip, PROMPT)
    applied = apply(graph, models, face)
    latent, sampler, decode, saved = picture(graph, applied, guided, nothing, models, "one_face")
    models_column(graph, models)
    graph.column("The person", photo, face)
    prompt_column(graph, (words, guided, nothing))
    graph.below("The identity goes into the model", applied, latent)
    graph.column("The picture", sampler, decode)
    result_column(graph, saved)
    graph.note(
        "# One face\n\nOne photo, one person. Choose your photo in **Photo of the person**, write a prompt, queue.\n\n"
        + FILES
        + "\nThe face is too strong or stiff: strength 0.8, or start_percent 0.1. Not close enough: the `sim_stage1` "
        "files instead of `aes_stage2` (both of them, they belong together).",
        height=560,
    )


def controlnet_lora_identity(graph: Graph) -> None:
    models = load_models(graph)
    control = graph.add("ControlNetLoader", control_net_name="FLUX.1-dev-ControlNet-Union-Pro-2.0.safetensors")
    lora = graph.add(
        "LoraLoaderModelOnly", model=models.flux, lora_name="flux_realism_lora.safetensors", strength_model=0.8
    )
    photo, face = person(graph, "face.png", "Photo of the person")
    layout = graph.add("LoadImage", title="Picture whose outlines to follow", image="layout.png")
    edges = graph.add("Canny", image=layout, low_threshold=0.2, high_threshold=0.5)
    words, guided, nothing = text(graph, models.clip, PROMPT)
    controlled = graph.add(
        "ControlNetApplyAdvanced",
        positive=guided,
        negative=nothing,
        control_net=control,
        image=edges,
        vae=models.vae,
        strength=0.6,
        start_percent=0.0,
        end_percent=0.6,
    )
    applied = apply(graph, models, face, model=lora)
    latent, sampler, decode, saved = picture(
        graph, applied, controlled, controlled[1], models, "controlnet_lora_identity"
    )
    models_column(graph, models, control, lora=lora)
    graph.column("The person", photo, face)
    prompt_column(graph, (words, guided, nothing))
    graph.below("Outlines to follow", layout, edges)
    graph.column("ControlNet and identity", controlled, applied, latent)
    graph.column("The picture", sampler, decode)
    result_column(graph, saved)
    graph.note(
        "# Identity with a ControlNet and a LoRA\n\nThe LoRA changes the model, the ControlNet steers the prompt's "
        "side, the identity comes last. The order of LoRA and identity does not change the result, and the "
        "ControlNet never sees the face.\n\n"
        + FILES
        + MORE_FILES
        + "\nThe ControlNet is published as `diffusion_pytorch_model.safetensors`: rename it. A ControlNet that holds "
        "on too long fights the face: end_percent 0.4 to 0.7."
    )


def mix_two(graph: Graph) -> None:
    models = load_models(graph)
    first_photo, first = person(graph, "face.png", "Photo of the first person")
    second_photo, second = person(graph, "face_2.png", "Photo of the second person")
    sources = {"identities.identity_0": first, "identities.identity_1": second}
    mixed = graph.add("MixIdentities", mode="blend", weights="1, 1", **sources)
    words, guided, nothing = text(graph, models.clip, PROMPT)
    applied = apply(graph, models, mixed)
    latent, sampler, decode, saved = picture(graph, applied, guided, nothing, models, "mix_two")
    models_column(graph, models)
    graph.column("The first person", first_photo, first)
    graph.column("The second person", second_photo, second)
    graph.column("The mix goes into the model", mixed, applied, width=400)
    graph.below("The prompt", words, guided, nothing, y=680, heights={words: 150})
    graph.column("The picture", latent, sampler, decode)
    result_column(graph, saved)
    graph.note(
        "# Two people in one face\n\n**Mix Identities** makes a face between the two. `weights` says how much of "
        "each: `1, 1` is the middle, `1, 0` the first person exactly.\n\n"
        "- blend: the usual choice\n- slerp: even steps from the first to the second\n- stack: features of both side "
        "by side, freer and less predictable\n\n" + FILES
    )


def face_detail(graph: Graph) -> None:
    models = load_models(graph)
    photo, face = person(graph, "face.png", "Photo of the person")
    whole = graph.add("LoadImage", title="Picture whose face is too small", image="face_2.png")
    crop = graph.add("InfuFaceCrop", image=whole, size=1024)
    words, guided, nothing = text(graph, models.clip, "Close-up portrait photo of a person, natural skin, sharp eyes")
    encoded = graph.add("VAEEncode", title="The enlarged face as latents", pixels=crop, vae=models.vae)
    pose = graph.add("InfuFacePose", image=crop, latent=encoded, no_face="skip")
    applied = apply(graph, models, face, pose_image=pose)
    sampler = sample(graph, applied, guided, nothing, encoded, steps=20, denoise=0.45)
    decode = graph.add("VAEDecode", samples=sampler, vae=models.vae)
    small = graph.add(
        "ImageScale",
        title="Back to its size",
        image=decode,
        upscale_method="lanczos",
        width=crop[4],
        height=crop[5],
        crop="disabled",
    )
    whole_again = graph.add(
        "ImageCompositeMasked",
        title="Back to its place",
        destination=whole,
        source=small,
        x=crop[2],
        y=crop[3],
        resize_source=False,
        mask=crop[1],
    )
    saved = save(graph, whole_again, "face_detail")
    models_column(graph, models)
    graph.column("The person", photo, face)
    graph.column("The picture and its face", whole, crop, width=380)
    prompt_column(graph, (words, guided, nothing), "The prompt, for the face alone", width=380, height=130)
    graph.column("Where the face is, and who it is", pose, applied, width=380)
    graph.column("The face, drawn anew", encoded, sampler, decode, width=380)
    graph.column("Put back", small, whole_again, width=380)
    result_column(graph, saved)
    graph.note(
        "# A closer look at a small face\n\nIn a full-length picture a face has few pixels, and likeness is lost first "
        "there. Here the face is cut out, enlarged, drawn anew with the identity, and put back through a soft mask.\n\n"
        "- **denoise** in Sampler (InfU): 0.3 keeps the expression, 0.45 is the usual middle, 0.6 changes more\n"
        "- **margin** in Face Crop: 2 to 3 face sizes; several people: choose one with face and index\n"
        "- the light does not fit: strength 0.8, or style_alignment 0.3 to 0.6\n\n" + FILES
    )


def two_people(graph: Graph) -> None:
    models = load_models(graph)
    first_photo, first = person(graph, "face.png", "Photo of the person on the left")
    second_photo, second = person(graph, "face_2.png", "Photo of the person on the right")
    left = graph.add("InfuIdentityRegion", title="Left half", identity=first, box="0, 0, 0.5, 1", feather=0.03)
    both = graph.add(
        "InfuIdentityRegion", title="Right half", identity=second, regions=left, box="0.5, 0, 0.5, 1", feather=0.03
    )
    prompt = "Photo of two people side by side at a cafe table, one on the left and one on the right, warm light"
    words, guided, nothing = text(graph, models.clip, prompt)
    applied = apply(graph, models, both)
    latent, sampler, decode, saved = picture(graph, applied, guided, nothing, models, "two_people")
    models_column(graph, models)
    graph.column("The person on the left", first_photo, first)
    graph.column("The person on the right", second_photo, second)
    graph.column("Who goes where", left, both, width=380)
    prompt_column(graph, (words, guided, nothing))
    graph.below("The people go into the model", applied, latent)
    graph.column("The picture", sampler, decode)
    result_column(graph, saved)
    graph.note(
        "# Two people in one picture\n\nEach person has a region; one run of InfuseNet serves both. The preview on "
        "the last region shows who goes where. A third person is one more **Identity Region** in the chain.\n\n"
        "- the prompt must put people where the regions are: say who stands left and who right\n"
        "- regions from a layout picture: **Faces to Regions** into every region's mask, and **Face Pose** of "
        "the same picture into Apply InfiniteYou's pose_image\n"
        "- faces mix or one is weak: region_mode `cropped`, or that region's own strength\n\n" + FILES
    )


def hybrid_guidance(graph: Graph) -> None:
    models = load_models(graph)
    vision = graph.add("CLIPVisionLoader", clip_name="sigclip_vision_patch14_384.safetensors")
    redux = graph.add("StyleModelLoader", style_model_name="flux1-redux-dev.safetensors")
    photo, face = person(graph, "face.png", "Photo of the person")
    style = graph.add("LoadImage", title="Picture whose style to take", image="face_2.png")
    seen = graph.add("CLIPVisionEncode", clip_vision=vision, image=style, crop="center")
    words, guided, nothing = text(graph, models.clip, "Watercolour portrait of a person with an umbrella in the rain")
    styled = graph.add(
        "StyleModelApply",
        title="Weight of the style picture",
        conditioning=guided,
        style_model=redux,
        clip_vision_output=seen,
        strength=0.3,
        strength_type="attn_bias",
    )
    applied = apply(graph, models, face, title="Weight of the identity", strength=0.9, style_alignment=0.5)
    latent, sampler, decode, saved = picture(graph, applied, styled, nothing, models, "hybrid_guidance")
    models_column(graph, models, vision, redux)
    graph.column("The person", photo, face)
    graph.column("The style picture", style, seen)
    prompt_column(graph, (words, guided, nothing))
    graph.column("Each guide's weight", styled, applied, latent, width=400)
    graph.column("The picture", sampler, decode)
    result_column(graph, saved)
    graph.note(
        "# Text, a style picture and a person\n\nThree guides, each with its own weight. The style picture enters "
        "through ComfyUI's own Redux nodes on the prompt's side, the person only through InfuseNet, so neither "
        "sees the other.\n\n"
        "- **text**: guidance in FluxGuidance, 2.5 to 3.5\n"
        "- **style picture**: strength in Apply Style Model, 0.1 to 0.5 with attn_bias; 1 copies the picture\n"
        "- **person**: strength in Apply InfiniteYou, 0.7 to 1; style_alignment gives the prompt's style back\n\n"
        "With an IP-Adapter instead of Redux: *Apply IPAdapter Flux Model* of ComfyUI-IPAdapter-Flux stands between "
        "Load Diffusion Model and Apply InfiniteYou, and the Redux nodes go. That pack replaces FLUX's own blocks, so "
        "it has to fit your ComfyUI; this is not tested here.\n\n"
        + FILES
        + "| sigclip_vision_patch14_384.safetensors | clip_vision |\n| flux1-redux-dev.safetensors | style_models |\n",
        height=720,
    )


WORKFLOWS = {
    "00_try_me": try_me,
    "01_one_face": one_face,
    "02_controlnet_lora_identity": controlnet_lora_identity,
    "03_mix_two": mix_two,
    "04_two_people": two_people,
    "05_hybrid_guidance": hybrid_guidance,
    "06_face_detail": face_detail,
}
