"""From the content of an SR file to the page that a person reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from dicom_io.errors import DamagedFile
from dicom_io.identity import Identity
from dicom_io.report.pages.content import Content, ContentItem, read_content, uid_text
from dicom_io.report.pages.page import Coded, Line, Page, Reference, Shape, Standing
from dicom_io.report.text import shown

_EVIDENCE = ("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence")


def read_page(path: Path) -> Page:
    """The report in a file as a page. Raises FileProblem; DamagedFile also for what is no SR."""
    content = read_content(path)
    root = content.root
    if "ValueType" not in root and "ConceptNameCodeSequence" not in root:
        raise DamagedFile(
            f"{path.name} is no structured report. Choose an object of modality SR.", path
        )
    return page_of(content)


def page_of(content: Content) -> Page:
    """The page of a document that was read."""
    root = content.root
    places = _evidence(root)
    numbers = {(item.parent, item.ordinal): number for number, item in enumerate(content.items)}
    lines = tuple(_lines(content.items, numbers, places, Identity.of(root)))
    kind = uid_text(root, "SOPClassUID").name.removesuffix(" Storage")
    title = lines[0].name.meaning if lines[0].name is not None else ""
    is_verified = _word(root, "VerificationFlag") == "VERIFIED"
    return Page(
        Identity.of(root),
        kind,
        title or kind,
        _standing(root),
        tuple(_facts(root)),
        lines,
        tuple(dict.fromkeys(uid for uid, _ in _references(root, "PredecessorDocumentsSequence"))),
        notices=content.notices,
        is_verified=is_verified,
    )


def _word(dataset: Dataset, keyword: str) -> str:
    """A value as text, whatever it is; several values one after the other."""
    value = dataset.get(keyword)
    if value is None or value == "":
        return ""
    if isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue":
        return ", ".join(str(one) for one in value)
    return str(value).strip()


def _items(dataset: Dataset, keyword: str) -> Sequence[Dataset]:
    """The items of a sequence; none where the attribute is something else."""
    value = dataset.get(keyword)
    if value is None or isinstance(value, (str, bytes)):
        return ()
    return [one for one in value if isinstance(one, Dataset)]


def _numbers(dataset: Dataset, keyword: str) -> tuple[Any, ...]:
    """The numbers of an attribute; none where there are none."""
    value = dataset.get(keyword)
    if value is None or value == "":
        return ()
    values = [value] if isinstance(value, (int, float, str)) else list(value)
    return tuple(one for one in values if isinstance(one, (int, float)))


def _standing(root: Dataset) -> Standing:
    flags = {_word(root, one) for one in ("CompletionFlag", "VerificationFlag", "PreliminaryFlag")}
    if "VERIFIED" in flags and "PRELIMINARY" not in flags:
        return Standing.VERIFIED
    if flags & {"PARTIAL", "PRELIMINARY"}:
        return Standing.DRAFT
    return Standing.UNVERIFIED if flags - {""} else Standing.UNSTATED


def _facts(root: Dataset) -> Iterator[tuple[str, str]]:
    """What stands above the content: whose, when, by whom."""
    titles = [str(_coded(one)) for one in _items(root, "ConceptNameCodeSequence")]
    yield from _stated(
        (
            ("Document", ", ".join(titles)),
            ("Patient", name(_word(root, "PatientName"))),
            ("Patient ID", _word(root, "PatientID")),
            ("Born", moment(_word(root, "PatientBirthDate"))),
            ("Sex", _word(root, "PatientSex")),
            ("Study", _word(root, "StudyDescription")),
            ("Study date", moment(_word(root, "StudyDate"))),
            ("Accession number", _word(root, "AccessionNumber")),
            ("Referring physician", name(_word(root, "ReferringPhysicianName"))),
            ("Series", _word(root, "SeriesDescription")),
            ("Series number", _word(root, "SeriesNumber")),
            ("Written", _written(root)),
            ("Manufacturer", _word(root, "Manufacturer")),
            ("Completion", _word(root, "CompletionFlag")),
            ("Completion described", _word(root, "CompletionFlagDescription")),
            ("Verification", _word(root, "VerificationFlag")),
            ("Preliminary", _word(root, "PreliminaryFlag")),
        )
    )
    for item in _items(root, "AuthorObserverSequence"):
        own = name(_word(item, "PersonName")) or _word(item, "ManufacturerModelName")
        yield from _stated((("Author", _with(own, _word(item, "InstitutionName"))),))
    for item in _items(root, "VerifyingObserverSequence"):
        codes = ", ".join(
            str(_coded(one)) for one in _items(item, f"{_SIGNER}IdentificationCodeSequence")
        )
        signer = _with(name(_word(item, f"{_SIGNER}Name")), _word(item, _ORGANIZATION))
        when = moment(_word(item, "VerificationDateTime"))
        yield from _stated(
            (("Verified by", ", ".join(one for one in (signer, codes, when) if one)),)
        )


_ORGANIZATION = "VerifyingOrganization"
_SIGNER = "VerifyingObserver"


def _written(root: Dataset) -> str:
    return f"{moment(_word(root, 'ContentDate'))} {moment(_word(root, 'ContentTime'))}".strip()


def _stated(facts: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    yield from ((label, value) for label, value in facts if value)


def _with(text: str, more: str) -> str:
    return f"{text} ({more})" if text and more else text or more


def name(text: str) -> str:
    """A person's name as people write it, each group of letters once: Doe, Jane Mary."""
    groups = []
    for group in text.split("="):
        family, given, middle, prefix, suffix = (group.split("^") + [""] * 5)[:5]
        first = " ".join(one for one in (prefix, given, middle) if one)
        whole = ", ".join(one.strip() for one in (family, first, suffix) if one.strip())
        if whole:
            groups.append(whole)
    return " = ".join(groups)


