"""`render` writes what the viewport shows, one pixel a stored pixel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pytestqt.qtbot import QtBot

from dicom_io.image.frame import open_frames
from dicom_io.image.render import Renderer, Window, render
from dicom_io.image.resample import resampled
from dicom_io.pacs.samples import chest_film
from tests.commands import Wetread
from tests.ui.films import as_array
from ui.jobs import Jobs
from ui.viewport.viewport import Viewport


def test_render_writes_one_pixel_a_stored_pixel(wetread: Wetread, tmp_path: Path) -> None:
    out = tmp_path / "film.png"
    frame = open_frames(chest_film())[0]

    ran = wetread("render", chest_film(), "--out", out, "--json")

    assert ran.code == 0
    assert (ran.objects[0]["columns"], ran.objects[0]["rows"]) == (frame.columns, frame.rows)
    assert np.array_equal(np.array(Image.open(out)), render(frame, frame.stored()))


def test_render_takes_a_window_in_modality_units(wetread: Wetread, tmp_path: Path) -> None:
    path, out = Path(str(get_testdata_file("CT_small.dcm"))), tmp_path / "film.png"
    frame = open_frames(path)[0]

    assert wetread("render", path, "--window", "-100,600", "--out", out).code == 0

    expected = render(frame, frame.stored(), Window(-100, 600))
    assert np.array_equal(np.array(Image.open(out)), expected)


def test_render_inverts_and_shrinks_as_the_viewport_does(wetread: Wetread, tmp_path: Path) -> None:
    path, out = Path(str(get_testdata_file("CT_small.dcm"))), tmp_path / "film.png"
    frame = open_frames(path)[0]

    assert wetread("render", path, "--invert", "--longest", "50", "--out", out).code == 0

    look = Renderer(frame, frame.stored()).look(invert=True)
    expected = resampled(look.part, look.shape, (0, 0, 128, 128), (50, 50))
    assert np.array_equal(np.array(Image.open(out)), expected)


def test_pixels_that_are_not_square_are_made_so(wetread: Wetread, tmp_path: Path) -> None:
    dataset = dcmread(str(get_testdata_file("CT_small.dcm")))
    dataset.PixelSpacing = [2.0, 1.0]
    path, out = tmp_path / "tall.dcm", tmp_path / "film.png"
    dataset.save_as(path)

    assert wetread("render", path, "--longest", "100", "--out", out).code == 0

    assert np.array(Image.open(out)).shape == (100, 50)


KINDS = [
    "CT_small.dcm",  # signed, rescaled
    "MR_small_bigendian.dcm",
    "vlut_04.dcm",  # a VOI look-up table
    "mlut_18.dcm",  # a modality look-up table
    "JPGExtended.dcm",  # 12 bits, lossy
    "693_J2KR.dcm",
    "liver_1frame.dcm",  # single bits
    "rtdose_1frame.dcm",  # 32 bits
    "eCT_Supplemental.dcm",  # greys and colours
    "OBXXXX1A.dcm",  # palette of 8 bits
    "gdcm-US-ALOKA-16.dcm",  # palette of 16 bits
    "SC_rgb_32bit.dcm",
    "SC_rgb_jpeg_dcmtk.dcm",  # luminance and chrominance
    "examples_ybr_color.dcm",
    "US1_J2KR.dcm",
    "MR-SIEMENS-DICOM-WithOverlays.dcm",
]


def viewport_of(path: Path, qtbot: QtBot, jobs: Jobs) -> Viewport:
    """The file's first frame, at 1:1, without corners, planes and frame."""
    frames = open_frames(path)
    viewport = Viewport(jobs)
    qtbot.addWidget(viewport)
    viewport.resize(1040, 1040)
    viewport.show()
    viewport.show_series(frames)
    qtbot.waitUntil(lambda: viewport.selected_frame() is frames[0], timeout=10000)
    viewport.toggle_overlays()
    viewport.one_to_one()
    viewport.clearFocus()  # which is framed
    return viewport


def test_a_photograph_with_a_profile_is_painted_as_render_writes_it(
    wetread: Wetread, tmp_path: Path, qtbot: QtBot
) -> None:
    path, out = tmp_path / "skin.png", tmp_path / "film.png"
    plain = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    other = plain.replace(b"rXYZ", b"----").replace(b"bXYZ", b"rXYZ").replace(b"----", b"bXYZ")
    colours = np.random.default_rng(1).integers(0, 256, (300, 200, 3)).astype(np.uint8)
    Image.fromarray(colours).save(path, icc_profile=other)
    jobs = Jobs()
    viewport = viewport_of(path, qtbot, jobs)

    assert wetread("render", path, "--out", out).code == 0

    seen = as_array(viewport.grab().toImage())
    x, y, wide, high = (round(side) for side in viewport.placement().target)
    assert np.array_equal(seen[y : y + high, x : x + wide], np.array(Image.open(out)))
    assert not np.array_equal(np.array(Image.open(out)), colours)
    viewport.clear()
    assert jobs.close()


@pytest.mark.parametrize("turn", [0, 1])
@pytest.mark.parametrize("name", KINDS)
def test_the_viewport_paints_at_one_to_one_what_render_writes(
    wetread: Wetread, tmp_path: Path, qtbot: QtBot, name: str, turn: int
) -> None:
    path, out = Path(str(get_testdata_file(name))), tmp_path / "film.png"
    jobs = Jobs()
    viewport = viewport_of(path, qtbot, jobs)
    viewport.turn(turn)

    assert wetread("render", path, "--out", out).code == 0

    seen = as_array(viewport.grab().toImage())
    x, y, wide, high = (round(side) for side in viewport.placement().target)
    written = np.rot90(np.array(Image.open(out).convert("RGB")), -turn)
    assert np.array_equal(seen[y : y + high, x : x + wide], written)
    assert not seen[: max(y, 0)].any() and not seen[y + high :].any()
    viewport.clear()
    assert jobs.close()


@pytest.mark.parametrize(
    "words",
    [
        ["--frame", "2"],
        ["--frame", "0"],
        ["--window", "40"],
        ["--window", "wide,open"],
        ["--window", "40,0"],
        ["--window", "nan,400"],
        ["--longest", "-3"],
        ["--longest", "129"],
    ],
)
def test_what_cannot_be_rendered_is_one_sentence(
    wetread: Wetread, tmp_path: Path, words: list[str]
) -> None:
    out = tmp_path / "film.png"

    ran = wetread("render", get_testdata_file("CT_small.dcm"), "--out", out, *words)

    assert ran.code == 2
    assert ran.err.startswith("wetread: ") and ran.err.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize("name", ["no-such-file.dcm", "letter.dcm"])
def test_a_file_without_a_film_is_one_sentence(wetread: Wetread, tmp_path: Path, name: str) -> None:
    (tmp_path / "letter.dcm").write_text("Dear colleague")

    ran = wetread("render", tmp_path / name, "--out", tmp_path / "film.png")

    assert ran.code == 1
    assert name in ran.err
