"""A real ComfyUI server as a process of its own, on the CPU, over a test's base directory.

Tests ask for the fixture `server` (the checkout under test) or `any_server` (that one, and 0.14 where it is found):

    def test_saved_picture(any_server):
        history = any_server.run(graph)               # API format; raises GraphError with the node's own words
        png = any_server.images(history)[0]           # PIL image of the first saved file
        any_server.get("/object_info/ApplyInfuseNet") # any route, as JSON
        any_server.log()                              # all that the server wrote so far
"""

import io
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from harness.base_directory import BaseDirectory

START_SECONDS = 180


class GraphError(RuntimeError):
    """The server refused the graph or a node failed; the message holds the node's own words."""


class ComfyServer:
    """Use as a context manager; the process ends with it. `front_end`: a folder with another front end's files."""

    def __init__(self, checkout: Path, base: BaseDirectory, front_end: str | None = None):
        self.checkout, self.base, self.names, self.front_end = checkout, base, base.names, front_end
        self._log_path = base.path / f"server-{checkout.name}.log"

    def __enter__(self) -> "ComfyServer":
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        base = str(self.base.path)
        database = f"sqlite:///{self.base.path / (self.checkout.name + '.db')}"
        command = [sys.executable, str(self.checkout / "main.py"), "--cpu", "--port", str(self.port)]
        command += ["--base-directory", base, "--database-url", database]
        command += ["--disable-api-nodes", "--disable-auto-launch"]
        command += ["--front-end-root", self.front_end] if self.front_end else []
        self._log_file = self._log_path.open("wb")
        self._process = subprocess.Popen(
            command, cwd=base, env=compiling(), stdout=self._log_file, stderr=subprocess.STDOUT
        )
        self._wait_until_ready()
        return self

    def __exit__(self, *error) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log_file.close()

    def kill(self) -> None:
        """As a crash ends it: at once, with whatever it was drawing."""
        self._process.kill()
        self._process.wait()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, route: str):
        with urllib.request.urlopen(self.url + route, timeout=60) as answer:
            return json.loads(answer.read())

    def queue(self, graph: dict) -> str:
        """Post an API-format graph; return its id without waiting for it."""
        request = urllib.request.Request(self.url + "/prompt", json.dumps({"prompt": graph}).encode())
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read())["prompt_id"]
        except urllib.error.HTTPError as error:
            raise GraphError(f"ComfyUI refused the graph: {error.read().decode()}") from None

    def run(self, graph: dict, seconds: float = 120) -> dict:
        """Post a graph, wait for its end, return its history entry."""
        prompt_id = self.queue(graph)
        for _ in self._until(seconds, f"The graph did not end within {seconds} seconds."):
            entry = self.get(f"/history/{prompt_id}").get(prompt_id)
            if entry and entry["status"]["completed"]:
                return entry
            if entry:
                raise GraphError(_failure(entry))
        raise AssertionError("unreachable")

    def images(self, history: dict) -> list:
        """The pictures that a run saved, as PIL images (metadata in `.info`)."""
        from PIL import Image

        saved = [image for output in history["outputs"].values() for image in output.get("images", [])]
        pictures = []
        for image in saved:
            query = urllib.parse.urlencode({key: image[key] for key in ("filename", "subfolder", "type")})
            with urllib.request.urlopen(f"{self.url}/view?{query}", timeout=60) as answer:
                picture = Image.open(io.BytesIO(answer.read()))
                picture.load()
                pictures.append(picture)
        return pictures

    def log(self) -> str:
        return self._log_path.read_text(errors="replace")

    def memory(self) -> int:
        """Bytes that the process has in memory."""
        import psutil

        return psutil.Process(self._process.pid).memory_info().rss

    def _wait_until_ready(self) -> None:
        for _ in self._until(START_SECONDS, f"ComfyUI did not start within {START_SECONDS} seconds."):
            try:
                self.get("/system_stats")
                return
            except OSError:
                continue

    def _until(self, seconds: float, message: str):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise RuntimeError(f"ComfyUI ended by itself ({self._process.returncode}):\n{self.log()[-4000:]}")
            yield
            time.sleep(0.2)
        raise TimeoutError(f"{message}\n{self.log()[-4000:]}")


def compiling() -> dict[str, str]:
    """The environment of a user's Python, which keeps compiled files; machines that run tests often forbid it."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _failure(entry: dict) -> str:
    for event, data in entry["status"]["messages"]:
        if event == "execution_error":
            return f"{data['node_type']}: {data['exception_type']}: {data['exception_message'].strip()}"
    return json.dumps(entry["status"])
