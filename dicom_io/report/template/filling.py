"""Filling a template in: defaults with values from the image, then values into sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from dicom_io.report.document import SectionKind
from dicom_io.report.pages.reading import moment, name
from dicom_io.report.template.template import Field, FieldKind, Template

# What of an image may stand in a report; nothing else is merged, whatever a template asks for.
MERGED = frozenset(
    (
        "AccessionNumber", "BodyPartExamined", "ContrastBolusAgent", "InstitutionName", "KVP",
        "Laterality", "Manufacturer", "ManufacturerModelName", "Modality", "OperatorsName",
        "PatientAge", "PatientBirthDate", "PatientID", "PatientName", "PatientPosition",
        "PatientSex", "ProtocolName", "ReferringPhysicianName", "RequestedProcedureDescription",
        "SeriesDescription", "SliceThickness", "StudyDate", "StudyDescription", "StudyTime",
        "ViewPosition", "MagneticFieldStrength", "ReasonForTheRequestedProcedure",
    )
)  # fmt: skip
_PLACE = re.compile(r"\{(\w+)\}")


def merged(text: str, header: Dataset) -> str:
    """The text with `{Keyword}` replaced; "" as soon as one of them is not known, since half a
    sentence says something else."""
    lost = False

    def value(found: re.Match[str]) -> str:
        nonlocal lost
        said = value_of(found[1], header)
        lost = lost or not said
        return said

    filled = _PLACE.sub(value, text)
    return "" if lost else filled


def value_of(keyword: str, header: Dataset) -> str:
    """A value of the image as people read it; "" for what is not there or must not be merged."""
    if keyword not in MERGED:
        return ""
    value = header.get(keyword)
    if value is None or value == "":
        return ""
    parts = value if isinstance(value, MultiValue) else [value]
    text = ", ".join(_written(part) for part in parts).strip()
    if keyword.endswith("Name") and keyword not in ("InstitutionName", "ProtocolName"):
        return name(text) if "Model" not in keyword else text
    return moment(text) if keyword.endswith(("Date", "Time")) else text


def _written(value: object) -> str:
    """A number without the zeros behind it; anything else as it is."""
    return f"{float(value):g}" if isinstance(value, (int, float)) else str(value)


def defaults(template: Template, header: Dataset) -> dict[str, str]:
    """What stands in each field at first, by its id."""
    return {one.id: _default(one, header) for one in template.fields()}


def _default(one: Field, header: Dataset) -> str:
    return value_of(one.merge, header) if one.merge else merged(one.default, header)


def sentences(template: Template, values: Mapping[str, str]) -> dict[SectionKind, list[str]]:
    """What the report says with these values, section by section; an empty field says nothing."""
    said: dict[SectionKind, list[str]] = {}
    for section in template.sections:
        for one in section.fields:
            text = sentence(one, values.get(one.id, ""))
            if text:
                said.setdefault(section.kind, []).append(text)
    return said


def sentence(one: Field, value: str) -> str:
    """A field and its value as a sentence; a value that is one already stands alone."""
    value = " ".join(value.split())
    if not value:
        return ""
    if one.unit and one.kind in (FieldKind.NUMBER, FieldKind.TEXT):
        value = f"{value} {one.unit}"
    whole = value.endswith((".", "!", "?"))
    if whole or not one.label or one.kind is FieldKind.CHECK or value == one.label:
        return value if whole else f"{value}."
    return f"{one.label}: {value}."
