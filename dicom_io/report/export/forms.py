"""The forms in which a signed report is handed out, by their names and file endings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

from pydicom import dcmread
from pydicom.errors import InvalidDicomError

from dicom_io.errors import FileProblem, NotDicom
from dicom_io.image.notices import gathered
from dicom_io.report.export.fhir import as_json
from dicom_io.report.export.hl7 import as_oru
from dicom_io.report.export.letter import Letter, letter_of
from dicom_io.report.plain import as_text
from dicom_io.sealing import read_unsealed

TEXT, FHIR, HL7, PDF = "text", "fhir", "hl7", "pdf"
SUFFIXES = {TEXT: ".txt", FHIR: ".json", HL7: ".hl7", PDF: ".pdf"}

WORDS: Mapping[str, Callable[[Letter], str]] = {
    TEXT: lambda letter: as_text(letter.document),
    FHIR: as_json,
    HL7: as_oru,
}  # all but the PDF, which needs a program that sets type


def read_letter(path: Path) -> Letter:
    """The signed report in a file. Raises FileProblem, ReportProblem, NotVerified."""
    try:
        with gathered():
            return letter_of(dcmread(BytesIO(read_unsealed(path))))
    except InvalidDicomError as error:
        raise NotDicom(f"{path.name} is no DICOM file. Choose a report.", path) from error
    except OSError as error:
        raise FileProblem(
            f"{path.name} cannot be opened ({error.strerror or error}).", path
        ) from error
    except (ValueError, EOFError, AttributeError, KeyError, TypeError, RecursionError) as error:
        raise FileProblem(f"{path.name} is damaged and cannot be exported.", path) from error


def form_of(path: Path) -> str:
    """The form that a file's ending means; "" for none."""
    suffix = path.suffix.casefold()
    return next((form for form, own in SUFFIXES.items() if own == suffix), "")