def moment(text: str) -> str:
    """A DA, TM or DT as ISO writes it; as it is, when it is none."""
    main, sign, zone = text, "", ""
    for mark in "+-":
        if mark in text[1:]:
            main, sign, zone = text.partition(mark)
            break
    whole, dot, fraction = main.partition(".")
    if not whole.isdigit() or (sign and not zone.isdigit()):
        return text
    date = "-".join(part for part in (whole[:4], whole[4:6], whole[6:8]) if part)
    after = whole[8:] if len(whole) != 6 else whole
    time = ":".join(after[i : i + 2] for i in range(0, len(after), 2))
    if len(whole) == 6:
        date = ""
    seconds = f"{time}.{fraction}" if dot and time else time
    offset = f"{sign}{zone[:2]}:{zone[2:]}" if zone else ""
    return " ".join(part for part in (date, seconds + offset) if part)


def _evidence(root: Dataset) -> dict[str, tuple[str, str]]:
    """Study and series of every object that the document names as evidence."""
    return {uid: place for keyword in _EVIDENCE for uid, place in _references(root, keyword)}


def _references(root: Dataset, keyword: str) -> Iterator[tuple[str, tuple[str, str]]]:
    for study in _items(root, keyword):
        for series in _items(study, "ReferencedSeriesSequence"):
            for one in _items(series, "ReferencedSOPSequence"):
                place = (_word(study, "StudyInstanceUID"), _word(series, "SeriesInstanceUID"))
                yield _word(one, "ReferencedSOPInstanceUID"), place


def _lines(
    items: Sequence[ContentItem],
    numbers: dict[tuple[int, int], int],
    places: dict[str, tuple[str, str]],
    patient: Identity,
) -> Iterator[Line]:
    for number, item in enumerate(items):
        own = item.dataset
        kind = _word(own, "ValueType").upper()
        reference = _reference(own, places, patient)
        shape = _shape(own, kind)
        named = [_coded(one) for one in _items(own, "ConceptNameCodeSequence")]
        codes, value = _value(own, kind)
        yield Line(
            number,
            item.parent,
            item.depth - 1,
            item.ordinal,
            kind,
            _word(own, "RelationshipType"),
            named[0] if named else None,
            value or _pointed(reference, shape),
            codes,
            reference,
            shape,
            _target(own, numbers),
            moment(_word(own, "ObservationDateTime")) if number else "",
        )


def _coded(item: Dataset) -> Coded:
    value = next(
        (_word(item, one) for one in ("CodeValue", "LongCodeValue", "URNCodeValue")
         if _word(item, one)), ""
    )  # fmt: skip
    return Coded(
        value,
        _word(item, "CodingSchemeDesignator"),
        _word(item, "CodeMeaning"),
        _word(item, "CodingSchemeVersion"),
    )


