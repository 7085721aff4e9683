"""A template's questions become sentences of its fields, each with what the model knows of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dicom_io.report.document import Decision, Origin, ReportDocument, SectionKind, Sentence
from dicom_io.report.template.mrrt_reading import template_of
from dicom_io.report.template.shelf import builtin
from dicom_io.report.template.template import Template
from plugin._drafting import DraftRefused
from plugin._form_drafting import best_template, draft_from_template

HTML = """<meta name="dcterms.language" content="de"><h2>Findings</h2>
<select id="a" data-wetread-question="is there a pneumothorax?" data-wetread-about="pneumothorax"
 data-wetread-threshold="0.7"><option value="">-</option>
<option value="No air." data-wetread-answer="no">no</option>
<option value="Air." data-wetread-answer="yes">yes</option>
<option value="Air unclear." data-wetread-answer="cannot assess">?</option></select>
<select id="b" data-wetread-question="is the heart large?">
<option value="Large." data-wetread-answer="yes">y</option>
<option value="" data-wetread-answer="no">n</option></select>
<input id="c" value="never asked">
<h2>Impression</h2>
<select id="d" data-wetread-question="is it normal?">
<option value="Normal." data-wetread-answer="yes">y</option>
<option value="Not normal." data-wetread-answer="no">n</option></select>"""


@pytest.fixture
def template() -> Template:
    return template_of(HTML.encode(), Path("a.html"))


def drafted(frame: Any, model: Any, template: Template, **wishes: Any) -> ReportDocument:
    *_, last = draft_from_template(
        frame, model, model=wishes.pop("folder", model.folder), template=template, **wishes
    )
    return last


def found(document: ReportDocument, text: str) -> Sentence:
    return next(one for one in document.sentences() if one.text == text)


def test_each_answer_chooses_the_sentence_of_its_field(
    phrase_book: Any, film: Any, template: Template
) -> None:
    phrase_book.yes = {
        "is there a pneumothorax?": 0.9, "is the heart large?": 0.2, "is it normal?": 0.1
    }  # fmt: skip

    document = drafted(film(), phrase_book, template)

    assert [(part.kind, [s.text for s in part.sentences]) for part in document.sections] == [
        (SectionKind.FINDINGS, ["Air."]), (SectionKind.IMPRESSION, ["Not normal."])
    ]  # fmt: skip
    assert document.language == "de"
    air = found(document, "Air.")
    assert (air.origin, air.state, air.probability, air.note) == (
        Origin.AI, Decision.SUGGESTED, 0.9, ""
    )  # fmt: skip


def test_below_the_fields_threshold_it_cannot_be_assessed_and_has_no_number(
    phrase_book: Any, film: Any, template: Template
) -> None:
    phrase_book.yes = {"is there a pneumothorax?": 0.65}

    document = drafted(film(), phrase_book, template)

    unclear = found(document, "Air unclear.")
    (asked,) = [one for one in document.asked if one.request == unclear.request]
    assert unclear.probability is None
    assert (asked.answer, asked.about) == ("cannot assess", "pneumothorax")


def test_all_questions_go_in_one_batch_and_can_be_asked_again(
    phrase_book: Any, film: Any, template: Template
) -> None:
    document = drafted(film(), phrase_book, template)

    assert [one.text for one in phrase_book.asked] == [
        "is there a pneumothorax?", "is the heart large?", "is it normal?"
    ]  # fmt: skip
    assert {one.candidates for one in phrase_book.asked} == {("yes", "no")}
    asked = {one.request: one for one in document.asked}
    for sentence in document.sentences():
        record = asked[sentence.request]
        assert record.images and record.algorithm is not None and record.answer


def test_it_grows_answer_by_answer_under_the_same_ids(
    phrase_book: Any, film: Any, template: Template
) -> None:
    stages = list(
        draft_from_template(film(), phrase_book, model=phrase_book.folder, template=template)
    )

    assert len({one.id for one in stages}) == 1
    ids = [[s.id for s in one.sentences()] for one in stages]
    assert ids[-1][: len(ids[0])] == ids[0] and len(stages) == 3


def test_an_uncalibrated_answer_is_taken_and_says_so(
    phrase_book: Any, film: Any, template: Template
) -> None:
    phrase_book.calibrated = False
    phrase_book.yes = {"is there a pneumothorax?": 0.55}

    air = found(drafted(film(), phrase_book, template), "Air.")

    assert (air.probability, air.note) == (None, "not calibrated")


def test_what_cannot_be_drafted_is_refused_in_a_sentence(
    phrase_book: Any, film: Any, template: Template
) -> None:
    with pytest.raises(DraftRefused, match="no closed questions"):
        drafted(film(), phrase_book, template, folder=replace(phrase_book.folder, tasks=()))
    with pytest.raises(DraftRefused, match="modality CT"):
        drafted(film(Modality="CT"), phrase_book, template)
    with pytest.raises(DraftRefused, match="asks a model nothing"):
        drafted(film(), phrase_book, template_of(b"<input id=a>", Path("a.html")))
    assert phrase_book.asked == []
    phrase_book.refuses = True
    with pytest.raises(DraftRefused, match="too dark"):
        drafted(film(), phrase_book, template)


def test_a_model_without_a_list_of_its_own_drafts_from_a_template(
    phrase_book: Any, film: Any, template: Template
) -> None:
    bare = replace(phrase_book.folder, findings=(), tasks=("choice",))

    assert drafted(film(), phrase_book, template, folder=bare).sentences()


def test_a_stopped_draft_ends_without_more(phrase_book: Any, film: Any, template: Template) -> None:
    stages = draft_from_template(
        film(), phrase_book, model=phrase_book.folder, template=template, stop=lambda: True
    )

    assert list(stages) == []


def test_the_best_template_asks_something(film: Any) -> None:
    adult = best_template(builtin(), film(PatientAge="045Y"))

    assert adult.identifier == "wetread-chest-film-adult"
    with pytest.raises(DraftRefused, match="no template"):
        best_template(builtin(), film(Modality="PT"))
    assert best_template(builtin(), film(PatientAge="004Y")).identifier.endswith("child")


@pytest.mark.parametrize("template", builtin()[:2], ids=lambda one: one.identifier)
def test_our_chest_templates_draft_eleven_or_eight_sentences(
    template: Template, phrase_book: Any, film: Any
) -> None:
    document = drafted(film(), phrase_book, template)

    assert len(document.sentences()) == len(template.questions())
    assert all(one.text.endswith(".") for one in document.sentences())
