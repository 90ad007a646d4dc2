"""What a scene shows, in words; many wordings, one closed vocabulary."""

import numpy as np

from . import face_words
from .scene import BACKDROPS, PLACES, Scene

STYLE_WORDS = {
    "photo": ("a photo of", "a photograph of", "a portrait photo of"),
    "ink": ("an ink drawing of", "a pen drawing of", "a black ink sketch of"),
    "watercolour": ("a watercolour of", "a watercolour painting of", "a pale watercolour of"),
    "oil": ("an oil painting of", "an oil portrait of", "a painting in oil of"),
}
HAIR_WORDS = {
    "short": "short {} hair",
    "curly": "curly {} hair",
    "long": "long {} hair",
    "bob": "{} hair in a bob",
    "bun": "{} hair in a bun",
}
BEARD_WORDS = {"moustache": "a moustache", "goatee": "a goatee", "full": "a beard"}
PLACE_WORDS = {"forest": "in a forest", "sea": "by the sea", "city": "in a city"}


MOST_WORDS = (32, 32, 40)
"""How many words, commas counted, a caption of no one, one and two people may have with their faces told."""


def caption(scene: Scene, seed: int, keep: float = 0.8, face: float = 0.0) -> str:
    """One wording of the scene; each attribute is named with probability `keep`, each feature of a face with `face`.

    Features are told as far as `MOST_WORDS` goes round; what is left out then is left to chance.
    """
    rng = np.random.default_rng((0xCA97, scene.seed, seed))
    start = str(rng.choice(STYLE_WORDS[scene.style]))
    people = [_describe(scene, index, rng, keep) for index in range(len(scene.people))]
    way = "{}"
    if len(people) == 2:
        way = str(rng.choice(("{} on the left and {} on the right", "two people , {} and {}", "{} and {}")))
    where = f", {_where(scene.background, rng)}" if rng.random() < keep else ""

    def text(faces: list[list[str]]) -> str:
        told = (" , ".join(filter(None, (who, " ".join(said)))) for who, said in zip(people, faces, strict=True))
        who = f"{start} {way.format(*told)}" if people else start.removesuffix(" of")
        return " ".join((who + where).replace(",", " , ").split())

    faces = _faces(scene, seed, face)
    while any(faces) and len(text(faces).split()) > MOST_WORDS[len(people)]:
        longest = max(faces, key=len)
        longest.pop(int(rng.integers(len(longest))))
    return text(faces)


def _faces(scene: Scene, seed: int, share: float) -> list[list[str]]:
    """Of each person the phrases to tell, each with probability `share`."""
    rng = np.random.default_rng((0xFACE5, scene.seed, seed))
    return [[phrase for phrase in face_words.phrases(who) if rng.random() < share] for who in scene.people]


def _describe(scene: Scene, index: int, rng: np.random.Generator, keep: float) -> str:
    """One person. Where there are two, clothes and expressions go unsaid, so that every caption keeps to 40 words."""
    who, how = scene.people[index], scene.placements[index]
    alone = len(scene.people) == 1
    named = lambda: rng.random() < keep  # noqa: E731
    noun = "woman" if who.woman else "man"
    if named():
        noun = ("old " if who.old else "young ") + noun
    if who.hair_style == "bald" and how.hat == "none" and named():
        noun = "bald " + noun
    if alone and how.expression != "neutral" and rng.random() < 0.5:
        noun, told = f"{how.expression} {noun}", True
    else:
        told = False
    article = "an" if noun[0] in "aeiou" else "a"
    parts = []
    if who.hair_style != "bald" and named():
        parts.append(HAIR_WORDS[who.hair_style].format(who.hair_colour))
    if who.beard != "none" and named():
        parts.append(BEARD_WORDS[who.beard])
    if who.glasses != "none" and named():
        parts.append(f"{who.glasses} glasses" if rng.random() < 0.7 else "glasses")
    text = f"{article} {noun}"
    if parts:
        text += " with " + " and ".join(parts)
    if not alone:
        return text
    if not told and how.expression != "neutral" and named():
        text += f" , {how.expression}"
    if how.hat != "none" and named():
        text += f" , wearing a {how.hat} hat"
    elif rng.random() < 0.5 * keep:
        text += f" , wearing a {how.shirt} shirt"
    return text


def _where(background: str, rng: np.random.Generator) -> str:
    if background in PLACES:
        return PLACE_WORDS[background]
    return str(rng.choice(("on a {} background", "before a {} wall", "{} background"))).format(background)


def vocabulary() -> tuple[str, ...]:
    """Every word that a caption can hold: sorted, and after the first edition's those that tell a face."""
    texts = [word for words in STYLE_WORDS.values() for word in words]
    texts += [*HAIR_WORDS.values(), *BEARD_WORDS.values(), *PLACE_WORDS.values(), *BACKDROPS]
    texts += ["on the left and on the right two people , and a an young old man woman bald with glasses round square"]
    texts += ["neutral smiling laughing surprised sad angry wearing hat shirt before wall background"]
    texts += ["black brown blond red grey"]
    words = {word for text in texts for word in text.replace("{}", " ").replace(",", " , ").split()}
    return (*sorted(words), *sorted(set(face_words.WORDS.split()) - words))
