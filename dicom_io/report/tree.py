"""The content tree of an SR: its items made and walked (DICOM PS3.3 C.17.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.valuerep import format_number_as_ds

from dicom_io.errors import ReportProblem
from dicom_io.report.codes import Code
from dicom_io.report.header import put, sop_reference
from dicom_io.report.images import referable_frame
from dicom_io.report.text import written

CONTAINS = "CONTAINS"
HAS_OBSERVATION_CONTEXT = "HAS OBS CONTEXT"
HAS_CONCEPT_MODIFIER = "HAS CONCEPT MOD"
INFERRED_FROM = "INFERRED FROM"

MOST_ITEMS = 20_000  # a walk ends beyond this; ours stay under 2,000


def content_item(relationship: str, value_type: str, concept: Code) -> Dataset:
    """The frame of a content item: how it relates to its parent, what kind it is, its name."""
    item = Dataset()
    put(item, "RelationshipType", relationship)
    put(item, "ValueType", value_type)
    put(item, "ConceptNameCodeSequence", DicomSequence([concept.item()]))
    return item


def container(concept: Code, children: list[Dataset]) -> Dataset:
    item = content_item(CONTAINS, "CONTAINER", concept)
    put(item, "ContinuityOfContent", "SEPARATE")
    put(item, "ContentSequence", DicomSequence(children))
    return item


def text_item(relationship: str, concept: Code, text: str) -> Dataset:
    """A TEXT; `text` is clean, with its lines ended by LF."""
    item = content_item(relationship, "TEXT", concept)
    put(item, "TextValue", written(text))
    return item


def code_item(relationship: str, concept: Code, value: Dataset) -> Dataset:
    item = content_item(relationship, "CODE", concept)
    put(item, "ConceptCodeSequence", DicomSequence([value]))
    return item


def uid_item(relationship: str, concept: Code, uid: str) -> Dataset:
    item = content_item(relationship, "UIDREF", concept)
    put(item, "UID", uid)
    return item


def name_item(relationship: str, concept: Code, name: str) -> Dataset:
    item = content_item(relationship, "PNAME", concept)
    put(item, "PersonName", name)
    return item


def number_item(relationship: str, concept: Code, number: float, unit: Code) -> Dataset:
    """A NUM with its unit."""
    item = content_item(relationship, "NUM", concept)
    measured = Dataset()
    put(measured, "MeasurementUnitsCodeSequence", DicomSequence([unit.item()]))
    put(measured, "NumericValue", format_number_as_ds(float(number)))
    put(item, "MeasuredValueSequence", DicomSequence([measured]))
    return item


def image_item(relationship: str, concept: Code, image: Dataset, frame: int) -> Dataset:
    """A reference to an image; `frame` counts from 1, 0 is the whole of it."""
    item = content_item(relationship, "IMAGE", concept)
    reference = sop_reference(image)
    named = referable_frame(image, frame)
    if named:
        put(reference, "ReferencedFrameNumber", named)
    put(item, "ReferencedSOPSequence", DicomSequence([reference]))
    return item


@dataclass(frozen=True, eq=False)
class Visited:
    """An item of a tree on a walk: its depth (the root's is 1), its parent and where it stands."""

    item: Dataset
    parent: Dataset | None
    depth: int
    position: str  # 1.4.2, as dsrdump and by-reference relationships count

    @property
    def value_type(self) -> str:
        return str(self.item.get("ValueType") or "")

    @property
    def concept(self) -> Dataset:
        """The item of the concept name; an empty data set when it has none."""
        names = self.item.get("ConceptNameCodeSequence")
        return names[0] if names else Dataset()

    @property
    def text(self) -> str:
        return str(self.item.get("TextValue") or "")


def walk(root: Dataset) -> Iterator[Visited]:
    """The root and all items under it in reading order, without recursion.

    Raises ReportProblem when there are more than MOST_ITEMS.
    """
    waiting = [Visited(root, None, 1, "1")]
    count = 0
    while waiting:
        here = waiting.pop()
        count += 1
        if count > MOST_ITEMS:
            raise ReportProblem(
                f"The document has more than {MOST_ITEMS} content items and is not read.",
                str(root.get("SOPInstanceUID") or ""),
            )
        yield here
        children = here.item.get("ContentSequence") or ()
        waiting.extend(
            Visited(child, here.item, here.depth + 1, f"{here.position}.{number}")
            for number, child in reversed(list(enumerate(children, 1)))
        )
