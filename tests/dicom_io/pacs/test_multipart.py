"""Parts are told by their boundary, wherever the network cuts the stream."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from dicom_io.pacs.multipart import Malformed, boundary_of, parts

CONTENTS = (b"", b"one", b"\r\n", b"\r\n--other\r\n", b"--cut", b"\r\n--cu", bytes(range(256)) * 3)


def body(contents: tuple[bytes, ...], header: bytes = b"Content-Type: application/dicom") -> bytes:
    """A body as a server writes it, with a preamble that nobody reads."""
    told = b"".join(b"\r\n--cut\r\n" + header + b"\r\n\r\n" + one for one in contents)
    return b"preamble" + told + b"\r\n--cut--\r\nepilogue"


def pieces(content: bytes, sizes: Iterator[int]) -> Iterator[bytes]:
    """The content, cut."""
    while content:
        size = next(sizes)
        yield content[:size]
        content = content[size:]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 10_000])
def test_parts_are_whole_however_the_stream_is_cut(size: int) -> None:
    cut = pieces(body(CONTENTS), iter(lambda: size, 0))

    assert tuple(b"".join(part) for part in parts(cut, b"cut")) == CONTENTS


def test_parts_are_whole_in_random_pieces() -> None:
    chance = random.Random(7)
    for _ in range(200):
        sizes = iter(lambda: chance.randint(1, 40), 0)

        assert tuple(b"".join(p) for p in parts(pieces(body(CONTENTS), sizes), b"cut")) == CONTENTS


def test_a_part_that_was_left_unread_does_not_disturb_the_next() -> None:
    found = parts(pieces(body((b"a" * 500, b"b")), iter(lambda: 16, 0)), b"cut")

    first = next(found)
    next(first)

    assert b"".join(next(found)) == b"b"


def test_a_body_without_a_preamble_and_without_headers_is_read() -> None:
    content = b"--cut\r\n\r\none\r\n--cut--"

    assert [b"".join(part) for part in parts([content], b"cut")] == [b"one"]


@pytest.mark.parametrize("end", range(1, 60))
def test_a_body_that_ends_early_is_malformed(end: int) -> None:
    content = body((b"one", b"two")).removesuffix(b"--\r\nepilogue")

    with pytest.raises(Malformed):
        for part in parts([content[:-end]], b"cut"):
            b"".join(part)


def test_a_header_without_an_end_is_malformed() -> None:
    with pytest.raises(Malformed, match="no end"):
        list(parts([b"--cut\r\n", *[b"x" * 1000] * 100], b"cut"))


@pytest.mark.parametrize(
    ("told", "boundary"),
    [
        ('multipart/related; type="application/dicom"; boundary=a-b.c', b"a-b.c"),
        ('Multipart/Related; boundary="a b"; type="application/dicom"', b"a b"),
    ],
)
def test_the_boundary_is_that_of_the_header(told: str, boundary: bytes) -> None:
    assert boundary_of(told) == boundary


@pytest.mark.parametrize(
    "told", ["", "application/json", "multipart/related", "text/html; boundary=a"]
)
def test_what_has_no_parts_says_so(told: str) -> None:
    with pytest.raises(Malformed):
        boundary_of(told)
