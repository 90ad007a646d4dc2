"""InfuHeadTurns: pose images of a head that looks one way after the other, without a photo of it."""

from functools import partial

from comfy_api.latest import io, ui

from ..infu_core.faces.head_turns import head_turn, pairs
from ..infu_core.faces.picture import to_image
from ..infu_core.faces.pose_image import draw_pose
from ..infu_core.hosts.comfyui_latents import samples_of
from ..infu_core.identity.weights_text import read_weights
from ..infu_core.typed_numbers import complaint, first_complaint


class InfuHeadTurns(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="InfuHeadTurns",
            display_name="Head Turns (InfU)",
            category="InfU/faces",
            description="A strip of head poses from numbers: one pose image for every turn, as a batch for Apply InfiniteYou's pose_image. For other views of a person.",
            search_aliases=["novel views", "turnaround", "character sheet", "yaw pitch"],
            is_output_node=True,
            inputs=[
                io.Latent.Input("latent", optional=True, tooltip="Takes width and height from this latent, so that they always agree."),
                io.String.Input("turn", default="-40, -20, 0, 20, 40", tooltip="Degrees to the picture's right (left below 0), one number for every view; 60 at most. Usually -40 to 40. Write numbers with a point (0.5) and commas between them."),
                io.String.Input("nod", default="0", tooltip="Degrees down (up below 0): one number for all views, or one for each; 40 at most. Usually -15 to 15. Write numbers with a point (0.5) and commas between them."),
                io.Float.Input("size", default=0.4, min=0.05, max=1.0, step=0.01, tooltip="Height of the face as a share of the picture. Usually 0.25 to 0.5."),
                io.Float.Input("x", default=0.5, min=0.0, max=1.0, step=0.01, tooltip="Where the face is: share of the width. Usually 0.5, the middle."),
                io.Float.Input("y", default=0.4, min=0.0, max=1.0, step=0.01, tooltip="Share of the height, from the top. Usually 0.35 to 0.5."),
                io.Int.Input("width", default=864, min=64, max=8192, step=8, tooltip="Width of the image to be made, in pixels; ignored when a latent is connected."),
                io.Int.Input("height", default=1152, min=64, max=8192, step=8, tooltip="Height of the image to be made, in pixels; ignored when a latent is connected."),
            ],
            outputs=[
                io.Image.Output(display_name="pose_image", tooltip="One pose image for every turn, as a batch."),
                io.Int.Output(display_name="views", tooltip="How many there are: connect it to the empty latent's batch_size."),
                io.String.Output(display_name="labels", is_output_list=True, tooltip="The degrees, for Labelled Grid."),
            ],
        )  # fmt: skip

    @classmethod
    def validate_inputs(cls, turn=None, nod=None):
        turns, nods = partial(read_weights, field="turn"), partial(read_weights, field="nod")
        return first_complaint(complaint(turns, turn), complaint(nods, nod))

    @classmethod
    def execute(cls, turn, nod, size, x, y, width, height, latent=None) -> io.NodeOutput:
        if latent is not None:
            height, width = (8 * side for side in samples_of(latent).shape[-2:])
        views = pairs(read_weights(turn, "turn") or [0.0], read_weights(nod, "nod") or [0.0])
        points = [head_turn(*view, height, width, size, x, y) for view in views]
        poses = to_image([draw_pose([face], height, width) for face in points])
        labels = [f"{across:+g}°" + (f" / {down:+g}°" if down else "") for across, down in views]
        return io.NodeOutput(poses, len(views), labels, ui=ui.PreviewImage(poses, cls=cls))
