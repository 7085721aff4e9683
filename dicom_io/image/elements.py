"""A quick reader of well-formed headers: raw elements by tag, in a tenth of a millisecond or so.

Whatever is odd (an unknown value representation, a length beyond the end, big endian, a value that
breaks the rules) is left to pydicom, which knows how to be lenient and warns of it. What is read
here needs no warning: every value was looked at, so that converting it later, when somebody asks,
is silent. Source: DICOM PS3.5 sections 6.2, 7.1 to 7.5 and annex A, PS3.10 section 7.1.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

from pydicom._dicom_dict import DicomDictionary
from pydicom.charset import python_encoding
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag

from dicom_io.raw import interned

PIXELS = frozenset((0x7FE00008, 0x7FE00009, 0x7FE00010))
LARGE_PRIVATE = 1024  # bytes; larger private values are left out, nobody looks at them
MAX_DEPTH = 32  # of nested sequences
MAX_HEADER = 64 * 2**20  # bytes before the pixels
FIRST_READ = 16 * 1024  # bytes; most headers are shorter
UNDEFINED = 0xFFFFFFFF
_CHARSETS = {"", "ISO_IR 6", "ISO_IR 100", "ISO_IR 192"}
_IMPLICIT = "1.2.840.10008.1.2"
_BIG = "1.2.840.10008.1.2.2"
_DEFLATED = "1.2.840.10008.1.2.1.99"
_ITEM, _ITEM_END, _SEQUENCE_END = 0xE000FFFE, 0xE00DFFFE, 0xE0DDFFFE  # as read, low word first
_CHARSET = 0x00080005
_LONG = frozenset((b"OB", b"OW", b"UN", b"SQ", b"UT", b"UC", b"UR", b"OF", b"OD", b"OL", b"OV"))
_LONG |= {b"SV", b"UV"}
_EXPLICIT_HEAD = struct.Struct("<HH2sH")
_IMPLICIT_HEAD = struct.Struct("<HHL")
_WORD = struct.Struct("<L")


class Odd(Exception):
    """Something that this reader leaves to pydicom."""


class _MoreNeeded(Exception):
    """The element goes beyond what was read so far; the number of bytes that would do."""


@dataclass(frozen=True, eq=False, slots=True)
class Elements:
    """What was read of a file."""

    dataset: Dataset  # with `file_meta`; values are converted when they are asked for
    syntax: str
    pixels: int  # where the pixel element's tag begins; -1: there is none
    odd: tuple[tuple[Dataset, BaseTag], ...]  # what must be converted under watch
    head: bytes  # the first 12 bytes of the pixel element
    size: int  # of the file


def read_elements(file: BinaryIO) -> Elements:
    """Everything before the pixels, of a file at its preamble. Raises Odd, OSError."""
    data = file.read(FIRST_READ)
    if data[128:132] != b"DICM":
        raise Odd("no preamble")
    try:
        return _Reader(data, file).whole()
    except (IndexError, struct.error, _MoreNeeded) as error:
        raise Odd("ends early") from error


class _Reader:
    """The bytes of one file, as far as they are read, and what was found in them."""

    def __init__(self, data: bytes, file: BinaryIO) -> None:
        self._data = data
        self._file = file
        self._size = os.fstat(file.fileno()).st_size
        self._ended = len(data) >= self._size
        self._implicit = False
        self._encoding: str | list[str] = "iso8859"
        self._odd: list[tuple[Dataset, BaseTag]] = []
        self._resume = 0, 0  # where the element of the top level begins; how many were odd before

    def whole(self) -> Elements:
        """Meta information and data set."""
        meta, at = self._group_two()
        syntax = self._syntax(meta)
        self._implicit = syntax == _IMPLICIT
        head = self._data[at : at + 8]
        if self._implicit and len(head) == 8 and head[4:6].isalpha() and head[4:6].isupper():
            raise Odd("explicit after all")
        dataset = Dataset()
        while True:
            try:
                at = self._level(dataset, at, None, 0)
                break
            except _MoreNeeded as more:
                at = self._read_on(more.args[0])
        pixels = at if at < len(self._data) else -1
        dataset.file_meta = meta
        dataset.set_original_encoding(self._implicit, True, self._encoding)
        head = self._data[pixels : pixels + 12] if pixels >= 0 else b""
        return Elements(dataset, syntax, pixels, tuple(self._odd), head, self._size)

    def _read_on(self, needed: int) -> int:
        """Read until `needed` bytes are there, and go on after the last whole element."""
        if self._ended:
            raise Odd("ends early")
        if needed > min(self._size, MAX_HEADER):
            raise Odd("too long")
        goal = min(max(needed, 2 * len(self._data)), self._size)
        self._data += self._file.read(goal - len(self._data))
        self._ended = len(self._data) >= self._size
        at, count = self._resume
        del self._odd[count:]
        return at

    def _group_two(self) -> tuple[FileMetaDataset, int]:
        found: dict[BaseTag, RawDataElement | DataElement] = {}
        at = 132
        while self._data[at : at + 2] == b"\x02\0":
            tag, vr, length, start = self._head(at, False)
            at = start + length
            if length > 1024 or at > len(self._data):
                raise Odd("long meta information")
            key = interned(tag)
            found[key] = RawDataElement(
                key, vr.decode(), length, self._data[start:at], start, False, True
            )
        return FileMetaDataset(found), at

    def _syntax(self, meta: FileMetaDataset) -> str:
        raw = meta.get_item(BaseTag(0x00020010))
        value = raw.value if raw is not None else None
        if not isinstance(value, bytes) or not value or b"\\" in value:
            raise Odd("no transfer syntax")
        for tag in meta.keys():
            element = meta.get_item(tag)
            if not _is_sound(str(element.VR), element.value):
                self._odd.append((meta, tag))
        syntax = value.rstrip(b"\0 ").decode("ascii", "replace")
        if syntax in (_BIG, _DEFLATED):
            raise Odd("another order of bytes")
        return syntax

    def _head(self, at: int, implicit: bool) -> tuple[int, bytes, int, int]:
        """Tag, value representation, length, and where the value begins."""
        if implicit:
            group, element, length = _IMPLICIT_HEAD.unpack_from(self._data, at)
            tag = group << 16 | element
            known = DicomDictionary.get(tag)
            vr = known[0].encode() if known is not None else b"" if group & 1 else b"UN"
            return tag, vr, length, at + 8
        group, element, vr, length = _EXPLICIT_HEAD.unpack_from(self._data, at)
        if vr in _LONG:
            (length,) = _WORD.unpack_from(self._data, at + 8)
            return group << 16 | element, vr, length, at + 12
        if vr not in _SHORT:
            raise Odd("unknown value representation")
        return group << 16 | element, vr, length, at + 8

    def _level(self, dataset: Dataset, at: int, end: int | None, depth: int) -> int:
        """The elements of one level, up to `end`, the item's delimiter or the pixels.

        At the top level, where `depth` is 0, running out of bytes asks for more of them.
        """
        data, size, implicit = self._data, len(self._data), self._implicit
        unpack = _EXPLICIT_HEAD.unpack_from
        while end is None or at < end:
            if depth == 0:
                self._resume = at, len(self._odd)
                if at == size and self._ended:
                    return at
            if at + 12 > size and not (self._ended and at + 8 <= size):
                raise _MoreNeeded(at + 12)
            if depth and end is None and _WORD.unpack_from(data, at)[0] == _ITEM_END:
                return at + 8
            if implicit:
                tag, vr, length, start = self._head(at, True)
            else:  # as `_head`, without the call: this is most of the time that a header takes
                group, element, vr, length = unpack(data, at)
                tag, start = group << 16 | element, at + 8
                if vr not in _SHORT:
                    tag, vr, length, start = self._head(at, False)
            if tag in PIXELS and depth == 0:
                return at
            if tag in PIXELS or tag >> 16 == 0xFFFE:
                raise Odd("an element out of place")
            is_private = bool(tag >> 16 & 1)
            if vr == b"SQ" and not (is_private and LARGE_PRIVATE < length < UNDEFINED):
                at = self._sequence(dataset, tag, start, length, depth)
                if is_private and at - start > LARGE_PRIVATE:
                    del dataset[tag]
                continue
            if length == UNDEFINED:
                raise Odd("undefined length")
            at = start + length
            if at > size:
                raise _MoreNeeded(at)
            if not (is_private and length > LARGE_PRIVATE):
                self._keep(dataset, tag, vr, data[start:at], start, depth)
        if at != end:
            raise Odd("beyond its item")
        return at

    def _keep(
        self, dataset: Dataset, tag: int, vr: bytes, value: bytes, start: int, depth: int
    ) -> None:
        code, is_sound = _READ.get(vr) or (vr.decode("ascii"), _never)
        key, implicit = interned(tag), self._implicit
        parts = key, None if implicit else code, len(value), value, start, implicit, True
        # `dataset[key] =` and the named tuple's own `__new__` take several times as long
        dataset._dict[key] = tuple.__new__(RawDataElement, parts)
        if tag == _CHARSET:
            self._note_charset(value, depth)
        if value and not tag >> 16 & 1 and not is_sound(value):
            self._odd.append((dataset, key))

    def _sequence(self, dataset: Dataset, tag: int, start: int, length: int, depth: int) -> int:
        """The items of a sequence; where it ends."""
        if depth == MAX_DEPTH:
            raise Odd("nested too deeply")
        data, at = self._data, start
        end = None if length == UNDEFINED else start + length
        if end is not None and end > len(data):
            raise _MoreNeeded(end)
        items: list[Dataset] = []
        while end is None or at < end:
            if at + 8 > len(data):
                raise _MoreNeeded(at + 8)
            (kind,) = _WORD.unpack_from(data, at)
            (size,) = _WORD.unpack_from(data, at + 4)
            at += 8
            if kind == _SEQUENCE_END and end is None:
                break
            if kind != _ITEM:
                raise Odd("no item")
            item = Dataset(parent_encoding=self._encoding)
            stop = None if size == UNDEFINED else at + size
            if stop is not None and stop > len(data):
                raise _MoreNeeded(stop)
            at = self._level(item, at, stop, depth + 1)
            item.is_undefined_length_sequence_item = stop is None
            item.set_original_encoding(self._implicit, True, self._encoding)
            items.append(item)
        sequence = Sequence(items)
        sequence.is_undefined_length = end is None
        key = interned(tag)
        element = DataElement(key, "SQ", sequence, start, end is None, already_converted=True)
        dataset._dict[key] = element
        return at

    def _note_charset(self, value: bytes, depth: int) -> None:
        name = value.decode("ascii", "replace").strip(" \0")
        if depth or name not in _CHARSETS:
            raise Odd("another character set")
        self._encoding = python_encoding[name]


# --- values that pydicom converts without a word ---

_SHORT = frozenset(
    (b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FL", b"FD", b"IS", b"LO", b"LT")
    + (b"PN", b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US")
)


def _matcher(pattern: bytes, most: int) -> Callable[[bytes], bool]:
    """A check that every one of the values apart by backslashes fits a pattern."""
    match = re.compile(rb"(?:%b)(?:\\(?:%b))*[ \0]?" % (pattern, pattern)).fullmatch

    def check(value: bytes) -> bool:
        if match(value) is None:
            return False
        return len(value) <= most or all(len(one) <= most for one in value.split(b"\\"))

    return check


def _text(most: int, *, several: bool = True) -> Callable[[bytes], bool]:
    """A check that a text is plain ASCII and short enough."""
    plain = re.compile(rb"[\t\n\f\r -~]*").fullmatch

    def check(value: bytes) -> bool:
        if plain(value) is None:
            return False
        if len(value) <= most:
            return True
        return several and all(len(one) <= most for one in value.split(b"\\"))

    return check


def _numbers(size: int) -> Callable[[bytes], bool]:
    return lambda value: len(value) % size == 0


def _is_date(value: bytes) -> bool:
    text = value.rstrip(b" ")
    if len(text) != 8 or not text.isdigit():
        return False
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True


_TIME = rb"(?:[01]\d|2[0-3])(?:[0-5]\d(?:[0-5]\d(?:\.\d{1,6})?)?)?"
_UID = rb"(?:0|[1-9]\d*)(?:\.(?:0|[1-9]\d*))*"


def _always(value: bytes) -> bool:
    return True


_CHECKS: Mapping[str, Callable[[bytes], bool]] = {
    "AE": _text(16),
    "AS": _matcher(rb"\d{3}[DWMY]", 4),
    "AT": _numbers(4),
    "CS": _matcher(rb"[A-Z0-9 _]*", 16),
    "DA": _is_date,
    "DS": _matcher(rb" *[+-]?(?:\d+|\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)? *", 16),
    "FD": _numbers(8),
    "FL": _numbers(4),
    "IS": _matcher(rb" *[+-]?\d{1,9} *", 12),
    "LO": _text(64),
    "LT": _text(10240, several=False),
    "OB": _always,
    "OD": _numbers(8),
    "OF": _numbers(4),
    "OL": _numbers(4),
    "OV": _numbers(8),
    "OW": _always,
    "SH": _text(16),
    "SL": _numbers(4),
    "SS": _numbers(2),
    "ST": _text(1024, several=False),
    "SV": _numbers(8),
    "TM": _matcher(_TIME, 16),
    "UC": _text(2**20),
    "UI": _matcher(_UID, 64),
    "UL": _numbers(4),
    "US": _numbers(2),
    "UT": _text(2**24, several=False),
    "UV": _numbers(8),
}


def _is_name(value: bytes) -> bool:
    """A name of one group of components, short enough for every one of them."""
    return len(value) <= 64 and value.count(b"^") <= 4 and b"=" not in value and _plain(value)


_plain = _text(2**20)


def _never(value: bytes) -> bool:
    return False


# By value representation as it stands in the file: as text, and the check of a value.
_READ: Mapping[bytes, tuple[str, Callable[[bytes], bool]]] = {
    vr.encode("ascii"): (vr, check) for vr, check in {**_CHECKS, "PN": _is_name}.items()
}


def _is_sound(vr: str, value: object) -> bool:
    """True when a value is empty, or pydicom converts it without warning or raising."""
    if not value:
        return True
    _, check = _READ.get(vr.encode("ascii", "replace"), ("", _never))
    return isinstance(value, bytes) and check(value)
