"""CLIP's measures on one tiny random CLIP: equal to torchmetrics' CLIPScore, and to PickScore's published lines."""

import json

import numpy as np
import pytest
import torch

pytest.importorskip("torchmetrics")
transformers = pytest.importorskip("transformers")

from torchmetrics.multimodal.clip_score import CLIPScore  # noqa: E402

from infu_core.evaluation.measures.clip_measures import Clip, ClipFaces, ClipMeasures, PickScore, clip_scores  # noqa: E402
from infu_core.evaluation.measures.item import Item  # noqa: E402
from infu_core.evaluation.measures.judge_cards import Unmeasured  # noqa: E402
from infu_core.evaluation.measures.photos import PhotoShelf  # noqa: E402
from infu_core.evaluation.study.cells import Cell  # noqa: E402
from infu_core.evaluation.study.study import Person, Prompt  # noqa: E402
from infu_core.faces.face import face_from  # noqa: E402

TEXTS = ("a photo of a woman", "an ink drawing of a man by the sea", "x")
LONG = "an ink drawing of a man by the sea, in a hat and a coat and boots " * 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A CLIP of a few thousand weights, as `save_pretrained` writes it."""
    folder = tmp_path_factory.mktemp("clip")
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    words = letters + [letter + "</w>" for letter in letters] + [",</w>", "<|startoftext|>", "<|endoftext|>"]
    vocabulary = {word: place for place, word in enumerate(words)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = transformers.CLIPTokenizer.from_pretrained(folder)
    small = {"hidden_size": 32, "intermediate_size": 37, "num_hidden_layers": 2, "num_attention_heads": 4}
    text = {**small, "vocab_size": len(words), "eos_token_id": len(words) - 1, "bos_token_id": len(words) - 2}
    config = transformers.CLIPConfig(
        text_config=text, vision_config={**small, "image_size": 30, "patch_size": 6}, projection_dim=24
    )
    torch.manual_seed(0)
    transformers.CLIPModel(config).eval().save_pretrained(folder)
    images = transformers.CLIPImageProcessor(size={"shortest_edge": 30}, crop_size={"height": 30, "width": 30})
    transformers.CLIPProcessor(images, tokenizer).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def clip(folder):
    return Clip(folder)


def pictures(count=3):
    rng = np.random.default_rng(0)
    return [rng.integers(0, 255, (40 + 10 * n, 64, 3), dtype=np.uint8) for n in range(count)]


def item(picture, text, tmp_path, tags=None, faces=()):
    from PIL import Image

    path = tmp_path / "reference.png"
    Image.fromarray(pictures()[2]).save(path)
    cell = Cell("ours", ("anna",), ("anna",), "p", 0, 1, 64, 64, "", "")
    return Item(cell, picture, (Person("anna", path, (), "x"),), Prompt("p", text, tags or {}), tuple(faces))


def as_version_4(features):
    return features if isinstance(features, torch.Tensor) else features.pooler_output


class AsVersion4(torch.nn.Module):
    """transformers 4 gives features as tensors; torchmetrics 1.9 knows no other way."""

    def __init__(self, model):
        super().__init__()
        self.inner, self.config = model, model.config

    def get_image_features(self, *given, **named):
        return as_version_4(self.inner.get_image_features(*given, **named))

    def get_text_features(self, *given, **named):
        return as_version_4(self.inner.get_text_features(*given, **named))


def test_clip_score_equals_torchmetrics(clip):
    theirs = CLIPScore(model_name_or_path=lambda: (AsVersion4(clip.model), clip.processor))
    made, words = clip.pictures(pictures()), clip.texts(TEXTS)
    for place, picture in enumerate(pictures()):
        text = TEXTS[place]
        expected = float(theirs(torch.from_numpy(picture).permute(2, 0, 1), text))
        theirs.reset()
        ours = clip_scores(float(made[place] @ words[place]))
        assert ours["clip_score"] == pytest.approx(expected, abs=1e-4)
        assert ours["clip_score_published"] == pytest.approx(max(2.5 * ours["clip_cosine"], 0), abs=1e-9)


def test_a_long_text_is_cut_and_keeps_its_end_mark(clip):
    """As OpenAI's own tokenizer cuts; torchmetrics cuts the end mark off and then scores the start mark."""
    longest = clip.model.config.text_config.max_position_embeddings
    cut = clip.processor(text=LONG, truncation=True, max_length=longest)["input_ids"]
    assert len(cut) == longest and cut[-1] == clip.model.config.text_config.eos_token_id
    assert clip.texts([LONG]).isfinite().all()


