"""The workflows by their file names, which are the titles of their cards."""

from .comparisons import best_of_a_batch, keep_style, small_gpu, strength_and_style
from .finished_pictures import face_detail, larger, new_face, recraft
from .guided import controlnet_and_lora, kontext, style_picture
from .one_person import head_pose, one_face, other_views, painting_and_back, schnell, several_photos
from .several_people import from_a_layout, from_a_to_b, mix_two, two_halves
from .try_me import try_me

WORKFLOWS = {
    "00 Try me": try_me,
    "01 One face": one_face,
    "02 Head pose from another picture": head_pose,
    "03 Several photos, one saved identity": several_photos,
    "04 Mix two people": mix_two,
    "05 Two people, each in a half": two_halves,
    "06 Several people from a layout": from_a_layout,
    "07 ControlNet, LoRA and identity": controlnet_and_lora,
    "08 Text, style picture and identity": style_picture,
    "09 Schnell in four steps": schnell,
    "10 Recraft a picture": recraft,
    "11 Other views of a person": other_views,
    "12 From painting to photo and back": painting_and_back,
    "13 New face in a finished picture": new_face,
    "14 Face detail": face_detail,
    "15 Small GPU": small_gpu,
    "16 Strength and style as a grid": strength_and_style,
    "17 Best of a batch": best_of_a_batch,
    "18 From A to B in nine pictures": from_a_to_b,
    "19 Larger without losing the face": larger,
    "20 Kontext reference and identity": kontext,
    "21 Keep the style of the prompt": keep_style,
}
