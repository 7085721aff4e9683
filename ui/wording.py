"""Names and dates as people write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PyQt6.QtCore import QDate, QLocale, Qt

from ui.language import later, tr

if TYPE_CHECKING:  # the window's first look is painted before pydicom is here
    from pydicom.dataset import Dataset

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
    """A DICOM date (YYYYMMDD) in the short form of the reader's locale; – when there is none.

    The year has four digits whatever the locale says, or a birth in 1940 and one in 2040 look
    alike; a desktop without a locale gets the form of ISO 8601.
    """
    day, locale = QDate.fromString(date[:8], "yyyyMMdd"), QLocale()
    if not day.isValid():
        return NONE
    if locale.language() == QLocale.Language.C:
        return day.toString(Qt.DateFormat.ISODate)
    form = locale.dateFormat(QLocale.FormatType.ShortFormat)
    return locale.toString(day, re.sub(r"(?<!y)yy(?!y)", "yyyy", form))


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

_PARTS = frozenset(  # those that films are most often of; others stand as the file writes them
    (
        later("Abdomen"),
        later("Ankle"),
        later("Breast"),
        later("Chest"),
        later("Elbow"),
        later("Foot"),
        later("Hand"),
        later("Head"),
        later("Heart"),
        later("Hip"),
        later("Knee"),
        later("Neck"),
        later("Pelvis"),
        later("Shoulder"),
        later("Skull"),
        later("Spine"),
        later("Wrist"),
    )
)


def title_of(header: Dataset) -> str:
    """What a report about this image is called, from body part and modality.

    An image that says neither gives "Report".
    """
    named = str(header.get("BodyPartExamined") or "").strip().capitalize()
    modality = str(header.get("Modality") or "").strip()
    part, kind = tr(named) if named in _PARTS else named, tr(_MODALITIES.get(modality, modality))
    words = tr("{part} {kind}", part=part, kind=kind) if part and kind else part or kind
    return words[:1].upper() + words[1:] if words else tr("Report")
