"""InfuIdentityRegion: say who goes where."""

from comfy_api.latest import io, ui

from ..infu_core.injection.region_boxes import read_box
from ..infu_core.injection.region_chain import BY_PLACE, add_region
from ..infu_core.injection.region_preview import preview_regions, report_regions
from ..infu_core.typed_numbers import complaint
from .sockets import IdentityRegionsSocket, IdentitySocket


class InfuIdentityRegion(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="InfuIdentityRegion",
            display_name="Identity Region (InfU)",
            category="InfU/regions",
            description="Gives a person a place in the picture. Chain one node for every person, then connect the last one to Apply InfiniteYou. The preview shows who goes where.",
            search_aliases=[
                "several people",
                "multiple faces",
                "regional",
            ],
            inputs=[
                IdentitySocket.Input("identity", tooltip="Who: from Encode Face ID, Mix Identities or Load Identity."),
                io.Mask.Input(
                    "mask",
                    optional=True,
                    tooltip="Where, at any size: painted, or from Faces to Regions. Of a batch of masks the first node of the chain takes the first, the second the second. Without mask and box: the whole picture.",
                ),
                IdentityRegionsSocket.Input(
                    "regions", optional=True, tooltip="The people so far: the node before in the chain."
                ),
                io.Image.Input(
                    "pose_image",
                    optional=True,
                    tooltip="Key points for this person alone, as large as the whole picture; otherwise Apply InfiniteYou's pose image serves all.",
                ),
                io.Float.Input(
                    "strength",
                    default=1.0,
                    min=0.0,
                    max=3.0,
                    step=0.01,
                    tooltip="This person's own strength; multiplies Apply InfiniteYou's. 1 changes nothing, people use 0.6 to 1.2.",
                ),
                io.Float.Input(
                    "feather",
                    default=0.03,
                    min=0.0,
                    max=0.5,
                    step=0.01,
                    tooltip="How wide the region's soft edge is, as a share of the picture's shorter side: 0 is hard, people use 0.02 to 0.1.",
                ),
                io.String.Input(
                    "box",
                    default="",
                    tooltip="Instead of a mask, or to cut one: left, top, width, height as shares of the picture, such as '0, 0, 0.5, 1' for the left half. Empty: no box. Write numbers with a point (0.5) and commas between them.",
                ),
                io.Int.Input(
                    "mask_index",
                    default=BY_PLACE,
                    min=BY_PLACE,
                    max=63,
                    advanced=True,
                    tooltip="Which mask of a batch, counted from 0; -1 takes the one at this node's place in the chain.",
                ),
            ],
            outputs=[IdentityRegionsSocket.Output(display_name="regions")],
        )

    @classmethod
    def validate_inputs(cls, box=None):
        return complaint(read_box, box)

    @classmethod
    def execute(cls, identity, mask=None, regions=None, pose_image=None, **widgets) -> io.NodeOutput:
        chain = add_region(regions or (), identity, mask, pose_image=pose_image, **widgets)
        shown = (
            ui.PreviewImage(preview_regions(chain), cls=cls).as_dict() | ui.PreviewText(report_regions(chain)).as_dict()
        )
        return io.NodeOutput(chain, ui=shown)
