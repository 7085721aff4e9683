"""Images without identity: PS3.15 annex E, Basic Profile, by a list of what may stay.

What is not known to be harmless goes: every private attribute, every text that is not on the list,
overlays and curves, unknown binary values, the preamble. UIDs are replaced by others, dates moved
by the same number of days for each patient; both are secret and the same throughout one export.
Option chosen: Retain Longitudinal Temporal Information, Modified Dates. Documents, waveforms and
presentation states hold free text and are not cleaned but refused.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import numpy as np
from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.errors import BytesLengthException
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID

from dicom_io.deidentify_lists import (
    CODES_KEPT,
    DROPPED,
    DROPPED_NUMBERS,
    DUMMIED,
    DUMMY,
    EMPTIED,
    KEPT_BINARY,
    KEPT_TEXT,
    LEFT_EMPTY,
    NUMBERS,
)
from dicom_io.errors import FileProblem
from dicom_io.image.high_bits import position_of

PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
METHOD = "PS3.15 Basic Profile; dates moved; descriptors, private and overlays removed"
_STANDARD_UID = "1.2.840.10008."
_SHORTEST_WORD = 3  # letters of a name that is looked for in the texts that stay
_LONG_WORD = 5  # letters; a shorter one counts only where it stands alone
_SHORTEST_IN_PIXELS = 6  # bytes; shorter ones occur by chance
_SHIFT = (366, 3650)  # days into the past
_UNREADABLE: tuple[type[Exception], ...] = (
    *(ValueError, TypeError, AttributeError, NotImplementedError, OverflowError),
    BytesLengthException,
)
_RISKY = frozenset("US OT XA RF ES XC GM DG SC DOC BI".split())
_SECONDARY = "1.2.840.10008.5.1.4.1.1.7"
_HEADS = ("HEAD", "SKULL", "BRAIN", "FACE", "NECK", "ORBIT", "SINUS", "JAW")


class Deidentifier:
    """One export's way of removing identity; `secret` (32 bytes) is thrown away afterwards."""

    def __init__(self, secret: bytes | None = None) -> None:
        self._secret = secret or secrets.token_bytes(32)

    def __call__(self, source: Dataset) -> Dataset:
        """A copy of an image without identity; `source` is left as it is.

        Raises FileProblem for an object that is no image, and where the pixel data themselves
        hold a name or number of the patient.
        """
        keyword = next((name for name in PIXELS if name in source), "")
        if not keyword or not source.get("SOPClassUID") or not source.get("SOPInstanceUID"):
            raise FileProblem("Only images can be exported without identity.", "object")
        words = identity_words(source)
        _require_clean_pixels(source[keyword].value, words)
        patient = f"{source.get('PatientID')}\n{source.get('IssuerOfPatientID')}"
        clean = _Cleaning(self._secret, words, self._days(patient))
        result = clean.dataset(source)
        name = f"ANON-{self._digest(patient)[:10].upper()}"
        result.PatientName = result.PatientID = name
        for empty in EMPTIED:
            setattr(result, empty, "")
        result.SpecificCharacterSet = "ISO_IR 192"
        result.PatientIdentityRemoved = "YES"
        result.LongitudinalTemporalInformationModified = "MODIFIED"
        result.DeidentificationMethod = METHOD[:64]
        result.DeidentificationMethodCodeSequence = DicomSequence(
            [
                _code("113100", "Basic Application Confidentiality Profile"),
                _code(
                    "113107",
                    "Retain Longitudinal Temporal Information Modified Dates Option",
                ),
            ]
        )
        _clear_hidden_overlays(source, result, keyword)
        _put_meta(source, result)
        return result

    def uid(self, uid: str) -> str:
        """The UID that stands for another one in this export; standard ones stay."""
        return _other_uid(self._secret, uid)

    def _digest(self, text: str) -> str:
        return hmac.digest(self._secret, text.encode("utf-8", "replace"), "sha256").hex()

    def _days(self, patient: str) -> int:
        low, high = _SHIFT
        return low + int(self._digest(f"days {patient}")[:8], 16) % (high - low)


