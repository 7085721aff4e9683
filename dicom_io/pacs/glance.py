"""Whose object this is, from the first bytes of its data set: what a retrieval must know of each.

Only the plain case is read here, which is nearly every file; for all others the answer is None and
the caller reads the whole header. Source: DICOM PS3.5 section 7.1.
"""

from __future__ import annotations

import re
import struct

from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from dicom_io.identity import Identity

ENOUGH = 8192  # bytes of a data set within which its series is named, as a rule

_INSTANCE, _PATIENT, _ISSUER = 0x00080018, 0x00100020, 0x00100021
_STUDY, _SERIES = 0x0020000D, 0x0020000E
_WANTED = frozenset({_INSTANCE, _PATIENT, _ISSUER, _STUDY, _SERIES})
_LONG = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"UC", b"UN", b"UR", b"UT"})
_LONG_TOO = frozenset({b"SV", b"UV"})
_PLAIN = re.compile(rb"[ -\[\]-}]*").fullmatch  # ASCII that no character set reads otherwise
_NOT_READ = frozenset({DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian})


def identity_in(head: bytes, syntax: str) -> Identity | None:
    """The identity in the beginning of a data set; None where it cannot be told from there."""
    if syntax in _NOT_READ:
        return None
    found: dict[int, str] = {}
    implicit = syntax == ImplicitVRLittleEndian
    place = last = 0
    while last < _SERIES:
        if place + 12 > len(head):
            return None
        group, element = struct.unpack_from("<HH", head, place)
        tag = group << 16 | element
        if tag <= last:
            return None
        last = tag
        place, length = _value(head, place, implicit)
        if length > len(head) - place:
            return None
        if tag in _WANTED:
            value = head[place : place + length].strip(b" \0")
            if not _PLAIN(value):
                return None
            found[tag] = value.decode("ascii")
        place += length
    if not all(found.get(tag) for tag in (_INSTANCE, _STUDY, _SERIES)):
        return None
    return Identity(
        patient_id=found.get(_PATIENT, ""),
        issuer=found.get(_ISSUER, ""),
        study=found[_STUDY],
        series=found[_SERIES],
        instance=found[_INSTANCE],
    )


def data_set_in(head: bytes) -> tuple[bytes, str]:
    """The beginning of the data set within that of a file, and its transfer syntax; empty where
    the file is none that we write ourselves."""
    if head[128:132] != b"DICM" or head[132:140] != b"\2\0\0\0UL\4\0" or len(head) < 144:
        return b"", ""
    end = 144 + int(struct.unpack_from("<L", head, 140)[0])
    place = 144
    while place + 12 <= min(end, len(head)):
        element = head[place : place + 4]
        place, length = _value(head, place, False)
        if element == b"\2\0\x10\0":
            value = head[place : place + length].strip(b" \0")
            return (head[end:], value.decode("ascii")) if value.isascii() else (b"", "")
        place += length
    return b"", ""


def _value(head: bytes, place: int, implicit: bool) -> tuple[int, int]:
    """Where the value of the element at `place` begins, and its length; an undefined one is longer
    than any head."""
    if implicit:
        return place + 8, int(struct.unpack_from("<L", head, place + 4)[0])
    kind = head[place + 4 : place + 6]
    if kind in _LONG or kind in _LONG_TOO:
        return place + 12, int(struct.unpack_from("<L", head, place + 8)[0])
    return place + 8, int(struct.unpack_from("<H", head, place + 6)[0])
