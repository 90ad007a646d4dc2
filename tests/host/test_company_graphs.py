"""Our nodes muted, bypassed, and given lists, as a server sees such graphs."""

import copy
import itertools
import json
import re

import numpy as np
import pytest
from harness.modes import bypassed, muted
from harness.server import GraphError
from harness.tiny_workflows import WORKFLOWS, api_twin, tiny

RUNS = itertools.count()


def node(kind, **inputs):
    return {"class_type": kind, "inputs": inputs}


def drawing(names, **changed) -> dict:
    """One person by ApplyInfuseNet and KSampler; `changed` nodes replace or join."""
    prompt = {"guidance": 3.5, "tokens": 12, "context": 64, "pooled": 32}
    apply = {"infusenet": ["infusenet", 0], "identity": ["person", 0], "vae": ["vae", 0], "strength": 1.0}
    apply |= {"start_percent": 0.0, "end_percent": 1.0, "style_alignment": 0.0, "block_weights": "", "guidance": 1.0}
    graph = {
        "model": node("UNETLoader", unet_name=names.flux, weight_dtype="default"),
        "infusenet": node("LoadInfuseNet", infusenet=names.infusenet, projector="auto", weight_dtype="auto"),
        "vae": node("VAELoader", vae_name=names.vae),
        "person": node("TestIdentity", seed=7),
        "positive": node("TestConditioning", seed=1, **prompt),
        "negative": node("TestConditioning", seed=2, **prompt),
        "latent": node("EmptySD3LatentImage", width=64, height=64, batch_size=1),
        "apply": node("ApplyInfuseNet", model=["model", 0], region_mode="one_pass", on_negative=False, **apply),
        "sampler": node(
            "KSampler", model=["apply", 0], positive=["positive", 0], negative=["negative", 0],
            latent_image=["latent", 0], seed=1, steps=2, cfg=1.0, sampler_name="euler", scheduler="simple", denoise=1.0,
        ),
        "decode": node("VAEDecode", samples=["sampler", 0], vae=["vae", 0]),
        "save": node("SaveImage", images=["decode", 0], filename_prefix="company"),
    }  # fmt: skip
    return {**graph, **changed}


def in_the_prompt(names) -> dict:
    """The same person by ApplyInfuseNetConditioning."""
    graph = drawing(names)
    given = graph.pop("apply")["inputs"]
    del given["model"]
    graph["twin"] = node("ApplyInfuseNetConditioning", positive=["positive", 0], **given)
    graph["sampler"]["inputs"] |= {"model": ["model", 0], "positive": ["twin", 0]}
    return graph


def pixels(server, graph) -> list[np.ndarray]:
    """Of a run of its own: an older host says nothing of a picture that it has saved before."""
    graph["save"]["inputs"]["filename_prefix"] = f"company{next(RUNS)}"
    return [np.asarray(picture) for picture in server.images(server.run(graph))]


@pytest.mark.parametrize("with_identity", [drawing, in_the_prompt])
def test_a_bypassed_apply_node_gives_the_bare_picture(any_server, with_identity):
    graph, info = with_identity(any_server.names), any_server.get("/object_info")
    bare = drawing(any_server.names)
    bare["sampler"]["inputs"]["model"] = ["model", 0]
    del bare["apply"]
    key = next(key for key in ("apply", "twin") if key in graph)
    made, expected = pixels(any_server, bypassed(graph, key, info))[0], pixels(any_server, bare)[0]
    assert np.array_equal(made, expected)
    assert not np.array_equal(pixels(any_server, graph)[0], expected)


def test_a_muted_apply_node_is_refused_by_the_node_behind_it(any_server):
    with pytest.raises(GraphError, match="Required input is missing.*model"):
        any_server.run(muted(drawing(any_server.names), "apply"))


def test_what_is_optional_may_be_muted(any_server):
    """Without its photo a pose image is the black picture; without a mask a region is everywhere."""
    photo = {"photo": node("LoadImage", image="face.png")}
    graph = drawing(any_server.names, **photo)
    graph["apply"]["inputs"]["pose_image"] = ["photo", 0]
    assert np.array_equal(
        pixels(any_server, muted(graph, "photo"))[0], pixels(any_server, drawing(any_server.names))[0]
    )


