"""The content of an SR file as a flat list of items, however deep they lie.

pydicom reads a sequence of undefined length by recursion and gives up some hundred levels down;
a document may be nested thousands deep. Here the file is cut along its content sequences with a
stack of our own, and pydicom reads each item without what lies below it. What is damaged is left
out and named; the rest is given. Source: DICOM PS3.5 section 7.5, PS3.3 C.17.3.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from pydicom import config
from pydicom.charset import convert_encodings
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException
from pydicom.filereader import read_dataset
from pydicom.uid import UID, ExplicitVRBigEndian, ImplicitVRLittleEndian

from dicom_io.errors import DamagedFile, FileProblem, NotDicom, UnsafeImage
from dicom_io.image.bounded import open_inflated
from dicom_io.image.header import settle
from dicom_io.image.notices import gathered

MOST_ITEMS = 20_000  # beyond these a document is cut off, and says so
LARGEST = 128 * 2**20  # bytes of a file
DEEPEST_ELSEWHERE = 32  # levels of sequences that are no content
REPORT_CLASSES = "1.2.840.10008.5.1.4.1.1.88."

_CONTENT = 0x0040A730
_CHARSET = 0x00080005
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_UNDEFINED = 0xFFFFFFFF
_LONG = frozenset(
    (b"OB", b"OW", b"UN", b"SQ", b"UT", b"UC", b"UR", b"OF", b"OD", b"OL", b"OV", b"SV", b"UV")
)
_NONSENSE = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    NotImplementedError,
    OverflowError,
    RecursionError,
    struct.error,
    EOFError,
    BytesLengthException,
)
_ENDS_EARLY = "The file ends early; what is there is shown."
_TOO_MANY = f"The document has more than {MOST_ITEMS:,} items; the first of them are shown."
_TOO_DEEP = "A sequence is nested too deeply to be read; left out."
_LOST = "The file makes no sense from some place on; what stands before it is shown."


@dataclass(frozen=True, eq=False, slots=True)
class ContentItem:
    """One item with its own attributes; what lies below it are items of their own."""

    dataset: Dataset
    depth: int  # the root's is 1
    parent: int  # the number of the item above, -1 for the root
    ordinal: int  # its place among its siblings, from 1


@dataclass(frozen=True, eq=False)
class Content:
    """All items of a document in reading order; the first is the root with the header."""

    items: tuple[ContentItem, ...]
    notices: tuple[str, ...] = ()  # what was left out

    @property
    def root(self) -> Dataset:
        return self.items[0].dataset


def read_content(path: Path, most: int = MOST_ITEMS) -> Content:
    """The content of a file, the first `most` items of it.

    Raises FileProblem: NotDicom, DamagedFile, UnsafeImage.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise UnsafeImage(f"{path.name} is too large for a report and was not opened.", path)
        with open_inflated(path) as file:
            data = file.read()
    except OSError as error:
        raise FileProblem(
            f"{path.name} cannot be opened ({error.strerror or error}). "
            "Check that it exists and may be read.",
            path,
        ) from error
    start, syntax = _meta(data, path)
    cutter = _Cutter(data, start, syntax)
    pieces = list(cutter.pieces())[:most]
    with gathered():
        items = tuple(_items(pieces, cutter, path))
    if not any(element for element in items[0].dataset):
        raise DamagedFile(f"{path.name} is damaged: nothing in it can be read.", path)
    return Content(items, tuple(dict.fromkeys(cutter.notices)))


def read_root(path: Path) -> Dataset:
    """The header of a document alone, whatever lies below it. Raises FileProblem."""
    return read_content(path, most=1).root


def is_report_file(path: Path) -> bool:
    """True for a file that says in its first part that it is an SR, even where the rest of it
    cannot be read by others."""
    try:
        with path.open("rb") as file:
            head = file.read(1024)
    except OSError:
        return False
    return head[128:132] == b"DICM" and b"\x02\x00\x02\x00UI" in head and _names_report(head)


def _names_report(head: bytes) -> bool:
    at = head.index(b"\x02\x00\x02\x00UI") + 6
    length = int.from_bytes(head[at : at + 2], "little")
    return head[at + 2 : at + 2 + length].decode("ascii", "replace").startswith(REPORT_CLASSES)


