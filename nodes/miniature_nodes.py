"""The miniature: the whole system in 20 MB, for trying everything before the real weights are downloaded."""

from functools import lru_cache

import comfy.sd
import comfy.utils
import torch
from comfy_api.latest import io

from ..infu_core.checkpoints.load import NetworkFile, ProjectorFile
from ..infu_core.faces.face_detector import FaceDetector
from ..infu_core.hosts.comfyui_faces import managed_face_encoder
from ..infu_core.hosts.comfyui_loading import LoadedInfuseNet, network_patcher, projector_patcher
from ..miniature.files import RECOGNISER_NAME, MiniatureFiles
from .sockets import FaceEncoderSocket, InfuseNetSocket

ALIASES = ["infiniteyou", "face id", "pulid", "instantid", "demo", "example", "try", "test"]


class InfuLoadMiniature(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="InfuLoadMiniature",
            display_name="Load Miniature",
            category="InfU",
            description="A tiny FLUX with its own VAE, InfuseNet and face encoder, trained on drawn faces. It comes "
            "with the pack, needs no download and no GPU, and makes 128 x 128 pictures in seconds.",
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


class InfuMiniaturePrompt(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="InfuMiniaturePrompt",
            display_name="Miniature Prompt",
            category="InfU",
            description="Words for the miniature, which knows about seventy. Says which words it did not understand.",
            search_aliases=ALIASES,
            inputs=[
                io.String.Input(
                    "text",
                    multiline=True,
                    default="a photo of a young woman with long red hair , smiling , on a blue background",
                    tooltip="What to draw: a style (a photo of, an ink drawing of, a watercolour of, an oil painting "
                    "of), a man or a woman, young or old, hair, beard, glasses, a face (smiling, sad, ...), clothes, "
                    "a background. Two people are joined by 'and'.",
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
                io.String.Output(display_name="unknown_words"),
            ],
        )

    @classmethod
    def execute(cls, text: str, guidance: float) -> io.NodeOutput:
        words, encoder = text_side()
        with torch.inference_mode():
            context, pooled = encoder(torch.tensor([words.indices(text)]))
        told = {"pooled_output": pooled.clone(), "guidance": guidance}
        return io.NodeOutput([[context.clone(), told]], ", ".join(words.unknown(text)))


def load_infusenet(files: MiniatureFiles) -> LoadedInfuseNet:
    network_file, projector_file = NetworkFile(files.infusenet), ProjectorFile(files.projector)
    network, dtype = network_patcher(network_file, None)
    return LoadedInfuseNet(network, projector_patcher(projector_file), "the miniature", RECOGNISER_NAME, dtype)


def load_face_encoder(files: MiniatureFiles):
    from ..miniature.networks.recognisers import Recogniser

    recogniser = Recogniser().eval().requires_grad_(False)
    recogniser.load_state_dict(as_float(files.recogniser))
    return managed_face_encoder(FaceDetector(files.detector, "CPU"), recogniser, RECOGNISER_NAME)


@lru_cache(maxsize=1)
def text_side():
    """The vocabulary and its encoder, 80,000 numbers: read once and kept."""
    from ..miniature.networks.text_encoder import TextEncoder, Words

    files = MiniatureFiles()
    files.require()
    state, words = as_float(files.text), Words()
    context_size, pooled_size = state["word.weight"].shape[1], state["pool.weight"].shape[0]
    encoder = TextEncoder(len(words), context_size, pooled_size).eval().requires_grad_(False)
    encoder.load_state_dict(state)
    return words, encoder


def as_float(path) -> dict[str, torch.Tensor]:
    weights = comfy.utils.load_torch_file(str(path), safe_load=True)
    return {name: value.float() if value.is_floating_point() else value for name, value in weights.items()}