class _Cleaning:
    """The rules, applied at every depth."""

    def __init__(self, secret: bytes, words: frozenset[str], days: int) -> None:
        self._secret = secret
        self._words = words
        self._days = days

    def dataset(self, source: Dataset) -> Dataset:
        result = Dataset()
        for tag in sorted(source.keys()):
            if tag.is_private or tag.group >> 8 in (0x50, 0x60) or tag.group in (2, 0xFFFC):
                continue
            try:
                element = self._element(source[tag])
            except _UNREADABLE:  # a value that breaks the rules of its VR is not passed on
                continue
            name = keyword_for_tag(tag)
            if element is None and name in DUMMIED and source[tag].value:
                element = DataElement(tag, dictionary_VR(tag), DUMMY)
            elif element is None and name in LEFT_EMPTY:
                element = DataElement(tag, dictionary_VR(tag), None)
            if element is not None:
                result.add(element)
        return result

    def _element(self, element: DataElement) -> DataElement | None:
        """The element as it may stay; None when it goes."""
        name, vr = element.keyword, str(element.VR)
        if not name or name in DROPPED:
            return None
        if vr == "SQ":
            return self._sequence(element)
        if vr == "UI":
            many = element.value if element.VM > 1 else [element.value]
            uids = [_other_uid(self._secret, str(uid)) for uid in many if uid]
            return DataElement(element.tag, vr, uids if len(uids) != 1 else uids[0])
        if vr in ("DA", "DT"):
            return self._moved(element, vr)
        if vr == "TM" or vr == "CS" or name in KEPT_TEXT:
            return None if self._tells(element.value) else _copy(element)
        if vr in NUMBERS:
            return None if name in DROPPED_NUMBERS else _number(element)
        return _copy(element) if name in KEPT_BINARY else None

    def _sequence(self, element: DataElement) -> DataElement | None:
        name = element.keyword
        items = [self.dataset(item) for item in element.value]
        if name in CODES_KEPT:
            for item, source in zip(items, element.value, strict=True):
                self._keep_code(source, item)
        elif any("CodeValue" in item or "LongCodeValue" in item for item in element.value):
            return None  # a code without its meaning would be none
        if not any(items):
            return None
        # Empty items stay among others: frames are counted by their place.
        return DataElement(element.tag, "SQ", DicomSequence(items))

    def _keep_code(self, source: Dataset, item: Dataset) -> None:
        for keyword in ("CodeValue", "LongCodeValue", "CodingSchemeDesignator", "CodeMeaning"):
            value = source.get(keyword)
            if value and not self._tells(value):
                setattr(item, keyword, str(value))

    def _moved(self, element: DataElement, vr: str) -> DataElement | None:
        many = element.value if element.VM > 1 else [element.value]
        moved = [_earlier(str(one), self._days) for one in many if one]
        if not all(moved):
            return None
        return DataElement(element.tag, vr, moved if len(moved) != 1 else moved[0])

    def _tells(self, value: object) -> bool:
        """True when a text holds a word of the patient's identity."""
        many = [value] if isinstance(value, (str, bytes)) else value
        texts = [str(one).casefold() for one in many if one] if isinstance(many, Iterable) else []
        tokens = {token for text in texts for token in re.split(r"\W+", text)}
        return bool(tokens & self._words) or any(
            word in text for word in self._words if len(word) >= _LONG_WORD for text in texts
        )


def identity_words(source: Dataset) -> frozenset[str]:
    """Names, numbers and addresses of the people in a header, in small letters, at any depth."""
    found: set[str] = set()
    for element in _elements(source):
        name, vr = element.keyword, str(element.VR)
        if vr == "PN" or name in ("PatientID", "OtherPatientIDs", "AccessionNumber", "StudyID",
                                  "InstitutionName", "PatientBirthDate"):  # fmt: skip
            many = element.value if element.VM > 1 else [element.value]
            for one in many:
                text = str(one or "").casefold()
                words = re.split(r"[\^=\s]+", text) if vr == "PN" else [text.strip()]
                found |= {word for word in words if len(word) >= _SHORTEST_WORD}
    return frozenset(found)


def _elements(source: Dataset) -> Iterator[DataElement]:
    waiting = [source]
    while waiting:
        dataset = waiting.pop()
        for tag in dataset.keys():
            if tag.group >= 0x7F00:
                continue
            try:
                element = dataset[tag]
            except _UNREADABLE:
                continue
            if element.VR == "SQ":
                waiting.extend(element.value)
            else:
                yield element


