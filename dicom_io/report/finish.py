"""From a reader's signature to the bytes of the signed document: one way for window and command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydicom.dataset import Dataset

from dicom_io.report import sr
from dicom_io.report.beside import Beside, objects_of
from dicom_io.report.document import Reader, ReportDocument
from dicom_io.report.header import Software
from dicom_io.report.signing import Readers, release, sign

NOTHING = Beside()


@dataclass(frozen=True, slots=True)
class Credential:
    """Who signs, and the proof; `enrols` when the reader signs here for the first time."""

    reader: Reader
    secret: str
    enrols: bool = False

    def __repr__(self) -> str:
        return f"Credential({self.reader.name!r})"  # the secret is shown nowhere


@dataclass(frozen=True, slots=True)
class Finished:
    """A signed report and its DICOM files, every one of them checked."""

    document: ReportDocument
    report: bytes
    beside: tuple[bytes, ...] = ()  # findings as data, key images


def finish(
    document: ReportDocument,
    credential: Credential,
    readers: Readers,
    evidence: Sequence[Dataset],
    beside: Beside = NOTHING,
) -> Finished:
    """The signed report and its DICOM files. `evidence` are headers of the images looked at, and
    of those that `beside` is about.

    Raises SigningProblem, UndecidedSentences, InvalidReport, UnusableText, StorageProblem; nothing
    has been changed then but, perhaps, the reader's enrolment.
    """
    proven = prove(credential, readers)
    signed = sign(document, proven)
    software = Software.installed(proven.organization)
    report = sr.build(signed, evidence, software)
    others = objects_of(signed, evidence, software, beside)
    return Finished(signed, sr.to_bytes(report), tuple(sr.to_bytes(one) for one in others))


def finish_preliminary(
    document: ReportDocument,
    credential: Credential,
    readers: Readers,
    evidence: Sequence[Dataset],
) -> Finished:
    """The draft, which remembers what was released, and the preliminary report's DICOM file. No
    findings as data and no key images go with it. Raises as `finish` does."""
    proven = prove(credential, readers)
    released = release(document, proven)
    report = sr.build(released, evidence, Software.installed(proven.organization))
    after = replace(document, preliminary=str(report.SOPInstanceUID))
    return Finished(after, sr.to_bytes(report))


def prove(credential: Credential, readers: Readers) -> Reader:
    """The reader behind a credential, enrolled if that was asked. Raises SigningProblem and
    StorageProblem."""
    reader = credential.reader
    if credential.enrols:
        return readers.enroll(reader.name, reader.organization, credential.secret)
    return readers.verify(reader.name, credential.secret)
