"""A node for a ComfyUI that has this pack and ByteDance's: theirs gets the miniature, where it knows only its files.

Link this folder into `custom_nodes` beside the two packs. FLUX.1's depths are constants in their control network (19
and 38); they are set to the miniature's, or residuals would go to the wrong blocks.
"""

import importlib

from comfy_api.latest import ComfyExtension, io

import nodes


def beside(node_class: str, module: str):
    """A module of the pack that has this node, found when a graph runs: packs load in any order."""
    found = nodes.NODE_CLASS_MAPPINGS.get(node_class)  # pyright: ignore[reportAttributeAccessIssue] - ComfyUI's own
    if found is None:
        raise ValueError(f"No pack with the node {node_class} is in custom_nodes; this node joins two packs.")
    package = found.__module__.removesuffix(".nodes").removesuffix(".nodes.miniature_nodes")
    return importlib.import_module(f"{package}.{module}")


class MiniatureForOfficialPack(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="MiniatureForOfficialPack",
            display_name="Miniature for the official pack",
            category="InfU/workshop",
            inputs=[
                io.Model.Input("model"),
                io.Custom("INFUSENET").Input("infusenet"),
                io.Custom("IDENTITY").Input("identity"),
            ],
            outputs=[io.ControlNet.Output(), io.Conditioning.Output(display_name="id_embedding")],
        )

    @classmethod
    def execute(cls, model, infusenet, identity) -> io.NodeOutput:
        files = beside("InfuLoadMiniature", "miniature.files").MiniatureFiles()
        tokens = beside("InfuLoadMiniature", "infu_core.hosts.comfyui_injection").project(infusenet, identity)
        net = beside("InfuseNetApply", "infuse_net").load_infuse_net_flux(str(files.infusenet))
        flux = model.model.diffusion_model
        net.control_model.main_model_double = len(flux.double_blocks)
        net.control_model.main_model_single = len(flux.single_blocks)
        return io.NodeOutput(net, {"id_embedding": tokens[None]})


class OfficialPackExtension(ComfyExtension):
    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return [MiniatureForOfficialPack]


async def comfy_entrypoint() -> OfficialPackExtension:
    return OfficialPackExtension()
