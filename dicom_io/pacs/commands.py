"""DIMSE command sets as bytes, and the head of a DICOM file: what C-GET needs and no more.

Command sets are always implicit VR little endian (PS3.7 section 6.3.1); the head of a file is
explicit (PS3.10 section 7.1).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from dicom_io.report.header import IMPLEMENTATION_CLASS_UID, Software

# Command Field (0000,0100), PS3.7 section E.1.
C_STORE_RQ, C_STORE_RSP = 0x0001, 0x8001
C_GET_RQ, C_GET_RSP = 0x0010, 0x8010
NO_DATA_SET = 0x0101  # Command Data Set Type (0000,0800)
_A_DATA_SET = 0x0001
_MEDIUM = 0x0000  # Priority

_CLASS, _FIELD, _ID, _ANSWERED = 0x0002, 0x0100, 0x0110, 0x0120
_PRIORITY, _DATA_SET, _STATUS, _COMMENT, _INSTANCE = 0x0700, 0x0800, 0x0900, 0x0902, 0x1000
_FAILED = 0x1022
_SHORTS = (_FIELD, _ID, _ANSWERED, _PRIORITY, _DATA_SET, _STATUS, _FAILED)


@dataclass(frozen=True, slots=True)
class Command:
    """What a node sent: numbers are -1 and texts "" where it said nothing."""

    field: int = -1
    message: int = -1  # its own, of a request
    data_set: int = NO_DATA_SET
    sop_class: str = ""
    instance: str = ""
    status: int = -1
    failed: int = -1  # sub-operations
    comment: str = ""

    @property
    def has_data(self) -> bool:
        """True when a data set follows."""
        return self.data_set != NO_DATA_SET


def read_command(encoded: bytes) -> Command:
    """Decode a command set. Raises ValueError when it is none."""
    found: dict[int, bytes] = {}
    place = 0
    while place < len(encoded):
        if place + 8 > len(encoded):
            raise ValueError("a command that is cut short")
        group, element, length = struct.unpack_from("<HHL", encoded, place)
        place += 8
        if group != 0 or place + length > len(encoded):
            raise ValueError("a command that contradicts itself")
        found[element] = encoded[place : place + length]
        place += length

    def number(element: int) -> int:
        value = found.get(element, b"")
        return int(struct.unpack("<H", value)[0]) if len(value) == 2 else -1

    def text(element: int) -> str:
        return found.get(element, b"").decode("ascii", "replace").strip("\0 ")

    return Command(
        field=number(_FIELD),
        message=number(_ID),
        data_set=number(_DATA_SET) if _DATA_SET in found else NO_DATA_SET,
        sop_class=text(_CLASS),
        instance=text(_INSTANCE),
        status=number(_STATUS),
        failed=number(_FAILED),
        comment=text(_COMMENT),
    )


def get_request(service: str, message: int) -> bytes:
    """C-GET-RQ (PS3.7 section 9.3.3.1), which an identifier follows."""
    return _command(
        {
            _CLASS: service,
            _FIELD: C_GET_RQ,
            _ID: message,
            _PRIORITY: _MEDIUM,
            _DATA_SET: _A_DATA_SET,
        }
    )


def store_response(request: Command, status: int) -> bytes:
    """C-STORE-RSP (PS3.7 section 9.3.1.2)."""
    return _command(
        {
            _CLASS: request.sop_class,
            _FIELD: C_STORE_RSP,
            _ANSWERED: request.message,
            _DATA_SET: NO_DATA_SET,
            _STATUS: status,
            _INSTANCE: request.instance,
        }
    )


def _command(values: Mapping[int, int | str]) -> bytes:
    body = b""
    for element, value in sorted(values.items()):
        encoded = struct.pack("<H", value) if isinstance(value, int) else _uid(value)
        body += struct.pack("<HHL", 0, element, len(encoded)) + encoded
    return struct.pack("<HHLL", 0, 0, 4, len(body)) + body


def _uid(value: str) -> bytes:
    encoded = value.encode("ascii", "replace")
    return encoded + b"\0" * (len(encoded) % 2)


def file_head(sop_class: str, instance: str, syntax: str) -> bytes:
    """Preamble and file meta information of an object that came over the network."""
    version = Software.installed().implementation_version.encode("ascii")
    elements = (
        struct.pack("<HH2sHL", 2, 0x0001, b"OB", 0, 2) + b"\0\1",
        _explicit(0x0002, b"UI", _uid(sop_class)),
        _explicit(0x0003, b"UI", _uid(instance)),
        _explicit(0x0010, b"UI", _uid(syntax)),
        _explicit(0x0012, b"UI", _uid(IMPLEMENTATION_CLASS_UID)),
        _explicit(0x0013, b"SH", version + b" " * (len(version) % 2)),
    )
    meta = b"".join(elements)
    return bytes(128) + b"DICM" + _explicit(0, b"UL", struct.pack("<L", len(meta))) + meta


def _explicit(element: int, kind: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sH", 2, element, kind, len(value)) + value
