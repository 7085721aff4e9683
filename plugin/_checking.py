"""Hold the impression to the findings, and sum the findings up; plain functions, no Qt."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from dicom_io.report.document import (
    Asked,
    Decision,
    Origin,
    ReportDocument,
    SectionKind,
    Sentence,
    new_id,
)
from dicom_io.source import never
from model_backend.request import ENTAILMENT, SUMMARY, Ask, BadRequest, ModelError
from model_backend.sentences import is_whole, split_sentences
from model_backend.tasks import CONTRADICTED
from plugin._reply import READ_IN_PART, UNCALIBRATED, Reply
from plugin._tasks import Given, ask_task
from ui.host import tr


class NotDone(ModelError):
    """The model does not have the task, or will not do it; str() says why."""


@dataclass(frozen=True)
class Judged:
    """What the findings say of one sentence of the impression."""

    sentence: Sentence
    reply: Reply
    total: int  # sentences that are judged altogether

    @property
    def is_contradicted(self) -> bool:
        return self.reply.text == CONTRADICTED

    @property
    def mark(self) -> str:
        """What stands below the sentence; "" where nothing speaks against it."""
        if not self.is_contradicted:
            return ""
        known = self.reply.probability
        share = f"{known:.2f}" if known is not None else tr(UNCALIBRATED)
        return tr("The findings contradict this ({share})", share=share)


@dataclass(frozen=True)
class Summary:
    """Suggested sentences for the impression, and the request behind them."""

    sentences: tuple[Sentence, ...]
    asked: tuple[Asked, ...]


def check_impression(
    document: ReportDocument, ask: Ask, *, stop: Callable[[], bool] = never
) -> Iterator[Judged]:
    """For each sentence of the impression, whether the findings imply or contradict it.

    Rejected sentences count on neither side. Ends early when stopped. Raises BadRequest where one
    of the two sections is empty, NotDone, and what `ask` raises.
    """
    findings = findings_of(document)
    impression = _standing(document, SectionKind.IMPRESSION)
    if not impression:
        raise BadRequest("There is no impression to be checked. Write one first.")
    for sentence in impression:
        reply = _last(ask_task(ENTAILMENT, Given(findings, sentence.text), ask, stop=stop))
        if reply is None:
            return
        yield Judged(sentence, reply, len(impression))


def is_alarming(judged: Sequence[Judged]) -> bool:
    """Something is contradicted, or was not looked at to its end."""
    return any(one.is_contradicted or not one.reply.read_whole for one in judged)


def in_words(judged: Sequence[Judged]) -> str:
    """What the whole check came to."""
    said = []
    if count := sum(one.is_contradicted for one in judged):
        said.append(
            tr(
                "The findings contradict the impression in {count} of {all} sentences.",
                count=count,
                all=len(judged),
            )
        )
    if not all(one.reply.read_whole for one in judged):
        said.append(tr("The texts are too long for the model: it did not read their end."))
    if not said:
        said.append(tr("The model finds no contradiction. It may be wrong; not calibrated."))
    return " ".join(said)


def summarise_findings(
    document: ReportDocument, ask: Ask, *, stop: Callable[[], bool] = never
) -> Summary | None:
    """The findings in a few sentences, each a suggestion for the impression; None when stopped.

    Raises BadRequest where there are no findings, NotDone, and what `ask` raises.
    """
    reply = _last(ask_task(SUMMARY, Given(findings_of(document)), ask, stop=stop))
    if reply is None:
        return None
    texts = list(dict.fromkeys(split_sentences(reply.text)))
    sentences = tuple(_suggestion(text, reply, text == texts[-1]) for text in texts)
    return Summary(sentences, (reply.asked,) if reply.asked is not None else ())


def findings_of(document: ReportDocument) -> str:
    """All findings that nobody has rejected, as one text. Raises BadRequest when there is none."""
    text = " ".join(one.text for one in _standing(document, SectionKind.FINDINGS))
    if not text.strip():
        raise BadRequest("There are no findings yet. Write or draft some first.")
    return text


def _standing(document: ReportDocument, kind: SectionKind) -> tuple[Sentence, ...]:
    return tuple(
        one for one in document.section(kind).sentences if one.state is not Decision.REJECTED
    )


def _suggestion(text: str, reply: Reply, is_last: bool) -> Sentence:
    cut = reply.cut_off and is_last and not is_whole(text)
    return Sentence(
        id=new_id(),
        text=text,
        origin=Origin.AI,
        state=Decision.SUGGESTED,
        request=reply.asked.request if reply.asked is not None else "",
        note=", ".join(
            [
                *([] if reply.read_whole else [READ_IN_PART]),
                *(["cut off"] if cut else []),
                UNCALIBRATED,
            ]
        ),
    )


def _last(replies: Iterator[Reply]) -> Reply | None:
    """The final reply, None when there is none. Raises NotDone for a refusal."""
    kept = deque(replies, maxlen=1)
    reply = kept[0] if kept else None
    if reply is None or not reply.is_final:
        return None
    if reply.refusal:
        raise NotDone(reply.refusal)
    return reply