def test_the_three_forms_differ_below_zero():
    assert clip_scores(-0.2) == {"clip_score": 0, "clip_score_published": 0, "clip_cosine": -0.2, "clip_t": -0.2}
    assert clip_scores(0.3)["clip_score"] == pytest.approx(30) and clip_scores(0.3)["clip_score_published"] == 0.75


def test_pick_score_is_the_published_formula(clip, tmp_path):
    """PickScore_v1's model card: logit_scale.exp() * (text_embs @ image_embs.T), both of length one."""
    picture = pictures()[0]
    images = clip.processor(images=[picture], padding=True, truncation=True, max_length=77, return_tensors="pt")
    texts = clip.processor(text=TEXTS[0], padding=True, truncation=True, max_length=77, return_tensors="pt")
    with torch.no_grad():
        output = clip.model(**images, **texts)
    expected = float(clip.model.logit_scale.detach().exp() * (output.text_embeds @ output.image_embeds.T)[0, 0])
    (values,) = PickScore(clip).score([item(picture, TEXTS[0], tmp_path)])
    assert values["pick_score"] == pytest.approx(expected, abs=1e-4)
    assert values["pick_score_100"] == pytest.approx(expected / 100, abs=1e-6)


def test_a_batch_equals_its_pictures_alone(clip, tmp_path):
    items = [item(picture, text, tmp_path) for picture, text in zip(pictures(2), TEXTS[:2], strict=True)]
    together, alone = PickScore(clip).score(items), [PickScore(clip).score([one])[0] for one in items]
    for one, other in zip(together, alone, strict=True):
        assert one["pick_score"] == pytest.approx(other["pick_score"], abs=1e-4)


def test_half_precision_stays_near(folder, tmp_path):
    whole, half = Clip(folder), Clip(folder, half=True)
    assert half.dtype == torch.bfloat16 and half.by != whole.by
    cosine = (whole.pictures(pictures()) * half.pictures(pictures())).sum(1)
    assert (cosine > 0.99).all()


def test_style_and_pictures(clip, tmp_path):
    shelf = PhotoShelf(lambda picture: [])
    styles = {"ink": "an ink drawing", "oil": "an oil painting"}
    measures = ClipMeasures(clip, shelf, "style", styles)
    (values,) = measures.score([item(pictures()[2], TEXTS[0], tmp_path, {"style": "ink"})])
    ink, oil = (clip.texts(list(styles.values())) @ clip.pictures([pictures()[2]])[0]).tolist()
    assert values["style_hit"] == float(ink > oil) and values["style_gain"] == pytest.approx(ink - oil, abs=1e-6)
    assert values["clip_i_picture"] == pytest.approx(1, abs=1e-5)  # the photo itself
    (untagged,) = measures.score([item(pictures()[0], TEXTS[0], tmp_path)])
    assert untagged["style_hit"] is None and untagged["clip_t"] == untagged["clip_cosine"]


def test_clip_i_is_of_aligned_faces(clip, tmp_path):
    points = [(24, 26), (40, 26), (32, 34), (26, 44), (38, 44)]
    face = face_from((16, 10, 48, 56), points, 0.9, "")
    shelf = PhotoShelf(lambda picture: [face])
    (same,) = ClipFaces(clip, shelf).score([item(pictures()[2], "x", tmp_path, faces=[face])])
    (other,) = ClipFaces(clip, shelf).score([item(pictures()[1], "x", tmp_path, faces=[face])])
    (none,) = ClipFaces(clip, shelf).score([item(pictures()[1], "x", tmp_path)])
    assert same["clip_i"] == pytest.approx(1, abs=1e-5) and other["clip_i"] < 0.9999 and none["clip_i"] is None


def test_what_is_no_model_is_said(tmp_path):
    with pytest.raises(Unmeasured, match="holds no model"):
        Clip(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(Unmeasured, match="could not be opened as a CLIP model"):
        Clip(tmp_path)


def test_the_features_of_version_4_are_read_too(folder):
    clip, old = Clip(folder), Clip(folder)
    old.model = AsVersion4(old.model)
    assert torch.equal(old.pictures(pictures()), clip.pictures(pictures()))
    assert torch.equal(old.texts(TEXTS), clip.texts(TEXTS))
