"""Control questions run beside a draft, and an answer that hangs on no picture says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dicom_io.report.document import ReportDocument
from dicom_io.report.template.shelf import Shelf
from model_backend.controls.kept import write_margins
from model_backend.controls.margin import Margin
from model_backend.request import CHOICE, Answer, Event, Request
from plugin import _controlled
from plugin._drafting import draft_report
from plugin._form_drafting import draft_from_template

MARGIN = Margin(0.1, 1.0, 0.0, 50, 50)


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    _controlled._kept.clear()


@pytest.fixture
def half_blind(phrase_book: Any) -> Any:
    """Sees effusions (where there is contrast), and says of all else the same of any picture."""
    model = phrase_book.folder
    write_margins(model.path, model.sha256, {"": MARGIN}, {})
    phrase_book.folder = replace(model, tasks=("answer", "choice"))
    asked: list[Request] = []

    def ask(
        requests: Sequence[Request], stop: Callable[[], bool] = lambda: False
    ) -> Iterator[Event]:
        asked.extend(requests)
        for request in requests:
            sees = "effusion" in request.text
            yes = float(np.ptp(request.images[0].pixels)) / 255 if sees else 0.3
            best = request.candidates[0 if yes > 0.5 else 1]
            yield Answer(request.id, best, (yes, 1 - yes), False, model.identity(), calibrated=True)

    ask.folder = phrase_book.folder  # type: ignore[attr-defined]
    ask.asked = asked  # type: ignore[attr-defined]
    return ask


def notes(document: ReportDocument) -> dict[str, str]:
    return {one.text: one.note for one in document.sentences()}


def test_sentence_that_hangs_on_no_picture_is_flagged(half_blind: Any, film: Any) -> None:
    *_, last = draft_report(film(), half_blind, model=half_blind.folder)

    assert notes(last)["There is an effusion."] == ""
    assert "same on noise" in notes(last)["The heart is normal."]


def test_template_draft_is_flagged_too(half_blind: Any, film: Any, tmp_path: Any) -> None:
    template = next(
        one
        for one in Shelf(tmp_path).templates()
        if one.language == "en" and any("effusion" in (q.text) for q in asked_of(one))
    )

    *_, last = draft_from_template(film(), half_blind, model=half_blind.folder, template=template)

    flagged = {text: "same on noise" in note for text, note in notes(last).items()}
    assert any(flagged.values())
    assert not any(flag for text, flag in flagged.items() if "effusion" in text)


def asked_of(template: Any) -> list[Any]:
    return [f.question for s in template.sections for f in s.fields if f.question is not None]


def test_answers_to_pictures_of_nothing_are_asked_once(half_blind: Any, film: Any) -> None:
    for _ in range(2):
        *_, last = draft_report(film(), half_blind, model=half_blind.folder)

    questions = len(half_blind.folder.findings)
    assert len(half_blind.asked) == 4 * questions + 2 * questions
    assert "same on noise" in notes(last)["The heart is normal."]


def test_without_margins_no_control_is_asked(phrase_book: Any, film: Any) -> None:
    *_, last = draft_report(film(), phrase_book, model=phrase_book.folder)

    assert not any("/" in one.id for one in phrase_book.asked if one.task == CHOICE)
    assert not any("same on noise" in one.note for one in last.sentences())
