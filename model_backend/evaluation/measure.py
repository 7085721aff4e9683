"""The model's answers to the held-out cases, by the same code that answers in the window."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from model_backend.evaluation.cases import Case
from model_backend.folder import ModelFolder
from model_backend.models import biomedgpt
from model_backend.request import ANSWER, CHOICE, Answer, Decoding, ImageInput, Request
from model_backend.training.pictures import Picture, PictureFiles
from model_backend.training.problems import TrainingProblem

OPEN_DECODING = Decoding(beam=1, max_tokens=32)


@dataclass(frozen=True, slots=True)
class Given:
    """What the model answered to one case."""

    case: Case
    text: str  # lower case
    probabilities: tuple[float, ...]  # one a candidate; empty for free text

    @property
    def is_right(self) -> bool:
        """Exact match, small letters and single blanks."""
        return self.text == self.case.answer

    def probability(self, answer: str) -> float:
        """Of one of the candidates."""
        return self.probabilities[self.case.candidates.index(answer)]


def ask_all(
    folder: ModelFolder,
    data: Path,
    pictures: Sequence[Picture],
    cases: Sequence[Case],
    say: Callable[[str], None] = lambda line: None,
) -> list[Given]:
    """Ask the model every case, picture by picture. Raises ModelError."""
    model = biomedgpt.load(folder, "cpu")
    by_picture: dict[int, list[int]] = {}
    for place, case in enumerate(cases):
        by_picture.setdefault(case.picture, []).append(place)
    given: dict[int, Given] = {}
    files = PictureFiles(data)
    try:
        for number, (index, places) in enumerate(by_picture.items(), 1):
            image = ImageInput(files.pixels(pictures[index]))
            requests = {str(place): request_of(cases[place], image, place) for place in places}
            for event in model.answer(list(requests.values()), lambda: False):
                if isinstance(event, Answer):
                    place = int(event.request)
                    text = " ".join(event.text.lower().split())
                    given[place] = Given(cases[place], text, event.probabilities or ())
            if number % 200 == 0:
                say(f"asked about {number} of {len(by_picture)} pictures")
    finally:
        files.close()
    if len(given) < len(cases):
        raise TrainingProblem(
            f"The model {folder.name} answered {len(given)} of {len(cases)} questions; a model "
            "that does not choose among answers cannot be evaluated here."
        )
    return [given[place] for place in range(len(cases))]


def request_of(case: Case, image: ImageInput, place: int) -> Request:
    """The case as the window would ask it."""
    if case.candidates:
        return Request(CHOICE, (image,), case.text, case.candidates, id=str(place))
    return Request(ANSWER, (image,), case.text, decoding=OPEN_DECODING, id=str(place))
