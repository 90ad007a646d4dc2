"""Fetching on request, from a server on this machine that answers as the hub does; the real hub is not asked."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from infu_core.checkpoints import download as room
from infu_core.checkpoints.download import CHUNK, download, main, with_projector
from infu_core.checkpoints.headers import CheckpointError
from infu_core.checkpoints.known_files import FILES, KnownFile

CONTENT = bytes(range(256)) * (CHUNK // 128)  # two chunks
SHA = hashlib.sha256(CONTENT).hexdigest()


class Hub(BaseHTTPRequestHandler):
    """A redirect that names size and hash, then the bytes, from any offset."""

    def do_HEAD(self):
        if not self.path.endswith("net.safetensors"):
            self.send_error(404)
            return
        self.send_response(302)
        self.send_header("Location", "/bytes")
        self.send_header("X-Linked-Size", str(len(CONTENT)))
        if self.server.names_hash:
            self.send_header("X-Linked-Etag", f'"{self.server.says_hash}"')
        self.end_headers()

    def do_GET(self):
        if self.path != "/bytes":
            self.send_response(302)
            self.send_header("Location", "/bytes")
            self.end_headers()
            return
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
        self.server.starts.append(start)
        ranged = "Range" in self.headers and self.server.ranges
        start = start if ranged else 0
        self.send_response(206 if ranged else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        end = self.server.breaks_at or len(CONTENT)
        self.wfile.write(CONTENT[start:end])

    def log_message(self, *_):
        pass


@pytest.fixture
def hub():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.names_hash, server.says_hash, server.starts, server.breaks_at, server.ranges = True, SHA, [], None, True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.address = f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    server.server_close()


def known(sha256=None):
    return KnownFile(
        "infu_flux_v1.0/aes_stage2/net.safetensors", "aes_stage2/net.safetensors", len(CONTENT), None, sha256
    )


def silent(_):
    pass


def test_a_file_arrives_checked(hub, tmp_path):
    path = download(known(SHA), tmp_path, hub.address, silent)
    assert path == tmp_path / "aes_stage2" / "net.safetensors"
    assert path.read_bytes() == CONTENT
    assert [file.name for file in path.parent.iterdir()] == ["net.safetensors"]


def test_a_file_that_is_there_is_not_fetched_again(hub, tmp_path):
    download(known(SHA), tmp_path, hub.address, silent)
    download(known(SHA), tmp_path, hub.address, silent)
    assert hub.starts == [0]


def test_a_broken_download_is_continued(hub, tmp_path):
    hub.breaks_at = CHUNK + 1000
    with pytest.raises(CheckpointError, match="run this again"):
        download(known(SHA), tmp_path, hub.address, silent)
    part = tmp_path / "aes_stage2" / "net.safetensors.part"
    assert part.stat().st_size == CHUNK + 1000
    hub.breaks_at = None
    assert download(known(SHA), tmp_path, hub.address, silent).read_bytes() == CONTENT
    assert hub.starts == [0, CHUNK + 1000]
    assert not part.exists()


def test_a_server_that_cannot_continue_starts_again(hub, tmp_path):
    part = tmp_path / "aes_stage2" / "net.safetensors.part"
    part.parent.mkdir()
    part.write_bytes(CONTENT[:500])
    hub.ranges = False
    assert download(known(SHA), tmp_path, hub.address, silent).read_bytes() == CONTENT


def test_other_bytes_than_published_are_thrown_away(hub, tmp_path):
    with pytest.raises(CheckpointError, match="SHA-256"):
        download(known("0" * 64), tmp_path, hub.address, silent)
    assert list((tmp_path / "aes_stage2").iterdir()) == []


def test_an_unknown_hash_is_taken_from_the_hub(hub, tmp_path):
    assert download(known(), tmp_path, hub.address, silent).is_file()
    hub.says_hash = "1" * 64
    with pytest.raises(CheckpointError, match="SHA-256"):
        download(known(), tmp_path / "other", hub.address, silent)


def test_nothing_is_fetched_that_cannot_be_checked(hub, tmp_path):
    hub.names_hash = False
    with pytest.raises(CheckpointError, match="could not be checked"):
        download(known(), tmp_path, hub.address, silent)
    assert hub.starts == []


def test_a_missing_file_and_a_missing_server_are_told(hub, tmp_path):
    gone = KnownFile("gone", "gone", 1)
    with pytest.raises(CheckpointError, match="404"):
        download(gone, tmp_path, hub.address, silent)
    with pytest.raises(CheckpointError, match="can't be reached"):
        download(gone, tmp_path, "http://127.0.0.1:9", silent)


def test_the_command_brings_the_projector_too(hub, tmp_path, monkeypatch, capsys):
    assert with_projector("sim-fp8") == ["sim-fp8", "sim-projector"]
    monkeypatch.setitem(room.FILES, "aes-fp8", known(SHA))
    monkeypatch.setitem(room.FILES, "aes-projector", known(SHA))
    assert main(["aes-fp8", "--folder", str(tmp_path), "--hub", hub.address]) == 0
    assert "CC BY-NC 4.0" in capsys.readouterr().out


def test_outside_custom_nodes_the_folder_must_be_said(capsys, monkeypatch):
    monkeypatch.setattr(room, "__file__", "/somewhere/pack/infu_core/checkpoints/download.py")
    assert main(["aes-fp8"]) == 1
    assert "--folder" in capsys.readouterr().err
    monkeypatch.setattr(room, "__file__", "/c/custom_nodes/my-pack/infu_core/checkpoints/download.py")
    assert room.models_folder().as_posix() == "/c/models/infinite_you"


def test_the_list_names_every_file(capsys):
    assert main(["--list"]) == 0
    out = capsys.readouterr().out
    assert all(file.name in out for file in FILES.values())


def test_the_table_holds_no_file_twice():
    assert len({file.name for file in FILES.values()}) == len(FILES)
    hashes = [file.sha256 for file in FILES.values() if file.sha256]
    assert len(set(hashes)) == len(hashes)
    assert all(room.is_sha256(value) for value in hashes)
