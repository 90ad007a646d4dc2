"""Nodes that keep identities in files."""

import os

from comfy_api.latest import io, ui

from ..infu_core.hosts.comfyui_identity_files import identity_entries, identity_path, save_as
from ..infu_core.hosts.comfyui_load_report import report_identity
from ..infu_core.identity.identity import RECOGNISER
from ..infu_core.identity.identity_file import load_identity
from .sockets import IdentitySocket

ANY = "any"


class InfuSaveIdentity(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="InfuSaveIdentity",
            display_name="Save Identity (InfU)",
            category="InfU/identities",
            description="Keep an identity as a small safetensors file (about 3 kB, no picture inside) in output/identities.",
            search_aliases=["save face", "export identity"],
            is_output_node=True,
            inputs=[
                IdentitySocket.Input("identity", tooltip="What to save."),
                io.String.Input("name", default="person", tooltip="File name without ending, such as `anna` or `family/anna`. A name that is taken gets a number."),
            ],
            outputs=[
                IdentitySocket.Output(display_name="identity"),
                io.String.Output(display_name="file", tooltip="The name under which Load Identity lists it."),
            ],
        )  # fmt: skip

    @classmethod
    def execute(cls, identity, name: str) -> io.NodeOutput:
        file = save_as(identity, name)
        return io.NodeOutput(identity, file, ui=ui.PreviewText(f"Saved as {file}"))


class InfuLoadIdentity(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="InfuLoadIdentity",
            display_name="Load Identity (InfU)",
            category="InfU/identities",
            description="Load a saved identity from output/identities or input/identities. Needs no photo, detector or recogniser.",
            search_aliases=["load face", "import identity"],
            inputs=[
                io.Combo.Input("file", options=identity_entries(), tooltip="The saved identity; press R after saving a new one."),
                io.Combo.Input("recogniser", options=[RECOGNISER, ANY], default=RECOGNISER, advanced=True, tooltip="Refuse identities of other recognisers than InfiniteYou's. any is for the miniature or your own networks."),
            ],
            outputs=[IdentitySocket.Output(display_name="identity")],
        )  # fmt: skip

    @classmethod
    def fingerprint_inputs(cls, file: str, recogniser: str):
        path = identity_path(file)
        return (path, os.path.getmtime(path), os.path.getsize(path), recogniser)

    @classmethod
    def execute(cls, file: str, recogniser: str) -> io.NodeOutput:
        identity = load_identity(identity_path(file), None if recogniser == ANY else recogniser)
        return io.NodeOutput(identity, ui=ui.PreviewText(report_identity(identity, file)))
