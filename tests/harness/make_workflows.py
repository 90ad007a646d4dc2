"""The source of `workflows/`: each graph once, from which both of its files are written.

`python tests/harness/make_workflows.py` (with a ComfyUI checkout) writes `workflows/NAME.json` for the front end and
`workflows/api/NAME.json` for the server. The thumbnails are screenshots of the opened files.
"""

import json
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).absolute().parents[2]
if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "tests")]

from harness.graphs import Group, default_of, inputs_of, ui_from_api  # noqa: E402

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


class Graph:
    """Collects nodes; `add` returns the node's key, `link(key)` its first output."""

    def __init__(self):
        self.api: dict[str, dict] = {}

    def add(self, class_type: str, title: str | None = None, **inputs) -> str:
        key = str(len(self.api) + 1)
        self.api[key] = {"class_type": class_type, "inputs": inputs}
        if title:
            self.api[key]["_meta"] = {"title": title}
        return key


def link(key: str, output: int = 0) -> list:
    return [key, output]


def models(graph: Graph) -> tuple[str, str, str, str]:
    flux = graph.add("UNETLoader", unet_name="flux1-dev.safetensors", weight_dtype="default")
    clip = graph.add(
        "DualCLIPLoader", clip_name1="clip_l.safetensors", clip_name2="t5xxl_fp16.safetensors", type="flux"
    )
    vae = graph.add("VAELoader", vae_name="ae.safetensors")
    net = graph.add("LoadInfuseNet", infusenet="aes_stage2/infusenet_aes_bf16.safetensors", projector="auto")
    return flux, clip, vae, net


def person(graph: Graph, picture: str, title: str) -> tuple[str, str]:
    photo = graph.add("LoadImage", title=title, image=picture)
    return photo, graph.add("EncodeFaceID", image=link(photo))


def text(graph: Graph, clip: str, prompt: str) -> tuple[str, str, str]:
    words = graph.add("CLIPTextEncode", title="Prompt", text=prompt, clip=link(clip))
    guided = graph.add("FluxGuidance", guidance=3.5, conditioning=link(words))
    nothing = graph.add("ConditioningZeroOut", title="No negative prompt", conditioning=link(words))
    return words, guided, nothing


def picture(graph: Graph, model: list, positive: list, negative: list, vae: str, name: str) -> tuple[str, ...]:
    latent = graph.add("EmptySD3LatentImage", width=864, height=1152, batch_size=1)
    sampler = graph.add(
        "InfuSampler",
        model=model,
        positive=positive,
        negative=negative,
        latent_image=link(latent),
        seed=42,
        steps=30,
        cfg=1.0,
        sampler_name="euler",
        scheduler="simple",
    )
    decode = graph.add("VAEDecode", samples=link(sampler), vae=link(vae))
    save = graph.add("SaveImage", images=link(decode), filename_prefix=f"infu_{name}")
    return latent, sampler, decode, save


def one_face():
    graph = Graph()
    flux, clip, vae, net = models(graph)
    photo, face = person(graph, "face.png", "Photo of the person")
    words, guided, nothing = text(graph, clip, PROMPT)
    applied = graph.add(
        "ApplyInfuseNet", model=link(flux), infusenet=link(net), identity=link(face), vae=link(vae), strength=1.0
    )
    latent, sampler, decode, save = picture(graph, link(applied), link(guided), link(nothing), vae, "one_face")
    note = (
        "# One face\n\nOne photo, one person. Choose your photo in **Photo of the person**, write a prompt, queue.\n\n"
        + FILES
        + "\nThe face is too strong or stiff: strength 0.8, or start_percent 0.1. Not close enough: the `sim_stage1` "
        "files instead of `aes_stage2` (both of them, they belong together)."
    )
    groups = [
        Group("1  Models", 0, 360, [flux, clip, vae, net]),
        Group("2  The person", 400, 360, [photo, face]),
        Group("3  The prompt", 800, 400, [words, guided, nothing], heights={words: 150}),
        Group("4  The identity goes into the model", 800, 400, [applied, latent], y=520),
        Group("5  The picture", 1240, 360, [sampler, decode]),
        Group("6  Result", 1640, 420, [save], heights={save: 560}),
    ]
    return graph.api, groups, [{"title": "Read me", "pos": [-460, 30], "size": [420, 560], "text": note}]


