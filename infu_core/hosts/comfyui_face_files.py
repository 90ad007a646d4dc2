"""Where users keep the detector and the recogniser, as menus and as paths.

A menu entry is "folder/path" with forward slashes on every system, such as
"insightface/models/antelopev2/scrfd_10g_bnkps.onnx". Folders come from ComfyUI, so extra_model_paths counts.
"""

import importlib.util
import os

import folder_paths

from ..checkpoints.known_files import download_command
from ..faces.arcface import FILE_NAME as RECOGNISER_FILE
from ..faces.face import FaceError
from .comfyui_model_folders import files_in

AUTO = "auto"
FOLDERS = ("insightface", "infinite_you", "facexlib", "facedetection")
FACEXLIB_PACKAGE = "facexlib package"
DETECTOR_FILES = ("scrfd_10g_bnkps.onnx", "det_10g.onnx")
"""antelopev2's detector, and buffalo_l's, which is the same file under another name."""
NOT_DETECTORS = ("1k3d68", "2d106det", "genderage", "glintr100", "w600k", "inswapper", "arcface")
RECOGNISER_WORDS = ("arcface", "ir_se50", "irse50")
WHERE_DETECTOR = (
    "Download antelopev2 (https://huggingface.co/ByteDance/InfiniteYou, folder supports/insightface/models/antelopev2, "
    "only scrfd_10g_bnkps.onnx is needed) and put it into models/insightface/models/antelopev2"
)
WHERE_RECOGNISER = (
    f"Download https://github.com/xinntao/facexlib/releases/download/v0.1.0/{RECOGNISER_FILE} "
    "and put it into models/infinite_you"
)


def register_folders() -> None:
    """Make ComfyUI know the folders under models/; a folder that it or extra_model_paths already knows is kept."""
    for folder in FOLDERS:
        folder_paths.add_model_folder_path(folder, os.path.join(folder_paths.models_dir, folder))


def detector_files() -> list[str]:
    """Menu entries of every ONNX file that may be a detector."""
    return [
        entry
        for entry in entries((".onnx",))
        if not any(word in entry.rsplit("/", 1)[-1].lower() for word in NOT_DETECTORS)
    ]


def recogniser_files() -> list[str]:
    """Menu entries of every weight file that names itself ArcFace or IR-SE50."""
    return [
        entry
        for entry in entries((".pth", ".safetensors"))
        if any(word in entry.rsplit("/", 1)[-1].lower() for word in RECOGNISER_WORDS)
    ]


def find_detector(choice: str = AUTO) -> str:
    """The path of a menu entry, or for "auto" the first of the known detector files. Raises `FaceError`."""
    if choice != AUTO:
        return path_of(choice)
    for entry in by_known_name(detector_files(), DETECTOR_FILES):
        return path_of(entry)
    zips = [entry for entry in entries((".zip",)) if entry.startswith("insightface/")]
    if zips:
        raise FaceError(
            f"{zips[0]} is still packed: unpack it, so that scrfd_10g_bnkps.onnx lies in "
            "models/insightface/models/antelopev2, then press R to refresh."
        )
    raise FaceError(f"No face detector was found in {searched('insightface')}. {WHERE_DETECTOR}.")


def find_recogniser(choice: str = AUTO) -> str:
    """The path of a menu entry, or for "auto" the first ArcFace IR-SE50 file found. Raises `FaceError`."""
    if choice != AUTO:
        return path_of(choice)
    safetensors = RECOGNISER_FILE.replace(".pth", ".safetensors")
    for entry in by_known_name(recogniser_files(), (safetensors, RECOGNISER_FILE)):
        return path_of(entry)
    folders = f"{searched('infinite_you')}, models/facexlib, models/facedetection or facexlib's own weights folder"
    raise FaceError(f"No ArcFace IR-SE50 recogniser was found in {folders}. {WHERE_RECOGNISER}.")


def find_both(detector: str = AUTO, recogniser: str = AUTO) -> tuple[str, str]:
    """The paths of two menu entries; a `FaceError` names all that is missing, and the command that fetches it."""
    found, missing = [], []
    for find, choice in ((find_detector, detector), (find_recogniser, recogniser)):
        try:
            found.append(find(choice))
        except FaceError as error:
            missing.append(str(error))
    if missing:
        command = download_command("faces")
        raise FaceError(f"{' '.join(missing)} Or run '{command}' in the folder of this pack.")
    return found[0], found[1]


def entries(extensions: tuple[str, ...]) -> list[str]:
    """All files with one of these endings in the face folders, as sorted menu entries."""
    register_folders()
    found = []
    for folder in FOLDERS:
        found += [f"{folder}/{name}" for name in files_in(folder, extensions)]
    package = facexlib_weights()
    if package:
        names = [name for name in os.listdir(package) if name.lower().endswith(extensions)]
        found += [f"{FACEXLIB_PACKAGE}/{name}" for name in names]
    return sorted(entry.replace(os.sep, "/") for entry in found)


def by_known_name(candidates: list[str], names: tuple[str, ...]) -> list[str]:
    """The candidates with one of these file names, in the order of the names; antelopev2's folder first."""
    known = [entry for entry in candidates if entry.rsplit("/", 1)[-1] in names]
    return sorted(known, key=lambda entry: ("antelopev2" not in entry, names.index(entry.rsplit("/", 1)[-1]), entry))


def path_of(entry: str) -> str:
    """The full path of a menu entry. Raises `FaceError` when the file is gone."""
    folder, _, name = entry.partition("/")
    path = None
    if folder == FACEXLIB_PACKAGE:
        package = facexlib_weights()
        path = os.path.join(package, name) if package else None
    elif folder in FOLDERS:
        register_folders()
        paths = [os.path.join(place, name) for place in folder_paths.get_folder_paths(folder)]
        path = next(filter(os.path.isfile, paths), None)
    if path is None or not os.path.isfile(path):
        raise FaceError(f"The file {entry} is no longer there; press R to refresh the menus and choose another.")
    return path


def searched(folder: str) -> str:
    return " or ".join(folder_paths.get_folder_paths(folder))


def facexlib_weights() -> str | None:
    """facexlib's own weights folder, where its downloads land; found without importing facexlib."""
    spec = importlib.util.find_spec("facexlib")
    for location in (spec.submodule_search_locations or []) if spec else []:
        folder = os.path.join(location, "weights")
        if os.path.isdir(folder):
            return folder
    return None