def _meta(data: bytes, path: Path) -> tuple[int, str]:
    """Where the data set begins, and its transfer syntax ("" where none is named)."""
    at = 132 if data[128:132] == b"DICM" else 0
    syntax = ""
    while data[at : at + 2] == b"\x02\0" and at + 8 <= len(data):
        vr = data[at + 4 : at + 6]
        if vr in _LONG:
            begin, length = at + 12, int.from_bytes(data[at + 8 : at + 12], "little")
        elif vr.isalpha():
            begin, length = at + 8, int.from_bytes(data[at + 6 : at + 8], "little")
        else:
            begin, length = at + 8, int.from_bytes(data[at + 4 : at + 8], "little")
        if data[at + 2 : at + 4] == b"\x10\0":
            syntax = data[begin : begin + length].decode("ascii", "replace").strip(" \0")
        at = begin + length
    if at == 0 and data[:2] not in (b"\x08\0", b"\0\x08"):
        raise NotDicom(f"{path.name} is no DICOM file. Choose a report.", path)
    return at, syntax


@dataclass(slots=True)
class _Piece:
    """An item as bytes: those of its own elements, one after the other."""

    depth: int
    parent: int
    ordinal: int
    ends: int | None = None  # None: it ends with a delimiter
    ranges: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class _Run:
    """A content sequence that is being read."""

    owner: int  # the number of the item that it belongs to
    ends: int | None
    count: int = 0


class _Cutter:
    """Cuts a data set into content items without recursion."""

    def __init__(self, data: bytes, start: int, syntax: str) -> None:
        self.data = data
        self.notices: list[str] = []
        self._start = start
        self.is_little = syntax != ExplicitVRBigEndian
        vr = data[start + 4 : start + 6]
        looks_explicit = vr.isalpha() and vr.isupper()
        declared = syntax == ImplicitVRLittleEndian if syntax else not looks_explicit
        self.is_implicit = declared if declared != looks_explicit else not looks_explicit
        order = "<" if self.is_little else ">"
        self._pair = struct.Struct(f"{order}HH")
        self._word = struct.Struct(f"{order}L")
        self._short = struct.Struct(f"{order}H")

    def pieces(self) -> Iterator[_Piece]:
        """The root, then every item below it, in reading order."""
        found = [_Piece(1, -1, 1, ends=len(self.data))]
        try:
            self._cut(found)
        except (struct.error, _EndsEarly):
            self.notices.append(_ENDS_EARLY)
        except _Lost:
            self.notices.append(_LOST)
        yield from found

    def _cut(self, found: list[_Piece]) -> None:
        at = self._start
        open_items, open_runs = [0], list[_Run]()
        while open_items:
            piece = found[open_items[-1]]
            if piece.ends is not None and at >= piece.ends:
                at = self._close(open_items, open_runs, found, at)
                continue
            tag, vr, length, begin = self._head(at)
            if tag == _ITEM_END:
                if piece.ends is not None:
                    raise _Lost
                at = self._close(open_items, open_runs, found, begin)
            elif tag == _CONTENT:
                run = _Run(open_items[-1], None if length == _UNDEFINED else begin + length)
                open_runs.append(run)
                at = self._next_item(open_items, open_runs, found, begin)
            elif tag >> 16 == 0xFFFE:
                raise _Lost
            else:
                end, is_kept = self._end_of(begin, length)
                if is_kept:
                    piece.ranges.append((at, end))
                else:
                    self.notices.append(_TOO_DEEP)
                at = end
            if len(found) > MOST_ITEMS:
                self.notices.append(_TOO_MANY)
                del found[MOST_ITEMS:]
                return

    def _close(
        self, open_items: list[int], open_runs: list[_Run], found: list[_Piece], at: int
    ) -> int:
        """An item has ended: on with the next one of its sequence, or with the item above."""
        open_items.pop()
        return self._next_item(open_items, open_runs, found, at) if open_items else at

    def _next_item(
        self, open_items: list[int], open_runs: list[_Run], found: list[_Piece], at: int
    ) -> int:
        """The next item of the innermost sequence, or its end."""
        run = open_runs[-1]
        if run.ends is not None and at >= run.ends:
            open_runs.pop()
            return at
        tag, length = self._delimiter(at)
        if tag == _SEQUENCE_END:
            open_runs.pop()
            return at + 8
        if tag != _ITEM:
            raise _Lost
        run.count += 1
        ends = None if length == _UNDEFINED else at + 8 + length
        found.append(_Piece(found[run.owner].depth + 1, run.owner, run.count, ends))
        open_items.append(len(found) - 1)
        return at + 8

    def _end_of(self, begin: int, length: int) -> tuple[int, bool]:
        """Where an element ends that is no content; False when it is nested too deeply."""
        if length != _UNDEFINED:
            if begin + length > len(self.data):
                raise _EndsEarly
            return begin + length, True
        at, depth, deepest = begin, 1, 1  # inside of that many sequences of undefined length
        inside = [False]  # for each: in an item of undefined length, hence among elements
        while depth:
            if not inside[-1]:
                tag, size = self._delimiter(at)
                at += 8
                if tag == _SEQUENCE_END:
                    inside.pop()
                    depth -= 1
                elif tag != _ITEM:
                    raise _Lost
                elif size == _UNDEFINED:
                    inside[-1] = True
                else:
                    at += size
                continue
            tag, _, size, start = self._head(at)
            if tag == _ITEM_END:
                inside[-1], at = False, start
            elif size == _UNDEFINED:
                inside.append(False)
                depth, at = depth + 1, start
                deepest = max(deepest, depth)
            else:
                at = start + size
            if at > len(self.data):
                raise _EndsEarly
        return at, deepest <= DEEPEST_ELSEWHERE

    def _delimiter(self, at: int) -> tuple[int, int]:
        group, element = self._pair.unpack_from(self.data, at)
        return group << 16 | element, self._word.unpack_from(self.data, at + 4)[0]

    def _head(self, at: int) -> tuple[int, bytes, int, int]:
        """Tag, value representation, length, and where the value begins."""
        group, element = self._pair.unpack_from(self.data, at)
        tag = group << 16 | element
        if self.is_implicit or group == 0xFFFE:
            return tag, b"", self._word.unpack_from(self.data, at + 4)[0], at + 8
        vr = self.data[at + 4 : at + 6]
        if vr in _LONG:
            return tag, vr, self._word.unpack_from(self.data, at + 8)[0], at + 12
        if not (vr.isalpha() and vr.isupper()):
            raise _Lost
        return tag, vr, self._short.unpack_from(self.data, at + 6)[0], at + 8


