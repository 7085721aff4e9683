"""The independent judges of a written SR: dciodvfy, dsrdump and dcentvfy, by the rules of the spec.

The lines are looked at, not only the exit code: dciodvfy ends with 0 after an Error.
"""

from __future__ import annotations

import shutil
import subprocess
import warnings
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

PACKAGES = {"dciodvfy": "dicom3tools", "dcentvfy": "dicom3tools", "dsrdump": "dcmtk"}

HARMLESS_IN_DCIODVFY = (
    "Unrecognized defined term",  # a private coding scheme, ours or the source's
    "Retired Person Name form",  # a name without ^, copied from the source
    "needed to build DICOMDIR",  # without an Error beside it: the source has no value either
    "Value is zero",  # a weight or size that the source gives as 0
)
HARMLESS_IN_DSRDUMP = ("The VR checker does not support this Specific Character Set",)
HARMLESS_IN_DCENTVFY = (
    "Element=<AccessionNumber> IE <Series> versus <Study>",  # the program's own confusion
    "Element=<IssuerOfAccessionNumberSequence> IE <Series> versus <Study>",
    "Unrecognized SOP Class",  # of an image older than the program's tables
    "IE <Unknown>",
    "is empty (zero length) in one instance",  # blanks in the source are no value
)
# What an SR must have even where the source lacks it.
REQUIRED_OF_A_REPORT = (
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "ReferringPhysicianName",
    "StudyID",
    "AccessionNumber",
    "DeidentificationMethod",
)


def judge(
    report: Path,
    source: Dataset,
    folder: Path,
    invalid: tuple[str, ...] = (),
    kind: str = "BasicTextSR",
) -> tuple[str, ...]:
    """What the three programs say against a report, one text for each line; empty when it passes.

    `source` is the image that the report is about; its header is written into `folder` in UTF-8,
    because dcentvfy compares bytes. `invalid` are attributes whose value in the image is none that
    may be written anew. Skips the test when a program is missing.
    """
    require_judges()
    return (*judge_alone(report, kind), *judge_entities(report, source, folder, invalid))


def require_judges() -> None:
    for program, package in PACKAGES.items():
        if shutil.which(program) is None:
            pytest.skip(f"{program} is missing (Debian package {package})")


def judge_alone(report: Path, kind: str = "BasicTextSR") -> tuple[str, ...]:
    """What dciodvfy and dsrdump say against one SR of that kind, as dciodvfy names it."""
    require_judges()
    complaints = []
    code, lines = _run("dciodvfy", "-new", str(report))
    complaints += [
        f"dciodvfy: {line}"
        for line in lines
        if line != kind and not _is_harmless(line, HARMLESS_IN_DCIODVFY)
    ]
    if code or kind not in lines:
        complaints.append(f"dciodvfy ended with {code} and did not see a {kind}")
    code, lines = _run("dsrdump", str(report))
    complaints += [
        f"dsrdump: {line}" for line in lines if not _is_harmless(line, HARMLESS_IN_DSRDUMP)
    ]
    if code:
        complaints.append(f"dsrdump ended with {code}")
    return tuple(complaints)


def judge_entities(
    report: Path, source: Dataset, folder: Path, invalid: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """What dcentvfy says against patient and study of an SR."""
    image = _header_in_utf8(source, folder / "source.dcm")
    code, lines = _run("dcentvfy", str(image), str(report))
    absent = [name for name in REQUIRED_OF_A_REPORT if name not in source]
    absent += [name for name in invalid if name in source]
    allowed = tuple(f"but not the other - Element=<{name}>" for name in absent)
    complaints = [
        f"dcentvfy: {line}"
        for line in lines
        if not _is_harmless(line, HARMLESS_IN_DCENTVFY + allowed)
    ]
    return (*complaints, f"dcentvfy ended with {code}") if code else tuple(complaints)


def dump(report: Path) -> str:
    """The report as dsrdump prints it, texts in full."""
    require_judges()
    shown = subprocess.run(["dsrdump", "+Pl", str(report)], capture_output=True, timeout=30)
    return shown.stdout.decode("utf-8", "replace")


def _header_in_utf8(source: Dataset, path: Path) -> Path:
    copy = Dataset()
    for element in source:
        if element.tag.group < 0x30 and not element.tag.is_private:
            copy.add(element)
    copy.file_meta = pydicom.dataset.FileMetaDataset()
    copy.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    with warnings.catch_warnings():  # of what is wrong in the source
        warnings.simplefilter("ignore")
        copy.decode()
        copy.SpecificCharacterSet = "ISO_IR 192"
        copy.save_as(path, enforce_file_format=True)
    return path


def _run(*command: str) -> tuple[int, list[str]]:
    ended = subprocess.run(command, capture_output=True, timeout=30)
    text = ended.stderr.decode("utf-8", "replace")
    return ended.returncode, [line.strip() for line in text.splitlines() if line.strip()]


def _is_harmless(line: str, known: tuple[str, ...]) -> bool:
    is_warning = line.startswith(("Warning", "W:"))
    return is_warning and any(part in line for part in known)
