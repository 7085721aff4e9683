"""A site's own folder of DICOM images and reports as a source of a data set, without identity.

Images are rendered as on the screen; overlays and header do not come along. Patients and studies
are named by salted hashes, and the salt never lies in the data set: whoever holds both could find
a patient again by trying every number.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from pydicom.dataset import Dataset

from dicom_io.deidentify import burned_in, identity_words
from dicom_io.errors import DicomProblem, FileProblem, NoPixels
from dicom_io.image.frame import ImageFrame, open_frames
from dicom_io.image.header import read_header
from dicom_io.image.kinds import what_it_is
from dicom_io.image.render import render, windows_of
from dicom_io.report.pages.content import is_report_file
from model_backend.datasets.draft import Draft, Fault, Found, Origin, Source
from model_backend.datasets.picture import png_of
from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.texts import caption, summary
from model_backend.evaluation.labelled import BadRow
from plugin._site_reports import (
    UNREADABLE,
    SiteReport,
    nameless,
    read_sr,
    read_text,
    without_identity,
)

MODALITIES = "CR,DX,MG"  # films; the option `modalities` names others
STACK = 4  # images of a series from which on its middle one stands for it
OLDEST = 89  # years; whoever is older is told as 90+, since few are
_FRONTAL = ("PA", "AP", "")
_SHORT = 20  # hexadecimal digits of a hashed name: 80 bits


@dataclass
class _Study:
    """The images and reports of one study."""

    uid: str
    patient: str  # id and issuer; "" when the images name none
    images: dict[str, list[ImageFrame]] = field(default_factory=dict)  # by series
    reports: list[SiteReport] = field(default_factory=list)
    words: set[str] = field(default_factory=set)


def site_source(salt: bytes) -> Source:
    """The source `site`, whose names are hashed with `salt`."""
    return Source(
        "site",
        "A site's own images and reports",
        "of the site; check what its patients have agreed to",
        "a folder of DICOM images with SR objects of the same study, or with text files named by "
        "accession number or study UID, in any depth",
        "docs/datasets.md of this project",
        "patient",
        partial(_read, salt),
        "Words of the headers, titled names, dates and long numbers were taken out of the texts; "
        "a name that stands in no header may have stayed. Look before you pass it on.",
    )


def kept_salt(path: Path) -> bytes:
    """The salt in a file that only its owner may read; made when it is missing.

    Raises DatasetProblem when it cannot be read or made, or is too short.
    """
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(32))
        salt = path.read_bytes()
    except OSError as error:
        raise DatasetProblem(f"The salt {path} cannot be kept ({error.strerror}).") from error
    if len(salt) < 16:
        raise DatasetProblem(f"The salt {path} is shorter than 16 bytes. Delete it for a new one.")
    return salt


def hashed(salt: bytes, kind: str, name: str) -> str:
    """A name as no one can read it back without the salt."""
    return hmac.new(salt, f"{kind}\0{name}".encode(), "sha256").hexdigest()[:_SHORT]


def dicom_picture(path: Path) -> bytes:
    """The middle frame of a DICOM file as PNG, in the file's own window. Raises BadRow."""
    try:
        frames = open_frames(path)
    except FileProblem as problem:
        raise BadRow(str(problem).rstrip(".")) from problem
    return _rendered(frames[len(frames) // 2])


def _rendered(frame: ImageFrame) -> bytes:
    try:
        stored = frame.stored()
        return png_of(render(frame, stored, windows_of(frame, stored)[0]))
    except DicomProblem as problem:
        raise BadRow(nameless(problem, frame.path)) from problem


# --- the folder ---


def _read(salt: bytes, origin: Origin) -> Iterator[Found]:
    """For each study its findings as a caption of its images, and its impression as a summary."""
    studies, faults = _studies(origin.path, origin.options)
    yield from (Fault(_place(salt, path, origin.path), reason) for path, reason in faults)
    for study in sorted(studies.values(), key=lambda one: hashed(salt, "study", one.uid)):
        yield from _rows(study, salt)


def _place(salt: bytes, path: Path, root: Path) -> str:
    """A file without its name, which may be a patient's: its kind, and a hash to compare with."""
    return f"a {path.suffix or 'DICOM'} file ({hashed(salt, 'file', str(path.relative_to(root)))})"


def _studies(
    root: Path, options: Mapping[str, str]
) -> tuple[dict[str, _Study], list[tuple[Path, str]]]:
    if not root.is_dir():
        raise DatasetProblem(f"There is no folder {root}.")
    wanted = set(options.get("modalities", MODALITIES).upper().split(","))
    studies: dict[str, _Study] = {}
    accessions: dict[str, str] = {}
    reports: list[SiteReport] = []
    faults: list[tuple[Path, str]] = []
    for path in sorted(one for one in root.rglob("*") if one.is_file()):
        if path.suffix.lower() == ".txt":
            reports.append(read_text(path))
        elif is_report_file(path):
            reports.append(read_sr(path))
        elif not path.name.upper().startswith("DICOMDIR"):
            reason = _add_image(path, wanted, options, studies, accessions)
            if reason:
                faults.append((path, reason))
    for report in reports:
        uid = accessions.get(report.accession, "")
        study = studies.get(report.study) or studies.get(uid)
        if report.problem or study is None:
            faults.append((report.path, report.problem or "no image of its study was taken"))
        else:
            study.reports.append(report)
    return studies, faults


def _add_image(
    path: Path,
    wanted: set[str],
    options: Mapping[str, str],
    studies: dict[str, _Study],
    accessions: dict[str, str],
) -> str:
    """Put one image to its study; the reason when it is not taken, "" also for what is no image."""
    try:
        return _add_frames(open_frames(path), wanted, options, studies, accessions)
    except NoPixels:
        words = what_it_is(read_header(path).dataset)
        return f"it is {words}, which is not read as a report" if "document" in words else ""
    except FileProblem as problem:
        return nameless(problem, path)
    except UNREADABLE as error:
        return f"its header is damaged ({type(error).__name__})"


def _add_frames(
    frames: tuple[ImageFrame, ...],
    wanted: set[str],
    options: Mapping[str, str],
    studies: dict[str, _Study],
    accessions: dict[str, str],
) -> str:
    header, identity = frames[0].header, frames[0].identity
    if frames[0].made_up or str(header.get("Modality") or "").upper() not in wanted:
        return ""
    if reason := what_it_is(header):
        return f"it is {reason}"
    if options.get("burned_in") != "keep" and (reason := burned_in(header)):
        return f"{reason} The option burned_in=keep takes such images".replace(". ", "; ")
    words = identity_words(header)
    _attributes(header, ""), _number(header)  # whatever is damaged shows here
    patient = f"{identity.patient_id}\0{identity.issuer}" if identity.patient_id else ""
    study = studies.setdefault(identity.study, _Study(identity.study, patient))
    study.images.setdefault(identity.series, []).append(frames[len(frames) // 2])
    study.words |= words
    if accession := str(header.get("AccessionNumber") or "").strip():
        accessions[accession] = identity.study
    return ""


def _rows(study: _Study, salt: bytes) -> Iterator[Draft | Fault]:
    name = hashed(salt, "study", study.uid)
    place = f"study {name}"
    group = hashed(salt, "patient", study.patient) if study.patient else name
    if not study.reports:
        yield Fault(place, "it has no report")
        return
    report = max(study.reports, key=lambda one: (one.rank, len(one.findings) + len(one.impression)))
    words = study.words | report.words
    findings = without_identity(report.findings, words)
    impression = without_identity(report.impression, words)
    frames = _chosen(study)
    yield caption(
        name,
        group,
        findings or impression,
        tuple(partial(_rendered, frame) for frame in frames),
        place=place,
        attributes=_attributes(frames[0].header, "findings" if findings else "impression"),
    )
    if findings and impression:
        yield summary(f"{name} impression", group, findings, impression, place=place)


def _chosen(study: _Study) -> list[ImageFrame]:
    """One image of each stack and all others, frontal ones first."""
    frames: list[ImageFrame] = []
    for series in study.images.values():
        ordered = sorted(series, key=lambda one: (_number(one.header), one.identity.instance))
        frames += [ordered[len(ordered) // 2]] if len(ordered) >= STACK else ordered
    return sorted(frames, key=lambda one: _view(one.header) not in _FRONTAL)


def _number(header: Dataset) -> int:
    try:
        return int(str(header.get("InstanceNumber") or 0))
    except ValueError:
        return 0


def _view(header: Dataset) -> str:
    return str(header.get("ViewPosition") or "").strip().upper()


def _attributes(header: Dataset, section: str) -> dict[str, str]:
    return {
        "modality": str(header.get("Modality") or ""),
        "view": _view(header),
        "sex": sex if (sex := str(header.get("PatientSex") or "")) in ("F", "M", "O") else "",
        "age": _age(header),
        "body part": str(header.get("BodyPartExamined") or "").strip().lower(),
        "section": section,
    }


def _age(header: Dataset) -> str:
    """In years; from the birth date where the header states no age."""
    said = str(header.get("PatientAge") or "").strip().upper()
    years = -1
    if said[:-1].isdigit() and said[-1:] in ("Y", "M", "W", "D"):
        years = int(said[:-1]) if said[-1] == "Y" else 0
    else:
        born, then = (str(header.get(one) or "") for one in ("PatientBirthDate", "StudyDate"))
        if len(born) == len(then) == 8 and (born + then).isdigit():
            years = int(then[:4]) - int(born[:4]) - (then[4:] < born[4:])
    if years < 0:
        return ""
    return f"{years}" if years <= OLDEST else f"{OLDEST + 1}+"
