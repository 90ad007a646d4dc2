"""Nodes that mix and compare identities."""

import comfy.utils
from comfy_api.latest import io, ui

from ..infu_core.faces.picture import as_batch, to_image, to_pictures
from ..infu_core.hosts.comfyui_faces import face_encoder as load_encoder
from ..infu_core.identity.judge import judge, report_judgement
from ..infu_core.identity.judgement_picture import draw_judgement
from ..infu_core.identity.mixing import BLEND, MODES, SLERP, interpolate, mix, report_mix
from ..infu_core.identity.weights_text import read_weights
from ..infu_core.typed_numbers import complaint
from .face_inputs import encoder_input, threshold_input
from .sockets import IdentitySocket


class MixIdentities(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        template = io.Autogrow.TemplatePrefix(
            IdentitySocket.Input(
                "identity", tooltip="An identity to mix; a free socket appears when this one is used."
            ),
            prefix="identity_",
            min=2,
            max=16,
        )
        return io.Schema(
            node_id="MixIdentities",
            display_name="Mix Identities (InfU)",
            category="InfU/identities",
            description="Make one identity out of two or more: a face between them, or all of them side by side.",
            search_aliases=["blend faces", "combine faces", "average faces"],
            inputs=[
                io.Autogrow.Input("identities", template=template, tooltip="Two or more identities."),
                io.Combo.Input(
                    "mode",
                    options=list(MODES),
                    default=BLEND,
                    tooltip="blend: one face between all (the usual choice). slerp: one face on the way from the first to the second (two identities). stack: the features of all side by side, freer than a blend and slower.",
                ),
                io.String.Input(
                    "weights",
                    default="",
                    placeholder="1, 1",
                    tooltip="One number per identity, such as `1, 0.5`, usually 0.2 to 1; 0 leaves one out, empty means all alike. blend and slerp use their proportions; in stack they scale each identity's features relative to the largest. Write numbers with a point (0.5) and commas between them.",
                ),
            ],
            outputs=[IdentitySocket.Output(display_name="identity")],
        )

    @classmethod
    def validate_inputs(cls, weights=None, identities=None):
        return complaint(read_weights, weights)

    @classmethod
    def execute(cls, identities: io.Autogrow.Type, mode: str, weights: str) -> io.NodeOutput:
        people, numbers = list(identities.values()), read_weights(weights)
        return io.NodeOutput(mix(people, numbers, mode), ui=ui.PreviewText(report_mix(people, numbers, mode)))


class InfuInterpolateIdentities(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="InfuInterpolateIdentities",
            display_name="Interpolate Identities (InfU)",
            category="InfU/identities",
            description="A series of identities from one person to another, both ends exact. What follows runs once for each.",
            search_aliases=["morph", "face morphing"],
            inputs=[
                IdentitySocket.Input("a", tooltip="Where the series starts."),
                IdentitySocket.Input("b", tooltip="Where the series ends."),
                io.Int.Input("steps", default=5, min=2, max=100, tooltip="How many identities, both ends included. Usually 3 to 9."),
                io.Combo.Input("mode", options=[SLERP, BLEND], default=SLERP, tooltip="slerp: equal steps of likeness. blend: equal steps of weight, faster in the middle."),
            ],
            outputs=[IdentitySocket.Output(display_name="identities", is_output_list=True)],
        )  # fmt: skip

    @classmethod
    def execute(cls, a, b, steps: int, mode: str) -> io.NodeOutput:
        return io.NodeOutput(interpolate(a, b, steps, mode))


class InfuIdentitySimilarity(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="InfuIdentitySimilarity",
            display_name="Identity Similarity (InfU)",
            category="InfU/identities",
            description="How much the faces in pictures look like an identity, and which picture of a batch does best. 1 is the same photo; one person in two photos usually reaches 0.4 to 0.8, strangers about 0.",
            search_aliases=["face similarity", "id loss", "best of batch", "compare faces"],
            is_output_node=True,
            inputs=[
                io.Image.Input("images", tooltip="Pictures to judge, one or a batch."),
                IdentitySocket.Input("identity", tooltip="The person to look for."),
                encoder_input(),
                threshold_input(),
            ],
            outputs=[
                io.Image.Output(display_name="best_image", tooltip="The picture whose face comes closest; the first picture if none shows a face."),
                io.Float.Output(display_name="similarity", tooltip="Cosine of that face to the identity, -1 to 1; -1 if no picture shows a face."),
                io.String.Output(display_name="report"),
            ],
        )  # fmt: skip

    @classmethod
    def execute(cls, images, identity, threshold: float, face_encoder=None) -> io.NodeOutput:
        pictures = to_pictures(images, "images of Identity Similarity (InfU)")
        bar = comfy.utils.ProgressBar(len(pictures))
        result = judge(face_encoder or load_encoder(), pictures, identity, threshold, lambda: bar.update(1))
        best = result.best or 0
        cosine, report = result.scores[best].cosine, report_judgement(result)
        shown = ui.PreviewImage(to_image(draw_judgement(result)), cls=cls).as_dict() | ui.PreviewText(report).as_dict()
        return io.NodeOutput(as_batch(images)[best : best + 1], -1.0 if cosine is None else cosine, report, ui=shown)
