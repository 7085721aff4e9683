"""The ledger: what the reader decides stays decided, whatever arrives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dicom_io.identity import Identity
from dicom_io.report.document import (
    Asked,
    Decision,
    Origin,
    ReportDocument,
    ReportState,
    Section,
    SectionKind,
    Sentence,
)
from ui.report.ledger import Ledger

FILM = Identity("P1", "", "1.2", "1.2.3", "1.2.3.4", 1)


def suggestion(identifier: str, text: str, request: str = "r1") -> Sentence:
    return Sentence(identifier, text, Origin.AI, Decision.SUGGESTED, request=request)


def draft(*sentences: Sentence, request: str = "r1", task: str = "findings") -> ReportDocument:
    return ReportDocument(
        FILM,
        sections=(Section(SectionKind.FINDINGS, sentences),),
        asked=(Asked(request, task, "describe"),),
    )


@pytest.fixture
def ledger() -> Ledger:
    book = Ledger()
    book.open(ReportDocument(FILM))
    return book


def texts(ledger: Ledger) -> list[str]:
    assert ledger.document is not None
    return [sentence.text for sentence in ledger.document.section(SectionKind.FINDINGS).sentences]


def states(ledger: Ledger) -> list[Decision]:
    assert ledger.document is not None
    return [sentence.state for sentence in ledger.document.section(SectionKind.FINDINGS).sentences]


def test_a_streamed_draft_grows_in_place(ledger: Ledger) -> None:
    ledger.merge_draft(draft(suggestion("a", "The heart")))
    ledger.merge_draft(draft(suggestion("a", "The heart is large."), suggestion("b", "No")))

    assert texts(ledger) == ["The heart is large.", "No"]


def test_a_decision_survives_later_stages_of_the_draft(ledger: Ledger) -> None:
    ledger.merge_draft(draft(suggestion("a", "The heart is large.")))
    ledger.reject("a")

    ledger.merge_draft(draft(suggestion("a", "The heart is large."), suggestion("b", "No fluid.")))

    assert states(ledger) == [Decision.REJECTED, Decision.SUGGESTED]


def test_a_second_draft_replaces_what_nobody_decided(ledger: Ledger) -> None:
    ledger.merge_draft(draft(suggestion("a", "The heart is large."), suggestion("b", "No fluid.")))
    ledger.accept("b")

    second = draft(
        suggestion("c", "Round opacities.", "r2"),
        suggestion("d", "No fluid.", "r2"),
        request="r2",
    )
    ledger.merge_draft(second)

    assert texts(ledger) == ["No fluid.", "Round opacities."]


def test_an_answer_inserted_stays_when_a_draft_arrives(ledger: Ledger) -> None:
    ledger.merge_sentences(
        [suggestion("x", "A mass is seen.", "q")],
        SectionKind.FINDINGS,
        [Asked("q", "choice", "mass?")],
    )

    ledger.merge_draft(draft(suggestion("a", "The heart is large.")))

    assert texts(ledger) == ["A mass is seen.", "The heart is large."]


def test_a_sentence_being_edited_is_left_alone(ledger: Ledger) -> None:
    ledger.merge_draft(draft(suggestion("a", "The heart")))
    ledger.hold("a")

    ledger.merge_draft(draft(suggestion("a", "The heart is large.")))

    assert texts(ledger) == ["The heart"]


def test_an_edit_remembers_what_the_model_said(ledger: Ledger) -> None:
    ledger.merge_draft(draft(suggestion("a", "The heart is large.")))

    ledger.edit("a", "The heart is  slightly large.")

    assert ledger.document is not None
    (row,) = ledger.document.sentences()
    assert row.text == "The heart is slightly large."
    assert (row.origin, row.suggested) == (Origin.AI_EDITED, "The heart is large.")


def test_undo_takes_back_the_readers_acts_and_keeps_what_arrived_since(ledger: Ledger) -> None:
    ledger.merge_draft(draft(suggestion("a", "The heart is large.")))
    ledger.edit("a", "Heart normal.")
    written = ledger.write(SectionKind.FINDINGS, "Hila are full.")
    ledger.merge_draft(draft(suggestion("a", "The heart is large."), suggestion("b", "No fluid.")))

    ledger.undo()
    ledger.undo()

    assert written is not None
    assert texts(ledger) == ["The heart is large.", "No fluid."]
    assert states(ledger) == [Decision.SUGGESTED, Decision.SUGGESTED]
    ledger.redo()
    ledger.redo()
    assert sorted(texts(ledger)) == ["Heart normal.", "Hila are full.", "No fluid."]


def test_a_rejected_sentence_can_be_restored(ledger: Ledger) -> None:
    ledger.merge_draft(draft(suggestion("a", "The heart is large.")))
    ledger.reject("a")

    ledger.accept("a")

    assert states(ledger) == [Decision.ACCEPTED]


def test_emptying_a_sentence_rejects_it(ledger: Ledger) -> None:
    ledger.merge_draft(draft(suggestion("a", "The heart is large.")))

    ledger.edit("a", "   ")

    assert states(ledger) == [Decision.REJECTED]
    assert texts(ledger) == ["The heart is large."]


def test_a_signed_report_refuses_every_act(ledger: Ledger) -> None:
    ledger.merge_draft(draft(suggestion("a", "The heart is large.")))
    assert ledger.document is not None
    signed = replace(ledger.document, state=ReportState.SIGNED)
    ledger.replace(signed)

    ledger.accept("a")
    ledger.write(SectionKind.IMPRESSION, "More.")
    ledger.merge_draft(draft(suggestion("b", "No fluid.")))
    ledger.undo()

    assert ledger.document == signed


def test_a_sentence_cannot_be_decided_while_its_words_are_coming(ledger: Ledger) -> None:
    ledger.merge_draft(
        draft(suggestion("a", "No fluid."), suggestion("b", "The he")), complete=False
    )
    ledger.accept("a")
    ledger.accept("b")

    assert states(ledger) == [Decision.ACCEPTED, Decision.SUGGESTED]
    ledger.merge_draft(draft(suggestion("b", "The heart is large.")))
    ledger.accept("b")
    assert texts(ledger) == ["No fluid.", "The heart is large."]
    assert states(ledger) == [Decision.ACCEPTED, Decision.ACCEPTED]


def test_a_suggestion_may_move_to_another_section_at_the_end(ledger: Ledger) -> None:
    ledger.merge_draft(draft(suggestion("a", "Normal chest film.")), complete=False)

    final = ReportDocument(
        FILM,
        sections=(Section(SectionKind.IMPRESSION, (suggestion("a", "Normal chest film."),)),),
    )
    ledger.merge_draft(final)

    assert ledger.document is not None
    assert texts(ledger) == []
    assert len(ledger.document.section(SectionKind.IMPRESSION).sentences) == 1
