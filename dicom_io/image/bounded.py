"""The bytes of a file, and never more than it has: bounded reads, and inflating within limits."""

from __future__ import annotations

import io
import os
import zlib
from pathlib import Path
from typing import BinaryIO

from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from dicom_io.errors import DamagedFile, UnsafeImage

MAX_INFLATED = 2**30  # bytes
MAX_RATIO = 200  # inflated to deflated
_SMALL_READ = 4096  # bytes
_META_LIMIT = 2**16  # bytes; ours have some 300
_LONG_VR = (b"OB", b"OW", b"UN", b"SQ", b"UT", b"UC", b"UR", b"OF", b"OD", b"OL", b"OV")
_DEFLATED = str(DeflatedExplicitVRLittleEndian).encode("ascii")


class BoundedFile(io.BufferedReader):
    """A file that allocates no more than it has: a read of 4 GiB out of a small file makes room for
    4 GiB first, and a damaged length asks for just that."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))
        self._size = os.fstat(self.fileno()).st_size

    def read(self, size: int | None = -1, /) -> bytes:
        """As of any file."""
        if size is not None and 0 <= size <= _SMALL_READ:
            return super().read(size)
        there = max(0, self._size - self.tell())
        return super().read(there if size is None or size < 0 else min(size, there))


def open_inflated(path: Path) -> BinaryIO:
    """The file's bytes; those of a deflated file inflated, within limits.

    Raises OSError, DamagedFile, and UnsafeImage for a file that inflates to more than 200 times
    its size or 1 GiB (a deflated file of 1 MB can ask for more memory than there is, and pydicom
    would inflate all of it).
    """
    file = BoundedFile(path)
    try:
        head = file.read(_META_LIMIT)
        end = _meta_end(head)
        if end >= _META_LIMIT:
            raise DamagedFile(f"{path.name} is malformed: its first part does not end.", path)
        file.seek(0)
        if _DEFLATED not in head[:end]:
            return file
        file.seek(end)
        packed = file.read()
    except BaseException:
        file.close()
        raise
    file.close()
    plain = str(ExplicitVRLittleEndian).encode("ascii").ljust(len(_DEFLATED), b"\0")
    return io.BytesIO(head[:end].replace(_DEFLATED, plain) + _inflate(packed, path))


def _meta_end(head: bytes) -> int:
    """Where the elements of group 0002 end; their group length may be missing or wrong."""
    at = 132 if head[128:132] == b"DICM" else 0
    while head[at : at + 2] == b"\x02\0" and at + 12 <= len(head):
        vr = head[at + 4 : at + 6]
        if vr in _LONG_VR:
            size = 12 + int.from_bytes(head[at + 8 : at + 12], "little")
        elif vr.isalpha():
            size = 8 + int.from_bytes(head[at + 6 : at + 8], "little")
        else:  # implicit
            size = 8 + int.from_bytes(head[at + 4 : at + 8], "little")
        at += size
    return at


def _inflate(packed: bytes, path: Path) -> bytes:
    cap = min(MAX_INFLATED, MAX_RATIO * max(len(packed), 4096))
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        plain = inflater.decompress(packed, cap + 1)
    except zlib.error as error:
        raise DamagedFile(
            f"{path.name} is damaged: its deflated part cannot be inflated. Fetch it again.", path
        ) from error
    if len(plain) > cap:
        raise UnsafeImage(
            f"{path.name} inflates to more than {cap // 2**20} MiB, far beyond what an image of "
            "its size needs. It was not opened.",
            path,
        )
    if not inflater.eof and not plain:
        raise DamagedFile(f"{path.name} is damaged: it ends early. Fetch it again.", path)
    return plain
