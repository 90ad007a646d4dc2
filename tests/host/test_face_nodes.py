"""The face nodes in real ComfyUI: through the server of both hosts, with previews, and their files and messages."""

import shutil

import numpy as np
import pytest
import torch
from face_fixtures import as_image, draw_face, grey_picture, write_arcface, write_detector
from harness.server import GraphError

PEOPLE = "people.png"


def node(kind, **inputs):
    return {"class_type": kind, "inputs": inputs}


def encode(image, **widgets):
    defaults = {
        "face": "largest",
        "index": 0,
        "no_face": "stop",
        "outliers": "keep",
        "threshold": 0.5,
        "photo_weights": "",
        "key_points": "",
    }
    return node("EncodeFaceID", **{"image": image, **defaults, **widgets})


def pose(**inputs):
    defaults = {
        "width": 256,
        "height": 320,
        "fit": "pad",
        "face": "largest",
        "index": 0,
        "count": 1,
        "shift_x": 0.0,
        "shift_y": 0.0,
    }
    defaults |= {"scale": 1.0, "rotate": 0.0, "mirror": False, "no_face": "stop", "threshold": 0.5, "key_points": ""}
    return node("InfuFacePose", **{**defaults, **inputs})


def regions(image, **widgets):
    defaults = {"order": "left to right", "count": 3, "shape": "head", "grow": 1.6, "feather": 0.15, "threshold": 0.5}
    return node("InfuFaceRegions", image=image, **{**defaults, **widgets})


def people_picture():
    picture = grey_picture(400, 800)
    points = [draw_face(picture, (150 + 250 * n, 200), 110 + 20 * n, n, 5 * n) for n in range(3)]
    return picture, points


@pytest.fixture
def input_folder(any_server):
    from PIL import Image

    folder = any_server.base.path / "input"
    Image.fromarray(people_picture()[0]).save(folder / PEOPLE)
    Image.fromarray(grey_picture(200, 300)).save(folder / "nobody.png")
    return folder


def test_every_face_node_works_through_the_server_and_shows_a_preview(any_server, input_folder):
    history = any_server.run(
        {
            "photo": node("LoadImage", image=PEOPLE),
            "latent": node("EmptySD3LatentImage", width=192, height=256, batch_size=1),
            "encoder": node("InfuLoadFaceEncoder", detector="auto", recogniser="auto", provider="CPU"),
            "first": encode(["photo", 0], face_encoder=["encoder", 0], face="left to right", index=2),
            "again": encode(["photo", 0], face="best match", match=["first", 0]),
            "pose": pose(image=["photo", 0], latent=["latent", 0], count=0),
            "typed": pose(key_points="0.4,0.4 0.6,0.4 0.5,0.5 0.42,0.6 0.58,0.6", rotate=10.0),
            "regions": regions(["photo", 0], shape="nearest"),
            "report": node("PreviewAny", source=["again", 2]),
        }
    )
    outputs = history["outputs"]
    for name in ("first", "again", "pose", "typed", "regions"):
        assert len(outputs[name]["images"]) == 1, name
    report = outputs["report"]["text"][0]
    assert "3 faces (640)" in report and "CPUExecutionProvider; arcface_ir_se50" in report
    assert outputs["first"]["text"][0] == report
    sizes = {picture.size for picture in any_server.images(history)}
    assert {(192, 256), (256, 320), (768, 384)} <= sizes


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda photo: encode(photo, index=3), "Face 3 was asked for, but the photo shows 3 faces"),
        (lambda photo: encode(photo, face="best match"), "connect an identity to `match`"),
        (lambda photo: encode(photo, photo_weights="1, 2"), "1 photos need 2 weights|1 photos need 1 weights, but 2"),
        (lambda photo: encode(photo, key_points="1, 2"), "ten numbers"),
        (lambda photo: pose(), "connect an image, or type key points"),
        (
            lambda photo: regions(photo, count=4),
            "4 faces from index 0 on were asked for, but the layout picture shows 3",
        ),
    ],
)
def test_mistakes_are_told_in_one_sentence(any_server, input_folder, build, sentence):
    with pytest.raises(GraphError, match=sentence):
        any_server.run({"photo": node("LoadImage", image=PEOPLE), "node": build(["photo", 0])})


