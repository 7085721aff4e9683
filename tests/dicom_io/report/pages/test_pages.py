"""Reports of any maker become pages on which nothing is missing, however they are nested."""

from __future__ import annotations

import html
import os
import random
import re
import shutil
import subprocess
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from dicom_io.errors import DamagedFile, FileProblem, NotDicom
from dicom_io.report.pages.content import MOST_ITEMS, is_report_file, read_content
from dicom_io.report.pages.page import Page, Standing, with_successors
from dicom_io.report.pages.reading import moment, name, read_page
from dicom_io.report.pages.words import as_data, as_text
from tests.foreign_reports import (
    COMPREHENSIVE,
    code,
    document,
    item,
    mammography_cad,
    write,
    write_deep,
)

ROOT = Path(__file__).parents[4]
SHARED = Path(os.environ.get("WETREAD_SHARED") or ROOT.parent / "shared") / "data" / "dicom_sr"
OWN = ("reportsi.dcm", "reportsi_with_empty_number_tags.dcm", "test-SR.dcm")


def own_files() -> list[Path]:
    return [Path(str(get_testdata_file(one, download=False))) for one in OWN]


def shared_files() -> list[Path]:
    return [one for one in sorted(SHARED.rglob("*.dcm")) if is_report_file(one)]


def every_file() -> list[Path]:
    return [*own_files(), *shared_files()]


def made(folder: Path) -> list[Path]:
    return [write(mammography_cad(), folder / "cad.dcm"), write_deep(folder / "deep.dcm", 90)]