class _EndsEarly(Exception):
    """An element goes beyond the end of the file."""


class _Lost(Exception):
    """What stands here cannot be an element."""


def _items(pieces: list[_Piece], cutter: _Cutter, path: Path) -> Iterator[ContentItem]:
    """Each piece read by pydicom, in the character set of the root."""
    encoding: str | list[str] = "iso8859"
    for number, piece in enumerate(pieces):
        body = b"".join(cutter.data[start:end] for start, end in piece.ranges)
        dataset = Dataset()
        try:
            dataset = read_dataset(
                BytesIO(body),
                cutter.is_implicit,
                cutter.is_little,
                parent_encoding=encoding,
            )
            cutter.notices += settle(dataset, path)
        except (*_NONSENSE, FileProblem):
            cutter.notices.append("An item of the document cannot be read; left out.")
        if number == 0:
            encoding = _encoding(dataset, cutter)
        yield ContentItem(dataset, piece.depth, piece.parent, piece.ordinal)


def _encoding(root: Dataset, cutter: _Cutter) -> list[str]:
    named = root.get("SpecificCharacterSet") or "ISO_IR 6"
    try:
        return convert_encodings(named if isinstance(named, str) else list(named))
    except (LookupError, ValueError):
        cutter.notices.append("The character set of the document is unknown; texts may be wrong.")
        return ["iso8859"]


def uid_text(dataset: Dataset, keyword: str) -> UID:
    """A UID of a data set of any maker, empty where there is none."""
    return UID(str(dataset.get(keyword) or "").strip(" \0"), config.IGNORE)
