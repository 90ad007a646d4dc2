"""Nodes that find faces in photos and turn them into identities."""

import comfy.utils
from comfy_api.latest import io, ui

from ..infu_core.faces.face_preview import draw_faces, fit_to_canvas
from ..infu_core.faces.face_selection import LARGEST, ORDERS
from ..infu_core.faces.key_points_text import read_faces
from ..infu_core.faces.picture import to_image, to_pictures
from ..infu_core.hosts.comfyui_face_files import AUTO, detector_files, recogniser_files
from ..infu_core.hosts.comfyui_faces import face_encoder as load_encoder
from ..infu_core.identity.encode import DROP, KEEP, SKIP, STOP, FaceChoice, encode_identity
from ..infu_core.identity.weights_text import read_weights
from .sockets import FaceEncoderSocket, IdentitySocket

ALIASES = ["infiniteyou", "face id", "pulid", "instantid", "insightface", "arcface"]
PROVIDERS = ["auto", "CPU", "CUDA", "ROCMExecutionProvider", "DmlExecutionProvider", "CoreMLExecutionProvider"]


class InfuLoadFaceEncoder(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="InfuLoadFaceEncoder",
            display_name="Load Face Encoder",
            category="InfU/faces",
            description="Load the face detector (SCRFD of antelopev2) and the recogniser (ArcFace IR-SE50). "
            "Only needed to choose files or a provider; the other nodes load the same by themselves.",
            search_aliases=[*ALIASES, "antelopev2"],
            inputs=[
                io.Combo.Input(
                    "detector",
                    options=[AUTO, *detector_files()],
                    default=AUTO,
                    tooltip="The ONNX file that finds faces. auto takes scrfd_10g_bnkps.onnx from "
                    "models/insightface, in a flat or a nested folder.",
                ),
                io.Combo.Input(
                    "recogniser",
                    options=[AUTO, *recogniser_files()],
                    default=AUTO,
                    tooltip="The ArcFace IR-SE50 weights that InfiniteYou was trained with. auto looks in "
                    "models/infinite_you, models/facexlib, models/facedetection and facexlib's own folder.",
                ),
                io.Combo.Input(
                    "provider",
                    options=PROVIDERS,
                    default="auto",
                    advanced=True,
                    tooltip="What onnxruntime runs the detector on. auto: CUDA if the installed onnxruntime has it, "
                    "else CPU (about 0.15 s a photo, once).",
                ),
            ],
            outputs=[FaceEncoderSocket.Output(display_name="face_encoder")],
        )

    @classmethod
    def execute(cls, detector: str, recogniser: str, provider: str) -> io.NodeOutput:
        return io.NodeOutput(load_encoder(detector, recogniser, provider))


class EncodeFaceID(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="EncodeFaceID",
            display_name="Encode Face ID",
            category="InfU/faces",
            description="Turn one or more photos of a person into an identity. A batch or a list of photos makes one "
            "identity that is more reliable than any single photo.",
            search_aliases=[*ALIASES, "reference face", "likeness"],
            is_input_list=True,
            inputs=[
                io.Image.Input("image", tooltip="Photo of the person; a batch or a list of photos of the same person."),
                FaceEncoderSocket.Input(
                    "face_encoder", optional=True, tooltip="Leave empty to use the files that are found by themselves."
                ),
                IdentitySocket.Input(
                    "match", optional=True, tooltip="The identity to look for when face is set to best match."
                ),
                io.Combo.Input(
                    "face",
                    options=list(ORDERS),
                    default=LARGEST,
                    tooltip="Which face is meant when a photo shows several; the preview numbers them in this order.",
                ),
                io.Int.Input(
                    "index",
                    default=0,
                    min=0,
                    max=99,
                    tooltip="The place in that order: 0 is the first, 1 the second. Usually 0.",
                ),
                io.Combo.Input(
                    "no_face",
                    options=[STOP, SKIP],
                    default=STOP,
                    tooltip="What to do with a photo in which no face is found: stop with a message, or skip the photo "
                    "and name it in the report.",
                ),
                io.Combo.Input(
                    "outliers",
                    options=[KEEP, DROP],
                    default=KEEP,
                    advanced=True,
                    tooltip="Photos that do not look like the others: keep them and name them in the report, or leave "
                    "them out.",
                ),
                io.Float.Input(
                    "threshold",
                    default=0.5,
                    min=0.05,
                    max=0.95,
                    step=0.05,
                    advanced=True,
                    tooltip="How sure the detector must be. Usually 0.5; 0.3 for blurred, drawn or turned faces.",
                ),
                io.String.Input(
                    "photo_weights",
                    default="",
                    advanced=True,
                    tooltip="One number per photo, such as `1, 1, 0.5`; empty means all alike.",
                ),
                io.String.Input(
                    "key_points",
                    default="",
                    advanced=True,
                    tooltip="For drawn faces that no detector finds: left eye, right eye, nose, left and right mouth "
                    "corner as `x,y x,y x,y x,y x,y`, in pixels or as shares of the picture (0 to 1).",
                ),
            ],
            outputs=[
                IdentitySocket.Output(display_name="identity"),
                io.Image.Output(display_name="face"),
                io.String.Output(display_name="report"),
                io.Image.Output(display_name="preview"),
            ],
        )

    @classmethod
    def execute(cls, image, face, index, no_face, outliers, threshold, photo_weights, key_points,
                face_encoder=(None,), match=(None,)) -> io.NodeOutput:  # fmt: skip
        photos = [picture for batch in image for picture in to_pictures(batch)]
        by_hand = tuple(read_faces(key_points[0], photos[0].shape[:2]))
        choice = FaceChoice(face[0], index[0], threshold[0], no_face[0], outliers[0], match=match[0], by_hand=by_hand)
        encoder = face_encoder[0] or load_encoder()
        bar = comfy.utils.ProgressBar(len(photos))
        result = encode_identity(encoder, photos, choice, read_weights(photo_weights[0]), lambda: bar.update(1))
        drawn = [draw_faces(photo.picture, photo.faces, photo.ordered, photo.chosen) for photo in result.photos]
        preview = to_image(fit_to_canvas(drawn))
        return io.NodeOutput(
            result.identity, to_image(result.crops), result.report, preview, ui=ui.PreviewImage(preview, cls=cls)
        )
