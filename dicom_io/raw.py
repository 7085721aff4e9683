"""Values of elements that nobody has converted yet, read from their bytes.

pydicom makes an object with checks of every value that is asked for, which is most of the time that
a header takes. For the plain cases these functions give an equal value at once; for all others (a
character set, a value that breaks the rules, another order of bytes) they ask pydicom. The data set
is left as it was. Source: DICOM PS3.5 sections 6.2 and 6.4.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from pydicom.datadict import dictionary_has_tag, dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

_PLAIN = re.compile(rb"[ -\[\]-}]*").fullmatch  # ASCII that no character set reads otherwise
_NUMBERS = re.compile(rb"[0-9+.eE \\-]*").fullmatch
_TEXTS = ("CS", "LO", "SH", "UI")


@lru_cache(maxsize=8192)
def interned(number: int) -> BaseTag:
    """The one object for a tag: a data set finds its own key without comparing."""
    return BaseTag(number)


@lru_cache(maxsize=4096)
def tag_named(keyword: str) -> BaseTag:
    """The tag of a keyword of the dictionary. Raises KeyError."""
    found = tag_for_keyword(keyword)
    if found is None:
        raise KeyError(keyword)
    return interned(found)


def text_of(dataset: Dataset, keyword: str) -> str:
    """`str(dataset.get(keyword) or "").strip()`."""
    element = dataset._dict.get(tag_named(keyword))
    return "" if element is None else str(_value(dataset, element) or "").strip()


def value_at(dataset: Dataset, tag: BaseTag) -> Any:
    """The value of an element, to be read only; None when the element is absent.

    As pydicom gives it, but numbers are plain and several values a tuple.
    """
    element = dataset._dict.get(tag)
    return None if element is None else _value(dataset, element)


def _value(dataset: Dataset, element: DataElement | RawDataElement) -> Any:
    if isinstance(element, DataElement):
        return element.value
    content, vr = element.value, element.VR or _vr_of(element.tag)
    if isinstance(content, bytes) and element.is_little_endian:
        if vr == "US" and len(content) == 2:
            return int.from_bytes(content, "little")
        if content and len(content) < 256:
            plain = _converted(vr, content)
            if plain is not None:
                return plain
    return dataset[element.tag].value


@lru_cache(maxsize=8192)
def _vr_of(tag: BaseTag) -> str:
    return dictionary_VR(tag) if dictionary_has_tag(tag) else ""


@lru_cache(maxsize=4096)  # most values of a series are those of the file before
def _converted(vr: str, content: bytes) -> Any:
    """The value, or None when that is for pydicom to say."""
    if vr in _TEXTS:
        if b"\\" not in content:
            text = content.strip(b" ") if vr == "UI" else content
            text = text.rstrip(b"\0 ")
            return text.decode("ascii") if _PLAIN(text) else None
        if vr != "CS":
            return None
        parts = content.rstrip(b"\0 ").split(b"\\")
        if len(parts) < 2 or not all(map(_PLAIN, parts)):
            return None
        return tuple(part.decode("ascii") for part in parts)
    if vr not in ("DS", "IS") or not _NUMBERS(content):
        return None
    make = float if vr == "DS" else int
    try:
        numbers = tuple(make(part) for part in content.split(b"\\"))
    except ValueError:
        return None
    return numbers if len(numbers) > 1 else numbers[0]
