"""A stand-in that answers ComfyUI's routes, and can be told to go wrong as servers do.

`picture(graph)` -> PNG bytes; `faults`: name -> how often it still happens.
"""

import hashlib
import io
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np


def png_of(graph: dict, size: int = 16) -> bytes:
    """The same picture for the same graph, whatever server draws it."""
    from PIL import Image

    seed = int(hashlib.sha256(json.dumps(graph, sort_keys=True).encode()).hexdigest()[:8], 16)
    pixels = np.random.default_rng(seed).integers(0, 255, (size, size, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "png")
    return buffer.getvalue()


class FakeComfyUI:
    def __init__(self, version: str = "0.33.0", **faults: int):
        self.version, self.faults = version, dict(faults)
        self.delay, self.size = 0.0, 16
        self.uploads, self.graphs, self.lock = {}, {}, threading.Lock()
        self.start()

    def start(self, port: int = 0) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.answer(self, b"")

            def do_POST(self):
                outer.answer(self, self.rfile.read(int(self.headers.get("Content-Length", 0))))

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        self.http.shutdown()
        self.http.server_close()

    def goes_wrong(self, name: str) -> bool:
        with self.lock:
            left = self.faults.get(name, 0)
            self.faults[name] = max(left - 1, 0)
            return left > 0

    def answer(self, request, body: bytes) -> None:
        route = request.path.split("?")[0]
        if self.goes_wrong("html"):
            return self.send(request, b"<html>Log in, please</html>")
        if route == "/system_stats":
            system = {"comfyui_version": self.version, "python_version": "3.11", "pytorch_version": "2"}
            return self.send(request, {"system": system, "devices": [{"name": "cpu"}]})
        if route == "/upload/image":
            name = body.split(b'filename="')[1].split(b'"')[0].decode()
            self.uploads[name] = len(body)
            return self.send(request, {"name": name, "subfolder": "", "type": "input"})
        if route == "/prompt":
            return self.prompt(request, json.loads(body)["prompt"])
        if route.startswith("/history/"):
            return self.history(request, route.rsplit("/", 1)[1])
        if route == "/view":
            return self.view(request)
        self.send(request, {})

    def prompt(self, request, graph: dict) -> None:
        if self.goes_wrong("refuse"):
            error = {"message": "Value not in list", "details": "unet_name: 'x' not in []"}
            told = {
                "error": {"message": "failed"},
                "node_errors": {"1": {"class_type": "UNETLoader", "errors": [error]}},
            }
            return self.send(request, told, 400)
        with self.lock:
            prompt_id = f"{len(self.graphs)}-{self.port}"
            self.graphs[prompt_id] = graph
        self.send(request, {"prompt_id": prompt_id})

    def history(self, request, prompt_id: str) -> None:
        time.sleep(self.delay)
        if self.goes_wrong("node"):
            data = {"node_type": "KSampler", "exception_type": "ValueError", "exception_message": "no such sampler\n"}
            status = {"completed": False, "messages": [["execution_error", data]]}
            return self.send(request, {prompt_id: {"status": status, "outputs": {}}})
        image = {"filename": f"{prompt_id}.png", "subfolder": "", "type": "output"}
        images = [] if self.goes_wrong("no_picture") else [image]
        status = {"completed": True, "messages": []}
        self.send(request, {prompt_id: {"status": status, "outputs": {"5": {"images": images}}}})

    def view(self, request) -> None:
        name = request.path.split("filename=")[1].split("&")[0].removesuffix(".png")
        png = png_of(self.graphs[name], self.size)
        if self.goes_wrong("half"):
            return self.send(request, png[: len(png) // 2])
        if self.goes_wrong("break_off"):
            request.send_response(200)
            request.send_header("Content-Length", str(len(png)))
            request.end_headers()
            request.wfile.write(png[: len(png) // 2])
            return request.connection.close()
        self.send(request, png)

    def send(self, request, content, status: int = 200) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)
