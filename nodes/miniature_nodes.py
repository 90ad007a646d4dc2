"""The miniature: the whole system in 20 MB, for trying everything before the real weights are downloaded."""

from functools import lru_cache

import comfy.sd
import comfy.utils
import torch
from comfy_api.latest import io, ui

from ..infu_core.checkpoints.load import NetworkFile, ProjectorFile
from ..infu_core.faces.calibrated_detector import CalibratedDetector
from ..infu_core.faces.picture import to_image
from ..infu_core.hosts.comfyui_faces import managed_face_encoder
from ..infu_core.hosts.comfyui_loading import LoadedInfuseNet, network_patcher, projector_patcher
from ..miniature.files import RECOGNISER_NAME, MiniatureFiles
from .sockets import FaceEncoderSocket, InfuseNetSocket

ALIASES = ["miniature", "demo", "example", "try", "test"]
STYLES = ["photo", "ink", "watercolour", "oil"]
DRAWN_SCORE = 0.835
"""The detector answers to photographs too, but less surely: of 240 drawn faces none scored below 0.865, of 47
photographs none above 0.826; a face cut out of a photograph reaches 0.93."""
ONLY_DRAWN = "the miniature knows drawn faces only, such as those of the node Drawn Face; a photograph needs the real face encoder"


class InfuLoadMiniature(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="InfuLoadMiniature",
            display_name="Load Miniature (InfU)",
            category="InfU/miniature",
            description="A tiny FLUX with its own VAE, InfuseNet and face encoder, trained on drawn faces. It comes with the pack, needs no download and no GPU, and makes 128 x 128 pictures in seconds.",
            search_aliases=ALIASES,
            inputs=[],
            outputs=[
                io.Model.Output(display_name="model"),
                io.Vae.Output(display_name="vae"),
                InfuseNetSocket.Output(display_name="infusenet"),
                FaceEncoderSocket.Output(display_name="face_encoder"),
            ],
        )

    @classmethod
    def execute(cls) -> io.NodeOutput:
        files = MiniatureFiles()
        files.require()
        model = comfy.sd.load_diffusion_model(str(files.flux))
        vae = comfy.sd.VAE(sd=comfy.utils.load_torch_file(str(files.vae), safe_load=True))
        return io.NodeOutput(model, vae, load_infusenet(files), load_face_encoder(files))


class InfuMiniatureFace(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="InfuMiniatureFace",
            display_name="Drawn Face (InfU)",
            category="InfU/miniature",
            description="A picture of somebody, drawn from a number: the photo for the miniature, which knows no other faces. Nobody drawn here was in its training.",
            search_aliases=[*ALIASES, "photo", "portrait", "load image"],
            is_output_node=True,
            inputs=[
                io.Int.Input(
                    "person",
                    default=1,
                    min=0,
                    max=999_999,
                    tooltip="Who: every number is another person, and the same one each time. Any will do.",
                ),
                io.Combo.Input(
                    "style",
                    options=STYLES,
                    default="photo",
                    tooltip="How the picture is made; photo is the usual one, the others show that identity survives style.",
                ),
                io.Int.Input(
                    "picture",
                    default=0,
                    min=0,
                    max=999,
                    tooltip="Which picture of this person: another pose, light, expression and background. 0 to 5 give several photos of one person.",
                ),
            ],
            outputs=[io.Image.Output(display_name="image")],
        )

    @classmethod
    def execute(cls, person: int, style: str, picture: int) -> io.NodeOutput:
        from ..miniature.faces.stranger import draw_stranger

        image = to_image([draw_stranger(person, style, picture)])
        shown = comfy.utils.common_upscale(image.movedim(-1, 1), 384, 384, "lanczos", "disabled").movedim(1, -1)
        return io.NodeOutput(image, ui=ui.PreviewImage(shown, cls=cls))


class InfuMiniaturePrompt(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="InfuMiniaturePrompt",
            display_name="Miniature Prompt (InfU)",
            category="InfU/miniature",
            description="Words for the miniature, which knows about seventy and reads forty at a time. Says which ones it did not understand, and then all that it knows.",
            search_aliases=[*ALIASES, "clip text encode"],
            inputs=[
                io.String.Input(
                    "text",
                    multiline=True,
                    default="a photo of a young woman with long red hair, smiling, on a blue background",
                    tooltip="What to draw: a style (a photo of, an ink drawing of, a watercolour of, an oil painting of), a man or a woman, young or old, hair, beard, glasses, a face (smiling, sad, ...), clothes, a background. Two people are joined by 'and'.",
                ),
                io.Float.Input(
                    "guidance",
                    default=3.0,
                    min=1.0,
                    max=6.0,
                    step=0.1,
                    advanced=True,
                    tooltip="How strongly the picture follows the words: 1 loosely, 3 as usual, 6 at most.",
                ),
            ],
            outputs=[
                io.Conditioning.Output(display_name="conditioning"),
                io.String.Output(display_name="unknown_words", tooltip="What was not understood; empty if all was."),
            ],
        )

    @classmethod
    def execute(cls, text: str, guidance: float) -> io.NodeOutput:
        from ..miniature.prompt_report import report

        words, encoder = text_side()
        told = report(words, text)
        with torch.inference_mode():
            context, pooled = encoder(torch.tensor([words.indices(text, words.length(text))]))
        more = {"pooled_output": pooled.clone(), "guidance": guidance}
        unknown = ", ".join(words.unknown(text))
        return io.NodeOutput([[context.clone(), more]], unknown, ui=ui.PreviewText(told))


def load_infusenet(files: MiniatureFiles) -> LoadedInfuseNet:
    network_file, projector_file = NetworkFile(files.infusenet), ProjectorFile(files.projector)
    network, dtype = network_patcher(network_file, None)
    return LoadedInfuseNet(network, projector_patcher(projector_file), "the miniature", RECOGNISER_NAME, dtype)


def load_face_encoder(files: MiniatureFiles):
    from ..miniature.networks.recogniser import Recogniser

    recogniser = Recogniser().eval().requires_grad_(False)
    recogniser.load_state_dict(as_float(files.recogniser))
    detector = CalibratedDetector(files.detector, DRAWN_SCORE, "CPU")
    return managed_face_encoder(detector, recogniser, RECOGNISER_NAME, ONLY_DRAWN)


@lru_cache(maxsize=1)
def text_side():
    """The vocabulary and its encoder, 80,000 numbers: read once and kept."""
    from ..miniature.networks.text_encoder import TextEncoder, Words

    files = MiniatureFiles()
    files.require()
    state = as_float(files.text)
    words = Words(len(state["word.weight"]))
    context_size, pooled_size = state["word.weight"].shape[1], state["pool.weight"].shape[0]
    encoder = TextEncoder(len(words), context_size, pooled_size).eval().requires_grad_(False)
    encoder.load_state_dict(state)
    return words, encoder


def as_float(path) -> dict[str, torch.Tensor]:
    weights = comfy.utils.load_torch_file(str(path), safe_load=True)
    return {name: value.float() if value.is_floating_point() else value for name, value in weights.items()}