def burned_in(source: Dataset) -> str:
    """Why identity may be drawn into the pixels themselves; "" when nothing points at it."""
    said = str(source.get("BurnedInAnnotation") or "").upper()
    if said == "NO":
        return ""
    if said == "YES":
        return "The image says that text is burned into its pixels."
    modality = str(source.get("Modality") or "")
    is_secondary = str(source.get("SOPClassUID") or "").startswith(_SECONDARY)
    if modality in _RISKY or is_secondary or "ConversionType" in source:
        kind = modality or "this kind"
        return f"Images of {kind} often have the patient's name in their pixels."
    return ""


def shows_face(source: Dataset) -> bool:
    """True when a face could be computed from the images: heads in CT, MR or PET."""
    if str(source.get("Modality") or "") not in ("CT", "MR", "PT"):
        return False
    part = str(source.get("BodyPartExamined") or "").upper()
    return any(head in part for head in _HEADS)


def _require_clean_pixels(value: object, words: Iterable[str]) -> None:
    """Compressed pixel data may carry comments; names there cannot be cleaned."""
    if not isinstance(value, bytes):
        return
    for word in words:
        for form in {word, word.upper(), word.title()}:
            told = form.encode("utf-8")
            if len(told) >= _SHORTEST_IN_PIXELS and told in value:
                raise FileProblem(
                    "The pixel data of an image hold a name or number of the patient. It cannot "
                    "be exported without identity.",
                    "object",
                )


def _number(element: DataElement) -> DataElement:
    """A number; one that is written as a text must be one. Raises ValueError."""
    if element.VR in ("DS", "IS") and element.value not in (None, ""):
        many = element.value if element.VM > 1 else [element.value]
        for one in many:
            float(one)
    return _copy(element)


def _copy(element: DataElement) -> DataElement:
    return DataElement(element.tag, element.VR, element.value)


def _other_uid(secret: bytes, uid: str) -> str:
    if uid.startswith(_STANDARD_UID):
        return uid
    digest = hmac.digest(secret, uid.encode("ascii", "replace"), "sha256")[:16]
    return f"2.25.{int.from_bytes(digest, 'big')}"


def _earlier(text: str, days: int) -> str:
    """A DA or DT moved into the past; "" for one that is no date."""
    if not re.fullmatch(r"\d{8}(\d{2,6}(\.\d{1,6})?)?([+-]\d{4})?", text.strip()):
        return ""
    text = text.strip()
    try:
        day = date(int(text[:4]), int(text[4:6]), int(text[6:8])) - timedelta(days=days)
    except (ValueError, OverflowError):
        return ""
    return f"{day.year:04d}{day.month:02d}{day.day:02d}{text[8:]}"


def _clear_hidden_overlays(source: Dataset, result: Dataset, keyword: str) -> None:
    """Overlays may lie in the unused bits of uncompressed pixels."""
    positions = [
        tag for tag in source.keys() if 0x6000 <= tag.group <= 0x60FF and tag.elem == 0x0102
    ]
    if any(position_of(source, tag.group) is not None for tag in positions):
        _require_native(source)
    syntax = UID(str(source.file_meta.get("TransferSyntaxUID") or "1.2.840.10008.1.2"))
    allocated, stored = source.get("BitsAllocated"), source.get("BitsStored")
    if not positions or keyword != "PixelData" or syntax.is_encapsulated:
        return
    if allocated != 16 or not isinstance(stored, int) or not 0 < stored < 16:
        return
    order = "<u2" if syntax.is_little_endian else ">u2"
    lowest = max(int(source.get("HighBit") or stored - 1) + 1 - stored, 0)
    mask = ((1 << stored) - 1) << lowest
    values = np.frombuffer(result.PixelData, order)
    result["PixelData"].value = (values & np.array(mask, order)).astype(order).tobytes()


def _require_native(source: Dataset) -> None:
    """Raises FileProblem for overlays inside compressed pixels, whose bits cannot be cleared."""
    if UID(str(source.file_meta.get("TransferSyntaxUID"))).is_encapsulated:
        raise FileProblem(
            "An overlay, which may hold a name, lies in the compressed pixels of an image. It "
            "cannot be exported without identity.",
            "object",
        )


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator = value, "DCM"
    item.CodeMeaning = meaning
    return item


def _put_meta(source: Dataset, result: Dataset) -> None:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = result.SOPClassUID
    meta.MediaStorageSOPInstanceUID = result.SOPInstanceUID
    meta.TransferSyntaxUID = source.file_meta.TransferSyntaxUID
    meta.ImplementationClassUID = UID("2.25.177306431923712163512961029398871046553")
    result.file_meta = meta
    result.preamble = b"\0" * 128
