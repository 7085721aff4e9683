"""`read` prints reports of any maker, and says of each how far it can be relied on."""

from __future__ import annotations

from pathlib import Path

from pydicom.data import get_testdata_file

from tests.commands import Wetread
from tests.foreign_reports import mammography_cad, write, write_deep


def test_read_prints_a_report_as_a_page(wetread: Wetread) -> None:
    ran = wetread("read", get_testdata_file("test-SR.dcm"))

    assert ran.code == 0
    assert ran.out.startswith("Diagnosis\n=========\nComprehensive SR, verified")
    assert "Text Code (1234, 99_OFFIS_DCMTK): A mass of" in ran.out


def test_read_gives_every_line_to_a_program(wetread: Wetread, tmp_path: Path) -> None:
    path = write(mammography_cad(), tmp_path / "cad.dcm")

    page = wetread("read", path, "--json").objects[0]

    outline = next(one for one in page["lines"] if one.get("shape", {}).get("kind") == "POLYLINE")
    assert page["standing"] == "not verified"
    assert outline["name"] == {
        "value": "111041", "scheme": "DCM", "meaning": "Outline", "version": ""
    }  # fmt: skip
    assert outline["shape"]["points"][1] == [40.0, 10.0]


def test_read_takes_a_folder_and_leaves_out_what_is_no_report(
    wetread: Wetread, tmp_path: Path
) -> None:
    write(mammography_cad(), tmp_path / "cad.dcm")
    write_deep(tmp_path / "deep.dcm", 4000)
    (tmp_path / "note.txt").write_text("no report", encoding="utf-8")

    ran = wetread("read", tmp_path)

    assert ran.code == 0
    assert "Mammography CAD Report" in ran.out
    assert "Level 4000" in ran.out


def test_read_says_what_it_could_not_read_and_goes_on(wetread: Wetread, tmp_path: Path) -> None:
    cad = write(mammography_cad(), tmp_path / "cad.dcm")

    ran = wetread("read", get_testdata_file("CT_small.dcm"), cad)

    assert ran.code == 1
    assert "is no structured report" in ran.err
    assert "Mammography CAD Report" in ran.out


def test_read_tells_a_place_that_holds_no_report(wetread: Wetread, tmp_path: Path) -> None:
    ran = wetread("read", tmp_path)

    assert ran.code == 1
    assert "holds no structured report" in ran.err
