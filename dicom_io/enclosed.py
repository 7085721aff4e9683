"""Enclosed documents: the PDF, CDA or 3D model inside a DICOM file, taken out as it is.

Nothing is rendered here, nor opened: a PDF may hold programs. Source: DICOM PS3.3 C.24.2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pydicom import Dataset, dcmread
from pydicom.dataelem import RawDataElement
from pydicom.errors import InvalidDicomError

from dicom_io.errors import DamagedFile, FileProblem, NotDicom
from dicom_io.identity import Identity
from dicom_io.image.notices import gathered
from dicom_io.storage import write_safely

LARGEST = 512 * 2**20  # bytes
UNDEFINED = 0xFFFFFFFF  # the length of a value that ends with a delimiter
_SUFFIXES = {
    "1.2.840.10008.5.1.4.1.1.104.1": ".pdf",
    "1.2.840.10008.5.1.4.1.1.104.2": ".xml",
    "1.2.840.10008.5.1.4.1.1.104.3": ".stl",
    "1.2.840.10008.5.1.4.1.1.104.4": ".obj",
    "1.2.840.10008.5.1.4.1.1.104.5": ".mtl",
}


@dataclass(frozen=True)
class Enclosed:
    """A document and whose it is."""

    identity: Identity
    title: str
    suffix: str  # of a file name: ".pdf"
    content: bytes

    @property
    def file_name(self) -> str:
        """A name for the file; nothing of the patient is in it, and no path."""
        title = re.sub(r"[^\w -]+", "", self.title).strip()[:60]
        return f"{title or 'document'}{self.suffix}"

    def save(self, path: Path) -> None:
        """Write it, as bytes. Raises StorageProblem."""
        write_safely(path, self.content)


def is_enclosed(sop_class: str) -> bool:
    """True for an object that holds a document."""
    return sop_class in _SUFFIXES


def enclosed_in(path: Path) -> Enclosed:
    """The document in a file, without the byte that makes its length even.

    Raises NotDicom, DamagedFile, FileProblem.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise DamagedFile(f"{path.name} is too large to take a document out of.", path)
        with gathered():
            dataset = dcmread(path)
            is_cut = _is_cut(dataset)
            content = dataset.get("EncapsulatedDocument")
            length = dataset.get("EncapsulatedDocumentLength")
            title = str(dataset.get("DocumentTitle") or "")
            suffix = _SUFFIXES.get(str(dataset.get("SOPClassUID") or ""), "")
            identity = Identity.of(dataset)
    except InvalidDicomError as error:
        raise NotDicom(f"{path.name} is no DICOM file. Choose another one.", path) from error
    except OSError as error:
        raise FileProblem(
            f"{path.name} cannot be read any more ({error.strerror or error}).", path
        ) from error
    except (ValueError, TypeError, KeyError, AttributeError, EOFError) as error:
        raise DamagedFile(
            f"{path.name} is damaged: its document cannot be read. Fetch it again.", path
        ) from error
    if not suffix or not isinstance(content, bytes) or not content:
        raise DamagedFile(f"{path.name} holds no document. Choose another object.", path)
    if is_cut:
        raise DamagedFile(f"{path.name} ends in the middle of its document. Fetch it again.", path)
    if isinstance(length, int) and 0 < length <= len(content):
        content = content[:length]
    elif suffix == ".pdf" and content.endswith(b"\0"):
        content = content[:-1]
    return Enclosed(identity, title, suffix, content)


def _is_cut(dataset: Dataset) -> bool:
    """True when the file ends before the document does; pydicom takes what is there."""
    raw = dataset.get_item("EncapsulatedDocument")
    return isinstance(raw, RawDataElement) and len(raw.value or b"") < raw.length < UNDEFINED
