"""`wetread demo`: the whole loop on the embedded archive, as an installed program runs it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pydicom
import pytest
from PIL import Image

from dicom_io.image.frame import open_frames
from dicom_io.pacs.samples import chest_film
from dicom_io.report.check import check
from tests.commands import Wetread
from tests.judges import judge

STEPS = ["archive", "find", "fetch", "draft", "ask", "decide", "sign", "verified", "window"]

pytestmark = pytest.mark.usefixtures("embedded")


def test_demo_runs_the_loop_without_a_screen_and_can_be_repeated(
    child: Callable[..., subprocess.Popen[str]], wetread: Wetread, tmp_path: Path
) -> None:
    out = tmp_path / "demo"

    process = child("demo", "--no-window", "--json", "--out", out, DISPLAY="")
    printed, said = process.communicate(timeout=180)

    assert (process.returncode, said) == (0, "")
    objects = [json.loads(line) for line in printed.splitlines()]
    assert list(dict.fromkeys(one["step"] for one in objects if "step" in one)) == STEPS
    assert [one["state"] for one in objects if "state" in one][-1] == "verified"
    assert sum(one.get("step") == "ask" for one in objects) == 2
    assert sorted(path.name for path in out.iterdir()) == [
        *("report.dcm", "report.txt", "window.png")
    ]
    with Image.open(out / "window.png") as window:
        assert window.size == (1920, 1080)
        assert len(window.convert("L").histogram()) - window.convert("L").histogram().count(0) > 50
    assert_is_a_report_of_the_film(out, tmp_path)

    again = wetread("demo", "--no-window", "--out", out)

    assert again.code == 0, again.err
    assert [line.split(":")[0] for line in again.out.splitlines()][:3] == [
        *("Archive", "Find", "Fetch")
    ]
    assert "In PACS, verified" in again.out


def assert_is_a_report_of_the_film(out: Path, folder: Path) -> None:
    header = open_frames(chest_film())[0].header
    report = pydicom.dcmread(out / "report.dcm")

    assert check(report, [header]) == ()
    assert judge(out / "report.dcm", header, folder) == ()
    assert report.StudyInstanceUID == header.StudyInstanceUID
    assert report.VerifyingObserverSequence[0].VerifyingObserverName == "Demo^Reader"
    assert report.VerifyingObserverSequence[0].VerifyingOrganization == "DEMONSTRATION"
    assert "Research use only" in report.SeriesDescription
    text = (out / "report.txt").read_text(encoding="utf-8")
    assert "Research use only" in text and "Demo^Reader" in text


def test_a_place_that_is_no_folder_is_one_sentence(wetread: Wetread, tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("Dear colleague")

    ran = wetread("demo", "--no-window", "--out", tmp_path / "letter")

    assert ran.code == 2
    assert ran.err.startswith("wetread: ") and ran.err.count("\n") == 1
