"""Workflows with other guides beside the identity: ControlNet and LoRA, a style picture, Kontext's reference."""

from .motifs import USUAL_COSTS, apply, begin, drawn, empty
from .page import Graph, Note

CONTROLNET = "FLUX.1-dev-ControlNet-Union-Pro-2.0.safetensors"


def controlnet_and_lora(graph: Graph) -> None:
    control = graph.add("ControlNetLoader", control_net_name=CONTROLNET)
    models, words, face = begin(
        graph, "Portrait photo of a person in a sunlit library, wearing a green wool coat", control
    )
    layout = graph.add("LoadImage", title="Picture whose outlines to follow", image="layout.png")
    edges = graph.add("Canny", image=layout, low_threshold=0.2, high_threshold=0.5)
    steered = {"positive": words.guided, "negative": words.nothing, "control_net": control, "image": edges}
    when = {"vae": models.vae, "strength": 0.6, "start_percent": 0.0, "end_percent": 0.6}
    controlled = graph.add("ControlNetApplyAdvanced", **steered, **when)
    graph.group("Outlines to follow", layout, edges, controlled)
    lora = graph.add(
        "LoraLoaderModelOnly", model=models.flux, lora_name="flux_realism_lora.safetensors", strength_model=0.8
    )
    applied, latent = apply(graph, models, face, model=lora), empty(graph)
    graph.group("LoRA, then identity", lora, applied, latent)
    both = type(words)(words.prompt, controlled, controlled[1])
    drawn(graph, applied, both, latent, models, "controlnet_and_lora")
    graph.note = Note(
        "ControlNet, LoRA and identity",
        "The LoRA changes the model, the ControlNet steers the prompt's side, the identity comes last. The order of "
        "LoRA and identity does not change the result, and the ControlNet never sees the face.",
        (
            "a ControlNet that holds on too long fights the face: **end_percent** 0.4 to 0.7 in *Apply ControlNet*",
            "a LoRA that pulls the face its way: **strength_model** 0.5",
            "then the identity's **strength**",
        ),
        f"4.3 GB more for the ControlNet. {USUAL_COSTS}",
    )


def style_picture(graph: Graph) -> None:
    vision = graph.add("CLIPVisionLoader", clip_name="sigclip_vision_patch14_384.safetensors")
    redux = graph.add("StyleModelLoader", style_model_name="flux1-redux-dev.safetensors")
    models, words, face = begin(graph, "Watercolour portrait of a person with an umbrella in the rain", vision, redux)
    style = graph.add("LoadImage", title="Picture whose style to take", image="face_2.png")
    seen = graph.add("CLIPVisionEncode", clip_vision=vision, image=style, crop="center")
    weighed = {"strength": 0.3, "strength_type": "attn_bias"}
    styled = graph.add(
        "StyleModelApply",
        title="Weight of the style picture",
        conditioning=words.guided,
        style_model=redux,
        clip_vision_output=seen,
        **weighed,
    )
    graph.group("The style picture", style, seen, styled)
    applied = apply(graph, models, face, title="Weight of the identity", strength=0.9, style_alignment=0.5)
    latent = empty(graph)
    graph.group("The identity goes into the model", applied, latent)
    drawn(graph, applied, type(words)(words.prompt, styled, words.nothing), latent, models, "style_picture")
    graph.note = Note(
        "Text, a style picture and a person",
        "Three guides, each with its own weight (FaceStudio's hybrid guidance). The style picture enters through "
        "ComfyUI's own Redux nodes on the prompt's side, the person only through InfuseNet: neither sees the other.",
        (
            "**text**: guidance in *FluxGuidance*, 2.5 to 3.5",
            "**style picture**: strength in *Weight of the style picture*, 0.1 to 0.5 with attn_bias; 1 copies it",
            "**person**: strength in *Weight of the identity*, 0.7 to 1; style_alignment gives the style back",
        ),
        f"1 GB more for the style picture's two files. {USUAL_COSTS}",
    )


def kontext(graph: Graph) -> None:
    models, words, face = begin(
        graph,
        "Place this person at the table of a street cafe, same clothes, evening light",
        guidance=2.5,
        flux="flux1-dev-kontext_fp8_scaled.safetensors",
    )
    shown = graph.add("LoadImage", title="Reference: clothes, place, things", image="face_2.png")
    scaled = graph.add("FluxKontextImageScale", image=shown)
    seen = graph.add("VAEEncode", pixels=scaled, vae=models.vae)
    kept = graph.add("ReferenceLatent", conditioning=words.guided, latent=seen)
    graph.group("What Kontext keeps", shown, scaled, seen, kept)
    applied, latent = apply(graph, models, face, strength=0.8), empty(graph)
    graph.group("The identity goes into the model", applied, latent)
    drawn(graph, applied, type(words)(words.prompt, kept, words.nothing), latent, models, "kontext", steps=20)
    graph.note = Note(
        "Kontext's reference, with identity",
        "FLUX.1 Kontext keeps clothes, place and things of a reference picture and follows instructions; InfuseNet "
        "adds whose face it is. Only the tokens of the new picture get the identity, the reference stays as it is.",
        (
            "write instructions (*place this person ...*), not descriptions",
            "the reference's own face wins: **strength** 1.1, or a reference without a face",
            "stiff: **start_percent** 0.1",
        ),
        "12 GB for Kontext in fp8 and 6 GB for InfuseNet, by their sizes, not measured; the reference doubles the "
        "tokens, so a step takes about twice as long.",
    )
