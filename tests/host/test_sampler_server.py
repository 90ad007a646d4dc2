"""InfuSampler through a running server: previews and progress as KSampler sends them, interrupt, the report."""

import asyncio
import json

import numpy as np
import pytest

STEPS = 8


def graph(names, sampler="InfuSampler", seed=1, steps=STEPS, **dials):
    inputs = {
        "model": ["apply", 0], "positive": ["positive", 0], "negative": ["negative", 0], "latent_image": ["latent", 0],
        "seed": seed, "steps": steps, "cfg": 1.0, "sampler_name": "euler", "scheduler": "simple", "denoise": 1.0,
    }  # fmt: skip
    if sampler == "InfuSampler":
        inputs |= {"identity_guidance": 1.0, "strength_curve": "constant", "reuse": "exact"}
        inputs |= {"guidance_start_percent": 0.0, "guidance_end_percent": 1.0, "style_alignment": 0.0}
        inputs |= {"free_curve": "", "reuse_threshold": 0.0, **dials}
    prompt = {"guidance": 3.5, "tokens": 12, "context": 64, "pooled": 32}
    apply = {"model": ["model", 0], "infusenet": ["infusenet", 0], "identity": ["person", 0], "vae": ["vae", 0]}
    apply |= {"strength": 1.0, "start_percent": 0.0, "end_percent": 1.0, "style_alignment": 0.0}
    apply |= {"region_mode": "one_pass", "guidance": 1.0, "on_negative": False, "block_weights": ""}
    return {
        "model": node("UNETLoader", unet_name=names.flux, weight_dtype="default"),
        "infusenet": node("LoadInfuseNet", infusenet=names.infusenet, projector="auto", weight_dtype="auto"),
        "vae": node("VAELoader", vae_name=names.vae),
        "person": node("TestIdentity", seed=7),
        "positive": node("TestConditioning", seed=1, **prompt),
        "negative": node("TestConditioning", seed=2, **prompt),
        "latent": node("EmptySD3LatentImage", width=128, height=128, batch_size=1),
        "apply": node("ApplyInfuseNet", **apply),
        "sampler": node(sampler, **inputs),
        "decode": node("VAEDecode", samples=["sampler", 0], vae=["vae", 0]),
        "save": node("SaveImage", images=["decode", 0], filename_prefix="sampler"),
    }


def node(kind, **inputs):
    return {"class_type": kind, "inputs": inputs}


async def watch(server, graph, interrupt_at=None):
    """Post a graph as a browser does; return (messages, number of preview pictures) until it ends."""
    import aiohttp

    events, previews = [], 0
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(f"{server.url}/ws?clientId=watcher", max_msg_size=0) as socket:
            extra = {"preview_method": "latent2rgb"}
            posted = {"prompt": graph, "client_id": "watcher", "extra_data": extra}
            async with session.post(f"{server.url}/prompt", json=posted) as answer:
                assert answer.status == 200, await answer.text()
            async for message in socket:
                if message.type == aiohttp.WSMsgType.BINARY:
                    previews += 1
                    continue
                event = json.loads(message.data)
                events.append((event["type"], event["data"]))
                if event["type"] == "progress" and event["data"]["value"] == interrupt_at:
                    await session.post(f"{server.url}/interrupt")
                if event["type"] in ("execution_success", "execution_error", "execution_interrupted"):
                    return events, previews


def watched(server, graph, **kwargs):
    return asyncio.run(asyncio.wait_for(watch(server, graph, **kwargs), 120))


def progress(events):
    return [(data["value"], data["max"]) for kind, data in events if kind == "progress" and data["node"] == "sampler"]


def pixels(server, graph):
    return np.asarray(server.images(server.run(graph))[-1])


def test_previews_and_progress_are_ksamplers(any_server):
    stock, stock_previews = watched(any_server, graph(any_server.names, "KSampler", seed=3))
    ours, previews = watched(any_server, graph(any_server.names, seed=3))
    assert progress(ours) == progress(stock) and progress(ours)[-1] == (STEPS, STEPS)
    assert previews == stock_previews >= STEPS


def test_the_saved_picture_is_ksamplers(any_server):
    ours, stock = graph(any_server.names, seed=4), graph(any_server.names, "KSampler", seed=4)
    assert np.array_equal(pixels(any_server, ours), pixels(any_server, stock))


def test_the_node_shows_report_and_plot(any_server):
    history = any_server.run(graph(any_server.names, seed=5, steps=12, reuse="fast", strength_curve="window"))
    shown = history["outputs"]["sampler"]
    assert "12 steps in" in shown["text"][0] and "computed" in shown["text"][0]
    plot = shown["images"][0]
    assert plot["type"] == "temp"
    assert "InfuSampler: 12 steps in" in any_server.log()


def test_an_interrupt_stops_it_and_the_next_run_is_whole(any_server):
    wanted = graph(any_server.names, seed=6, reuse="fast", identity_guidance=1.3, steps=14)
    expected = pixels(any_server, wanted)
    long = graph(any_server.names, seed=7, reuse="fast", identity_guidance=1.3, steps=200)
    events, _ = watched(any_server, long, interrupt_at=5)
    assert events[-1][0] == "execution_interrupted"
    assert progress(events)[-1][0] < 100
    again = graph(any_server.names, seed=7, reuse="fast", identity_guidance=1.3, steps=14)
    any_server.run(again)  # another seed in between, so that nothing of `wanted` is answered from a cache
    any_server.run({**wanted, "latent": node("EmptySD3LatentImage", width=64, height=64, batch_size=1)})
    assert np.array_equal(pixels(any_server, wanted), expected)


@pytest.mark.parametrize(
    ("dials", "sentence"),
    [
        ({"strength_curve": "free"}, "free_curve is empty"),
        ({"guidance_start_percent": 0.8, "guidance_end_percent": 0.2}, "from 0.8 to 0.2"),
    ],
)
def test_nonsense_ends_in_one_sentence(any_server, dials, sentence):
    with pytest.raises(RuntimeError, match=sentence):
        any_server.run(graph(any_server.names, **dials))


def test_the_guider_in_a_graph_of_stock_parts(any_server):
    steps = node("BasicScheduler", model=["apply", 0], scheduler="simple", steps=6, denoise=1.0)
    dials = graph(any_server.names)["sampler"]["inputs"]
    guided = {name: dials[name] for name in dials if name not in ("seed", "steps", "sampler_name", "scheduler")}
    guided = {name: guided[name] for name in guided if name not in ("denoise", "latent_image", "negative")}
    parts = {
        "noise": node("RandomNoise", noise_seed=9),
        "kind": node("KSamplerSelect", sampler_name="heun"),
        "sigmas": steps,
        "guider": node("InfuGuider", **{**guided, "reuse": "fast", "identity_guidance": 1.2}),
    }
    links = {"noise": ["noise", 0], "sampler": ["kind", 0], "sigmas": ["sigmas", 0], "guider": ["guider", 0]}
    sampler = {"sampler": node("SamplerCustomAdvanced", latent_image=["latent", 0], **links)}
    picture = pixels(any_server, {**graph(any_server.names), **parts, **sampler})
    assert picture.std() > 5
    assert "InfuGuider: 6 steps in" in any_server.log()