def test_a_photo_without_a_face(any_server, input_folder):
    graph = {"photo": node("LoadImage", image="nobody.png"), "node": encode(["photo", 0])}
    with pytest.raises(GraphError, match="one colour everywhere"):
        any_server.run(graph)
    graph["node"] = pose(image=["photo", 0], no_face="skip")
    (black,) = any_server.images(any_server.run(graph))
    assert black.size == (256, 320) and not np.asarray(black).any()


def encode_in_process(comfyui, *images, **widgets):
    """`EncodeFaceID` takes lists: images, then one value for every widget."""
    values = {key: [value] for key, value in encode(None, **widgets)["inputs"].items() if key != "image"}
    return comfyui.call("EncodeFaceID", image=list(images), **values)


@pytest.fixture
def photos():
    pictures = []
    for n, size in enumerate(((300, 400), (500, 350))):
        picture = grey_picture(*size)
        draw_face(picture, (size[1] / 2, size[0] / 2), 140 + 20 * n, 1, 8 * n)
        pictures.append(as_image(picture))
    return pictures


def test_a_list_of_photos_of_different_sizes_makes_one_identity(comfyui, photos):
    identity, faces, report, preview = encode_in_process(comfyui, *photos)
    assert identity.vectors.shape == (1, 512) and len(identity.sources) == 2
    assert faces.shape == (2, 112, 112, 3) and preview.shape[0] == 2
    assert "Photo 2 of 2" in report


def test_a_batch_is_the_same_as_a_list(comfyui, photos):
    batch = photos[0].repeat(2, 1, 1, 1)
    batch[1] = batch[1].roll(20, 0)
    together = encode_in_process(comfyui, batch, threshold=0.3)[0]
    assert together.digest() == encode_in_process(comfyui, batch[:1], batch[1:], threshold=0.3)[0].digest()


def test_the_default_encoder_is_loaded_once_and_can_be_replaced(comfyui, photos):
    faces = comfyui.module("infu_core.hosts.comfyui_faces")
    encode_in_process(comfyui, photos[0])
    first = faces.face_encoder()
    encode_in_process(comfyui, photos[0])
    assert faces.face_encoder() is first and len(faces._latest) == 1
    other = faces.face_encoder(provider="CPU")
    assert other is not first and len(faces._latest) == 1


def test_the_recogniser_is_managed_by_comfyui(comfyui, photos):
    import comfy.model_management

    encoder = comfyui.call("InfuLoadFaceEncoder")[0]
    (patcher,) = encoder.get_models()
    encoder.embed(np.zeros((1, 112, 112, 3), dtype=np.uint8))
    assert any(loaded.model is patcher for loaded in comfy.model_management.current_loaded_models)


def test_pose_takes_its_size_from_the_latent_and_edits_move_it(comfyui):
    picture, points = people_picture()
    image = as_image(picture)
    latent = {"samples": torch.zeros(1, 16, 50, 100)}
    plain = comfyui.call("InfuFacePose", image=image, latent=latent, face="left to right")[0]
    assert plain.shape == (1, 400, 800, 3)
    nose = points[0][2].astype(int)
    torch.testing.assert_close(plain[0, nose[1], nose[0]], torch.tensor([0.0, 0.0, 1.0]))
    moved = comfyui.call("InfuFacePose", image=image, latent=latent, face="left to right", shift_x=0.25)[0]
    torch.testing.assert_close(moved[0, nose[1], nose[0] + 200], torch.tensor([0.0, 0.0, 1.0]))
    everyone = comfyui.call("InfuFacePose", image=image, latent=latent, count=0)[0]
    assert everyone.count_nonzero() > 2.5 * plain.count_nonzero()


def test_a_batch_of_pictures_gives_a_batch_of_poses(comfyui):
    image = as_image(people_picture()[0]).repeat(3, 1, 1, 1)
    assert comfyui.call("InfuFacePose", image=image, width=128, height=64)[0].shape == (3, 64, 128, 3)


