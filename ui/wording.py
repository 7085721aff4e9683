"""Names and dates as people write them."""

from __future__ import annotations

from pydicom.dataset import Dataset
from PyQt6.QtCore import QDate, QLocale

from ui.language import later, tr

NONE = "–"  # what stands in the place of an empty value


def dicom_name(spoken: str) -> str:
    """The DICOM form of a name that a person typed (PS3.5 section 6.2.1).

    >>> dicom_name("Curie, Marie"), dicom_name("Curie^Marie"), dicom_name("Curie")
    ('Curie^Marie', 'Curie^Marie', 'Curie')
    """
    if "^" in spoken:
        return spoken.strip()
    family, _, given = spoken.partition(",")
    return "^".join(part.strip() for part in (family, given) if part.strip())


def spoken_name(name: str) -> str:
    """A name in DICOM form as people write it: the first group that is there, family and given.

    >>> spoken_name("Yamada^Tarou=山田^太郎"), spoken_name("Curie^Marie^^Dr"), spoken_name("")
    ('Yamada, Tarou', 'Curie, Marie', '–')
    """
    group = next((group for group in name.split("=") if group.strip("^ ")), "")
    parts = [part.strip() for part in group.split("^")[:2] if part.strip()]
    return ", ".join(parts) or NONE


def whole_name(name: str) -> str:
    """All groups of a name, in the order in which they are stored, each as people write it.

    >>> whole_name("Yamada^Tarou=山田^太郎=やまだ^たろう"), whole_name("Curie^Marie")
    ('Yamada, Tarou · 山田, 太郎 · やまだ, たろう', 'Curie, Marie')
    """
    groups = [spoken_name(group) for group in name.split("=") if group.strip("^ ")]
    return " · ".join(groups) or NONE


def spoken_date(date: str) -> str:
    """A DICOM date (YYYYMMDD) in the short form of the reader's locale; – when there is none."""
    day = QDate.fromString(date[:8], "yyyyMMdd")
    return QLocale().toString(day, QLocale.FormatType.ShortFormat) if day.isValid() else NONE


_MODALITIES = {
    "CR": later("radiograph"),
    "DX": later("radiograph"),
    "RG": later("radiograph"),
    "CT": "CT",
    "MR": "MR",
    "US": later("ultrasound"),
    "MG": later("mammogram"),
    "XA": later("angiogram"),
    "RF": later("fluoroscopy"),
    "NM": later("scintigram"),
    "PT": "PET",
}


def title_of(header: Dataset) -> str:
    """What a report about this image is called, from body part and modality.

    An image that says neither gives "Report".
    """
    part = str(header.get("BodyPartExamined") or "").strip().capitalize()
    modality = str(header.get("Modality") or "").strip()
    words = f"{part} {tr(_MODALITIES.get(modality, modality))}".strip()
    return words[:1].upper() + words[1:] if words else tr("Report")
