"""A report as it was sent against the one that the archive gives back, element by element."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

# What an archive may rightly add or change at the top of an object that it stores: it describes
# the storing or the study as a whole, not the report (PS3.4 B.4.1.3, PS3.3 C.12.1). Patient,
# accession number and every UID are identity and never in this list.
COERCIBLE = frozenset(
    {
        "SpecificCharacterSet",  # the decoded texts are compared, whatever encodes them
        "InstanceAvailability",
        "RetrieveAETitle",
        "RetrieveURL",
        "RetrieveLocationUID",
        "RetrieveURI",
        "StorageMediaFileSetID",
        "StorageMediaFileSetUID",
        "InstanceCoercionDateTime",
        "OriginalAttributesSequence",
        "StudyDescription",
        "StudyID",
        "ReferringPhysicianName",
        "PhysiciansOfRecord",
        "NameOfPhysiciansReadingStudy",
        "PatientAge",
        "PatientSize",
        "PatientWeight",
        "OtherPatientIDs",
        "OtherPatientIDsSequence",
        "PatientComments",
        "AdmissionID",
        "DigitalSignaturesSequence",
        "DataSetTrailingPadding",
    }
)

_TEXT_VRS = frozenset({"UT", "LT", "ST"})  # trailing spaces are padding, leading ones are not


@dataclass(frozen=True, slots=True)
class Comparison:
    """The outcome: equal when nothing that belongs to the report differs.

    Both tuples hold one sentence for each attribute; `coerced` names what the archive changed
    within its rights. The sentences name attributes and places, never values.
    """

    equal: bool
    coerced: tuple[str, ...]
    differences: tuple[str, ...]


def compare(sent: Dataset, fetched: Dataset) -> Comparison:
    """Compare two data sets, file meta information aside.

    Values are compared after decoding and without padding: numbers as numbers, names by their
    parts, sequences item by item. An empty attribute equals an absent one, but is named as
    coerced.
    """
    coerced: list[str] = []
    differences: list[str] = []
    for place, tag, sentence, is_harmless in _differing(sent, fetched, ""):
        is_top = not place
        keyword = keyword_for_tag(tag)
        rightly = is_harmless or (is_top and (keyword in COERCIBLE))
        name = f"{place}{keyword or tag}"
        (coerced if rightly else differences).append(f"{name} {sentence}")
    return Comparison(not differences, tuple(coerced), tuple(differences))


def _differing(
    sent: Dataset, fetched: Dataset, place: str
) -> Iterator[tuple[str, BaseTag, str, bool]]:
    """Place, tag, what differs, and whether that is harmless in any attribute."""
    tags = sorted({*sent.keys(), *fetched.keys()})
    for tag in tags:
        if tag.element == 0:  # group lengths, which the standard retired
            continue
        mine = sent.get(tag)
        theirs = fetched.get(tag)
        if mine is None or theirs is None:
            yield _one_sided(place, tag, mine, theirs)
        elif mine.VR == "SQ" or theirs.VR == "SQ":
            yield from _differing_items(mine, theirs, place)
        elif not _same_value(mine, theirs):
            yield place, tag, "was changed by the archive.", False


def _one_sided(
    place: str, tag: BaseTag, mine: DataElement | None, theirs: DataElement | None
) -> tuple[str, BaseTag, str, bool]:
    if mine is None:
        is_empty = theirs is None or _is_empty(theirs)
        harmless = is_empty or (tag.is_private and not place)
        return place, tag, "was added by the archive.", harmless
    return place, tag, "was dropped by the archive.", _is_empty(mine)


def _differing_items(
    mine: DataElement, theirs: DataElement, place: str
) -> Iterator[tuple[str, BaseTag, str, bool]]:
    if mine.VR != theirs.VR:
        yield place, mine.tag, "has another value representation at the archive.", False
        return
    ours, others = list(mine.value or ()), list(theirs.value or ())
    if len(ours) != len(others):
        yield (
            place,
            mine.tag,
            f"has {len(others)} items at the archive instead of {len(ours)}.",
            False,
        )
        return
    for number, (one, other) in enumerate(zip(ours, others, strict=True), 1):
        inner = f"{place}{keyword_for_tag(mine.tag) or mine.tag}[{number}]."
        yield from _differing(one, other, inner)


def _is_empty(element: DataElement) -> bool:
    return bool(element.is_empty) or (element.VR == "SQ" and not element.value)


def _same_value(mine: DataElement, theirs: DataElement) -> bool:
    return _canonical(mine) == _canonical(theirs)


def _canonical(element: DataElement) -> object:
    """The value in a form that is equal exactly when the meaning is."""
    value = element.value
    if _is_empty(element):
        return ()
    if isinstance(value, bytes):
        return value.rstrip(b"\x00") if element.VR != "OB" else value
    values = list(value) if element.VM > 1 else [value]
    return tuple(_canonical_one(element.VR, one) for one in values)


def _canonical_one(vr: str, value: object) -> object:
    if vr in ("DS", "IS"):
        try:
            return Decimal(str(getattr(value, "original_string", value)).strip())
        except InvalidOperation:
            return str(value).strip()
    text = str(value)
    if vr == "PN":
        groups = [group.rstrip("^ ").strip() for group in text.split("=")]
        return "=".join(groups).rstrip("=")
    if vr == "UI":
        return text.rstrip("\x00 ")
    if vr in _TEXT_VRS:
        return text.rstrip(" \x00")
    return text.strip(" \x00") if isinstance(value, str) else value
