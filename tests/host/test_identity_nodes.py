"""The identity nodes in real ComfyUI: mixing with growing inputs, series, files, similarity."""

import pytest
import torch
from harness.server import GraphError

ENCODE = {"face": "largest", "index": 0, "no_face": "stop", "outliers": "keep", "threshold": 0.5}
ENCODE |= {"photo_weights": "", "key_points": ""}


def node(kind, **inputs):
    return {"class_type": kind, "inputs": inputs}


def stranger(seed):
    return node("TestIdentity", seed=seed)


def mix(*links, mode="blend", weights=""):
    return node(
        "MixIdentities", mode=mode, weights=weights, **{f"identities.identity_{n}": v for n, v in enumerate(links)}
    )


def test_identities_are_mixed_saved_and_loaded_through_the_server(any_server):
    graph = {str(seed): stranger(seed) for seed in range(4)}
    graph["mix"] = mix(*([str(seed), 0] for seed in range(4)), mode="stack", weights="1 0.5 0 0.25")
    graph["save"] = node("InfuSaveIdentity", identity=["mix", 0], name="tests/four people")
    (text,) = any_server.run(graph)["outputs"]["save"]["text"]
    entry = text.removeprefix("Saved as ")
    assert entry == "identities/tests/four people.safetensors [output]"
    menu = any_server.get("/object_info/InfuLoadIdentity")["InfuLoadIdentity"]["input"]["required"]["file"]
    assert entry in str(menu)
    loaded = {"load": node("InfuLoadIdentity", file=entry, recogniser="arcface_ir_se50")}
    loaded["show"] = node("PreviewAny", source=["load", 0])
    shown = any_server.run(loaded)["outputs"]["show"]["text"][0]
    assert "weights=(1.0, 0.5, 0.25)" in shown


def test_a_series_runs_what_follows_once_for_each(any_server):
    graph = {"a": stranger(1), "b": stranger(2)}
    graph["series"] = node("InfuInterpolateIdentities", a=["a", 0], b=["b", 0], steps=4, mode="slerp")
    graph["save"] = node("InfuSaveIdentity", identity=["series", 0], name="tests/series")
    names = any_server.run(graph)["outputs"]["save"]["text"]
    assert [name.rsplit("/", 1)[1] for name in names] == [
        "series.safetensors [output]",
        *(f"series_{n}.safetensors [output]" for n in (2, 3, 4)),
    ]


@pytest.mark.parametrize(
    ("mode", "weights", "sentence"),
    [
        ("blend", "0, 0, 0", "All weights are 0"),
        ("blend", "1, 1", "3 identities need 3 weights, but 2 are given"),
        ("slerp", "", "but 3 are connected; use blend"),
        ("blend", "a lot", "'a' is no number"),
    ],
)
def test_mistakes_are_told_in_one_sentence(any_server, mode, weights, sentence):
    graph = {str(seed): stranger(seed) for seed in range(3)}
    graph["mix"] = mix(["0", 0], ["1", 0], ["2", 0], mode=mode, weights=weights)
    graph["show"] = node("PreviewAny", source=["mix", 0])
    with pytest.raises(GraphError, match=sentence):
        any_server.run(graph)


def test_two_identities_are_required(any_server):
    graph = {"a": stranger(1), "mix": mix(["a", 0]), "show": node("PreviewAny", source=["mix", 0])}
    with pytest.raises(GraphError, match="identity_1"):
        any_server.run(graph)


def test_similarity_shows_the_numbers_and_picks_the_best(any_server):
    graph = {
        "one": node("LoadImage", image="face.png"),
        "two": node("LoadImage", image="face_2.png"),
        "batch": node("ImageBatch", image1=["one", 0], image2=["two", 0]),
        "encode": node("EncodeFaceID", image=["two", 0], **ENCODE),
        "judge": node("InfuIdentitySimilarity", images=["batch", 0], identity=["encode", 0], threshold=0.5),
        "number": node("PreviewAny", source=["judge", 1]),
    }
    outputs = any_server.run(graph)["outputs"]
    (text,) = outputs["judge"]["text"]
    assert "Best: picture 1, similarity 1.000 (ID loss 0.000)" in text and "Without a face: 0 of 2" in text
    assert len(outputs["judge"]["images"]) == 2
    assert float(outputs["number"]["text"][0]) == pytest.approx(1, abs=1e-4)


