"""A running ComfyUI, driven from outside by its HTTP routes; Python's standard library only.

client = ComfyUIClient("http://127.0.0.1:8188")
client.upload(name := upload_name(photo, ".png"), photo)      # what a LoadImage in the graph names
drawn = client.draw(graph, output="14")                       # API format; drawn.png, .seconds, .prompt_id
"""

import hashlib
import json
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from dataclasses import dataclass, field
from typing import Any

OLDEST = (0, 14)
"""The oldest ComfyUI that this was run on."""
PNG, PNG_END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"
TIMEOUT = 60
WAIT = 0.1


class ServerLost(RuntimeError):
    """The server does not answer as ComfyUI does: no fault of what it was asked."""


class DrawingFailed(RuntimeError):
    """The server answered, and the picture can't be had: a node's own words, or what is wrong with its file."""


@dataclass(frozen=True)
class Drawn:
    """`png`: the bytes of the first picture. `seconds`: from posting the graph to having it."""

    png: bytes
    prompt_id: str
    seconds: float


@dataclass
class ComfyUIClient:
    """`url`: where ComfyUI listens. `seconds`: the most that one graph may take."""

    url: str
    seconds: float = 1800
    uploaded: set[str] = field(default_factory=set)

    def __post_init__(self):
        self.url = self.url.rstrip("/")

    def versions(self) -> dict[str, str]:
        """Of ComfyUI, Python, PyTorch, and the device. Raises `ServerLost` where it is too old, or no ComfyUI."""
        stats = self.json("/system_stats")
        try:
            system, devices = stats["system"], stats["devices"]
            version = system["comfyui_version"]
            told = {"comfyui": version, "python": system["python_version"], "torch": system["pytorch_version"]}
        except (KeyError, TypeError):
            raise ServerLost(f"{self.url} answers, but not as ComfyUI does; check the address and the port.") from None
        if version_number(version) < OLDEST:
            raise ServerLost(
                f"{self.url} runs ComfyUI {version}; update it, {'.'.join(map(str, OLDEST))} is the oldest that works."
            )
        return told | {"device": ", ".join(device["name"] for device in devices)}

    def memory(self) -> dict[str, int]:
        """Bytes of the first device: in all, free, and held by PyTorch."""
        device = self.json("/system_stats")["devices"][0]
        return {name: device[name] for name in ("vram_total", "vram_free", "torch_vram_total", "torch_vram_free")}

    def classes(self) -> set[str]:
        """Every node that the server has."""
        return set(self.json("/object_info"))

    def upload(self, name: str, content: bytes) -> None:
        """Give a photo to the server under this name, once in the client's life."""
        if name not in self.uploaded:
            form, kind = multipart(name, content)
            answer = self.json("/upload/image", form, kind)
            if answer.get("name") != name:
                raise ServerLost(f"{self.url} kept the photo {name} under another name, {answer.get('name')!r}.")
            self.uploaded.add(name)

    def draw(self, graph: dict, output: str) -> Drawn:
        """Queue a graph, wait for its end, fetch the first picture of node `output`."""
        began = time.monotonic()
        prompt_id = self.queue(graph)
        entry = self.wait(prompt_id, began)
        png = self.fetch(entry, output)
        return Drawn(png, prompt_id, time.monotonic() - began)

    def queue(self, graph: dict) -> str:
        body = json.dumps({"prompt": graph, "client_id": uuid.uuid4().hex}).encode()
        try:
            return self.json("/prompt", body, "application/json", refusal=True)["prompt_id"]
        except KeyError:
            raise ServerLost(f"{self.url} took the graph, but gave no prompt_id back.") from None

    def wait(self, prompt_id: str, began: float) -> dict:
        """The run's history, when it has ended well."""
        while True:
            entry = self.json(f"/history/{prompt_id}").get(prompt_id)
            if entry and entry["status"]["completed"]:
                return entry
            if entry:
                raise DrawingFailed(failure_of(entry))
            if time.monotonic() - began > self.seconds:
                self.json("/interrupt", b"{}", "application/json")
                raise DrawingFailed(f"The graph did not end within {self.seconds:g} seconds and was interrupted.")
            if time.monotonic() - began > 5 and not self.is_queued(prompt_id):
                time.sleep(WAIT)
                if prompt_id not in self.json(f"/history/{prompt_id}"):
                    raise ServerLost(f"{self.url} no longer knows the graph it was given; it was started anew.")
            time.sleep(WAIT)

    def is_queued(self, prompt_id: str) -> bool:
        queue = self.json("/queue")
        return any(prompt_id in entry for entry in queue["queue_running"] + queue["queue_pending"])

    def fetch(self, entry: dict, output: str) -> bytes:
        images = entry["outputs"].get(output, {}).get("images", [])
        if not images:
            raise DrawingFailed(
                f"Node {output} left no picture; the output hole must name a SaveImage or PreviewImage."
            )
        query = urllib.parse.urlencode({name: images[0][name] for name in ("filename", "subfolder", "type")})
        png = self.bytes(f"/view?{query}")
        if not png.startswith(PNG):
            raise DrawingFailed(f"Node {output} left {images[0]['filename']}, which is no PNG picture.")
        if not png.endswith(PNG_END):
            raise DrawingFailed(f"{images[0]['filename']} came back as half a picture ({len(png):,} bytes).")
        return png

    def json(self, route: str, body: bytes | None = None, kind: str = "", refusal: bool = False) -> Any:
        answer = self.bytes(route, body, kind, refusal)
        try:
            return json.loads(answer or b"{}")
        except ValueError:
            raise ServerLost(
                f"{self.url}{route.split('?')[0]} answers with something else than JSON ({answer[:40]!r}); "
                "a proxy or a login page may stand before ComfyUI."
            ) from None

    def bytes(self, route: str, body: bytes | None = None, kind: str = "", refusal: bool = False) -> bytes:
        """`refusal`: a status of 400 is the server's verdict on a graph."""
        request = urllib.request.Request(self.url + route, body, {"Content-Type": kind} if kind else {})
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            told = error.read().decode(errors="replace")
            if refusal and error.code == 400:
                raise DrawingFailed(f"ComfyUI refused the graph: {refusal_of(told)}") from None
            raise ServerLost(f"{self.url}{route.split('?')[0]} answers {error.code} {error.reason}.") from None
        except (OSError, ValueError, urllib.error.ContentTooShortError) as error:
            raise ServerLost(f"{self.url} can't be reached ({getattr(error, 'reason', error)}).") from None
        except Exception as error:  # http.client's own, such as IncompleteRead when the server dies in an answer
            raise ServerLost(f"{self.url} broke off in the middle of an answer ({type(error).__name__}).") from None


