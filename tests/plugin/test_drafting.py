"""A draft grows word by word, and each of its sentences says where it comes from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dicom_io.image.frame import open_frames
from dicom_io.image.render import Window
from dicom_io.report.document import Decision, Origin, ReportDocument, SectionKind, Sentence
from model_backend.client import ModelClient
from model_backend.folder import ModelFolder
from model_backend.request import FINDINGS
from plugin._drafting import DraftRefused, draft_report
from plugin._prompts import DESCRIBE

TEXT = "There is an effusion. The lungs look odd. The heart is normal."


def drafted(documents: Any) -> ReportDocument:
    *_, last = documents
    assert isinstance(last, ReportDocument)
    return last


def found(document: ReportDocument, text: str) -> Sentence:
    return next(sentence for sentence in document.sentences() if sentence.text == text)


def texts(document: ReportDocument, kind: SectionKind) -> list[str]:
    return [sentence.text for sentence in document.section(kind).sentences]


def test_echo_in_its_own_process_makes_a_draft(
    echo: ModelClient, echo_folder: ModelFolder, film: Any
) -> None:
    frame = film()

    documents = list(draft_report(frame, echo.ask, model=echo_folder))

    last = documents[-1]
    assert len(documents) > len(DESCRIBE.split())
    assert DESCRIBE in texts(last, SectionKind.FINDINGS)
    effusion = found(last, "There is an effusion.")
    assert (effusion.probability, effusion.note) == (None, "not calibrated")


def test_words_appear_in_order_under_the_same_ids(phrase_book: Any, film: Any) -> None:
    phrase_book.text = TEXT

    documents = list(draft_report(film(), phrase_book, model=phrase_book.folder))

    grown = [" ".join(texts(one, SectionKind.FINDINGS)) for one in documents[:-1]]
    assert grown == sorted(grown, key=len)
    assert all(later.startswith(sooner) for sooner, later in zip(grown, grown[1:], strict=False))
    assert grown[-1] == TEXT
    assert len({one.id for one in documents}) == 1
    shown = [sentence.id for sentence in documents[-2].sentences()]
    assert [sentence.id for sentence in documents[-1].sentences()][: len(shown)] == shown


def test_every_sentence_is_a_suggestion_by_the_model(phrase_book: Any, film: Any) -> None:
    phrase_book.text = TEXT

    for document in draft_report(film(), phrase_book, model=phrase_book.folder):
        for sentence in document.sentences():
            assert sentence.origin is Origin.AI
            assert sentence.state is Decision.SUGGESTED
            assert sentence.request in {request.id for request in phrase_book.asked}


def test_sentence_of_the_list_has_the_probability_of_its_closed_question(
    phrase_book: Any, film: Any
) -> None:
    phrase_book.text = "there is an effusion . The heart is normal. The lungs look odd."
    phrase_book.yes = {"effusion": 0.75, "heart": 0.25}

    last = drafted(draft_report(film(), phrase_book, model=phrase_book.folder))

    assert found(last, "there is an effusion .").probability == 0.75
    assert found(last, "The heart is normal.").probability == 0.75
    assert found(last, "The heart is normal.").note == ""
    assert found(last, "The lungs look odd.").probability is None
    assert found(last, "The lungs look odd.").note == "not calibrated"


def test_contradiction_between_text_and_closed_question_is_noted(
    phrase_book: Any, film: Any
) -> None:
    phrase_book.text = "There is an effusion."
    phrase_book.yes = {"effusion": 0.125}

    last = drafted(draft_report(film(), phrase_book, model=phrase_book.folder))

    sentence = found(last, "There is an effusion.")
    assert sentence.probability == 0.125
    assert "says otherwise" in sentence.note


def test_findings_that_the_text_left_out_are_added(phrase_book: Any, film: Any) -> None:
    phrase_book.text = "The heart is normal."
    phrase_book.yes = {"effusion": 0.875, "left": 0.75, "mass": 0.875}

    last = drafted(draft_report(film(), phrase_book, model=phrase_book.folder))

    assert texts(last, SectionKind.FINDINGS) == [
        "The heart is normal.",
        "There is an effusion.",
        "It is left.",
    ]
    assert texts(last, SectionKind.IMPRESSION) == ["It is not normal."]


def test_finding_that_depends_on_an_absent_one_is_not_told(phrase_book: Any, film: Any) -> None:
    phrase_book.text = "The lungs look odd."
    phrase_book.yes = {"left": 0.875}

    last = drafted(draft_report(film(), phrase_book, model=phrase_book.folder))

    assert texts(last, SectionKind.FINDINGS) == ["The lungs look odd."]


def test_threshold_of_the_finding_decides_what_counts_as_present(
    phrase_book: Any, film: Any
) -> None:
    phrase_book.text = "The lungs look odd."
    phrase_book.yes = {"effusion": 0.375}
    eager = replace(phrase_book.folder.findings[1], threshold=0.25)
    model = replace(phrase_book.folder, findings=(eager,))

    last = drafted(draft_report(film(), phrase_book, model=model))

    assert found(last, "There is an effusion.").probability == 0.375


def test_film_with_a_finding_is_not_summed_up_as_normal(phrase_book: Any, film: Any) -> None:
    phrase_book.text = "There is an effusion."
    phrase_book.yes = {"effusion": 0.875, "normal": 0.75}

    last = drafted(draft_report(film(), phrase_book, model=phrase_book.folder))

    assert texts(last, SectionKind.IMPRESSION) == []


def test_summary_in_the_text_goes_to_the_impression(phrase_book: Any, film: Any) -> None:
    phrase_book.text = "It is normal. No effusion."
    phrase_book.yes = {"normal": 0.875}

    last = drafted(draft_report(film(), phrase_book, model=phrase_book.folder))

    assert texts(last, SectionKind.IMPRESSION) == ["It is normal."]
    assert texts(last, SectionKind.FINDINGS) == ["No effusion."]


def test_sentence_cut_by_the_length_limit_is_marked(phrase_book: Any, film: Any) -> None:
    phrase_book.text = "The lungs look odd. There is a"
    phrase_book.cut_off = True

    last = drafted(draft_report(film(), phrase_book, model=phrase_book.folder))

    assert "cut off" in found(last, "There is a").note
    assert "cut off" not in found(last, "The lungs look odd.").note


def test_repeated_sentences_are_shown_once(phrase_book: Any, film: Any) -> None:
    phrase_book.text = "The lungs look odd. The lungs look odd. The lungs look odd."

    last = drafted(draft_report(film(), phrase_book, model=phrase_book.folder))

    assert texts(last, SectionKind.FINDINGS) == ["The lungs look odd."]


def test_uncalibrated_model_says_so_on_every_sentence(phrase_book: Any, film: Any) -> None:
    phrase_book.text = TEXT
    phrase_book.calibrated = False

    last = drafted(draft_report(film(), phrase_book, model=phrase_book.folder))

    assert last.sentences()
    assert all("not calibrated" in sentence.note for sentence in last.sentences())


def test_record_is_enough_to_ask_again(phrase_book: Any, film: Any) -> None:
    phrase_book.text = TEXT
    frame = film()
    window = Window(40, 400)

    last = drafted(
        draft_report(frame, phrase_book, model=phrase_book.folder, window=window, seed=3)
    )

    assert {sentence.request for sentence in last.sentences()} <= {a.request for a in last.asked}
    described = next(asked for asked in last.asked if asked.task == FINDINGS)
    parameters = dict(described.parameters)
    assert described.text == DESCRIBE
    assert described.images == (frame.identity,)
    assert described.algorithm is not None and len(described.algorithm.sha256) == 64
    assert (parameters["window center"], parameters["window width"]) == ("40", "400")
    assert (parameters["seed"], parameters["beam"]) == ("3", "1")
    assert parameters["model input"] == "64 x 64"
    assert last.evidence == (frame.identity,)
    assert last.identity == frame.identity.of_frame(0)
    assert all(request.images[0].identity == frame.identity.key() for request in phrase_book.asked)


def test_all_questions_go_in_one_batch_on_one_picture(phrase_book: Any, film: Any) -> None:
    list(draft_report(film(), phrase_book, model=phrase_book.folder))

    assert [request.task for request in phrase_book.asked] == ["findings"] + ["choice"] * 5
    assert len({id(request.images[0].pixels) for request in phrase_book.asked}) == 1


def test_model_without_free_text_drafts_from_its_closed_questions(
    phrase_book: Any, film: Any
) -> None:
    phrase_book.yes = {"effusion": 0.875}
    model = replace(phrase_book.folder, tasks=("choice",))

    last = drafted(draft_report(film(), phrase_book, model=model))

    assert texts(last, SectionKind.FINDINGS) == [
        "There is an effusion.",
        "The heart is normal.",
        "It is right.",
    ]


def test_stopped_draft_has_no_complete_document(phrase_book: Any, film: Any) -> None:
    phrase_book.text = TEXT
    stages: list[ReportDocument] = []

    for document in draft_report(
        film(), phrase_book, model=phrase_book.folder, stop=lambda: bool(stages)
    ):
        stages.append(document)

    assert stages
    sentences = [sentence for document in stages for sentence in document.sentences()]
    assert all(sentence.probability is None for sentence in sentences)
    assert {one.sha256 for document in stages for one in document.algorithms()} == {
        phrase_book.folder.sha256
    }


def test_refusal_by_the_model_is_told_in_its_words(phrase_book: Any, film: Any) -> None:
    phrase_book.refuses = True

    with pytest.raises(DraftRefused, match="too dark"):
        list(draft_report(film(), phrase_book, model=phrase_book.folder))


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ({"Modality": "CT"}, "modality CT"),
        ({"Modality": ""}, "modality unknown"),
        ({"BodyPartExamined": "EXTREMITY"}, "EXTREMITY"),
        ({"ViewPosition": "LL"}, "lateral"),
        ({"PatientOrientation": ["A", "F"]}, "lateral"),
        ({"PatientSpeciesDescription": "Canis lupus familiaris"}, "not human"),
    ],
)
def test_film_that_the_model_never_learnt_is_refused_before_it_is_asked(
    phrase_book: Any, film: Any, header: dict[str, str], told: str
) -> None:
    with pytest.raises(DraftRefused, match=told):
        list(draft_report(film(**header), phrase_book, model=phrase_book.folder))

    assert phrase_book.asked == []


@pytest.mark.parametrize(
    "header",
    [
        {"Modality": "DX"},
        {"BodyPartExamined": ""},
        {"PatientOrientation": ["L", "F"], "ViewPosition": "PA"},
        {"PatientSpeciesDescription": "Homo sapiens"},
    ],
)
def test_chest_films_are_drafted(phrase_book: Any, film: Any, header: dict[str, str]) -> None:
    assert list(draft_report(film(**header), phrase_book, model=phrase_book.folder))


def test_picture_file_is_drafted_with_a_note(phrase_book: Any, picture: Path) -> None:
    phrase_book.text = TEXT
    (frame,) = open_frames(picture)

    last = drafted(draft_report(frame, phrase_book, model=phrase_book.folder))

    assert all("does not say what it shows" in one.note for one in last.sentences())


def test_model_without_the_task_is_refused(phrase_book: Any, film: Any) -> None:
    model = replace(phrase_book.folder, tasks=("answer",))

    with pytest.raises(DraftRefused, match="cannot draft"):
        list(draft_report(film(), phrase_book, model=model))