def controlnet_lora_identity():
    graph = Graph()
    flux, clip, vae, net = models(graph)
    control = graph.add("ControlNetLoader", control_net_name="FLUX.1-dev-ControlNet-Union-Pro-2.0.safetensors")
    lora = graph.add(
        "LoraLoaderModelOnly", model=link(flux), lora_name="flux_realism_lora.safetensors", strength_model=0.8
    )
    photo, face = person(graph, "face.png", "Photo of the person")
    layout = graph.add("LoadImage", title="Picture whose outlines to follow", image="layout.png")
    edges = graph.add("Canny", image=link(layout), low_threshold=0.2, high_threshold=0.5)
    words, guided, nothing = text(graph, clip, PROMPT)
    controlled = graph.add(
        "ControlNetApplyAdvanced",
        positive=link(guided),
        negative=link(nothing),
        control_net=link(control),
        image=link(edges),
        vae=link(vae),
        strength=0.6,
        start_percent=0.0,
        end_percent=0.6,
    )
    applied = graph.add(
        "ApplyInfuseNet", model=link(lora), infusenet=link(net), identity=link(face), vae=link(vae), strength=1.0
    )
    latent, sampler, decode, save = picture(
        graph, link(applied), link(controlled), link(controlled, 1), vae, "controlnet_lora_identity"
    )
    note = (
        "# Identity with a ControlNet and a LoRA\n\nThe LoRA changes the model, the ControlNet steers the prompt's "
        "side, the identity comes last. The order of LoRA and identity does not change the result, and the "
        "ControlNet never sees the face.\n\n"
        + FILES
        + MORE_FILES
        + "\nThe ControlNet is published as `diffusion_pytorch_model.safetensors`: rename it. A ControlNet that holds "
        "on too long fights the face: end_percent 0.4 to 0.7."
    )
    groups = [
        Group("1  Models", 0, 360, [flux, lora, clip, vae, net, control]),
        Group("2  The person", 400, 360, [photo, face]),
        Group("3  The prompt", 800, 400, [words, guided, nothing], heights={words: 150}),
        Group("4  Outlines to follow", 800, 400, [layout, edges], y=520),
        Group("5  ControlNet and identity", 1240, 360, [controlled, applied, latent]),
        Group("6  The picture", 1640, 360, [sampler, decode]),
        Group("7  Result", 2040, 420, [save], heights={save: 560}),
    ]
    return graph.api, groups, [{"title": "Read me", "pos": [-460, 30], "size": [420, 640], "text": note}]


def mix_two():
    graph = Graph()
    flux, clip, vae, net = models(graph)
    first_photo, first = person(graph, "face.png", "Photo of the first person")
    second_photo, second = person(graph, "face_2.png", "Photo of the second person")
    mixed = graph.add("MixIdentities", mode="blend", weights="1, 1")
    graph.api[mixed]["inputs"] |= {"identities.identity_0": link(first), "identities.identity_1": link(second)}
    words, guided, nothing = text(graph, clip, PROMPT)
    applied = graph.add(
        "ApplyInfuseNet", model=link(flux), infusenet=link(net), identity=link(mixed), vae=link(vae), strength=1.0
    )
    latent, sampler, decode, save = picture(graph, link(applied), link(guided), link(nothing), vae, "mix_two")
    note = (
        "# Two people in one face\n\n**Mix Identities** makes a face between the two. `weights` says how much of "
        "each: `1, 1` is the middle, `1, 0` the first person exactly.\n\n"
        "- blend: the usual choice\n- slerp: even steps from the first to the second\n- stack: features of both side "
        "by side, freer and less predictable\n\n" + FILES
    )
    groups = [
        Group("1  Models", 0, 360, [flux, clip, vae, net]),
        Group("2  The first person", 400, 360, [first_photo, first]),
        Group("3  The second person", 800, 360, [second_photo, second]),
        Group("4  The mix goes into the model", 1200, 400, [mixed, applied]),
        Group("5  The prompt", 1200, 400, [words, guided, nothing], y=680, heights={words: 150}),
        Group("6  The picture", 1640, 360, [latent, sampler, decode]),
        Group("7  Result", 2040, 420, [save], heights={save: 560}),
    ]
    return graph.api, groups, [{"title": "Read me", "pos": [-460, 30], "size": [420, 640], "text": note}]


