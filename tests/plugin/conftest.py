"""Films on disk, an echo model in a real process, and a model that answers from a phrase book."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file

from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.image.picture import write_png
from model_backend.client import ModelClient
from model_backend.folder import Finding, ModelFolder, Preprocess, write_model
from model_backend.request import (
    CHOICE,
    FINDINGS,
    Answer,
    Event,
    Refusal,
    Request,
    Token,
)

FINDINGS_LIST = (
    Finding("normal", "is this chest radiograph normal?", "It is normal.", "It is not normal."),
    Finding("effusion", "is there an effusion?", "There is an effusion.", "No effusion."),
    Finding("heart", "is the heart enlarged?", "The heart is enlarged.", "The heart is normal."),
    Finding("left", "is it on the left?", "It is left.", "It is right.", after="effusion"),
    Finding("mass", "is there a mass?", "There is a mass.", "There is no mass.", drafted=False),
)

MakeFilm = Callable[..., ImageFrame]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A PNG of 40 columns and 30 rows whose grey values tell where they are."""
    path = tmp_path / "film.png"
    write_png(path, np.arange(1200, dtype=np.uint16).reshape(30, 40).astype(np.uint8))
    return path


@pytest.fixture
def film(tmp_path: Path) -> MakeFilm:
    """Makes a DICOM film of 128 x 128 pixels with the header given by keyword."""

    def make(**header: object) -> ImageFrame:
        dataset = dcmread(str(get_testdata_file("CT_small.dcm")))
        for keyword, value in ({"Modality": "CR", "BodyPartExamined": "CHEST"} | header).items():
            setattr(dataset, keyword, value)
        path = tmp_path / "film.dcm"
        dataset.save_as(path)
        return open_frames(path)[0]

    return make


@pytest.fixture
def echo_folder(tmp_path: Path) -> ModelFolder:
    """An echo model with a list of findings."""
    path = tmp_path / "echo"
    path.mkdir()
    folder = ModelFolder(
        path=path,
        name="echo",
        model_version="1.0.0",
        backend="echo",
        tasks=("answer", "choice", "findings"),
        preprocess=Preprocess(64),
        findings=FINDINGS_LIST,
        manufacturer="Wetread",
    )
    write_model(folder)
    return folder


@pytest.fixture
def echo(echo_folder: ModelFolder) -> Iterator[ModelClient]:
    with ModelClient(echo_folder) as client:
        yield client


@dataclass
class PhraseBook:
    """A model that knows its answers by heart: a text, and the probability of each "yes"."""

    folder: ModelFolder
    text: str = ""
    yes: dict[str, float] = field(default_factory=dict)  # by the name of the finding
    cut_off: bool = False
    refuses: bool = False
    calibrated: bool = True
    asked: list[Request] = field(default_factory=list)

    def __call__(
        self, requests: Sequence[Request], stop: Callable[[], bool] = lambda: False
    ) -> Iterator[Event]:
        self.asked += requests
        model = self.folder.identity()
        names = {finding.question: finding.name for finding in self.folder.findings}
        for request in requests:
            if stop():
                return
            if self.refuses:
                yield Refusal(request.id, "The picture is too dark.", model)
            elif request.task == CHOICE:
                yes = self.yes.get(names.get(request.text, request.text), 0.25)
                shares = (yes, 1 - yes)
                best = request.candidates[shares.index(max(shares))]
                yield Answer(request.id, best, shares, False, model, calibrated=self.calibrated)
            else:
                text = self.text if request.task == FINDINGS else request.text
                for begin in range(0, len(text), 7):
                    yield Token(request.id, text[begin : begin + 7])
                halves = tuple(0.5 for _ in text.split(". "))
                yield Answer(
                    request.id, text, None, self.cut_off, model, sentence_probabilities=halves
                )


@pytest.fixture
def phrase_book(echo_folder: ModelFolder) -> PhraseBook:
    return PhraseBook(echo_folder)
