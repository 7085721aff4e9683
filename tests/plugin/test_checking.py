"""The impression is held to the findings, and the findings are summed up; plain functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import pytest

from dicom_io.identity import Identity
from dicom_io.report.document import (
    Decision,
    Origin,
    ReportDocument,
    Section,
    SectionKind,
    Sentence,
    human_sentence,
)
from model_backend.request import (
    ENTAILMENT,
    Answer,
    BadRequest,
    Event,
    ModelIdentity,
    Refusal,
    Request,
)
from plugin._checking import (
    NotDone,
    check_impression,
    in_words,
    is_alarming,
    summarise_findings,
)

FILM = Identity("7", "", "1.2", "1.2.3", "1.2.3.4", 1)
MODEL = ModelIdentity("sums", "1", "0" * 64, ("entailment", "summary"))


@dataclass
class Judge:
    """A model that contradicts every sentence in which "normal" stands, and sums up by heart."""

    summary: str = "Effusion. Large heart. Effusion."
    cut_off: bool = False
    calibrated: bool = False
    read_whole: bool = True
    refuses: bool = False
    asked: list[Request] = field(default_factory=list)

    def __call__(
        self, requests: Sequence[Request], stop: Callable[[], bool] = lambda: False
    ) -> Iterator[Event]:
        self.asked += requests
        for request in requests:
            if stop():
                return
            if self.refuses:
                yield Refusal(request.id, "Too little is said.", MODEL)
            elif request.task == ENTAILMENT:
                shares = (0.125, 0.25, 0.625) if "normal" in request.text2 else (0.75, 0.25, 0.0)
                text = request.candidates[shares.index(max(shares))]
                answer = Answer(request.id, text, shares, False, MODEL, calibrated=self.calibrated)
                yield replace(answer, read_whole=self.read_whole)
            else:
                answer = Answer(request.id, self.summary, None, self.cut_off, MODEL)
                yield replace(answer, read_whole=self.read_whole)


def report(findings: Sequence[Sentence], impression: Sequence[Sentence]) -> ReportDocument:
    return ReportDocument(
        FILM,
        sections=(
            Section(SectionKind.FINDINGS, tuple(findings)),
            Section(SectionKind.IMPRESSION, tuple(impression)),
        ),
    )


EFFUSION, HEART = human_sentence("There is an effusion."), human_sentence("The heart is large.")
NORMAL, ILL = human_sentence("A normal film."), human_sentence("Effusion with a large heart.")


def test_each_sentence_of_the_impression_is_held_to_all_findings() -> None:
    judge = Judge()

    judged = list(check_impression(report((EFFUSION, HEART), (NORMAL, ILL)), judge))

    assert [one.sentence for one in judged] == [NORMAL, ILL]
    assert [one.is_contradicted for one in judged] == [True, False]
    assert [one.mark for one in judged] == ["The findings contradict this (not calibrated)", ""]
    assert {one.text for one in judge.asked} == {"There is an effusion. The heart is large."}
    assert [one.text2 for one in judge.asked] == ["A normal film.", "Effusion with a large heart."]


def test_a_calibrated_judgement_names_its_probability() -> None:
    (judged,) = check_impression(report((EFFUSION,), (NORMAL,)), Judge(calibrated=True))

    assert judged.mark == "The findings contradict this (0.62)"


def test_what_was_rejected_counts_on_neither_side() -> None:
    judge = Judge()
    wrong = replace(NORMAL, state=Decision.REJECTED)

    (judged,) = check_impression(report((EFFUSION, HEART.rejected()), (wrong, ILL)), judge)

    assert judged.sentence == ILL
    assert judge.asked[0].text == "There is an effusion."


@pytest.mark.parametrize(
    ("findings", "impression", "words"),
    [
        ((), (NORMAL,), "There are no findings yet"),
        ((EFFUSION.rejected(),), (NORMAL,), "There are no findings yet"),
        ((EFFUSION,), (), "There is no impression to be checked"),
    ],
)
def test_an_empty_section_is_told_in_one_sentence(
    findings: tuple[Sentence, ...], impression: tuple[Sentence, ...], words: str
) -> None:
    judge = Judge()

    with pytest.raises(BadRequest, match=words):
        list(check_impression(report(findings, impression), judge))
    assert judge.asked == []


def test_a_summary_becomes_suggestions_that_a_person_decides_about() -> None:
    document = report((EFFUSION, HEART), ())

    summary = summarise_findings(document, Judge())

    assert summary is not None
    assert [one.text for one in summary.sentences] == ["Effusion.", "Large heart."]
    (asked,) = summary.asked
    assert (asked.task, asked.text) == ("summary", "There is an effusion. The heart is large.")
    for sentence in summary.sentences:
        assert (sentence.origin, sentence.state) == (Origin.AI, Decision.SUGGESTED)
        assert (sentence.probability, sentence.note) == (None, "not calibrated")
        assert sentence.request == asked.request


def test_a_summary_that_was_cut_off_says_so_at_its_last_sentence() -> None:
    judge = Judge(summary="Effusion. Large", cut_off=True)

    summary = summarise_findings(report((EFFUSION,), ()), judge)

    assert summary is not None
    assert [one.note for one in summary.sentences] == ["not calibrated", "cut off, not calibrated"]


def test_findings_that_were_not_read_to_their_end_are_told_and_alarm() -> None:
    judge = Judge(read_whole=False)
    document = report((EFFUSION,), (replace(NORMAL, text="Effusion."),))

    judged = list(check_impression(document, judge))
    summary = summarise_findings(document, judge)

    assert is_alarming(judged)
    assert in_words(judged) == "The texts are too long for the model: it did not read their end."
    assert summary is not None
    assert "the end of the text was not read" in summary.sentences[0].note
    judge.read_whole = True
    assert not is_alarming(list(check_impression(document, judge)))


def test_a_refusal_is_given_as_its_sentence() -> None:
    document = report((EFFUSION,), (NORMAL,))

    with pytest.raises(NotDone, match="^Too little is said.$"):
        list(check_impression(document, Judge(refuses=True)))
    with pytest.raises(NotDone, match="^Too little is said.$"):
        summarise_findings(document, Judge(refuses=True))


def test_a_stopped_check_judges_nothing_and_a_stopped_summary_suggests_nothing() -> None:
    document = report((EFFUSION,), (NORMAL,))

    assert list(check_impression(document, Judge(), stop=lambda: True)) == []
    assert summarise_findings(document, Judge(), stop=lambda: True) is None