def test_regions_come_in_the_chosen_order(comfyui):
    picture, points = people_picture()
    masks, *single, preview = comfyui.call("InfuFaceRegions", image=as_image(picture), count=3)
    assert masks.shape == (3, 400, 800) and preview.shape[0] == 1
    for mask, one, at in zip(masks, single, points, strict=False):
        x, y = at.mean(0).astype(int)
        assert mask[y, x] == 1 and torch.equal(mask[None], one)
    assert len(single) == 4 and not single[3].any()
    backwards = comfyui.call("InfuFaceRegions", image=as_image(picture), count=3, order="right to left")[0]
    assert torch.equal(backwards, masks.flip(0))


@pytest.fixture
def folders(comfyui, tmp_path, monkeypatch):
    """Empty face folders, as ComfyUI's folder table and extra_model_paths would name them."""
    import folder_paths

    files = comfyui.module("infu_core.hosts.comfyui_face_files")
    for folder in files.FOLDERS:
        (tmp_path / folder).mkdir()
        monkeypatch.setitem(folder_paths.folder_names_and_paths, folder, ([str(tmp_path / folder)], set()))
        folder_paths.filename_list_cache.pop(folder, None)
    monkeypatch.setattr(folder_paths, "models_dir", str(tmp_path))
    monkeypatch.setattr(files, "facexlib_weights", lambda: None)
    yield files, tmp_path
    for folder in files.FOLDERS:
        folder_paths.filename_list_cache.pop(folder, None)


@pytest.mark.parametrize("place", ["models/antelopev2", "models/antelopev2/antelopev2", "antelopev2", "."])
def test_the_detector_is_found_in_flat_and_nested_folders(folders, place):
    files, root = folders
    folder = root / "insightface" / place
    folder.mkdir(parents=True, exist_ok=True)
    write_detector(folder / "scrfd_10g_bnkps.onnx")
    for other in ("glintr100.onnx", "1k3d68.onnx", "2d106det.onnx", "genderage.onnx"):
        (folder / other).write_bytes(b"")
    assert files.find_detector() == str(folder / "scrfd_10g_bnkps.onnx").replace("/./", "/")
    (entry,) = files.detector_files()
    assert entry.startswith("insightface/") and "\\" not in entry
    assert files.find_detector(entry) == files.find_detector()


@pytest.mark.parametrize("folder", ["infinite_you", "facexlib", "facedetection", "insightface"])
def test_the_recogniser_is_found_wherever_people_keep_it(folders, folder):
    files, root = folders
    write_arcface(root / folder / "recognition_arcface_ir_se50.pth")
    assert files.find_recogniser() == str(root / folder / "recognition_arcface_ir_se50.pth")


def test_missing_files_say_what_to_fetch_and_where_to_put_it(folders):
    files, root = folders
    with pytest.raises(ValueError, match=r"No face detector was found in .*insightface. Download antelopev2 .* put it"):
        files.find_detector()
    with pytest.raises(ValueError, match="No ArcFace IR-SE50 recogniser .*recognition_arcface_ir_se50.pth and put it"):
        files.find_recogniser()
    with pytest.raises(ValueError, match="insightface/gone.onnx is no longer there; press R"):
        files.find_detector("insightface/gone.onnx")


def test_all_that_is_missing_is_named_at_once_with_one_command(folders):
    files, root = folders
    with pytest.raises(ValueError, match="No face detector .* No ArcFace .* 'python -m .*download faces' in"):
        files.find_both()
    write_arcface(root / "infinite_you" / "recognition_arcface_ir_se50.pth")
    with pytest.raises(ValueError, match="^No face detector((?!No ArcFace).)*download faces"):
        files.find_both()


def test_a_missing_folder_and_a_zip_left_unpacked(folders):
    files, root = folders
    (root / "insightface" / "models").mkdir()
    (root / "insightface" / "models" / "antelopev2.zip").write_bytes(b"PK")
    with pytest.raises(ValueError, match="insightface/models/antelopev2.zip is still packed: unpack it"):
        files.find_detector()
    shutil.rmtree(root / "insightface")
    with pytest.raises(ValueError, match="No face detector was found in"):
        files.find_detector()
