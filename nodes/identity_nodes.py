"""Nodes that mix, keep and compare identities."""

from comfy_api.latest import io

from ..infu_core.identity.mixing import BLEND, MODES, mix
from ..infu_core.identity.weights_text import read_weights
from .sockets import IdentitySocket

ALIASES = ["infiniteyou", "face id", "pulid", "instantid", "identity"]


class MixIdentities(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="MixIdentities",
            display_name="Mix Identities",
            category="InfU/identities",
            description="Make one identity out of two or more: a blend of faces, or all of them side by side.",
            search_aliases=[*ALIASES, "blend faces", "combine faces", "average faces"],
            inputs=[
                io.Autogrow.Input(
                    "identities",
                    template=io.Autogrow.TemplatePrefix(
                        IdentitySocket.Input("identity", tooltip="An identity to mix; a free socket appears below."),
                        prefix="identity_",
                        min=2,
                        max=16,
                    ),
                    tooltip="Two or more identities.",
                ),
                io.Combo.Input(
                    "mode",
                    options=list(MODES),
                    default=BLEND,
                    tooltip="blend: one face between all (the usual choice). slerp: one face on the way from the first "
                    "to the second (two identities). stack: everybody's features side by side, stronger and freer; "
                    "costs more.",
                ),
                io.String.Input(
                    "weights",
                    default="",
                    placeholder="1, 1",
                    tooltip="One number per identity, such as `1, 0.5`; 0 leaves one out, empty means all alike. "
                    "blend and slerp use their proportions (usual 0.2 to 1); in stack they scale each identity's "
                    "features relative to the largest.",
                ),
            ],
            outputs=[IdentitySocket.Output(display_name="identity")],
        )

    @classmethod
    def execute(cls, identities: io.Autogrow.Type, mode: str, weights: str) -> io.NodeOutput:
        return io.NodeOutput(mix(list(identities.values()), read_weights(weights), mode))
