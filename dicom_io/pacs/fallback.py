"""The classes in which a report can be stored when a node does not take its own.

A node says no at the negotiation of the association, before anything is sent.
"""

from __future__ import annotations

from io import BytesIO

from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from dicom_io.errors import ReportProblem
from dicom_io.pacs.answers import text_of

# By template and class: the same tree in a class that is more widely known.
FALLBACKS = {
    ("1500", "1.2.840.10008.5.1.4.1.1.88.34"): "1.2.840.10008.5.1.4.1.1.88.33",
    ("1500", "1.2.840.10008.5.1.4.1.1.88.33"): "1.2.840.10008.5.1.4.1.1.88.22",
    ("2000", "1.2.840.10008.5.1.4.1.1.88.11"): "1.2.840.10008.5.1.4.1.1.88.22",
    ("2000", "1.2.840.10008.5.1.4.1.1.88.22"): "1.2.840.10008.5.1.4.1.1.88.33",
}


def next_class(dataset: Dataset) -> str | None:
    """The class after the data set's own; None at the chain's end."""
    templates = dataset.get("ContentTemplateSequence") or [Dataset()]
    template = text_of(templates[0], "TemplateIdentifier")
    return FALLBACKS.get((template, text_of(dataset, "SOPClassUID")))


def in_class(dataset: Dataset, sop_class: str) -> Dataset:
    """The same tree, under the same UID, as an object of that class."""
    dataset.SOPClassUID = UID(sop_class)
    dataset.file_meta.MediaStorageSOPClassUID = UID(sop_class)
    return dataset


def said_of(node: str, own: str, other: str) -> str:
    """That the node takes no objects of a report's own class, and which it was sent."""
    first, then = (UID(one).name.removesuffix(" Storage") for one in (own, other))
    return f"{node} takes no {first}; this was sent as {then}."


def encoded(dataset: Dataset) -> bytes:
    """The DICOM file of a report, explicit VR little endian (spec A.1)."""
    buffer = BytesIO()
    meta = getattr(dataset, "file_meta", None)
    if meta is None or "TransferSyntaxUID" not in meta:
        raise ReportProblem(
            f"The report lacks its file meta information ({ExplicitVRLittleEndian.name} expected).",
            text_of(dataset, "SOPInstanceUID"),
        )
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
