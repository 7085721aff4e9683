"""What becomes of suggestions that arrive while a reader is already at work: plain functions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from dicom_io.report.document import (
    Asked,
    Origin,
    ReportDocument,
    Section,
    SectionKind,
    Sentence,
)


def with_draft(
    document: ReportDocument, draft: ReportDocument, held: Collection[str] = ()
) -> ReportDocument:
    """`document` with the sentences of `draft`, which may be one of many stages of one draft.

    What the reader has decided, written or is editing (`held`, sentence ids) stays as it is. The
    undecided suggestions of an earlier draft give way to the new one's. A suggestion in words that
    the reader has already decided about is not made again.
    """
    cleared = _without_superseded(document, draft, held)
    for section in draft.sections:
        cleared = with_suggestions(cleared, section.sentences, section.kind, held=held)
    return with_asked(cleared, draft.asked)


def with_suggestions(
    document: ReportDocument,
    sentences: Sequence[Sentence],
    kind: SectionKind,
    *,
    held: Collection[str] = (),
) -> ReportDocument:
    """`document` with the sentences added to (or, by their id, renewed in) one section."""
    section = document.section(kind)
    rows = {row.id: row for row in section.sentences}
    settled = {row.text for row in document.sentences() if row.is_decided}
    settled |= {row.suggested for row in document.sentences() if row.suggested}
    for sentence in sentences:
        known = rows.get(sentence.id)
        if known is not None and (known.is_decided or known.id in held):
            continue
        if known is None and not sentence.is_decided and sentence.text in settled:
            continue
        rows[sentence.id] = sentence
    if not rows and not section.sentences:
        return document
    return document.with_section(Section(kind, tuple(rows.values())))


def with_asked(document: ReportDocument, asked: Sequence[Asked]) -> ReportDocument:
    """`document` with the requests recorded, each once."""
    records = {one.request: one for one in (*document.asked, *asked)}
    return replace(document, asked=tuple(records.values()))


def with_removed(document: ReportDocument, kind: SectionKind, sentence: str) -> ReportDocument:
    """`document` without the sentence of that id."""
    rows = document.section(kind).sentences
    return document.with_section(Section(kind, tuple(row for row in rows if row.id != sentence)))


def with_inserted(
    document: ReportDocument, kind: SectionKind, sentence: Sentence, position: int
) -> ReportDocument:
    """`document` with the sentence at that place (from 0) of its section."""
    rows = list(document.section(kind).sentences)
    rows.insert(position, sentence)
    return document.with_section(Section(kind, tuple(rows)))


def _without_superseded(
    document: ReportDocument, draft: ReportDocument, held: Collection[str]
) -> ReportDocument:
    """Drop undecided suggestions of the same tasks that the new draft does not contain."""
    tasks = {one.task for one in draft.asked}
    requests = {one.request for one in document.asked if one.task in tasks}
    kept_ids = {sentence.id for sentence in draft.sentences()} | set(held)

    def stays(sentence: Sentence) -> bool:
        superseded = sentence.origin is Origin.AI and sentence.request in requests
        return sentence.is_decided or sentence.id in kept_ids or not superseded

    for section in document.sections:
        kept = tuple(sentence for sentence in section.sentences if stays(sentence))
        if kept != section.sentences:
            document = document.with_section(Section(section.kind, kept))
    return document
