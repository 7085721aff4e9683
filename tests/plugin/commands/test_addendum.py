"""`addendum` begins a draft that follows a signed report; `sign` ends it."""

from __future__ import annotations

import shutil
from pathlib import Path

from pydicom import dcmread

from dicom_io.pacs.cache import Cache
from dicom_io.pacs.folder import FolderSource
from dicom_io.pacs.samples import sample_files
from dicom_io.report import sr
from dicom_io.report.document import SectionKind, human_sentence
from dicom_io.storage import DataRoot
from tests.commands import Wetread
from tests.reports import SOFTWARE, draft, header, signed


def prepared(home: Path, folder: Path) -> Path:
    """A study on this workstation, and a signed report about it."""
    path = next(path for path in sample_files() if path.name == "CT_small.dcm")
    image = header(path)
    cache = Cache(DataRoot(home).create())
    (folder / "study").mkdir()
    shutil.copy(path, folder / "study")
    list(cache.fetch(FolderSource(folder / "study"), str(image.StudyInstanceUID)))
    cache.close()
    report = folder / "first.dcm"
    sr.write(sr.build(signed(draft(image, human_sentence("Normal."))), [image], SOFTWARE), report)
    return report


def test_an_addendum_is_written_and_signed(
    wetread: Wetread, own_home: Path, tmp_path: Path
) -> None:
    report = prepared(own_home, tmp_path)
    words = ("--reader", "Demo^Reader", "--organization", "DEMONSTRATION")

    begun = wetread("addendum", report, "Healing.", "--json").objects[0]
    lost = wetread("sign", begun["draft"], *words, "--credential-from-stdin", stdin="12345678\n")
    ran = wetread(
        "sign", begun["draft"], "--follows", report, "--out", tmp_path / "second.dcm", *words,
        "--credential-from-stdin", stdin="12345678\n",
    )  # fmt: skip

    assert lost.code == 1 and "--follows" in lost.err
    assert ran.code == 0
    second = sr.read(dcmread(tmp_path / "second.dcm"))
    assert second.predecessor == begun["follows"] == str(dcmread(report).SOPInstanceUID)
    assert [one.text for one in second.section(SectionKind.ADDENDUM).sentences] == ["Healing."]


def test_a_draft_takes_no_addendum(wetread: Wetread, tmp_path: Path) -> None:
    path = next(path for path in sample_files() if path.name == "CT_small.dcm")
    image = header(path)
    unsigned = tmp_path / "draft.dcm"
    sr.write(sr.build(draft(image, human_sentence("Normal.")), [image], SOFTWARE), unsigned)

    ran = wetread("addendum", unsigned, "More.")

    assert ran.code == 1
    assert "not signed" in ran.err