@pytest.fixture(scope="module", params=[*map(str, every_file()), "cad.dcm", "deep.dcm"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One file after the other: pydicom's own, the shared ones where they are, and made ones."""
    path = Path(request.param)
    if path.is_absolute():
        return path
    folder = tmp_path_factory.mktemp("made")
    return next(one for one in made(folder) if one.name == path.name)


def words(text: str) -> set[str]:
    return set(re.findall(r"[^\s,;:=()<>\"'|/\[\]]+", text))


def page_words(page: Page) -> set[str]:
    """All that the page says, and the same as data, where meanings are not shortened."""
    return words(as_text(page)) | words(str(as_data(page)))


def run(*command: str) -> str:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is missing (Debian package dcmtk)")
    for leniency in ((), ("-Er", "-Ec", "-Ev", "-Ee")):  # many documents break a rule somewhere
        ended = subprocess.run([*command, *leniency], capture_output=True, timeout=60)
        if ended.returncode == 0:
            return ended.stdout.decode("utf-8", "replace")
    return ""


def in_utf8(path: Path, folder: Path) -> Path:
    """The same file in UTF-8: DCMTK prints the bytes that it finds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = dcmread(path)
        dataset.decode()
        dataset.SpecificCharacterSet = "ISO_IR 192"
        copy = folder / path.name
        dataset.save_as(copy, enforce_file_format=True)
    return copy


def test_all_texts_and_codes_that_dsrdump_prints_are_on_the_page(
    report: Path, tmp_path: Path
) -> None:
    dumped = run("dsrdump", "+Pl", "+Pc", "+Pu", "-q", str(in_utf8(report, tmp_path)))
    if not dumped:
        pytest.skip("dsrdump refuses this file")
    tree = dumped[dumped.index("\n<") :]
    quoted = re.findall(r'"((?:[^"\\\n]|\\.)*)"', tree)
    codes = re.findall(r"[(]([^(),\"]+),([^(),\"]+),\"", tree)
    page = read_page(report)

    shown = page_words(page) | {page.title}
    said = " ".join(quoted).replace("\\r", " ").replace("\\n", " ")
    forms = (str, moment, name)  # a date or a name may be written as people read it
    missing = {one for one in words(said) if not any(words(form(one)) <= shown for form in forms)}
    assert not missing
    assert {part for pair in codes for part in words(" ".join(pair))} <= shown
    assert len(quoted) > 3


def test_all_words_that_dsr2html_prints_are_on_the_page(report: Path, tmp_path: Path) -> None:
    printed = run("dsr2html", "+Cc", "+U8", "+Rd", "-q", str(in_utf8(report, tmp_path)))
    if not printed:
        pytest.skip("dsr2html refuses this file")
    content = printed[printed.index("<h1>") : printed.index("This page was generated from")]
    body = html.unescape(re.sub(r"<[^>]*>", " ", content))
    page = read_page(report)

    shown = {one.lower() for one in page_words(page)} | words(
        "footnote annex observation context concept modifier properties acquisition inferred from "
        "selected observed image with presentation state value unit code continuous separate "
        "document by reference content item date time this page was generated from a dicom "
        "structured reporting document by offis toolkit dcmtk version comment circle ellipse point "
        "polyline multipoint segment type sop class instance uid frame number referenced graphic "
        "data temporal range sample positions offset offsets numbers channels waveform container "
        "empty see unknown spatial coordinates pi sg dxm composite relationship mode codes "
        "by-reference for more details"
    )
    missing = {
        one
        for one in words(body.lower())
        if one not in shown and not re.fullmatch(r"\d{1,2}|.*dicom.cgi.*|\W+|.*storage", one)
    }
    assert not missing


def test_a_file_that_dsrdump_refuses_is_read(tmp_path: Path) -> None:
    number = item("CONTAINS", "NUM", code("111010", "DCM", "Center"))
    del number.ValueType
    path = write(document(COMPREHENSIVE, code("1", "99A", "Title"), number), tmp_path / "a.dcm")

    assert "Center (111010, DCM)" in as_text(read_page(path))
    assert run("dsrdump", "-q", str(path)) == ""


@pytest.mark.parametrize("undefined", [True, False])
def test_four_thousand_levels_are_read_to_the_last(tmp_path: Path, undefined: bool) -> None:
    path = write_deep(tmp_path / "deep.dcm", 4000, undefined=undefined)

    page = read_page(path)

    assert len(page.lines) == 4000
    assert (page.lines[-1].value, page.lines[-1].depth) == ("Level 4000", 3999)
    assert "[level 3999] Level 4000" in as_text(page)
    assert len(page.position(page.lines[-1]).split(".")) == 4000
    assert len(as_data(page)["lines"]) == 4000
    assert page.links() == {}


def test_what_follows_a_long_document_is_cut_off_and_said(tmp_path: Path) -> None:
    texts = []
    for number in range(MOST_ITEMS + 5):
        texts.append(item("CONTAINS", "TEXT", None))
        texts[-1].TextValue = f"Line {number}"
    path = write(document(COMPREHENSIVE, code("1", "99A", "Long"), *texts), tmp_path / "long.dcm")

    page = read_page(path)

    assert len(page.lines) == MOST_ITEMS
    assert "more than 20,000 items" in as_text(page)


def test_a_file_cut_anywhere_shows_what_is_there(tmp_path: Path) -> None:
    whole = write(mammography_cad(), tmp_path / "cad.dcm").read_bytes()
    full = read_page(tmp_path / "cad.dcm")
    for end in range(len(whole) - 2, 400, -97):
        path = tmp_path / "cut.dcm"
        path.write_bytes(whole[:end])
        try:
            page = read_page(path)
        except FileProblem:
            continue
        assert len(page.lines) <= len(full.lines)
        assert page.notices


def test_random_damage_never_escapes_the_error_tree(tmp_path: Path) -> None:
    whole = write(mammography_cad(), tmp_path / "cad.dcm").read_bytes()
    dice = random.Random(6)
    for _ in range(300):
        damaged = bytearray(whole)
        for _ in range(dice.randint(1, 6)):
            damaged[dice.randrange(132, len(damaged))] = dice.randrange(256)
        path = tmp_path / "damaged.dcm"
        path.write_bytes(bytes(damaged))
        try:
            as_text(read_page(path))
            as_data(read_page(path))
        except FileProblem:
            pass


def test_other_sequences_nested_without_end_are_left_out(tmp_path: Path) -> None:
    path = write_deep(tmp_path / "deep.dcm", 3000)
    content = path.read_bytes().replace(b"\x40\x00\x30\xa7", b"\x40\x00\x43\xa0")
    path.write_bytes(content)

    read = read_content(path)

    assert read.items[0].dataset.PatientID == "P-17"
    assert any("nested too deeply" in one for one in read.notices)


def test_what_is_no_report_is_told(tmp_path: Path) -> None:
    text = tmp_path / "a.txt"
    text.write_text("no report", encoding="utf-8")
    with pytest.raises(NotDicom):
        read_page(text)
    with pytest.raises(DamagedFile, match="no structured report"):
        read_page(Path(str(get_testdata_file("CT_small.dcm"))))
    with pytest.raises(FileProblem, match="cannot be opened"):
        read_page(tmp_path / "missing.dcm")


def test_regions_of_a_cad_report_lead_to_their_image_by_reference(tmp_path: Path) -> None:
    page = read_page(write(mammography_cad("2.25.41"), tmp_path / "cad.dcm"))
    outline = next(line for line in page.lines if line.name and line.name.meaning == "Outline")
    finding = page.lines[outline.parent]

    links = page.links()

    assert links[outline.number].identity.instance == "2.25.41"
    assert links[outline.number].shapes[0].points[0] == (10.0, 10.0)
    assert {shape.kind for shape in links[finding.number].shapes} == {"POINT", "POLYLINE"}
    assert 0 not in links
    assert "see 1.1.1 " in as_text(page)
    assert "Certainty of Finding (111012, DCM): 87.5 % (Percent: %, UCUM)" in as_text(page)


def flagged(**flags: str) -> Dataset:
    report = document(COMPREHENSIVE, code("1", "99A", "Title"))
    for keyword, value in flags.items():
        setattr(report, keyword, value)
    return report


@pytest.mark.parametrize(
    ("flags", "standing"),
    [
        ({"CompletionFlag": "PARTIAL"}, Standing.DRAFT),
        ({"PreliminaryFlag": "PRELIMINARY"}, Standing.DRAFT),
        ({}, Standing.UNVERIFIED),
        ({"VerificationFlag": "VERIFIED"}, Standing.VERIFIED),
        ({"VerificationFlag": "VERIFIED", "PreliminaryFlag": "FINAL"}, Standing.VERIFIED),
        ({"CompletionFlag": "", "VerificationFlag": ""}, Standing.UNSTATED),
    ],
)
def test_the_flags_say_how_a_document_stands(
    flags: dict[str, str], standing: Standing, tmp_path: Path
) -> None:
    page = read_page(write(flagged(**flags), tmp_path / "a.dcm"))

    assert page.standing is standing


def test_a_document_with_a_successor_is_superseded(tmp_path: Path) -> None:
    first = flagged(VerificationFlag="VERIFIED")
    second = flagged(VerificationFlag="VERIFIED")
    instance, series, study = Dataset(), Dataset(), Dataset()
    instance.ReferencedSOPClassUID = first.SOPClassUID
    instance.ReferencedSOPInstanceUID = first.SOPInstanceUID
    series.SeriesInstanceUID = first.SeriesInstanceUID
    series.ReferencedSOPSequence = Sequence([instance])
    study.StudyInstanceUID = first.StudyInstanceUID
    study.ReferencedSeriesSequence = Sequence([series])
    second.PredecessorDocumentsSequence = Sequence([study])
    before = read_page(write(first, tmp_path / "first.dcm"))
    after = read_page(write(second, tmp_path / "second.dcm"))

    old, new = with_successors([before, after])

    assert old.standing is Standing.SUPERSEDED
    assert old.successor == new.identity.instance
    assert "verified before" in as_text(old)
    assert (new.standing, new.predecessors) == (Standing.VERIFIED, (old.identity.instance,))
    itself = replace(before, predecessors=(before.identity.instance,))
    assert with_successors([itself]) == (itself,)


def test_names_and_moments_are_written_as_people_read_them() -> None:
    assert (
        name("Yamada^Tarou=山田^太郎=やまだ^たろう")
        == "Yamada, Tarou = 山田, 太郎 = やまだ, たろう"
    )
    assert name("Doe^Jane^M^Dr^PhD") == "Doe, Dr Jane M, PhD"
    assert moment("20260302101112.5+0100") == "2026-03-02 10:11:12.5+01:00"
    assert moment("20260302") == "2026-03-02"
    assert moment("101112") == "10:11:12"
    assert moment("yesterday") == "yesterday"
