"""`find`, `fetch` and `send` against the embedded archive, and when things go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file

from dicom_io.pacs.archive import Archive
from dicom_io.pacs.samples import chest_film
from tests.commands import Wetread


@pytest.fixture
def node(archive: Archive) -> Iterator[str]:
    """The address of an archive with a chest film and a CT slice."""
    archive.add([chest_film(), Path(str(get_testdata_file("CT_small.dcm")))])
    yield archive.node.address


def test_find_prints_one_line_a_study(wetread: Wetread, node: str) -> None:
    found = wetread("find", "--node", node, "--json")

    assert found.code == 0
    assert {one["patient_id"] for one in found.objects} == {"1CT1", "9RG1"}


def test_find_looks_for_what_was_typed(wetread: Wetread, node: str) -> None:
    found = wetread("find", "CompressedSamples^RG", "--node", node)

    assert found.code == 0
    assert "CompressedSamples, RG1" in found.out
    assert "CT1" not in found.out


def test_fetch_brings_a_study_into_a_folder(wetread: Wetread, node: str, tmp_path: Path) -> None:
    original = pydicom.dcmread(chest_film())

    fetched = wetread(
        *("fetch", original.StudyInstanceUID, "--to", tmp_path / "here", "--node", node, "--json")
    )

    assert fetched.code == 0
    (event,) = fetched.objects
    assert pydicom.dcmread(event["path"]).PixelData == original.PixelData


def test_a_study_that_the_archive_lacks_is_one_sentence(wetread: Wetread, node: str) -> None:
    fetched = wetread("fetch", "1.2.3", "--node", node, "--json")

    assert fetched.code == 1
    assert list(fetched.objects[-1]) == ["error"]
    assert fetched.err.count("\n") == 1


@pytest.mark.parametrize(
    "node_text", ["NOBODY@127.0.0.1:1", "no such name", "PACS@host", "@127.0.0.1:104", "A@b:70000"]
)
def test_a_node_that_cannot_be_reached_is_one_sentence(wetread: Wetread, node_text: str) -> None:
    found = wetread("find", "--node", node_text)

    assert found.code == 1
    assert found.err.startswith("wetread: ")
    assert "Traceback" not in found.err


def test_without_a_node_the_command_says_how_to_name_one(wetread: Wetread) -> None:
    found = wetread("find")

    assert found.code == 2
    assert "--node AET@HOST:PORT" in found.err


def test_send_refuses_a_document_that_is_not_verified(wetread: Wetread, node: str) -> None:
    sent = wetread("send", get_testdata_file("reportsi.dcm"), "--node", node)

    assert sent.code == 1
    assert "sign" in sent.err.lower()


def test_send_refuses_a_file_that_is_no_report(wetread: Wetread, node: str, tmp_path: Path) -> None:
    text = tmp_path / "letter.dcm"
    text.write_text("Dear colleague")

    assert wetread("send", text, "--node", node).code == 1
    assert wetread("send", tmp_path / "absent.dcm", "--node", node).code == 1
