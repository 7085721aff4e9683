"""`render` writes what the viewport shows, one pixel a stored pixel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.data import get_testdata_file

from dicom_io.image.frame import open_frames
from dicom_io.image.render import Window, render
from dicom_io.pacs.samples import chest_film
from tests.commands import Wetread


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


@pytest.mark.parametrize(
    "words",
    [
        ["--frame", "2"],
        ["--frame", "0"],
        ["--window", "40"],
        ["--window", "wide,open"],
        ["--window", "40,0"],
        ["--window", "nan,400"],
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
