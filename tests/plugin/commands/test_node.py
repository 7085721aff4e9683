"""`wetread node`: archives named, listed, asked and taken out."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from pydicom import dcmread

from dicom_io.audit import AuditLog
from dicom_io.pacs.archive import Archive
from dicom_io.pacs.samples import chest_film
from dicom_io.storage import DataRoot
from tests.commands import Wetread
from tests.servers import Server


def test_an_archive_is_named_listed_and_taken_out(wetread: Wetread) -> None:
    added = wetread("node", "add", "site", "PACS@127.0.0.1:104", "--calling-aet", "READER")
    again = wetread("node", "add", "site", "PACS2@127.0.0.1:104", "--web", "http://127.0.0.1/web/")
    listed = wetread("node", "list", "--json")
    removed = wetread("node", "remove", "site")

    assert (added.code, again.code, removed.code) == (0, 0, 0)
    (one,) = listed.objects
    assert one["address"] == "PACS2@127.0.0.1:104" and one["web"] == "http://127.0.0.1/web"
    assert wetread("node", "list").out == ""
    root = DataRoot.choose()
    assert "nodes" not in tomllib.loads(root.settings.read_text())
    events = [entry.event for entry in AuditLog(root.audit).entries()]
    assert events.count("NODES_CHANGED") == 3


def test_a_named_archive_answers(wetread: Wetread, archive: Archive) -> None:
    wetread("node", "add", "demo", archive.node.address)

    asked = wetread("node", "echo", "demo")

    assert asked.code == 0 and "(C-GET)" in asked.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "a@b", "PACS@127.0.0.1:104"), "without @"),
        (("add", "site", "ftp://x"), "neither the name of a node"),
        (("add", "site", "https://x/y?z"), "cannot be right"),
        (("remove", "nobody"), "no archive called nobody"),
        (("secret", "nobody"), "no archive called nobody"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    wetread: Wetread, words: tuple[str, ...], said: str
) -> None:
    ran = wetread("node", *words)

    assert ran.code in (1, 2)
    assert said in ran.err and ran.err.count("\n") == 1


def test_a_study_is_found_and_fetched_over_dicomweb_without_a_password(
    wetread: Wetread, dicomweb_open: Server, tmp_path: Path
) -> None:
    film = dcmread(chest_film())
    dicomweb_open.load([chest_film()])
    address = dicomweb_open.web.node.web

    found = wetread("find", "CompressedSamples^RG1", "--node", address, "--json")
    fetched = wetread(
        *("fetch", film.StudyInstanceUID, "--to", tmp_path / "here", "--node", address, "--json")
    )

    assert [one["patient_id"] for one in found.objects] == ["9RG1"]
    (event,) = fetched.objects
    assert dcmread(event["path"]).PixelData == film.PixelData


def test_the_doctor_prints_a_line_a_check_and_what_to_ask(
    wetread: Wetread, archive: Archive
) -> None:
    archive.add([chest_film()])

    sound = wetread("doctor", "--node", archive.node.address, "--json")
    lost = wetread("doctor", "--node", "NOBODY@127.0.0.1:1")

    verdicts = {one["name"]: one["verdict"] for one in sound.objects}
    assert sound.code == 0
    assert verdicts["Echo"] == verdicts["Search"] == verdicts["C-GET"] == "works"
    assert lost.code == 1
    assert "- Echo: Nothing answers" in lost.out and "Our AE title: WETREAD" in lost.out
