"""Score a study: every measurer that can be opened, over every finished picture that it has not yet seen."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ...faces.face import Face, FaceError
from ...faces.face_detector import FaceDetector
from ..study.cell_files import DONE, CellFiles
from ..study.cells import Cell, plan_cells
from ..study.study import Study
from .clip_measures import Clip, ClipFaces, ClipMeasures, PickScore
from .face_measures import FaceFinder, LikenessBy, threshold_of
from .item import Item, Measurer, faces_from_json
from .judge_cards import BUILT_IN, JudgeCard, Unmeasured, file_sha256, read_cards
from .photos import PhotoShelf, no_faces, open_picture
from .picture_measures import PictureMeasures
from .recognisers import Recogniser
from .scores import Scores

BATCH = 16


@dataclass(frozen=True)
class Detector:
    """`size`: look only at this square, which suits small pictures; 0 looks as the pack's nodes do."""

    faces: FaceDetector
    threshold: float
    size: int

    def __call__(self, picture: np.ndarray) -> list[Face]:
        from ...faces.face_search import Attempt, look

        if self.size:
            return look(self.faces.find, picture, self.threshold, Attempt(self.size))
        return self.faces.detect(picture, self.threshold)


def cards_of(study: Study) -> dict[str, JudgeCard]:
    """The study's own table of judges, or the one that ships; files lie in `judges_folder`, or beside that table."""
    own, folder = study.scoring.get("judges"), study.scoring.get("judges_folder")
    table = study.folder / own if own else BUILT_IN
    beside = table.parent if own else study.folder / "judges"
    cards = read_cards(table, study.folder / folder if folder else beside)
    used = study.scoring.get("use", list(cards))
    unknown = [name for name in used if name not in cards]
    if unknown:
        from ..study.method_graph import StudyError

        raise StudyError(f"The study uses the judge {unknown[0]!r}; its table has {', '.join(cards)}.")
    return {name: cards[name] for name in used}


class Scoring:
    """Opens what can be opened; `unmeasured` says of the rest why, by group. Raises `StudyError` for unknown judges."""

    def __init__(self, study: Study, say: Callable[[str], None] = lambda text: None):
        self.study, self.files, self.scores, self.say = study, CellFiles(study.results), Scores(study.results), say
        self.unmeasured: dict[str, str] = {}
        self.thresholds: dict[str, str] = {}
        self.given = ""
        self.settings = study.scoring
        self.cards = cards_of(study)

    def run(self) -> int:
        """Returns how many pictures were looked at, in all groups."""
        done = self.files.states(plan_cells(self.study))[DONE]
        looked = 0
        finder = self.finder()
        detect = finder.detect if finder else no_faces
        self.given = f"{finder.by if finder else 'no faces'} {photos_by(self.study)}"
        shelf = PhotoShelf(detect)
        if finder:
            looked += self.measure(finder, done)
        for open_measurer in self.openers(shelf, bool(finder)):
            measurer = open_measurer()
            if measurer:
                looked += self.measure(measurer, done)
        self.scores.say_unmeasured(self.unmeasured)
        return looked

    def finder(self) -> FaceFinder | None:
        path = self.settings.get("detector")
        if not path:
            self.unmeasured["faces"] = "the study names no face detector ([scoring] detector)."
            return None
        path = self.study.folder / path
        try:
            threshold = float(self.settings.get("face_threshold", 0.5))
            detector = Detector(FaceDetector(path, "auto"), threshold, self.settings.get("detector_size", 0))
        except FaceError as error:
            self.unmeasured["faces"] = str(error)
            return None
        return FaceFinder(detector, f"{file_sha256(path)[:16]} {threshold} {detector.size}")

    def openers(self, shelf: PhotoShelf, faces: bool) -> Iterator[Callable[[], Measurer | None]]:
        """One at a time: a measurer is let go before the next is opened."""
        yield lambda: PictureMeasures(shelf)
        for card in self.cards.values():
            group = f"judge-{card.name}"
            yield lambda card=card, group=group: self.opened(group, lambda: self.judge(card, shelf), faces)
        yield lambda: self.opened("clip", lambda: self.clip(shelf))
        yield lambda: self.opened("clip_faces", lambda: ClipFaces(self.model("clip_for_faces", "clip"), shelf), faces)
        yield lambda: self.opened("pick_score", lambda: PickScore(self.model("pick_score")))

    def opened(self, group: str, make: Callable[[], Measurer], faces: bool = True) -> Measurer | None:
        if not faces:
            self.unmeasured[group] = f"it needs faces, and {self.unmeasured['faces']}"
            return None
        try:
            return make()
        except Unmeasured as error:
            self.unmeasured[group] = str(error)
            return None

    def judge(self, card: JudgeCard, shelf: PhotoShelf) -> LikenessBy:
        judge = LikenessBy(Recogniser(card, self.settings.get("device", "cpu")), shelf)
        judge.threshold, self.thresholds[card.name] = threshold_of(judge, self.study.people)
        if judge.threshold is None:
            self.unmeasured[f"recognised.{card.name}"] = self.thresholds[card.name] + "."
        return judge

    def model(self, *names: str) -> Clip:
        folder = next((self.settings[name] for name in names if name in self.settings), None)
        if folder is None:
            raise Unmeasured(f"the study names no folder of a model ([scoring] {names[0]}).")
        return Clip(self.study.folder / folder, self.settings.get("device", "cpu"), self.settings.get("half", False))

    def clip(self, shelf: PhotoShelf) -> ClipMeasures:
        tag = self.settings.get("style_tag", "style")
        values = sorted({prompt.tags[tag] for prompt in self.study.prompts if tag in prompt.tags})
        words = self.settings.get("style_words", {})
        return ClipMeasures(self.model("clip"), shelf, tag, {value: words.get(value, value) for value in values})

    def measure(self, measurer: Measurer, cells: Sequence[Cell]) -> int:
        """Append a line for every picture that this measurer has not scored; memory holds one batch."""
        by = measurer.by if measurer.group == "faces" else f"{measurer.by} | {self.given}"
        scored = self.scores.read(measurer.group, by)
        digests = {cell.id: (self.files.record(cell) or {}).get("sha256", "") for cell in cells}
        left = [cell for cell in cells if scored.get(cell.id, {}).get("picture") != digests[cell.id]]
        del scored
        faces = self.scores.read("faces") if measurer.group != "faces" else {}
        size = self.settings.get("batch", BATCH)
        for start in range(0, len(left), size):
            batch = left[start : start + size]
            items = [self.item(cell, faces.get(cell.id, {}).get("values", {}).get("found", [])) for cell in batch]
            values = measurer.score(items)
            lines = [
                {"cell": cell.id, "picture": digests[cell.id], "by": by, "values": value}
                for cell, value in zip(batch, values, strict=True)
            ]
            self.scores.append(measurer.group, lines)
            self.say(f"{measurer.group}: {min(start + size, len(left))} of {len(left)} pictures")
        return len(left)

    def item(self, cell: Cell, found: list) -> Item:
        people = tuple(self.study.person(name) for name in cell.subject)
        prompt = next(prompt for prompt in self.study.prompts if prompt.id == cell.prompt)
        return Item(cell, open_picture(self.files.picture(cell)), people, prompt, faces_from_json(found))


def photos_by(study: Study) -> str:
    """Names the people's photos, so that scores against others do not count."""
    told = [
        (person.id, person.sha256, [(path.name, path.stat().st_size) for path in person.others])
        for person in study.people
    ]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]