def face_detail():
    graph = Graph()
    flux, clip, vae, net = models(graph)
    photo, face = person(graph, "face.png", "Photo of the person")
    whole = graph.add("LoadImage", title="Picture whose face is too small", image="face_2.png")
    crop = graph.add("InfuFaceCrop", image=link(whole), size=1024)
    prompt = "Close-up portrait photo of a person, natural skin, sharp eyes"
    words, guided, nothing = text(graph, clip, prompt)
    encoded = graph.add("VAEEncode", title="The enlarged face as latents", pixels=link(crop), vae=link(vae))
    pose = graph.add("InfuFacePose", image=link(crop), latent=link(encoded), no_face="skip")
    applied = graph.add(
        "ApplyInfuseNet",
        model=link(flux),
        infusenet=link(net),
        identity=link(face),
        vae=link(vae),
        pose_image=link(pose),
        strength=1.0,
    )
    sampler = graph.add(
        "InfuSampler",
        model=link(applied),
        positive=link(guided),
        negative=link(nothing),
        latent_image=link(encoded),
        seed=42,
        steps=20,
        cfg=1.0,
        sampler_name="euler",
        scheduler="simple",
        denoise=0.45,
    )
    decode = graph.add("VAEDecode", samples=link(sampler), vae=link(vae))
    small = graph.add(
        "ImageScale",
        title="Back to its size",
        image=link(decode),
        upscale_method="lanczos",
        width=link(crop, 4),
        height=link(crop, 5),
        crop="disabled",
    )
    whole_again = graph.add(
        "ImageCompositeMasked",
        title="Back to its place",
        destination=link(whole),
        source=link(small),
        x=link(crop, 2),
        y=link(crop, 3),
        resize_source=False,
        mask=link(crop, 1),
    )
    save = graph.add("SaveImage", images=link(whole_again), filename_prefix="infu_face_detail")
    note = (
        "# A closer look at a small face\n\nIn a full-length picture a face has few pixels, and likeness is lost first "
        "there. Here the face is cut out, enlarged, drawn anew with the identity, and put back through a soft mask.\n\n"
        "- **denoise** in Infu Sampler: 0.3 keeps the expression, 0.45 is the usual middle, 0.6 changes more\n"
        "- **margin** in Face Crop: 2 to 3 face sizes; several people: choose one with face and index\n"
        "- the light does not fit: strength 0.8, or style_alignment 0.3 to 0.6\n\n" + FILES
    )
    groups = [
        Group("1  Models", 0, 360, [flux, clip, vae, net]),
        Group("2  The person", 400, 360, [photo, face]),
        Group("3  The picture and its face", 800, 380, [whole, crop]),
        Group("4  The prompt, for the face alone", 1220, 380, [words, guided, nothing], heights={words: 130}),
        Group("5  Where the face is, and who it is", 1640, 380, [pose, applied]),
        Group("6  The face, drawn anew", 2060, 380, [encoded, sampler, decode]),
        Group("7  Put back", 2480, 380, [small, whole_again]),
        Group("8  Result", 2900, 420, [save], heights={save: 560}),
    ]
    return graph.api, groups, [{"title": "Read me", "pos": [-460, 30], "size": [420, 640], "text": note}]


def two_people():
    graph = Graph()
    flux, clip, vae, net = models(graph)
    first_photo, first = person(graph, "face.png", "Photo of the person on the left")
    second_photo, second = person(graph, "face_2.png", "Photo of the person on the right")
    left = graph.add("InfuIdentityRegion", title="Left half", identity=link(first), box="0, 0, 0.5, 1", feather=0.03)
    both = graph.add(
        "InfuIdentityRegion",
        title="Right half",
        identity=link(second),
        regions=link(left),
        box="0.5, 0, 0.5, 1",
        feather=0.03,
    )
    prompt = "Photo of two people side by side at a cafe table, one on the left and one on the right, warm light"
    words, guided, nothing = text(graph, clip, prompt)
    applied = graph.add(
        "ApplyInfuseNet", model=link(flux), infusenet=link(net), identity=link(both), vae=link(vae), strength=1.0
    )
    latent, sampler, decode, save = picture(graph, link(applied), link(guided), link(nothing), vae, "two_people")
    note = (
        "# Two people in one picture\n\nEach person has a region; one run of InfuseNet serves both. The preview on "
        "the last region shows who goes where. A third person is one more **Identity Region** in the chain.\n\n"
        "- the prompt must put people where the regions are: say who stands left and who right\n"
        "- regions from a layout picture: **Faces to Regions** into every region's mask, and **Face Pose** of "
        "the same picture into Apply InfuseNet's pose_image\n"
        "- faces mix or one is weak: region_mode `cropped`, or that region's own strength\n\n" + FILES
    )
    groups = [
        Group("1  Models", 0, 360, [flux, clip, vae, net]),
        Group("2  The person on the left", 400, 360, [first_photo, first]),
        Group("3  The person on the right", 800, 360, [second_photo, second]),
        Group("4  Who goes where", 1200, 380, [left, both]),
        Group("5  The prompt", 1620, 400, [words, guided, nothing], heights={words: 150}),
        Group("6  The people go into the model", 1620, 400, [applied, latent], y=520),
        Group("7  The picture", 2060, 360, [sampler, decode]),
        Group("8  Result", 2460, 420, [save], heights={save: 560}),
    ]
    return graph.api, groups, [{"title": "Read me", "pos": [-460, 30], "size": [420, 640], "text": note}]