def upload_name(content: bytes, suffix: str) -> str:
    """A name that belongs to these bytes alone, so that no upload can change another's photo."""
    return f"infu_{hashlib.sha256(content).hexdigest()[:16]}{suffix.lower()}"


def version_number(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.lstrip("v").split("-")[0].split(".") if part.isdigit())


def failure_of(entry: dict) -> str:
    """A failed node's own words."""
    for event, data in entry["status"]["messages"]:
        if event == "execution_error":
            kind = data["exception_type"].rsplit(".", 1)[-1]
            return f"{data['node_type']}: {kind}: {data['exception_message'].strip()}"
        if event == "execution_interrupted":
            return f"The graph was interrupted at {data.get('node_type', 'a node')}."
    return json.dumps(entry["status"])[:400]


def refusal_of(told: str) -> str:
    """The node and the words of a 400 answer."""
    try:
        answer = json.loads(told)
        nodes = answer.get("node_errors") or {}
        lines = [
            f"{node['class_type']}: {error['message']} ({error['details']})"
            for node in nodes.values()
            for error in node["errors"]
        ]
        return "; ".join(lines) or f"{answer['error']['message']} {answer['error'].get('details', '')}".strip()
    except (ValueError, KeyError, TypeError, AttributeError):
        return told[:400]


def multipart(name: str, content: bytes) -> tuple[bytes, str]:
    """The body and content type of a form that overwrites one picture in ComfyUI's input folder."""
    border = uuid.uuid4().hex
    head = f'--{border}\r\nContent-Disposition: form-data; name="'
    parts = [
        f'{head}overwrite"\r\n\r\ntrue\r\n'.encode(),
        f'{head}image"; filename="{name}"\r\nContent-Type: application/octet-stream\r\n\r\n'.encode()
        + content
        + b"\r\n",
        f"--{border}--\r\n".encode(),
    ]
    return b"".join(parts), f"multipart/form-data; boundary={border}"
