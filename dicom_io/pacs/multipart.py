"""multipart/related as DICOMweb sends it, read piece by piece: no part is ever held in memory.

Some servers give each part a length, others none; so parts are told by their boundary alone,
which may lie across two pieces. Source: RFC 2046 section 5.1, DICOM PS3.18 section 8.6.1.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

MOST_HEADERS = 16 * 2**10  # bytes of the header lines of one part


class Malformed(Exception):
    """The body is no multipart, or ends in the middle of a part; `str` says which."""


def boundary_of(content_type: str) -> bytes:
    """The boundary that a Content-Type names. Raises Malformed."""
    found = re.search(r'boundary="?([^";,]+)"?', content_type, re.IGNORECASE)
    if found is None or not content_type.strip().lower().startswith("multipart/"):
        raise Malformed("the answer is not made of parts")
    return found[1].strip().encode("latin-1", "replace")


def parts(pieces: Iterable[bytes], boundary: bytes) -> Iterator[Iterator[bytes]]:
    """The body of each part as pieces, to be read to its end before the next is asked for.

    Raises Malformed where the body ends too early, also while a part is read.
    """
    body = _Body(iter(pieces), boundary)
    body.skip_preamble()
    while body.opens_part():
        part = body.part()
        yield part
        for _ in part:  # what the reader left
            pass


class _Body:
    """The bytes that have come and were not given on yet."""

    def __init__(self, pieces: Iterator[bytes], boundary: bytes) -> None:
        self._pieces = pieces
        self._held = b"\r\n"  # the first delimiter may stand without a line before it
        self._delimiter = b"\r\n--" + boundary

    def _more(self) -> None:
        piece = next(self._pieces, None)
        if piece is None:
            raise Malformed("the answer ended in the middle of an object")
        self._held += piece

    def skip_preamble(self) -> None:
        """Up to behind the first delimiter."""
        while (at := self._held.find(self._delimiter)) < 0:
            self._held = self._held[-len(self._delimiter) :]
            self._more()
        self._held = self._held[at + len(self._delimiter) :]

    def opens_part(self) -> bool:
        """Behind a delimiter: True where a part follows it, False at the end of all."""
        while len(self._held) < 2:
            self._more()
        if self._held.startswith(b"--"):
            return False
        while (at := self._held.find(b"\r\n\r\n")) < 0:
            if len(self._held) > MOST_HEADERS:
                raise Malformed("the header of a part has no end")
            self._more()
        self._held = self._held[at + 4 :]
        return True

    def part(self) -> Iterator[bytes]:
        """The body of the part at hand."""

        while (at := self._held.find(self._delimiter)) < 0:
            safe = len(self._held) - len(self._delimiter) + 1
            if safe > 0:
                yield self._held[:safe]
                self._held = self._held[safe:]
            self._more()
        if at:
            yield self._held[:at]
        self._held = self._held[at + len(self._delimiter) :]
