"""The node that opens InfiniteYou's weights."""

from comfy_api.latest import io, ui

from ..infu_core.hosts.comfyui_load_report import report_infusenet
from ..infu_core.hosts.comfyui_loading import WEIGHT_TYPES, load_infusenet
from ..infu_core.hosts.comfyui_weight_files import (
    AUTO,
    default_network,
    locate_pair,
    network_menu,
    projector_menu,
    register_folder,
)
from .search_words import GENERAL
from .sockets import InfuseNetSocket


class LoadInfuseNet(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        register_folder()
        menu = network_menu()
        return io.Schema(
            node_id="LoadInfuseNet",
            display_name="Load InfiniteYou (InfuseNet)",
            category="InfU",
            description="Load InfiniteYou's InfuseNet and the identity projector that belongs to it.",
            search_aliases=[*GENERAL, "infuse", "infu loader"],
            inputs=[
                io.Combo.Input(
                    "infusenet",
                    options=menu or [default_network(menu)],
                    default=default_network(menu),
                    tooltip="The InfuseNet in models/infinite_you: a bf16 (5.9 GB) or fp8 (3 GB) file, or a folder "
                    "with shards. aes is the usual choice (better pictures, follows the prompt); sim is closer to "
                    "the face.",
                ),
                io.Combo.Input(
                    "projector",
                    options=[AUTO, *projector_menu()],
                    default=AUTO,
                    tooltip="The image_proj_model that turns a face into tokens. auto takes the one that lies beside "
                    "the InfuseNet; aes and sim each need their own.",
                ),
                io.Combo.Input(
                    "weight_dtype",
                    options=list(WEIGHT_TYPES),
                    default="auto",
                    advanced=True,
                    tooltip="How the weights are kept in memory. auto keeps the file's type where the device can use "
                    "it; fp8_e4m3fn halves the memory of a bf16 file at a small loss; fp32 is for comparisons.",
                ),
            ],
            outputs=[InfuseNetSocket.Output(display_name="infusenet")],
        )

    @classmethod
    def validate_inputs(cls, infusenet=None, projector=None):
        """Names are checked here and not against the menus, so that workflows saved on Windows load everywhere."""
        try:
            if infusenet and projector:
                locate_pair(infusenet, projector)
        except ValueError as error:
            return str(error)
        return True

    @classmethod
    def execute(cls, infusenet: str, projector: str, weight_dtype: str) -> io.NodeOutput:
        loaded = load_infusenet(infusenet, projector, weight_dtype)
        return io.NodeOutput(loaded, ui=ui.PreviewText(report_infusenet(loaded, infusenet, projector)))
