"""`wetread worklist` against a real worklist."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from tests.commands import Wetread
from tests.dicom_io.pacs.test_modality_worklist import PLUGIN, STEPS, write_list
from tests.servers import Server, start_orthanc, stop


@pytest.fixture
def ris(tmp_path: Path) -> Iterator[Server]:
    if not PLUGIN.is_file():
        pytest.skip("Orthanc's worklist plug-in is not installed: apt-get install orthanc")
    write_list(tmp_path / "lists")
    server = start_orthanc(
        tmp_path / "orthanc",
        Plugins=[str(PLUGIN)],
        Worklists={"Enable": True, "Database": str(tmp_path / "lists")},
        DicomAlwaysAllowFindWorklist=True,
    )
    yield server
    stop(server.process)


def test_steps_are_listed_in_the_order_of_their_start(ris: Server, wetread: Wetread) -> None:
    ran = wetread("worklist", "--date", "all", "--node", ris.node.address, "--json")

    assert ran.code == 0
    assert [one["accession"] for one in ran.objects] == ["A100", "A101", "A102", "A103"]
    assert ran.objects[0]["patient_name"] == STEPS[0][0]
    assert ran.objects[0]["study"].startswith("1.2.826")


def test_todays_are_listed_by_default(ris: Server, wetread: Wetread) -> None:
    today = f"{date.today():%Y%m%d}"
    expected = [row[2] for row in STEPS if row[5] == today]

    ran = wetread("worklist", "--node", ris.node.address, "--json")

    assert [one["accession"] for one in ran.objects] == expected


@pytest.mark.parametrize(
    ("words", "said"),
    [(("--date", "tomorrow"), "today or all"), (("--limit", "0"), "from 1 on")],
)
def test_a_wrong_wish_is_one_sentence(words: tuple[str, ...], said: str, wetread: Wetread) -> None:
    ran = wetread("worklist", *words, "--node", "RIS@127.0.0.1:1")

    assert ran.code == 2
    assert said in ran.err and ran.err.count("\n") == 1
