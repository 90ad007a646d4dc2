"""Nodes that turn the faces of a picture into other pictures: pose images and regions."""

import comfy.utils
import torch
from comfy_api.latest import io, ui

from ..infu_core.faces.face_preview import draw_faces, fit_to_canvas, tint_regions
from ..infu_core.faces.face_regions import SHAPES, face_regions, report_faces
from ..infu_core.faces.face_selection import LEFT_TO_RIGHT
from ..infu_core.faces.key_points_text import read_faces, read_key_points
from ..infu_core.faces.picture import blank_picture, first_picture, to_image, to_pictures
from ..infu_core.faces.pose_layout import FITS, PAD, PoseEdit
from ..infu_core.hosts.comfyui_faces import face_encoder as load_encoder
from ..infu_core.hosts.comfyui_latents import samples_of
from ..infu_core.identity.face_choice import SKIP, STOP, FaceChoice, find_chosen
from ..infu_core.identity.pose_photos import PoseFrame, pose_images
from ..infu_core.typed_numbers import complaint
from .face_inputs import (
    encoder_input,
    index_input,
    key_points_input,
    match_input,
    order_input,
    threshold_input,
)

SINGLE_MASKS = 4


class InfuFacePose(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="InfuFacePose",
            display_name="Face Pose (InfU)",
            category="InfU/faces",
            description="Draw the five key points of faces as InfuseNet reads them: where the face goes, how large, how turned. A batch gives a batch.",
            search_aliases=["key points", "kps", "landmarks"],
            is_output_node=True,
            inputs=[
                io.Image.Input("image", optional=True, tooltip="Picture with the pose to take; not needed when key points are typed."),
                encoder_input(),
                io.Latent.Input("latent", optional=True, tooltip="Takes width and height from this latent, so that they always agree."),
                match_input(),
                io.Int.Input("width", default=864, min=64, max=8192, step=8, tooltip="Width of the image to be made, in pixels; ignored when a latent is connected."),
                io.Int.Input("height", default=1152, min=64, max=8192, step=8, tooltip="Height of the image to be made, in pixels; ignored when a latent is connected."),
                io.Combo.Input("fit", options=list(FITS), default=PAD, tooltip="A picture of another shape: pad shows all of it, fill makes it fill the frame and moves it so that the faces stay in."),
                order_input(),
                index_input(),
                io.Int.Input("count", default=1, min=0, max=20, tooltip="How many faces to draw, from index on; 0 draws all."),
                io.Float.Input("shift_x", default=0.0, min=-1.0, max=1.0, step=0.01, tooltip="Move the face right (or left, below 0), as a share of the width. Usually -0.3 to 0.3."),
                io.Float.Input("shift_y", default=0.0, min=-1.0, max=1.0, step=0.01, tooltip="Move the face down (or up, below 0), as a share of the height. Usually -0.3 to 0.3."),
                io.Float.Input("scale", default=1.0, min=0.1, max=5.0, step=0.05, tooltip="Size of the face; 1 keeps it. Usually 0.6 to 1.5: smaller shows more of the person."),
                io.Float.Input("rotate", default=0.0, min=-180.0, max=180.0, step=1.0, tooltip="Turn the face clockwise, in degrees. Usually -20 to 20."),
                io.Boolean.Input("mirror", default=False, advanced=True, tooltip="Mirror the whole pose left to right."),
                io.Combo.Input("no_face", options=[STOP, SKIP], default=STOP, advanced=True, tooltip="A picture in which no face is found: stop with a message, or give a black pose image (no pose)."),
                threshold_input(),
                key_points_input(),
            ],
            outputs=[io.Image.Output(display_name="pose_image")],
        )  # fmt: skip

    @classmethod
    def validate_inputs(cls, key_points=None):
        return complaint(read_key_points, key_points)

    @classmethod
    def execute(cls, width, height, fit, face, index, count, shift_x, shift_y, scale, rotate, mirror, no_face, threshold, key_points, image=None, face_encoder=None, latent=None, match=None):  # fmt: skip
        if latent is not None:
            height, width = (8 * side for side in samples_of(latent).shape[-2:])
        photos = (
            to_pictures(image, "image of Face Pose (InfU)")
            if image is not None
            else blank_picture(height, width, key_points)
        )
        hand = tuple(read_faces(key_points, photos[0].shape[:2]))
        choice = FaceChoice(face, index, count, threshold, no_face, match, hand)
        frame = PoseFrame(width, height, fit, PoseEdit(shift_x, shift_y, scale, rotate, mirror))
        bar = comfy.utils.ProgressBar(len(photos))
        encoder = face_encoder or (None if hand else load_encoder())
        poses = to_image(pose_images(encoder, photos, choice, frame, lambda: bar.update(1)))
        return io.NodeOutput(poses, ui=ui.PreviewImage(poses, cls=cls))


class InfuFaceRegions(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="InfuFaceRegions",
            display_name="Faces to Regions (InfU)",
            category="InfU/regions",
            description="Find the faces of a layout picture and make one soft mask for each, to say who goes where.",
            search_aliases=["multiple people", "face mask"],
            is_output_node=True,
            inputs=[
                io.Image.Input("image", tooltip="Layout picture with one face for every person; only the first of a batch is used."),
                encoder_input(),
                match_input(),
                order_input("order", LEFT_TO_RIGHT),
                io.Int.Input("count", default=2, min=0, max=16, tooltip="How many people there should be; fewer faces are an error. 0 takes all that are found."),
                io.Combo.Input("shape", options=list(SHAPES), default=SHAPES[0], tooltip="head: an ellipse around the face. person: head and body below. nearest: every pixel goes to the nearest face, nothing is left over."),
                io.Float.Input("grow", default=1.6, min=0.5, max=6.0, step=0.1, tooltip="Size of the head region in face sizes. Usually 1.3 to 2.5."),
                io.Float.Input("feather", default=0.15, min=0.0, max=1.0, step=0.05, tooltip="Softness of the edge as a share of the region. Usually 0.1 to 0.3; 0 is hard."),
                threshold_input(),
            ],
            outputs=[
                io.Mask.Output(display_name="masks", tooltip="All masks as a batch, in the chosen order."),
                *(io.Mask.Output(display_name=f"face {n}", tooltip="One face's mask; empty when there are fewer.") for n in range(SINGLE_MASKS)),
                io.Image.Output(display_name="preview"),
            ],
        )  # fmt: skip

    @classmethod
    def execute(cls, image, order, count, shape, grow, feather, threshold, face_encoder=None, match=None):
        picture = first_picture(image, "image of Faces to Regions (InfU)")
        choice = FaceChoice(order, 0, count, threshold, match=match)
        found = find_chosen(face_encoder or load_encoder(), picture, choice, "the layout picture")
        masks = torch.from_numpy(face_regions(found.chosen_faces, picture.shape[:2], shape, grow, feather))
        none = torch.zeros_like(masks[:1])
        single = [masks[n : n + 1] if n < len(masks) else none for n in range(SINGLE_MASKS)]
        preview = draw_faces(tint_regions(picture, masks.numpy()), found.faces, found.ordered, found.chosen)
        shown, text = to_image(fit_to_canvas([preview])), report_faces(found.faces, found.ordered, found.chosen)
        told = ui.PreviewImage(shown, cls=cls).as_dict() | ui.PreviewText(text).as_dict()
        return io.NodeOutput(masks, *single, shown, ui=told)