OWN_SENTENCE = r"\w+: \w*Error: [^\n]+\.$"
OURS = ("LoadInfuseNet", "ApplyInfuseNet", "ApplyInfuseNetConditioning", "EncodeFaceID", "MixIdentities")


def every_node_once() -> list:
    """(workflow, key) for each class of ours in the shipped workflows."""
    found = {}
    for path in WORKFLOWS:
        for key, entry in json.loads(api_twin(path).read_text(encoding="utf-8")).items():
            if entry["class_type"].startswith("Infu") or entry["class_type"] in OURS:
                found.setdefault(entry["class_type"], pytest.param(path, key, id=entry["class_type"]))
    return list(found.values())


@pytest.mark.parametrize("mode", ["muted", "bypassed"])
@pytest.mark.parametrize(("path", "key"), every_node_once())
def test_any_node_may_be_switched_off(any_server, path, key, mode):
    """The graph runs without it, or the host names the input that lacks a link, or our node says what it lacks."""
    whole, info = tiny(path, any_server.names), any_server.get("/object_info")
    graph = muted(whole, key) if mode == "muted" else bypassed(whole, key, info)
    try:
        any_server.run(graph)
    except GraphError as refused:
        told = str(refused)
        assert re.match(OWN_SENTENCE, told) or "Required input is missing" in told or "no_outputs" in told, told


def test_a_list_of_photos_is_one_person(any_server):
    """EncodeFaceID takes a list as it takes a batch; what it makes is one identity and one run."""
    photos = {name: node("LoadImage", image=f"{name}.png") for name in ("face", "face_2")}
    photos["batch"] = node("ImageBatch", image1=["face", 0], image2=["face_2", 0])
    photos["list"] = node("RebatchImages", images=["batch", 0], batch_size=1)
    widgets = {"face": "largest", "index": 0, "no_face": "stop", "outliers": "keep", "threshold": 0.5}
    widgets |= {"photo_weights": "", "key_points": ""}
    made = {}
    for given in ("list", "batch"):
        graph = drawing(any_server.names, **copy.deepcopy(photos))
        graph["person"] = node("EncodeFaceID", image=[given, 0], **widgets)
        outputs = any_server.run(graph)["outputs"]
        (made[given],) = any_server.images({"outputs": {"save": outputs["save"]}})
    assert np.array_equal(np.asarray(made["list"]), np.asarray(made["batch"]))


@pytest.mark.parametrize("with_identity", [drawing, in_the_prompt])
def test_a_list_of_people_is_a_run_for_each(any_server, with_identity):
    graph = with_identity(any_server.names)
    graph |= {"other": node("TestIdentity", seed=8)}
    people = node("InfuInterpolateIdentities", a=["person", 0], b=["other", 0], steps=2, mode="slerp")
    key = next(key for key in ("apply", "twin") if key in graph)
    both = {**copy.deepcopy(graph), "people": people}
    both[key]["inputs"]["identity"] = ["people", 0]
    made = pixels(any_server, both)
    alone = []
    for person in ("person", "other"):
        graph[key]["inputs"]["identity"] = [person, 0]
        alone += pixels(any_server, graph)
    assert len(made) == 2 and not np.array_equal(*made)
    assert all(np.array_equal(one, other) for one, other in zip(made, alone, strict=True))


def test_lists_of_latents_and_strengths_meet_one_person(any_server):
    """Two sizes in one list, whose runs share the identity but no state."""
    graph = drawing(any_server.names)
    graph["latent"]["inputs"]["batch_size"] = 2
    graph["list"] = node("RebatchLatents", latents=["latent", 0], batch_size=1)
    graph["sampler"]["inputs"]["latent_image"] = ["list", 0]
    first, second = pixels(any_server, graph)
    single = pixels(any_server, drawing(any_server.names))[0]
    assert np.array_equal(first, single) and not np.array_equal(second, single)
