"""Reports of a site for a data set: SR or text, their sections, and no word that names a person."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydicom import Dataset, dcmread
from pydicom.errors import BytesLengthException

from dicom_io.deidentify import identity_words
from dicom_io.errors import DicomProblem
from dicom_io.report.document import Decision, SectionKind
from dicom_io.report.reading import read
from model_backend.datasets.sections import FINDINGS, IMPRESSION, sections_of

# What pydicom raises, early or late, for a file that is damaged.
UNREADABLE: tuple[type[Exception], ...] = (
    *(ValueError, TypeError, AttributeError, KeyError, NotImplementedError, OverflowError),
    *(EOFError, OSError, struct.error, BytesLengthException),
)
_MEASUREMENTS = "126000"  # Imaging Measurement Report (TID 1500), which has a text beside it
LONGEST = 2**20  # bytes of a text report
GONE = "___"  # stands for what was taken out, as in the MIMIC sets

_MONTHS = (
    "january february march april may june july august september october november december "
    "januar februar märz mai juni juli oktober dezember jan feb mar apr jun jul aug sep sept oct "
    "okt nov dec dez"
).replace(" ", "|")
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b\d+(?:\.\d+){5,}\b",  # a UID
        r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b",  # mail
        r"\b\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\b",  # 2020-03-01, 1.3.2020, 3/1/20
        rf"\b\d{{1,2}}\.?\s+(?:{_MONTHS})\.?,?\s+(?:19|20)\d\d\b",  # 1. März 2020
        rf"\b(?:{_MONTHS})\.?\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+(?:19|20)\d\d\b",  # March 1, 2020
        r"\b[0-2]?\d:[0-5]\d(?::[0-5]\d)?\b(?!\s*o.?clock)(?:\s*[ap]\.?m\b\.?)?",  # 10:15 pm
        r"(?<![\w.])\+?\d(?:[ ()/-]{0,2}\d){7,}(?![\w.])",  # telephone, long numbers
        r"(?<![\w.,])\d{6,}\b",  # any long number, but no decimals
    )
)
# What headers say where no name is known.
_NO_NAMES = frozenset(
    "unknown anonymous anonymized name first last middle test none patient".split()
)
# Titles stand before a name: that name goes, whoever it is.
_TITLED = re.compile(
    r"\b(?:Dr|Prof|Mr|Mrs|Ms|Herrn?|Frau|Doctor|Doktor)\b\.?"
    r"(?:[ \t]+(?:Dr|Prof|med|habil|univ|dent)\b\.?)*(?:[ \t]+[A-ZÄÖÜ](?:\.|[\w'’-]*)){1,3}"
)
# So does what stands behind these words, as at the end and the head of a report.
_LABELLED = re.compile(
    r"(?i:\b((?:signed|dictated|reported|interpreted|verified|transcribed|approved|reviewed|read)"
    r"\s+by|gez\.|(?:befundet|vidiert|unterzeichnet)\s+(?:von|durch)"
    r"|(?:patient(?:in)?(?:\s*name)?|name|physician|radiologist|arzt|ärztin)\s*:)\s*:?)"
    r"[ \t]*(?:[A-ZÄÖÜ](?:\.|[\w'’-]*),?[ \t]*){1,4}"
)


@dataclass(frozen=True, slots=True)
class SiteReport:
    """What a report says, and how it names its study."""

    path: Path
    study: str = ""  # StudyInstanceUID; of a text what its file is called
    accession: str = ""  # likewise
    findings: str = ""
    impression: str = ""
    words: frozenset[str] = frozenset()  # that name a person or number, in small letters
    rank: tuple[bool, str] = (False, "")  # verified, and when it was written: the highest counts
    problem: str = ""  # why it cannot be used


def read_sr(path: Path) -> SiteReport:
    """An SR of any maker. Only what a person wrote or accepted is taken."""
    try:
        return _report_in(dcmread(path, force=True), path)
    except DicomProblem as problem:
        return SiteReport(path, problem=nameless(problem, path))
    except UNREADABLE as error:
        return SiteReport(path, problem=f"it cannot be read ({type(error).__name__})")


def _report_in(dataset: Dataset, path: Path) -> SiteReport:
    document = read(dataset)
    if any(one.get("CodeValue") == _MEASUREMENTS for one in dataset.ConceptNameCodeSequence):
        return SiteReport(path, problem="it is a list of measurements, not a text")
    texts: dict[SectionKind, str] = {}
    refused = 0
    for section in document.sections:
        kept = [one for one in section.sentences if one.state is Decision.ACCEPTED]
        refused += len(section.sentences) - len(kept)
        texts[section.kind] = " ".join(_without_patterns(one.text) for one in kept)
    report = _parted(texts.get(SectionKind.FINDINGS, ""), texts.get(SectionKind.IMPRESSION, ""))
    why = "nobody has accepted what a device wrote in it" if refused else "it has no text"
    return SiteReport(
        path,
        str(dataset.get("StudyInstanceUID") or ""),
        str(dataset.get("AccessionNumber") or "").strip(),
        *report,
        identity_words(dataset),
        _rank(dataset),
        "" if any(report) else why,
    )


def _rank(dataset: Dataset) -> tuple[bool, str]:
    """An amended report comes after the one that it replaces, and a verified one before drafts."""
    when = "".join(str(dataset.get(name) or "") for name in ("ContentDate", "ContentTime"))
    return str(dataset.get("VerificationFlag") or "") == "VERIFIED", when


def _parted(findings: str, impression: str) -> tuple[str, str]:
    """Findings and impression; one text that holds both headings is taken apart."""
    if not impression:
        found = sections_of(findings)
        if found:
            return found.get(FINDINGS, ""), found.get(IMPRESSION, "")
    return findings, impression


def read_text(path: Path) -> SiteReport:
    """A text file whose name is the accession number or the UID of its study."""
    name = path.stem
    try:
        if path.stat().st_size > LONGEST:
            return SiteReport(path, problem="it is too long for a report")
        text = _without_patterns(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        return SiteReport(path, problem=f"it cannot be read ({error.strerror})")
    except UnicodeDecodeError:
        return SiteReport(path, problem="it is not UTF-8")
    found = sections_of(text)
    if not found:
        found = {FINDINGS: " ".join(text.split())}
    findings, impression = found.get(FINDINGS, ""), found.get(IMPRESSION, "")
    return SiteReport(
        path,
        name,
        name,
        findings,
        impression,
        problem="" if findings or impression else "it has no text",
    )


def nameless(problem: Exception, path: Path) -> str:
    """What is wrong with a file, without the file's name, which may be a patient's."""
    told = str(problem).replace(str(path), "it").replace(path.name, "it")
    return told.rstrip(".").replace(". ", "; ")


def without_identity(text: str, words: Iterable[str]) -> str:
    """The text without these words, dates, times, long numbers, addresses and titled names.

    What names a person and stands in no header, without a title or a word such as "signed by",
    cannot be known and stays.
    """
    text = _without_patterns(text)
    for word in sorted(set(words) - _NO_NAMES, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", GONE, text, flags=re.IGNORECASE)
    return " ".join(re.sub(rf"{GONE}(?:[\s,;]+{GONE})+", GONE, text).split())


def _without_patterns(text: str) -> str:
    """Done line by line, before lines are joined: a name ends with its line."""
    text = _LABELLED.sub(rf"\1 {GONE} ", _TITLED.sub(GONE, text))
    for pattern in _PATTERNS:
        text = pattern.sub(GONE, text)
    return text