def hybrid_guidance():
    graph = Graph()
    flux, clip, vae, net = models(graph)
    vision = graph.add("CLIPVisionLoader", clip_name="sigclip_vision_patch14_384.safetensors")
    redux = graph.add("StyleModelLoader", style_model_name="flux1-redux-dev.safetensors")
    photo, face = person(graph, "face.png", "Photo of the person")
    style = graph.add("LoadImage", title="Picture whose style to take", image="face_2.png")
    seen = graph.add("CLIPVisionEncode", clip_vision=link(vision), image=link(style), crop="center")
    prompt = "Watercolour portrait of a person with an umbrella in the rain"
    words, guided, nothing = text(graph, clip, prompt)
    styled = graph.add(
        "StyleModelApply",
        title="Weight of the style picture",
        conditioning=link(guided),
        style_model=link(redux),
        clip_vision_output=link(seen),
        strength=0.3,
        strength_type="attn_bias",
    )
    applied = graph.add(
        "ApplyInfuseNet",
        title="Weight of the identity",
        model=link(flux),
        infusenet=link(net),
        identity=link(face),
        vae=link(vae),
        strength=0.9,
        style_alignment=0.5,
    )
    latent, sampler, decode, save = picture(graph, link(applied), link(styled), link(nothing), vae, "hybrid_guidance")
    note = (
        "# Text, a style picture and a person\n\nThree guides, each with its own weight. The style picture enters "
        "through ComfyUI's own Redux nodes on the prompt's side, the person only through InfuseNet, so neither "
        "sees the other.\n\n"
        "- **text**: guidance in FluxGuidance, 2.5 to 3.5\n"
        "- **style picture**: strength in Apply Style Model, 0.1 to 0.5 with attn_bias; 1 copies the picture\n"
        "- **person**: strength in Apply InfuseNet, 0.7 to 1; style_alignment gives the prompt's style back\n\n"
        "With an IP-Adapter instead of Redux: *Apply IPAdapter Flux Model* of ComfyUI-IPAdapter-Flux stands between "
        "Load Diffusion Model and Apply InfuseNet, and the Redux nodes go. That pack replaces FLUX's own blocks, so "
        "it has to fit your ComfyUI; this is not tested here.\n\n"
        + FILES
        + "| sigclip_vision_patch14_384.safetensors | clip_vision |\n| flux1-redux-dev.safetensors | style_models |\n"
    )
    groups = [
        Group("1  Models", 0, 360, [flux, clip, vae, net, vision, redux]),
        Group("2  The person", 400, 360, [photo, face]),
        Group("3  The style picture", 800, 360, [style, seen]),
        Group("4  The prompt", 1200, 400, [words, guided, nothing], heights={words: 150}),
        Group("5  Each guide's weight", 1640, 400, [styled, applied, latent]),
        Group("6  The picture", 2080, 360, [sampler, decode]),
        Group("7  Result", 2480, 420, [save], heights={save: 560}),
    ]
    return graph.api, groups, [{"title": "Read me", "pos": [-460, 30], "size": [420, 720], "text": note}]


WORKFLOWS = {
    "01_one_face": one_face,
    "02_controlnet_lora_identity": controlnet_lora_identity,
    "03_mix_two": mix_two,
    "04_two_people": two_people,
    "05_hybrid_guidance": hybrid_guidance,
    "06_face_detail": face_detail,
}


def with_defaults(api: dict, object_info: dict) -> dict:
    """Every widget said in full, as the front end posts it."""
    for entry in api.values():
        info, given = object_info[entry["class_type"]], entry["inputs"]
        specs = inputs_of(info, tuple(given))
        filled = {s.name: given.get(s.name, default_of(info, s.name) if s.widget else None) for s in specs}
        entry["inputs"] = {name: value for name, value in filled.items() if value is not None}
        entry.setdefault("_meta", {"title": info["display_name"]})
    return api


def write(folder: Path, object_info: dict) -> None:
    (folder / "api").mkdir(parents=True, exist_ok=True)
    for name, build in WORKFLOWS.items():
        api, groups, notes = build()
        api = with_defaults(api, object_info)
        for path, content in (
            (folder / f"{name}.json", ui_from_api(api, groups, notes, object_info)),
            (folder / "api" / f"{name}.json", api),
        ):
            path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    from harness.base_directory import make_base_directory
    from harness.checkout import find_comfyui
    from harness.server import ComfyServer

    checkout = find_comfyui()
    if checkout is None:
        raise SystemExit("No ComfyUI checkout was found; set COMFYUI_PATH.")
    with tempfile.TemporaryDirectory() as base, ComfyServer(checkout, make_base_directory(Path(base))) as server:
        write(ROOT / "workflows", server.get("/object_info"))
    print(f"Wrote {', '.join(WORKFLOWS)}.")


if __name__ == "__main__":
    main()
