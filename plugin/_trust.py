"""Holds what a model wrote against what is open: comparison, side, sex, levels, measurements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from pydicom.dataset import Dataset

from dicom_io.report.document import (
    Decision,
    Origin,
    ReportDocument,
    Section,
    SectionKind,
    Sentence,
)
from dicom_io.report.doubts import (
    CONTRADICTED,
    NO_SUCH_LEVEL,
    NOT_MEASURED,
    OTHER_SEX,
    OTHER_SIDE,
)
from model_backend.controls.comparison import compares
from model_backend.controls.sides import sides_named
from model_backend.evaluation.statements import DENIED, STATED, statements

NORMAL = "normal"  # what `statements` calls a film without findings
# Beginnings of words, English and German; "seminal" and the like stand in no chest report.
_OF_MEN = r"prostat|testic|testis|scrot|penis|penile|seminal ves|hoden|samenbl"
_OF_WOMEN = r"uter(?:us|ine)|ovar(?:y|ies|ian)|cervix uteri|gravid|pregnan|schwanger|eierst|gebärm"
_OTHERS = {"M": re.compile(rf"\b(?:{_OF_WOMEN})", re.I), "F": re.compile(rf"\b(?:{_OF_MEN})", re.I)}
_LEVEL = re.compile(r"\b([CTLS]|Th|BWK|HWK|LWK)\s?-?(\d{1,2})\b")
_LAST_LEVEL = {"C": 8, "HWK": 7, "T": 12, "TH": 12, "BWK": 12, "L": 6, "LWK": 6, "S": 5}
_RIB = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th|\.)?[ -](?:ribs?|rippen?)\b", re.I)
_LENGTH = re.compile(r"\b\d+(?:[.,]\d+)?\s?(?:mm|cm|millimet|centimet|zentimet)", re.I)


def trusted(
    stages: Iterator[ReportDocument], header: Dataset, *, has_prior: bool = False
) -> Iterator[ReportDocument]:
    """The stages of a draft without sentences that compare, unless a prior was shown to the model,
    and with a note at each that does not fit what is open."""
    for stage in stages:
        yield checked(stage, header, has_prior=has_prior)


def checked(
    document: ReportDocument, header: Dataset, *, has_prior: bool = False
) -> ReportDocument:
    """One document; what a person wrote or decided is not touched."""
    against = contradicted(document)
    sections = []
    for section in document.sections:
        kept: list[Sentence] = []
        for one in section.sentences:
            if one.origin is not Origin.AI or one.state is not Decision.SUGGESTED:
                kept.append(one)
            elif has_prior or not compares(one.text):
                notes = [*faults(one.text, header)]
                notes += [CONTRADICTED] if one.id in against else []
                kept.append(_noted(one, notes))
        sections.append(Section(section.kind, tuple(kept)))
    return replace(document, sections=tuple(one for one in sections if one.sentences))


def held_back(before: ReportDocument, after: ReportDocument) -> int:
    """How many sentences `checked` has left out."""
    return len(before.sentences()) - len(after.sentences())


def faults(text: str, header: Dataset) -> tuple[str, ...]:
    """What of a sentence does not fit the image: its side, the patient's sex, a level that nobody
    has, a length that nobody measured (a model sees no scale)."""
    side = str(header.get("ImageLaterality") or header.get("Laterality") or "").upper()
    other = {"L": "right", "R": "left"}.get(side)
    wrong = _OTHERS.get(str(header.get("PatientSex") or "").upper())
    found = {
        OTHER_SIDE: other in sides_named(text),
        OTHER_SEX: wrong is not None and bool(wrong.search(text)),
        NO_SUCH_LEVEL: any(_is_no_level(one) for one in _LEVEL.finditer(text))
        or any(not 1 <= int(one[1]) <= 12 for one in _RIB.finditer(text)),
        NOT_MEASURED: bool(_LENGTH.search(text)),
    }
    return tuple(note for note, is_so in found.items() if is_so)


def contradicted(document: ReportDocument) -> set[str]:
    """The ids of sentences of the impression that state what the findings deny, or deny what they
    state, by the rules of `statements`; a normal film is denied by any stated finding."""
    said = _said(document, SectionKind.FINDINGS)
    has_finding = any(what == STATED for name, what in said.items() if name != NORMAL)
    wrong = set()
    for one in document.section(SectionKind.IMPRESSION).sentences:
        for name, what in statements(one.text).items():
            opposite = {STATED: DENIED, DENIED: STATED}.get(what)
            calls_normal = name == NORMAL and what == STATED and has_finding
            if calls_normal or (opposite is not None and said.get(name) == opposite):
                wrong.add(one.id)
    return wrong


def _said(document: ReportDocument, kind: SectionKind) -> dict[str, str]:
    rows = document.section(kind).sentences
    return statements("\n".join(one.text for one in rows if one.state is not Decision.REJECTED))


def _is_no_level(found: re.Match[str]) -> bool:
    return not 1 <= int(found[2]) <= _LAST_LEVEL[found[1].upper()]


def _noted(sentence: Sentence, notes: list[str]) -> Sentence:
    there = [one for one in sentence.note.split(", ") if one]
    return replace(sentence, note=", ".join(dict.fromkeys([*there, *notes])))