def test_the_best_image_comes_out(comfyui):
    images = torch.cat([comfyui.call("LoadImage", image=name)[0] for name in ("face.png", "face_2.png")])
    values = {key: [value] for key, value in ENCODE.items()}
    identity = comfyui.call("EncodeFaceID", image=[images[1:]], **values)[0]
    best, cosine, report = comfyui.call("InfuIdentitySimilarity", images=images, identity=identity)
    assert torch.equal(best, images[1:]) and cosine == pytest.approx(1, abs=1e-4)
    empty = torch.full_like(images, 0.3)
    first, cosine, report = comfyui.call("InfuIdentitySimilarity", images=empty, identity=identity)
    assert torch.equal(first, empty[:1]) and cosine == -1 and "No face was found in any of the 2 pictures" in report


def test_saving_never_overwrites_another_identity(comfyui):
    files = comfyui.module("infu_core.hosts.comfyui_identity_files")
    Identity = comfyui.module("infu_core.identity.identity").Identity
    anna, bert = (Identity(torch.eye(512)[n : n + 1].clone()) for n in (0, 1))
    assert files.save_as(anna, "people/anna") == "identities/people/anna.safetensors [output]"
    assert files.save_as(anna, "people/anna.safetensors") == "identities/people/anna.safetensors [output]"
    second = files.save_as(bert, "people/anna")
    assert second == "identities/people/anna_2.safetensors [output]"
    loaded = comfyui.call("InfuLoadIdentity", file=second, recogniser="arcface_ir_se50")[0]
    assert loaded.digest() == bert.digest()


@pytest.mark.parametrize(
    "name",
    [
        "",
        "../outside",
        "/etc/passwd",
        "a/../../b",
        "C:\\x",
        ".hidden",
        "a//b",
        "a" * 300,
        "CON",
        "nul.txt",
        "com1",
        "family/LPT9",
        "anna.",
        "anna. /b",
        "é" * 150,
    ],
)
def test_names_cannot_leave_the_folder(comfyui, name):
    files = comfyui.module("infu_core.hosts.comfyui_identity_files")
    Identity = comfyui.module("infu_core.identity.identity").Identity
    with pytest.raises(ValueError, match="is no name for a file"):
        files.save_as(Identity(torch.eye(512)[:1].clone()), name)


def test_an_identity_of_another_recogniser_is_refused_unless_any_is_chosen(comfyui):
    files = comfyui.module("infu_core.hosts.comfyui_identity_files")
    Identity = comfyui.module("infu_core.identity.identity").Identity
    entry = files.save_as(Identity(torch.eye(512)[:1].clone(), recogniser="tiny"), "tiny person")
    with pytest.raises(ValueError, match="made with the recogniser tiny, but arcface_ir_se50 is needed here"):
        comfyui.call("InfuLoadIdentity", file=entry, recogniser="arcface_ir_se50")
    assert comfyui.call("InfuLoadIdentity", file=entry, recogniser="any")[0].recogniser == "tiny"


def test_a_changed_file_is_noticed(comfyui):
    files = comfyui.module("infu_core.hosts.comfyui_identity_files")
    Identity = comfyui.module("infu_core.identity.identity").Identity
    entry = files.save_as(Identity(torch.eye(512)[:1].clone()), "changing")
    load = comfyui.node("InfuLoadIdentity")
    before = load.fingerprint_inputs(file=entry, recogniser="any")
    stack = Identity(torch.eye(512)[:2].clone(), (1.0, 1.0))
    comfyui.module("infu_core.identity.identity_file").save_identity(stack, files.identity_path(entry))
    assert load.fingerprint_inputs(file=entry, recogniser="any") != before
    with pytest.raises(ValueError, match="no identity file identities/gone"):
        load.fingerprint_inputs(file="identities/gone.safetensors", recogniser="any")
