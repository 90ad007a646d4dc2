"""InfuFaceCrop: a closer look at one face of a picture, and what stock nodes need to put it back."""

import comfy.utils
import torch
from comfy_api.latest import io, ui

from ..infu_core.faces.face_crop import crop_around, head_mask
from ..infu_core.faces.picture import first_picture, to_image
from ..infu_core.hosts.comfyui_faces import face_encoder as load_encoder
from ..infu_core.identity.face_choice import FaceChoice, find_chosen
from .face_inputs import encoder_input, index_input, match_input, order_input, threshold_input


class InfuFaceCrop(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="InfuFaceCrop",
            display_name="Face Crop (InfU)",
            category="InfU/faces",
            description="Cut out a square around one face and enlarge it, to draw the face anew with more pixels. Put it back with Upscale Image (width, height) and ImageCompositeMasked (x, y, mask).",
            search_aliases=["face detailer", "adetailer", "stitch"],
            inputs=[
                io.Image.Input("image", tooltip="One picture with a face that is too small; only the first of a batch is used."),
                encoder_input(),
                match_input(),
                order_input(),
                index_input(),
                io.Int.Input("size", default=1024, min=64, max=4096, step=16, tooltip="Side of the enlarged crop in pixels. Usually 768 to 1024 for FLUX."),
                io.Float.Input("margin", default=2.5, min=1.2, max=6.0, step=0.1, tooltip="Side of the square in face sizes. Usually 2 to 3: hair and shoulders help the model, a larger square leaves fewer pixels for the face."),
                io.Float.Input("feather", default=0.25, min=0.0, max=1.0, step=0.05, tooltip="Softness of the mask's edge as a share of the head. Usually 0.15 to 0.4."),
                threshold_input(),
            ],
            outputs=[
                io.Image.Output(display_name="crop", tooltip="The square, enlarged."),
                io.Mask.Output(display_name="mask", tooltip="The head within the crop, soft at its edge."),
                io.Int.Output(display_name="x", tooltip="Where the square lies in the picture: pixels from the left."),
                io.Int.Output(display_name="y", tooltip="Pixels from the top."),
                io.Int.Output(display_name="width", tooltip="The square's side in the picture."),
                io.Int.Output(display_name="height", tooltip="The same: the crop is a square."),
            ],
        )  # fmt: skip

    @classmethod
    def execute(cls, image, face, index, size, margin, feather, threshold, face_encoder=None, match=None):
        picture = first_picture(image, "image of Face Crop (InfU)")
        choice = FaceChoice(face, index, 1, threshold, match=match)
        chosen = find_chosen(face_encoder or load_encoder(), picture, choice, "the picture").chosen_faces[0]
        place = crop_around(chosen, picture.shape[:2], margin)
        mask = torch.from_numpy(head_mask(chosen, picture.shape[:2], place, feather))
        crop = to_image([place.cut(picture)]).movedim(-1, 1)
        large = comfy.utils.common_upscale(crop, size, size, "lanczos", "disabled").movedim(1, -1)
        shown = ui.PreviewImage(large, cls=cls)
        return io.NodeOutput(large, mask[None], place.left, place.top, place.side, place.side, ui=shown)
