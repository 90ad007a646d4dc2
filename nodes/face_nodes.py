"""Nodes that find faces in photos and turn them into identities."""

from functools import partial

import comfy.utils
from comfy_api.latest import io, ui

from ..infu_core.faces.face_preview import draw_faces, fit_to_canvas
from ..infu_core.faces.key_points_text import read_faces, read_key_points
from ..infu_core.faces.picture import to_image, to_pictures
from ..infu_core.hosts.comfyui_face_files import AUTO, detector_files, recogniser_files
from ..infu_core.hosts.comfyui_faces import face_encoder as load_encoder
from ..infu_core.hosts.comfyui_load_report import report_face_encoder
from ..infu_core.identity.encode import encode_identity
from ..infu_core.identity.face_choice import SKIP, STOP, FaceChoice
from ..infu_core.identity.outliers import DROP, KEEP
from ..infu_core.identity.weights_text import read_weights
from ..infu_core.typed_numbers import complaint, first_complaint
from .face_inputs import (
    encoder_input,
    index_input,
    key_points_input,
    match_input,
    order_input,
    threshold_input,
)
from .search_words import GENERAL
from .sockets import FaceEncoderSocket, IdentitySocket

PROVIDERS = ["auto", "CPU", "CUDA", "ROCMExecutionProvider", "DmlExecutionProvider", "CoreMLExecutionProvider"]


class InfuLoadFaceEncoder(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="InfuLoadFaceEncoder",
            display_name="Load Face Encoder (InfU)",
            category="InfU/faces",
            description="Load the face detector (SCRFD of antelopev2) and the recogniser (ArcFace IR-SE50). Only needed to choose files or a provider: the other nodes find the same files by themselves.",
            search_aliases=["insightface", "antelopev2", "arcface"],
            inputs=[
                io.Combo.Input(
                    "detector",
                    options=[AUTO, *detector_files()],
                    default=AUTO,
                    tooltip="The ONNX file that finds faces. auto takes scrfd_10g_bnkps.onnx from models/insightface, in a flat or a nested folder.",
                ),
                io.Combo.Input(
                    "recogniser",
                    options=[AUTO, *recogniser_files()],
                    default=AUTO,
                    tooltip="The ArcFace IR-SE50 weights that InfiniteYou was trained with. auto looks in models/infinite_you, models/facexlib, models/facedetection and facexlib's own folder.",
                ),
                io.Combo.Input(
                    "provider",
                    options=PROVIDERS,
                    default="auto",
                    advanced=True,
                    tooltip="What onnxruntime runs the detector on. auto: CUDA if the installed onnxruntime has it, else CPU (about 0.15 s a photo, once).",
                ),
            ],
            outputs=[FaceEncoderSocket.Output(display_name="face_encoder")],
        )

    @classmethod
    def execute(cls, detector: str, recogniser: str, provider: str) -> io.NodeOutput:
        encoder = load_encoder(detector, recogniser, provider)
        return io.NodeOutput(encoder, ui=ui.PreviewText(report_face_encoder(encoder)))


class EncodeFaceID(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="EncodeFaceID",
            display_name="Encode Face ID (InfiniteYou)",
            category="InfU/faces",
            description="Turn one or more photos of a person into an identity. A batch or a list of photos makes one identity that is more reliable than any single photo.",
            search_aliases=[*GENERAL, "insightface", "reference face", "likeness", "arcface"],
            is_input_list=True,
            is_output_node=True,
            inputs=[
                io.Image.Input("image", tooltip="Photo of the person; or a batch or a list of photos of this person."),
                encoder_input(),
                match_input(),
                order_input(),
                index_input(),
                io.Combo.Input(
                    "no_face",
                    options=[STOP, SKIP],
                    default=STOP,
                    tooltip="A photo in which no face is found: stop with a message, or skip it and name it in the report.",
                ),
                io.Combo.Input(
                    "outliers",
                    options=[KEEP, DROP],
                    default=KEEP,
                    advanced=True,
                    tooltip="Photos that do not look like the others: keep them and name them in the report, or drop them.",
                ),
                threshold_input(),
                io.String.Input(
                    "photo_weights",
                    default="",
                    advanced=True,
                    placeholder="1, 1, 0.5",
                    tooltip="One number per photo, usually 0 to 1; empty means all alike. Write numbers with a point (0.5) and commas between them.",
                ),
                key_points_input(),
            ],
            outputs=[
                IdentitySocket.Output(display_name="identity"),
                io.Image.Output(
                    display_name="face", tooltip="The faces as the recogniser sees them, 112 x 112 pixels."
                ),
                io.String.Output(display_name="report"),
                io.Image.Output(display_name="preview", tooltip="The photos with all faces numbered."),
            ],
        )

    @classmethod
    def validate_inputs(cls, photo_weights=None, key_points=None):
        weights = partial(read_weights, field="photo_weights")
        return first_complaint(complaint(weights, photo_weights), complaint(read_key_points, key_points))

    # With is_input_list every value is a list: one item per picture list entry, one for each widget.
    @classmethod
    def execute(cls, image, face, index, no_face, outliers, threshold, photo_weights, key_points, face_encoder=(None,), match=(None,)):  # fmt: skip
        photos = [picture for batch in image for picture in to_pictures(batch, "image of Encode Face ID")]
        hand = tuple(read_faces(key_points[0], photos[0].shape[:2]))
        choice = FaceChoice(face[0], index[0], 1, threshold[0], no_face[0], match[0], hand)
        encoder = face_encoder[0] or load_encoder()
        bar = comfy.utils.ProgressBar(len(photos))
        weights = read_weights(photo_weights[0], "photo_weights")
        result = encode_identity(encoder, photos, choice, weights, outliers[0], on_photo=lambda: bar.update(1))
        drawn = [draw_faces(photo.picture, photo.faces, photo.ordered, photo.chosen) for photo in result.photos]
        preview = to_image(fit_to_canvas(drawn))
        shown = {**ui.PreviewImage(preview, cls=cls).as_dict(), **ui.PreviewText(result.report).as_dict()}
        return io.NodeOutput(result.identity, to_image(result.crops), result.report, preview, ui=shown)
