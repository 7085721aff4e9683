"""`monitor` prints what became of suggestions, and writes numbers and a picture."""

from __future__ import annotations

from pathlib import Path

from dicom_io.audit import AuditLog
from dicom_io.pacs.samples import sample_files
from dicom_io.report.drafts import Drafts
from dicom_io.storage import DataRoot
from tests.commands import Wetread
from tests.reports import draft, film, signed


def test_counts_are_printed_and_written(wetread: Wetread, own_home: Path, tmp_path: Path) -> None:
    Drafts(DataRoot(own_home).create().drafts).save(signed(draft(film())))

    ran = wetread("monitor", "--csv", tmp_path / "a.csv", "--plot", tmp_path / "a.svg", "--json")

    assert ran.code == 0
    (one,) = ran.objects
    assert (one["accepted"], one["edited"], one["rejected"]) == (1, 1, 1)
    assert (tmp_path / "a.csv").read_text(encoding="utf-8").startswith("model,version,")
    assert (tmp_path / "a.svg").read_text(encoding="utf-8").startswith("<svg")
    assert "1 accepted, 1 edited, 1 rejected" in wetread("monitor").out
    assert "fracture" not in ran.out  # no word of a report


def test_a_refused_draft_is_counted(wetread: Wetread, echo_home: Path) -> None:
    slice_of_ct = next(path for path in sample_files() if path.name == "CT_small.dcm")

    assert wetread("draft", slice_of_ct).code == 1
    assert wetread("draft", slice_of_ct, "--template", "wetread-ct-chest").code == 1

    assert "2 refusals" in wetread("monitor").out
    entries = AuditLog(DataRoot(echo_home).audit).entries()
    assert [dict(one.details).get("model") for one in entries if one.outcome == 4] == ["echo"] * 2


def test_nothing_to_count_is_told(wetread: Wetread) -> None:
    ran = wetread("monitor")

    assert ran.code == 0 and ran.out == ""
    assert "No report" in ran.err
