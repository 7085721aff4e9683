"""PNG and JPEG files as images."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dicom_io.errors import DamagedFile, FileProblem, NotDicom, StorageProblem, UnsafeImage
from dicom_io.image.frame import open_frames
from dicom_io.image.picture import read_picture, write_png
from dicom_io.image.render import render


def test_a_grey_png_is_shown_as_it_is(tmp_path: Path) -> None:
    values = np.arange(256, dtype=np.uint8).reshape(8, 32)
    write_png(tmp_path / "grey.png", values)

    (frame,) = open_frames(tmp_path / "grey.png")

    assert (frame.rows, frame.columns, frame.number_of_frames) == (8, 32, 1)
    np.testing.assert_array_equal(render(frame, frame.stored()), values)


def test_a_colour_png_survives(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(0, 256, (9, 5, 3)).astype(np.uint8)
    write_png(tmp_path / "colour.png", values)

    (frame,) = open_frames(tmp_path / "colour.png")

    assert frame.is_colour
    np.testing.assert_array_equal(render(frame, frame.stored()), values)
    np.testing.assert_array_equal(read_picture(tmp_path / "colour.png"), values)


def test_a_deep_png_keeps_its_sixteen_bits(tmp_path: Path) -> None:
    values = np.arange(0, 65536, 257, dtype=np.uint16).reshape(16, 16)
    Image.fromarray(values).save(tmp_path / "deep.png")

    (frame,) = open_frames(tmp_path / "deep.png")

    assert frame.stored().dtype == np.uint16
    np.testing.assert_array_equal(frame.stored(), values)
    np.testing.assert_array_equal(render(frame, frame.stored()), np.arange(256).reshape(16, 16))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK"])
def test_every_kind_of_picture_opens(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    Image.new("RGB", (6, 4), (200, 200, 200)).convert(mode).save(path)

    (frame,) = open_frames(path)
    picture = render(frame, frame.stored())

    assert picture.shape[:2] == (4, 6)
    assert frame.is_colour == (picture.ndim == 3)


def test_a_jpeg_that_lies_on_its_side_is_set_upright(tmp_path: Path) -> None:
    image = Image.new("L", (8, 4))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by a quarter
    image.save(tmp_path / "turned.jpg", exif=exif)

    (frame,) = open_frames(tmp_path / "turned.jpg")

    assert (frame.rows, frame.columns) == (8, 4) == frame.stored().shape


def test_made_up_identifiers_are_marked_and_depend_on_the_bytes_alone(tmp_path: Path) -> None:
    first, copy, other = (tmp_path / name for name in ("a.png", "b.png", "c.png"))
    write_png(first, np.zeros((4, 4), np.uint8))
    copy.write_bytes(first.read_bytes())
    write_png(other, np.ones((4, 4), np.uint8))

    (a,), (b,), (c,) = (open_frames(path) for path in (first, copy, other))

    assert a.made_up
    assert a.identity == b.identity
    assert a.identity.study != c.identity.study
    uids = {a.identity.study, a.identity.series, a.identity.instance}
    assert len(uids) == 3
    assert all(uid.startswith("2.25.") and len(uid) <= 64 for uid in uids)
    assert "made up" in a.header.SeriesDescription
    assert a.identity.frame == 1


@pytest.mark.parametrize("keep", [9, 40, 200])
def test_a_cut_picture_is_damaged(tmp_path: Path, keep: int) -> None:
    path = tmp_path / "cut.png"
    write_png(path, np.random.default_rng(0).integers(0, 256, (64, 64)).astype(np.uint8))
    path.write_bytes(path.read_bytes()[:keep])

    with pytest.raises(DamagedFile, match="cut.png"):
        open_frames(path)[0].stored()


def test_a_picture_that_claims_too_much_is_not_opened(tmp_path: Path) -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">L", len(body)) + kind + body + struct.pack(">L", zlib.crc32(kind + body))
        )

    for name, side in (("wide.png", 40_000), ("large.png", 32_000)):
        head = struct.pack(">LLBBBBB", side, side, 8, 2, 0, 0, 0)
        content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0"))
        (tmp_path / name).write_bytes(content)

        with pytest.raises(UnsafeImage, match=name):
            open_frames(tmp_path / name)


def test_what_is_no_picture_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "film.png"
    path.write_text("not a picture")

    with pytest.raises(NotDicom, match="film.png"):
        open_frames(path)
    with pytest.raises(FileProblem, match="missing.png"):
        open_frames(tmp_path / "missing.png")


def test_only_bytes_are_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="uint16"):
        write_png(tmp_path / "a.png", np.zeros((3, 3), np.uint16))
    with pytest.raises(StorageProblem):
        write_png(tmp_path / "missing" / "a.png", np.zeros((3, 3), np.uint8))
