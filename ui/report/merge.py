"""What becomes of suggestions that arrive while a reader is already at work: plain functions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from dicom_io.identity import Identity
from dicom_io.report.document import (
    Asked,
    ReportDocument,
    Section,
    SectionKind,
    Sentence,
)


def with_draft(
    document: ReportDocument,
    draft: ReportDocument,
    *,
    superseded: Collection[str] = (),
    held: Collection[str] = (),
) -> ReportDocument:
    """`document` with the sentences of `draft`, which may be one of many stages of one draft.

    What the reader has decided, written or is editing (`held`, sentence ids) stays as it is. The
    undecided suggestions of an earlier draft (`superseded`) give way. A suggestion in words that
    already stand there is not made again.
    """
    gone = set(superseded) - {sentence.id for sentence in draft.sentences()} - set(held)
    cleared = _without_undecided(document, gone)
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
    """`document` with the sentences added to (or, by their id, renewed in) one section.

    A suggestion that was in another section, and that nobody has decided about, moves.
    """
    fixed = {row.id for row in document.sentences() if row.is_decided} | set(held)
    fresh = [sentence for sentence in sentences if sentence.id not in fixed]
    here = {row.id for row in document.section(kind).sentences}
    moved = {sentence.id for sentence in fresh} - here
    document = _without_undecided(document, moved)
    rows = {row.id: row for row in document.section(kind).sentences}
    said = _texts_of(document)
    for sentence in fresh:
        if sentence.id in rows or sentence.text not in said:
            rows[sentence.id] = sentence
    if not rows:
        return document
    return document.with_section(Section(kind, tuple(rows.values())))


def _texts_of(document: ReportDocument) -> set[str]:
    """All words that stand in the report, and those that the reader has replaced."""
    rows = document.sentences()
    return {row.text for row in rows} | {row.suggested for row in rows if row.suggested}


def _without_undecided(document: ReportDocument, ids: Collection[str]) -> ReportDocument:
    """Drop the sentences of those ids, but for those that somebody has decided about."""
    for section in document.sections:
        kept = tuple(row for row in section.sentences if row.is_decided or row.id not in ids)
        if kept != section.sentences:
            document = document.with_section(Section(section.kind, kept))
    return document


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


def with_followed(
    document: ReportDocument, target: tuple[str, Identity], words: str | None
) -> ReportDocument:
    """`document` after what some of its links follow has changed to `words` (None: is gone); what
    the version before has said stays as it was signed."""
    for row in document.sentences():
        if row.id not in document.locked and any(link.target == target for link in row.links):
            document = document.with_sentence(row.following(target, words))
    return document
