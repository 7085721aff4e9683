"""Compressed frames: which fragments of the pixel element make up which frame.

Source: DICOM PS3.5 annex A.4, PS3.3 C.7.6.3.1.8 (extended offset table).
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

ITEM = b"\xfe\xff\x00\xe0"
END = b"\xfe\xff\xdd\xe0"
MAX_FRAGMENTS = 2_000_000
Pieces = tuple[tuple[int, int], ...]  # (start, length) of each
_LAST = 10  # bytes of a fragment in which the end of a JPEG stream is looked for


@dataclass(frozen=True, slots=True)
class Fragments:
    """Where the bytes of every frame lie, from the first byte of the pixel element's value."""

    frames: tuple[Pieces, ...]  # of each frame

    def read(self, file: BinaryIO, index: int) -> bytes:
        """The bytes of one frame, of a file at the pixel element's first byte.

        Raises EOFError when the file ends before the frame does, IndexError for no such frame.
        """
        begin = file.tell()
        pieces = []
        for start, length in self.frames[index]:
            file.seek(begin + start)
            pieces.append(file.read(length))
            if len(pieces[-1]) < length:
                raise EOFError(f"frame {index + 1} ends early")
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def find_fragments(
    file: BinaryIO,
    frames: int,
    extended: bytes | None = None,
    *,
    whole: bool = False,
) -> Fragments:
    """Look through the items of a pixel element, once for all frames.

    `extended` is the value of the Extended Offset Table. `whole` says that the syntax never spreads
    a frame over fragments (run lengths). The file is left where it was. Frames that the file ends
    before are not in the result. Raises ValueError when the items make no sense, or cannot be told
    apart by frames.
    """
    begin = file.tell()
    try:
        table, pieces = _items(file, begin)
        if not pieces:
            raise ValueError("the pixel element has no fragments")
        starts = _words(extended, "<Q") if extended else table
        if frames == 1:
            groups: list[Pieces] = [tuple(pieces)]
        elif whole:
            groups = [(piece,) for piece in pieces]
        elif len(starts) == frames:
            groups = _by_offset(pieces, starts)
        elif len(pieces) == frames:
            groups = [(piece,) for piece in pieces]
        else:
            groups = _by_end_of_stream(file, begin, pieces)
    finally:
        file.seek(begin)
    return Fragments(tuple(groups))


def _items(file: BinaryIO, begin: int) -> tuple[list[int], list[tuple[int, int]]]:
    """The basic offset table, and (start, length) of all fragments."""
    table: list[int] = []
    pieces: list[tuple[int, int]] = []
    at, is_first = begin, True
    while len(pieces) < MAX_FRAGMENTS:
        file.seek(at)
        head = file.read(8)
        if len(head) < 8 or head[:4] == END:
            break
        (length,) = struct.unpack("<L", head[4:])
        if head[:4] != ITEM or length == 0xFFFFFFFF:
            if is_first:
                raise ValueError("the pixel element does not begin with an item")
            break  # whatever comes after the last fragment that makes sense is no fragment
        if is_first:
            content = file.read(length)
            table = _words(content, "<L")
        else:
            pieces.append((at + 8 - begin, length))
        at, is_first = at + 8 + length, False
    return table, pieces


def _words(content: bytes, form: str) -> list[int]:
    """The numbers of a table; bytes that make up no whole one are left out."""
    size = struct.calcsize(form)
    return [word for (word,) in struct.iter_unpack(form, content[: len(content) // size * size])]


def _by_offset(pieces: Sequence[tuple[int, int]], starts: Sequence[int]) -> list[Pieces]:
    """Offsets count from the first byte after the offset table's item to an item's tag."""
    first = pieces[0][0]
    places = {start - first: place for place, (start, _) in enumerate(pieces)}
    end = sum(pieces[-1]) - first
    there = [start for start in starts if start < end]  # the file may be cut
    if not there or any(start not in places for start in there):
        if len(pieces) == len(starts):
            return [(piece,) for piece in pieces]
        raise ValueError("the offset table points beside the fragments")
    bounds = [*(places[start] for start in there), len(pieces)]
    if bounds[0] != 0 or any(low >= high for low, high in pairwise(bounds)):
        raise ValueError("the offset table is not in order")
    return [tuple(pieces[low:high]) for low, high in pairwise(bounds)]


def _ends(file: BinaryIO, begin: int, start: int, length: int) -> bool:
    """True when the fragment ends with the end-of-image or end-of-codestream marker."""
    tail = min(_LAST, length)
    file.seek(begin + start + length - tail, io.SEEK_SET)
    return b"\xff\xd9" in file.read(tail)


def _by_end_of_stream(
    file: BinaryIO, begin: int, pieces: Sequence[tuple[int, int]]
) -> list[Pieces]:
    """Frames told apart by the marker that ends each of them."""
    groups: list[Pieces] = []
    group: list[tuple[int, int]] = []
    for piece in pieces:
        group.append(piece)
        if _ends(file, begin, *piece):
            groups.append(tuple(group))
            group = []
    if group:
        groups.append(tuple(group))
    return groups