def _value(own: Dataset, kind: str) -> tuple[tuple[Coded, ...], str]:
    """The codes of a value, and the value in words. What is written is read, whatever the kind
    says: an item may lack its kind, or hold more than it should."""
    codes = [_coded(one) for one in _items(own, "ConceptCodeSequence")]
    words = [code.meaning or code.value for code in codes]
    for measured in _items(own, "MeasuredValueSequence"):
        units = [_coded(one) for one in _items(measured, "MeasurementUnitsCodeSequence")]
        number = _word(measured, "NumericValue") or _word(measured, "FloatingPointValue")
        words.append(" ".join([number, *(_unit(one) for one in units)]).strip())
        codes += units
    for qualifier in _items(own, "NumericValueQualifierCodeSequence"):
        codes.append(_coded(qualifier))
        words.append(codes[-1].meaning)
    if kind == "NUM" and not words:
        words.append("no value")
    words.append(shown(_word(own, "TextValue")))
    words.append(name(_word(own, "PersonName")))
    words += [moment(_word(own, one)) for one in ("DateTime", "Date", "Time")]
    words.append(_word(own, "UID"))
    return tuple(codes), ", ".join(word for word in words if word)


def _unit(unit: Coded) -> str:
    """A unit as it stands behind a number: nothing for the pure number."""
    return "" if (unit.value, unit.scheme) == ("1", "UCUM") else unit.value or unit.meaning


def _reference(
    own: Dataset, places: dict[str, tuple[str, str]], patient: Identity
) -> Reference | None:
    for one in _items(own, "ReferencedSOPSequence"):
        uid = _word(one, "ReferencedSOPInstanceUID")
        study, series = places.get(uid, ("", ""))
        identity = replace(patient, study=study, series=series, instance=uid, frame=0)
        kind = uid_text(one, "ReferencedSOPClassUID").name
        return Reference(
            identity,
            kind.replace(" Storage", "").replace(" Image", " image"),
            tuple(int(n) for n in _whole(one, "ReferencedFrameNumber") if n >= 1),
            tuple(_whole(one, "ReferencedSegmentNumber")),
            tuple(_whole(one, "ReferencedWaveformChannels")),
            tuple(
                _word(state, "ReferencedSOPInstanceUID")
                for keyword in (
                    "ReferencedSOPSequence",
                    "ReferencedRealWorldValueMappingInstanceSequence",
                )
                for state in _items(one, keyword)
            ),
        )
    return None


def _whole(dataset: Dataset, keyword: str) -> list[int]:
    return [int(one) for one in _numbers(dataset, keyword)]


def _shape(own: Dataset, kind: str) -> Shape | None:
    graphic = _word(own, "GraphicType")
    data = [float(one) for one in _numbers(own, "GraphicData")]
    if graphic or data:
        size = 3 if kind == "SCOORD3D" or "ReferencedFrameOfReferenceUID" in own else 2
        points = tuple(tuple(data[at : at + size]) for at in range(0, len(data) - size + 1, size))
        space = _word(own, "ReferencedFrameOfReferenceUID") if size == 3 else ""
        return Shape(graphic, points, space)
    for keyword, unit in (
        ("ReferencedSamplePositions", "samples"),
        ("ReferencedTimeOffsets", "s"),
    ):
        if moments := _numbers(own, keyword):
            points = tuple((float(one),) for one in moments)
            return Shape(_word(own, "TemporalRangeType"), points, unit=unit)
    if dates := [moment(one) for one in _word(own, "ReferencedDateTime").split(", ") if one]:
        return Shape(f"{_word(own, 'TemporalRangeType')} {', '.join(dates)}", (), unit="dates")
    return None


def _pointed(reference: Reference | None, shape: Shape | None) -> str:
    """What an item without words of its own points to, in words."""
    if reference is not None:
        parts = [reference.kind or "object"]
        for label, numbers in (
            ("frame", reference.frames),
            ("segment", reference.segments),
            ("channel", reference.channels),
            ("seen through", reference.beside),
        ):
            if numbers:
                parts.append(f"{label} {', '.join(str(one) for one in numbers)}")
        parts.insert(1, reference.identity.instance)
        return ", ".join(part for part in parts if part)
    if shape is not None:
        points = " ".join("/".join(f"{one:g}" for one in point) for point in shape.points)
        unit = "" if shape.unit == "dates" else shape.unit
        return " ".join(part for part in (shape.kind, points, unit) if part)
    return ""


def _target(own: Dataset, numbers: dict[tuple[int, int], int]) -> int:
    """The number of the item that a by-reference relationship names, -1 for none."""
    path = _whole(own, "ReferencedContentItemIdentifier")
    number = 0 if path[:1] == [1] else -1
    for ordinal in path[1:]:
        number = numbers.get((number, ordinal), -1)
        if number < 0:
            return -1
    return number
