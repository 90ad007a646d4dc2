"""Fetching on request, from a server on this machine that answers as the hub does; the real hub is not asked."""

import hashlib
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytest.importorskip("huggingface_hub")

from infu_core.checkpoints import download as command  # noqa: E402
from infu_core.checkpoints import fetching, known_files  # noqa: E402
from infu_core.checkpoints.download import main  # noqa: E402
from infu_core.checkpoints.fetching import STAGING, fetch  # noqa: E402
from infu_core.checkpoints.file_faults import CheckpointError  # noqa: E402
from infu_core.checkpoints.known_files import FILES, GROUPS, KnownFile, download_command  # noqa: E402

CONTENT = bytes(range(256)) * 8192  # 2 MB
SHA = hashlib.sha256(CONTENT).hexdigest()
PATH = "/ByteDance/InfiniteYou/resolve/main/infu_flux_v1.0/aes_stage2/net.safetensors"


class Hub(BaseHTTPRequestHandler):
    """A redirect that names commit, size and hash, then the bytes, from any offset."""

    def do_HEAD(self):
        self.answer(body=False)

    def do_GET(self):
        self.answer(body=True)

    def answer(self, body):
        hub = self.server
        if self.path == "/bytes":
            self.give_bytes(body)
            return
        hub.asked.append(self.path)
        if self.path != PATH:
            self.send_response(404)
            self.send_header("X-Error-Code", "EntryNotFound")
        elif hub.gated:
            self.send_response(403)
            self.send_header("X-Error-Code", "GatedRepo")
        else:
            self.send_response(302)
            self.send_header("Location", f"http://localhost:{hub.server_port}/bytes")
            self.send_header("X-Repo-Commit", "0" * 40)
            self.send_header("X-Linked-Size", str(len(CONTENT)))
            self.send_header("X-Linked-Etag", f'"{hub.says_hash}"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def give_bytes(self, body):
        hub, ranged = self.server, self.headers.get("Range")
        start = int(ranged.removeprefix("bytes=").split("-")[0]) if ranged else 0
        self.send_response(206 if ranged else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        if ranged:
            self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.end_headers()
        if body:
            hub.starts.append(start)
            breaks_at = hub.breaks_at.pop(0) if hub.breaks_at else len(CONTENT)
            self.wfile.write(CONTENT[start:breaks_at])

    def log_message(self, *_):
        pass


@pytest.fixture
def hub(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 1 << 16)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.says_hash, server.starts, server.asked, server.breaks_at, server.gated = SHA, [], [], [], False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.address = f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    server.server_close()


def known(sha256=SHA, **more):
    path = "infu_flux_v1.0/aes_stage2/net.safetensors"
    return KnownFile(path, "aes_stage2/net.safetensors", len(CONTENT), None, sha256, **more)


def silent(_):
    pass


def test_a_file_arrives_checked_and_leaves_nothing_beside_it(hub, tmp_path):
    path = fetch(known(), tmp_path, hub.address, silent)
    assert path == tmp_path / "infinite_you" / "aes_stage2" / "net.safetensors"
    assert path.read_bytes() == CONTENT
    assert [one for one in tmp_path.rglob("*") if one.is_file()] == [path]
    assert not (tmp_path / "infinite_you" / STAGING).exists()


def test_a_file_that_is_there_is_not_asked_for(hub, tmp_path):
    fetch(known(), tmp_path, hub.address, silent)
    hub.asked.clear()
    fetch(known(), tmp_path, hub.address, silent)
    assert not hub.asked


def test_a_break_is_gone_on_from_and_too_many_are_told(hub, tmp_path):
    """What has come lies in a folder that menus pass over, never under the file's own name."""
    hub.breaks_at = [1_000_000]
    assert fetch(known(), tmp_path / "once", hub.address, silent).read_bytes() == CONTENT
    assert hub.starts[0] == 0 and hub.starts[1] > 0
    hub.breaks_at = [1_000_000] * 20
    with pytest.raises(CheckpointError, match="run this again"):
        fetch(known(), tmp_path, hub.address, silent)
    assert not (tmp_path / "infinite_you" / "aes_stage2").exists()
    assert STAGING.startswith(".") and (tmp_path / "infinite_you" / STAGING).is_dir()
    hub.breaks_at = []
    assert fetch(known(), tmp_path, hub.address, silent).read_bytes() == CONTENT


def test_other_bytes_than_published_are_thrown_away(hub, tmp_path):
    with pytest.raises(CheckpointError, match="arrived with SHA-256"):
        fetch(known("0" * 64), tmp_path, hub.address, silent)
    assert not list(tmp_path.rglob("net.safetensors"))


def test_an_unknown_hash_is_taken_from_the_hub(hub, tmp_path):
    assert fetch(known(None), tmp_path, hub.address, silent).is_file()
    hub.says_hash = "1" * 64
    with pytest.raises(CheckpointError, match="SHA-256"):
        fetch(known(None), tmp_path / "other", hub.address, silent)


def test_nothing_is_fetched_that_cannot_be_checked(hub, tmp_path):
    hub.says_hash = "not-a-hash"
    with pytest.raises(CheckpointError, match="could not be checked"):
        fetch(known(None), tmp_path, hub.address, silent)
    assert hub.starts == []


def test_a_missing_file_a_missing_server_and_a_gate_are_told_in_a_line(hub, tmp_path):
    gone = replace(known(), path="gone")
    for file, address, said in (
        (gone, hub.address, "could not be fetched"),
        (known(), "http://127.0.0.1:9", "could not be fetched"),
    ):
        with pytest.raises(CheckpointError, match=said) as error:
            fetch(file, tmp_path, address, silent)
        assert len(str(error.value)) < 420 and "\n" not in str(error.value)
    hub.gated = True
    with pytest.raises(CheckpointError, match="agree to its licence on https://huggingface.co/ByteDance/InfiniteYou"):
        fetch(known(), tmp_path, hub.address, silent)


def test_a_full_disk_is_told_before_anything_comes(hub, tmp_path, monkeypatch):
    monkeypatch.setattr(fetching.shutil, "disk_usage", lambda folder: type("Usage", (), {"free": 1000})())
    with pytest.raises(CheckpointError, match="make room first"):
        fetch(known(), tmp_path, hub.address, silent)
    assert hub.starts == []


def test_without_the_library_the_hint_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(CheckpointError, match="pip install huggingface_hub.*by hand: https://huggingface.co/ByteDance"):
        fetch(known(), tmp_path, None, silent)


def test_a_release_is_fetched_and_checked(hub, tmp_path):
    file = KnownFile("", "face.pth", len(CONTENT), None, SHA, url=f"{hub.address}/bytes")
    assert fetch(file, tmp_path, None, silent).read_bytes() == CONTENT
    with pytest.raises(CheckpointError, match="arrived with"):
        fetch(replace(file, name="other.pth", sha256="0" * 64), tmp_path, None, silent)
    with pytest.raises(CheckpointError, match="could not be fetched"):
        fetch(replace(file, name="third.pth", url="http://127.0.0.1:9/gone"), tmp_path, None, silent)


@pytest.fixture
def one_file(monkeypatch):
    """The table with a file that the hub here has."""
    monkeypatch.setitem(FILES, "aes-fp8", known())
    monkeypatch.setitem(GROUPS, "aes-fp8", ("aes-fp8",))


def test_the_command_says_all_asks_once_and_fetches(hub, one_file, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command.sys, "stdin", type("Terminal", (), {"isatty": staticmethod(lambda: True)})())
    answers = iter(["n", "y"])
    monkeypatch.setattr("builtins.input", lambda question: print(question) or next(answers))
    call = ["aes-fp8", "--models", str(tmp_path), "--hub", hub.address]
    assert main(call) == 1 and "Nothing was fetched" in capsys.readouterr().out and not hub.starts
    assert main(call) == 0
    out = capsys.readouterr().out
    assert "CC BY-NC 4.0" in out and "Fetch 1 files, 0.0 GB" in out and "complete" in out
    assert main(call) == 0 and "there" in capsys.readouterr().out


def test_where_nobody_can_answer_nothing_is_fetched(hub, one_file, tmp_path, capsys):
    call = ["aes-fp8", "--folder", str(tmp_path / "infinite_you"), "--hub", hub.address]
    assert main(call) == 1 and "--yes" in capsys.readouterr().err and not hub.starts
    assert main([*call, "--yes"]) == 0
    assert (tmp_path / "infinite_you" / "aes_stage2" / "net.safetensors").read_bytes() == CONTENT


def test_one_that_fails_does_not_keep_the_others(hub, one_file, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(FILES, "sim-fp8", replace(known(), path="gone", name="gone.safetensors"))
    monkeypatch.setitem(GROUPS, "sim-fp8", ("sim-fp8",))
    assert main(["sim-fp8", "aes-fp8", "--models", str(tmp_path), "--hub", hub.address, "--yes"]) == 1
    told = capsys.readouterr()
    assert "complete" in told.out and "gone" in told.err


def test_status_says_right_wrong_and_missing(tmp_path, monkeypatch, capsys):
    content = b"published"
    right = hashlib.sha256(content).hexdigest()
    for key, file in (
        ("aes-fp8", KnownFile("", "aes_stage2/a.safetensors", 9, 9, right)),
        ("sim-fp8", KnownFile("", "sim_stage1/b.safetensors", 9, 9, right)),
        ("sim-bf16", KnownFile("", "sim_stage1/c.safetensors", 9, 9, right)),
        ("flux-dev", KnownFile("", "d.safetensors", 9, directory="diffusion_models")),
    ):
        monkeypatch.setitem(FILES, key, file)
    for place, text in (
        ("infinite_you/mine/a.safetensors", content),
        ("infinite_you/sim_stage1/b.safetensors", b"PUBLISHED"),
        ("infinite_you/sim_stage1/c.safetensors", b"half"),
        ("unet/d.safetensors", b"any"),
    ):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_bytes(text)
    assert main(["status", "--models", str(tmp_path)]) == 0
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "right" in rows["aes-fp8"] and "infinite_you/mine/a.safetensors" in rows["aes-fp8"]
    assert "WRONG: another SHA-256" in rows["sim-fp8"]
    assert "WRONG: 4 bytes, 9 published" in rows["sim-bf16"]
    assert "no hash is known" in rows["flux-dev"] and "unet/d.safetensors" in rows["flux-dev"]
    assert "missing" in rows["detector"] and "insightface/models/antelopev2" in rows["detector"]


def test_outside_custom_nodes_the_folder_must_be_said(capsys, monkeypatch):
    monkeypatch.setattr(command, "__file__", "/somewhere/pack/infu_core/checkpoints/download.py")
    assert main(["aes-fp8"]) == 1
    assert "--models" in capsys.readouterr().err
    monkeypatch.setattr(command, "__file__", "/c/custom_nodes/my-pack/infu_core/checkpoints/download.py")
    assert command.models_folder().as_posix() == "/c/models"


def test_the_list_names_every_file_and_a_wrong_word_is_told(capsys):
    assert main(["--list"]) == 0
    out = capsys.readouterr().out
    assert all(file.name in out for file in FILES.values()) and all(name in out for name in GROUPS)
    with pytest.raises(SystemExit):
        main(["everything"])
    assert "everything is not known; choose from" in capsys.readouterr().err


def test_the_table_holds_no_file_twice_and_groups_name_files():
    assert len({(file.directory, file.name) for file in FILES.values()}) == len(FILES)
    hashes = [file.sha256 for file in FILES.values() if file.sha256]
    assert len(set(hashes)) == len(hashes) and all(fetching.is_sha256(value) for value in hashes)
    assert all(key in FILES for keys in GROUPS.values() for key in keys)
    assert all((key in FILES) for key in ("aes-bf16", "aes-projector", "detector", "recogniser"))


def test_portable_windows_gets_the_command_that_works_there(monkeypatch):
    assert download_command("aes", "faces") == "python -m infu_core.checkpoints.download aes faces"
    monkeypatch.setattr(known_files.sys, "executable", "/c/ComfyUI_windows_portable/python_embeded/python.exe")
    said = download_command("aes")
    assert 'python.exe" -c ' in said and "main(['aes'])" in said
