"""Every malformed file is told in one line that names it; quickly, in little memory, and nothing in it is executed."""

import random
import time
from pathlib import Path

import pytest
import torch
from face_fixtures import write_arcface
from harness.tiny_models import flux_controlnet, projector, save
from malformed_edits import DAMAGES, IDENTITY_EDITS, NETWORK_EDITS, PROJECTOR_EDITS, resealed
from malformed_files import PICKLES, PLACES, TABLES
from safetensors.torch import save_file

from infu_core.checkpoints.arcface_file import load_arcface
from infu_core.checkpoints.file_faults import CheckpointError
from infu_core.checkpoints.load import load_network, load_projector
from infu_core.identity.identity import Identity
from infu_core.identity.identity_file import load_identity, save_identity

SECONDS, MEGABYTES = 2, 300
READERS = {
    "network": load_network,
    "projector": load_projector,
    "identity": load_identity,
    "recogniser": load_arcface,
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A file of each kind that loads; the tests damage copies."""
    folder = tmp_path_factory.mktemp("sound")
    save(flux_controlnet(), folder / "network.safetensors")
    save(projector(), folder / "projector.safetensors")
    save_identity(Identity(torch.nn.functional.normalize(torch.ones(1, 512))), folder / "identity.safetensors")
    write_arcface(folder / "recogniser.safetensors")
    for kind, read in READERS.items():
        read(folder / f"{kind}.safetensors")
    return folder


def peak_megabytes() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def assert_one_line(read, path: Path) -> str:
    forget_peak()
    before, began = peak_megabytes(), time.perf_counter()
    with pytest.raises(ValueError) as refused:
        read(path)
    taken, more = time.perf_counter() - began, peak_megabytes() - before
    text = str(refused.value)
    assert type(refused.value).__module__ == "builtins", type(refused.value)
    assert path.name in text and str(path.parent) not in text and "infu_core" not in text, text
    assert "\n" not in text and text.isprintable() and len(text) < 1100 and text.endswith((".", "...")), text
    assert taken < SECONDS and more < MEGABYTES, f"{taken:.1f} s, {more:.0f} MB: {text}"
    assert not Path(f"{path}.executed").exists(), "it was executed"
    return text


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("case", TABLES)
def test_tables(tmp_path, kind, case):
    path = tmp_path / f"{kind}.safetensors"
    path.write_bytes(TABLES[case])
    assert_one_line(READERS[kind], path)


@pytest.mark.parametrize("kind", ["projector", "recogniser"])
@pytest.mark.parametrize("case", PICKLES)
def test_pickles(tmp_path, kind, case):
    path = tmp_path / f"{kind}.pth"
    PICKLES[case](path)
    assert_one_line(READERS[kind], path)


@pytest.mark.parametrize("ending", [".safetensors", ".bin"])
@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("case", PLACES)
def test_places(tmp_path, kind, ending, case):
    if kind in ("network", "identity") and ending == ".bin":
        return
    path = tmp_path / f"{kind}{ending}"
    PLACES[case](path)
    assert_one_line(READERS[kind], path)


EDITS = (
    [("network", case, change) for case, change in NETWORK_EDITS.items()]
    + [("projector", case, change) for case, change in PROJECTOR_EDITS.items()]
    + [("identity", case, change) for case, change in IDENTITY_EDITS.items()]
    + [(kind, case, change) for kind in ("network", "projector", "recogniser") for case, change in DAMAGES.items()]
)


@pytest.mark.parametrize(("kind", "case", "change"), EDITS, ids=[f"{kind}: {case}" for kind, case, _ in EDITS])
def test_sound_files_that_were_changed(tmp_path, sound, kind, case, change):
    path = tmp_path / f"{kind}.safetensors"
    resealed(sound / f"{kind}.safetensors", path, change)
    told = assert_one_line(READERS[kind], path)
    if case in DAMAGES:
        assert "is damaged" in told and "download it again" in told


@pytest.mark.parametrize("kind", ["network", "projector"])
def test_what_trained_weights_may_hold_is_let_through(tmp_path, sound, kind):
    """Zeros in biases, norms and the projections that training begins at zero."""
    path = tmp_path / f"{kind}.safetensors"

    def change(entries, body):
        for name, told in entries.items():
            born_zero = any(word in name for word in ("controlnet_blocks", "controlnet_single_blocks", "controlnet_x"))
            if len(told["shape"]) < 2 or born_zero:
                first, last = told["data_offsets"]
                body[first:last] = bytes(last - first)

    resealed(sound / f"{kind}.safetensors", path, change)
    READERS[kind](path)


def test_the_corpus_is_as_large_as_promised():
    assert len(TABLES) + len(PICKLES) + len(PLACES) + len(EDITS) >= 250


@pytest.mark.parametrize("kind", ["network", "projector", "identity"])
def test_any_byte_of_the_header_may_be_any_other(sound, tmp_path, kind):
    path, draw, refused = tmp_path / f"{kind}.safetensors", random.Random(kind), 0
    content = (sound / path.name).read_bytes()
    header = 8 + int.from_bytes(content[:8], "little")
    path.write_bytes(content)
    with path.open("r+b", buffering=0) as file:
        for _ in range(300):
            place, count = draw.randrange(header), draw.choice((1, 1, 2, 8))
            file.seek(place)
            file.write(draw.choice((draw.randbytes(count), b"9" * count, b'"' * count, b"}" * count, bytes(count))))
            try:
                READERS[kind](path)
            except CheckpointError as error:
                refused += 1
                assert path.name in str(error) and str(error).isprintable()
            file.seek(place)
            file.write(content[place : place + count])
    assert refused > 150
    READERS[kind](path)


@pytest.mark.parametrize("types", [(torch.complex64, torch.float64), (torch.float32, torch.complex64)])
def test_an_identity_of_other_numbers(tmp_path, types):
    path = tmp_path / "identity.safetensors"
    vector = torch.nn.functional.normalize(torch.ones(1, 512))
    words = {"format": "infu.identity", "schema": "1", "recogniser": "arcface_ir_se50"}
    save_file({"vectors": vector.to(types[0]), "weights": torch.ones(1).to(types[1])}, path, words)
    assert "is a damaged identity" in assert_one_line(load_identity, path)


def test_names_that_no_system_takes_and_names_in_two_lines(tmp_path):
    with pytest.raises(CheckpointError, match="can't be read|is not an identity"):
        load_identity(tmp_path / ("a" * 300 + ".safetensors"))
    torch.save({"a\nb\x1b[31m": torch.ones(1)}, tmp_path / "recogniser.pth")
    assert_one_line(load_arcface, tmp_path / "recogniser.pth")
