"""docs/training.md, command by command, on a FLUX folder of next to no size: from pictures to what the nodes load."""

import json

import numpy as np
import pytest
import torch

pytest.importorskip("diffusers")
pytest.importorskip("accelerate")
pytest.importorskip("transformers")
cv2 = pytest.importorskip("cv2")

from harness.tiny_flux_folder import save_tiny_flux  # noqa: E402
from harness.tiny_laboratory import CONFIG  # noqa: E402

from infu_core.checkpoints.load import NetworkFile, ProjectorFile, check_pair  # noqa: E402
from infu_core.faces.face import face_from  # noqa: E402
from infu_core.training.__main__ import main as train  # noqa: E402
from infu_core.training.data import make_pairs, prepare  # noqa: E402
from infu_core.training.flux_dev import flux_encoders, flux_eyes  # noqa: E402

SMALL = str(192 * 256)


class OneFace:
    """One face in the middle of every picture, always the same person's."""

    def detect(self, picture):
        height, width = picture.shape[:2]
        x, y = np.array((0.4, 0.6, 0.5, 0.42, 0.58)) * width, np.array((0.4, 0.4, 0.5, 0.6, 0.6)) * height
        return [face_from((0.3 * width, 0.2 * height, 0.7 * width, 0.7 * height), np.stack((x, y), 1), 0.9, "64")]

    def crop(self, picture, face):
        return picture

    def embed(self, crops):
        return torch.nn.functional.normalize(torch.ones(len(crops), 512), dim=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("commands")
    save_tiny_flux(folder / "flux")
    (folder / "photos").mkdir()
    lines = []
    for number in range(4):
        noise = np.random.default_rng(number).integers(0, 255, (64, 64, 3), np.uint8)
        cv2.imwrite(str(folder / "photos" / f"{number}.png"), noise)
        lines.append(json.dumps({"picture": f"photos/{number}.png", "captions": ["a face", "a a face"]}))
    (folder / "listing.jsonl").write_text("\n".join(lines))
    (folder / "captions.txt").write_text("a face\na\n")
    config = CONFIG.format(folder=folder.as_posix())
    config = config.replace(f"{folder.as_posix()}/transformer", f"{folder.as_posix()}/flux/transformer")
    config = config.replace(f'stage1 = "{folder.as_posix()}/prepared"', f'stage1 = "{folder.as_posix()}/stage1"')
    config = config.replace(f'stage2 = "{folder.as_posix()}/prepared"', f'stage2 = "{folder.as_posix()}/stage2"')
    config = config.replace("held-out", "stage1").replace('vae = "none"', f'vae = "{folder.as_posix()}/flux/vae"')
    (folder / "lab.toml").write_text(config.replace("batch_size = 4", "batch_size = 2"))
    return folder


def test_the_commands_lead_from_pictures_to_what_the_nodes_load(folder, monkeypatch, capsys):
    for room in (flux_encoders, flux_eyes):
        monkeypatch.setattr(room, "open_face_encoder", lambda *_: OneFace())
    files = ["--flux", f"{folder}/flux", "--detector", "d.onnx", "--recogniser", "r.pth", "--device", "cpu"]
    files += ["--text-tokens", "6", "--area", SMALL]

    for part in ("1/2", "2/2"):
        prepare.main([f"{folder}/listing.jsonl", f"{folder}/stage1", *files, "--part", part])
    assert capsys.readouterr().out.count("2 of 2 samples are prepared.") == 2

    run = [f"{folder}/lab.toml", "--folder", f"{folder}/runs", "--stage"]
    assert train([*run, "stage1", "--minutes", "0"]) == 3
    assert train([*run, "stage1"]) == 0
    assert "Step 4 of 4" in capsys.readouterr().out
    assert (folder / "runs" / "stage1" / "sheets" / "step-00000004.jpg").is_file()

    release = folder / "runs" / "stage1" / "release"
    pairs = [f"{folder}/photos", f"{folder}/captions.txt", f"{folder}/made", "--weights", str(release)]
    make_pairs.main([*pairs, *files, "--per-photo", "2", "--steps", "2"])
    assert "lists 8 pictures; 0 of 4 photos were left out" in capsys.readouterr().out
    shapes = {cv2.imread(str(path)).shape for path in (folder / "made").glob("*.png")}
    assert shapes == {(192, 256, 3), (256, 192, 3)}

    prepare.main([f"{folder}/made/listing.jsonl", f"{folder}/stage2", *files])
    assert train([*run, "stage2"]) == 0
    release = folder / "runs" / "stage2" / "release"
    network = NetworkFile(release / "InfuseNetModel")
    check_pair(network, ProjectorFile(release / "image_proj_model.safetensors"))
    check_pair(network, ProjectorFile(release / "image_proj_model.bin"))
