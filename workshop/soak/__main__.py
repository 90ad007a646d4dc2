"""Hundreds of prompts on one real server: does its memory stay, do pictures repeat, does the log echo?

    python -m workshop.soak                     # 400 prompts on tiny models, about ten minutes on two cores
    python -m workshop.soak --prompts 100 --seed 3

Mixed: regions, identity guidance, reuse, the identity in the prompt behind a ControlNet; interrupts at a step, an error
every tenth. The last line is "sound", or "NOT SOUND" with an exit status of 1. COMFYUI_PATH names the ComfyUI.
"""

import argparse
import asyncio
import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path

from harness.base_directory import make_base_directory
from harness.checkout import find_comfyui
from harness.server import ComfyServer

from .findings import Findings
from .prompts import Prompt, mixed

SECONDS = 120
ENDS = {"execution_success": "drawn", "execution_error": "failed", "execution_interrupted": "interrupted"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompts", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # as in the tests: tiny tensors gain nothing from threads
    checkout = find_comfyui()
    if checkout is None:
        raise SystemExit("No ComfyUI was found; set COMFYUI_PATH to a checkout of it.")
    with tempfile.TemporaryDirectory() as folder:
        with ComfyServer(checkout, make_base_directory(Path(folder))) as server:
            prompts = mixed(options.prompts, options.seed, server.names, server.get("/object_info"))
            findings = asyncio.run(soak(server, prompts))
            findings.log = server.log()
    print(findings.text())
    return 0 if findings.is_sound else 1


async def soak(server: ComfyServer, prompts: list[Prompt]) -> Findings:
    import aiohttp

    findings = Findings()
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(f"{server.url}/ws?clientId=soak", max_msg_size=0) as socket:
            for number, prompt in enumerate(prompts, start=1):
                end, pictures = await asyncio.wait_for(run(server.url, session, socket, prompt), SECONDS)
                findings.ends[end.partition(":")[0]] += 1
                # An interrupt may come too late; nothing else may end otherwise than planned.
                planned = {"failed"} if prompt.fails else {"drawn"}
                if end not in planned | ({"interrupted"} if prompt.interrupt_at else set()):
                    findings.surprises.append(f"prompt {number} ({prompt.key}) {end[:500]}")
                if end == "drawn":
                    findings.pictures.setdefault(prompt.key, []).append(await mark(server.url, session, pictures))
                findings.memory.append(server.memory())
                if number % 50 == 0:
                    print(f"{number}: {findings.memory[-1] / 1e6:.0f} MB", flush=True)
    return findings


async def run(url: str, session, socket, prompt: Prompt) -> tuple[str, list[dict]]:
    """Queue one prompt and follow it; how it ended, and the pictures that it told of."""
    pictures = []
    async with session.post(f"{url}/prompt", json={"prompt": prompt.graph, "client_id": "soak"}) as answer:
        if answer.status != 200:
            return f"refused: {await answer.text()}", []
    async for message in socket:
        if not isinstance(message.data, str):
            continue
        event = json.loads(message.data)
        kind, data = event["type"], event["data"]
        if kind == "progress" and data["value"] == prompt.interrupt_at:
            await session.post(f"{url}/interrupt")
        if kind == "executed" and data["node"] == "save":
            pictures = data["output"]["images"]
        if kind == "execution_error" and not prompt.fails:
            return f"failed: {data['node_type']}: {data['exception_message']}", []
        if kind in ENDS:
            return ENDS[kind], pictures
    return "lost", []


async def mark(url: str, session, pictures: list[dict]) -> str:
    """Of the pixels, whatever else a file says."""
    import io

    from PIL import Image

    made = hashlib.sha256()
    for picture in pictures:
        async with session.get(f"{url}/view", params=picture) as answer:
            made.update(Image.open(io.BytesIO(await answer.read())).convert("RGB").tobytes())
    return made.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
