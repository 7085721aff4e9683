"""What goes wrong on a bad day: each gives one sentence, the window goes on, nothing is lost."""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import UID
from pytestqt.qtbot import QtBot

from dicom_io.pacs.archive import Archive
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.node import Node
from dicom_io.report.document import Decision, ReportState
from dicom_io.storage import DataRoot
from plugin._shown import models_of
from tests.plugin.desk import KEY, Desk, write_echo
from tests.servers import free_port
from tests.ui.hands import KEYS, SHIFT

CHEST = "1.2.826.7"  # StudyInstanceUID
NO_IMAGE = "1.2.826.8"
DAMAGED = "1.2.826.9"
READER = ("Demo, Reader", "DEMONSTRATION", "correct horse")


def made(folder: Path, study: str, **header: object) -> Path:
    """A small chest film of a study of its own."""
    film = dcmread(str(get_testdata_file("CT_small.dcm")))
    film.Modality, film.BodyPartExamined = "CR", "CHEST"
    film.PatientID, film.StudyInstanceUID = f"ID{study[-1]}", study
    film.SeriesInstanceUID = f"{study}.1"
    film.SOPInstanceUID = film.file_meta.MediaStorageSOPInstanceUID = UID(f"{study}.1.1")
    for keyword, value in header.items():
        setattr(film, keyword, value)
    folder.mkdir(exist_ok=True)
    path = folder / f"{study}.dcm"
    film.save_as(path)
    return path


@pytest.fixture
def films(tmp_path: Path) -> list[Path]:
    """A chest film, a study without an image, and a film that ends early."""
    folder = tmp_path / "films"
    paths = [made(folder, study) for study in (CHEST, NO_IMAGE, DAMAGED)]
    empty, short = dcmread(paths[1]), dcmread(paths[2])
    for keyword in ("PixelData", "Rows", "Columns"):
        delattr(empty, keyword)
    empty.save_as(paths[1])
    short.PixelData = short.PixelData[:1000]
    short.save_as(paths[2])
    return paths


@pytest.fixture
def pacs(tmp_path: Path, films: list[Path]) -> Iterator[Archive]:
    with Archive(tmp_path / "archive") as archive:
        archive.add(films)
        yield archive


@pytest.fixture
def echo(own_home: Path) -> str:
    return write_echo(DataRoot(own_home).create())


@pytest.fixture
def desks(qtbot: QtBot, own_home: Path) -> Iterator[Any]:
    """Opens windows on the test's data root; each is closed again."""
    opened: list[Desk] = []

    def open_desk(node: Node | None, model: str = "", home: Path = own_home) -> Desk:
        desk = Desk(qtbot, home, [DimseSource(node)] if node else [], model)
        opened.append(desk)
        return desk

    yield open_desk
    for desk in opened:
        if desk.window.isVisible():
            desk.close()


def written(desk: Desk, text: str = "The lungs are clear.") -> None:
    """Open the chest film and write one sentence."""
    desk.search("")
    desk.open(CHEST)
    field = desk.window.report.panel.field_of("Findings")
    desk.click(field)
    KEYS.keyClicks(field, text)
    desk.key(KEY.Key_Return)


def test_a_study_without_an_image_says_so_and_the_next_one_opens(desks: Any, pacs: Archive) -> None:
    desk = desks(pacs.node)
    desk.search("")

    desk.open_row(NO_IMAGE)
    desk.wait(lambda: "no image" in desk.window.viewport.accessibleDescription())

    desk.open(CHEST)
    assert "no image" not in desk.window.viewport.accessibleDescription()


def test_a_damaged_film_says_so_and_the_next_one_opens(desks: Any, pacs: Archive) -> None:
    desk = desks(pacs.node)
    desk.search("")

    desk.open_row(DAMAGED)
    desk.wait(lambda: "ends" in desk.window.viewport.accessibleDescription())

    desk.open(CHEST)


def test_a_pacs_that_is_not_there_is_one_sentence(desks: Any) -> None:
    desk = desks(Node("GONE", "GONE", "127.0.0.1", free_port(), timeout=2.0))

    desk.search("x")

    assert "GONE" in desk.window.worklist.studies.message
    desk.wait(lambda: desk.window.status.text("pacs") == "GONE does not answer")


def test_what_was_written_is_there_when_the_study_is_opened_again(
    desks: Any, pacs: Archive
) -> None:
    desk = desks(pacs.node)
    written(desk)
    field = desk.window.report.panel.field_of("Impression")
    desk.click(field)
    KEYS.keyClicks(field, "Not yet given with Enter")

    desk.close()
    again = desks(pacs.node)
    again.search("")
    again.open(CHEST)

    assert [one.text for one in again.sentences()] == [
        "The lungs are clear.",
        "Not yet given with Enter",
    ]
    assert again.window.worklist.studies.rows.mark(CHEST).text == "draft"


def test_undecided_sentences_block_the_signature(desks: Any, pacs: Archive, echo: str) -> None:
    desk = desks(pacs.node, echo)
    desk.search("")
    desk.open(CHEST)
    desk.draft()

    desk.key(KEY.Key_F8)

    left = len(desk.undecided())
    assert desk.window.report.said().startswith(f"{left} sentences are left to decide.")
    assert desk.window.signing.dialog is None


def test_an_empty_report_is_not_signed(desks: Any, pacs: Archive) -> None:
    desk = desks(pacs.node)
    desk.search("")
    desk.open(CHEST)

    desk.key(KEY.Key_F8)

    assert desk.window.report.said().startswith("The report says nothing yet.")


def test_a_wrong_credential_is_refused_and_can_be_typed_again(desks: Any, pacs: Archive) -> None:
    desk = desks(pacs.node)
    written(desk)
    desk.sign(*READER)
    desk.wait(lambda: desk.standing().startswith("In PACS, verified"))
    desk.close()
    again = desks(pacs.node)
    again.search("")
    again.open_row(DAMAGED)
    again.wait(lambda: again.report() is not None)
    field = again.window.report.panel.field_of("Findings")
    again.click(field)
    KEYS.keyClicks(field, "Another one.")
    again.key(KEY.Key_Return)

    again.sign(READER[0], READER[1], "wrong horse")
    dialog = again.window.signing.dialog
    again.wait(lambda: dialog.problem() != "")

    assert again.report().state is ReportState.DRAFT
    KEYS.keyClicks(dialog.credential, READER[2])
    KEYS.keyClick(dialog.credential, KEY.Key_Return)
    again.wait(lambda: again.standing().startswith("In PACS, verified"))


def test_a_full_disk_at_the_signature_keeps_the_draft(
    desks: Any, pacs: Archive, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desks(pacs.node)
    written(desk)
    desk.wait(lambda: desk.viewer.session.is_settled)
    replace = os.replace

    def no_room(source: Any, target: Any) -> None:
        if "outbox" in str(target):
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", no_room)
    desk.sign(*READER)
    dialog = desk.window.signing.dialog
    desk.wait(lambda: dialog.problem() != "")

    assert dialog.problem().startswith("The disk is full")
    assert desk.report().state is ReportState.DRAFT
    assert list((own_home / "outbox").iterdir()) == []
    monkeypatch.setattr(os, "replace", replace)
    desk.wait(lambda: not dialog.enrols)  # the name was enrolled before the disk was full
    KEYS.keyClicks(dialog.credential, READER[2])
    KEYS.keyClick(dialog.credential, KEY.Key_Return)
    desk.wait(lambda: desk.standing().startswith("In PACS, verified"))


def test_a_report_signed_while_the_pacs_is_away_waits_in_sight_and_is_stored_later(
    desks: Any, films: list[Path], tmp_path: Path
) -> None:
    port = free_port()
    with Archive(tmp_path / "archive", port=port) as archive:
        archive.add(films)
        node = archive.node
        desk = desks(node)
        written(desk)

    desk.sign(*READER)
    desk.wait(lambda: desk.standing() == "not stored, waiting")

    window = desk.window
    assert window.badge.isVisible()
    assert window.badge.text() == "not stored, 1 waiting"
    assert window.worklist.studies.rows.mark(CHEST).text == "not stored, 1 waiting"
    desk.close()

    again = desks(node)  # the program was ended; the report is still there
    again.wait(again.window.badge.isVisible)
    again.wait(lambda: not again.viewer.session.filing.is_delivering)
    with Archive(tmp_path / "archive", port=port):
        again.search("")
        again.open(CHEST)
        assert again.standing() == "not stored, waiting"
        again.click(again.window.report.panel.again)
        again.wait(lambda: again.standing().startswith("In PACS, verified"))
        assert not again.window.badge.isVisible()


def test_esc_stops_the_draft_at_once_and_keeps_its_words(
    desks: Any, pacs: Archive, own_home: Path
) -> None:
    echo = write_echo(DataRoot(own_home).create(), pause=0.3)
    desk = desks(pacs.node, echo)
    desk.search("")
    desk.open(CHEST)
    desk.go_to_film()
    desk.key(KEY.Key_E, SHIFT)
    desk.wait(lambda: len(desk.sentences()) > 0, 60_000)
    assert desk.window.report.said().startswith("Drafting")

    free: list[bool] = []
    began = time.monotonic()
    desk.key(KEY.Key_Escape)
    desk.viewer.jobs.start(lambda _: iter([True]), on_item=free.append, pool="model")
    desk.wait(lambda: free != [])  # the model's one thread is free again
    took = time.monotonic() - began

    assert took < 0.25
    (only,) = desk.sentences()
    assert only.text.startswith("what")
    assert (only.state, only.note) == (Decision.SUGGESTED, "cut off")
    desk.accept()
    assert desk.undecided() == []
    desk.sign(*READER)  # a stopped draft names its model, so it can be signed
    desk.wait(lambda: desk.standing().startswith("In PACS, verified"))


def test_without_a_model_reading_and_signing_go_on(desks: Any, pacs: Archive) -> None:
    desk = desks(pacs.node, "no-such-model")
    desk.wait(lambda: desk.window.status.text("model") == "no model")
    desk.search("")
    desk.open(CHEST)

    desk.go_to_film()
    desk.key(KEY.Key_E, SHIFT)
    desk.wait(lambda: "no-such-model" in desk.window.report.said())

    written(desk)
    desk.sign(*READER)
    desk.wait(lambda: desk.standing().startswith("In PACS, verified"))


def test_a_model_that_dies_is_told_and_started_anew(
    desks: Any, pacs: Archive, own_home: Path
) -> None:
    echo = write_echo(DataRoot(own_home).create(), pause=0.3)
    desk = desks(pacs.node, echo)
    desk.search("")
    desk.open(CHEST)
    desk.go_to_film()
    desk.key(KEY.Key_E, SHIFT)
    desk.wait(lambda: len(desk.sentences()) > 0, 60_000)
    pid = models_of(desk.viewer.host).pid("reports")
    assert pid is not None

    os.kill(pid, signal.SIGKILL)
    desk.wait(lambda: "ended unexpectedly" in desk.window.report.said())

    desk.key(KEY.Key_E, SHIFT, desk.window.viewport)
    desk.wait(lambda: desk.window.report.said() == "" and len(desk.sentences()) > 2, 60_000)


def test_f9_goes_on_to_the_next_study_and_says_when_there_is_none(
    desks: Any, pacs: Archive
) -> None:
    desk = desks(pacs.node)
    desk.search("")
    rows = desk.window.worklist.studies.rows
    uids = [rows.listed(row).study.identity.study for row in range(rows.rowCount())]
    desk.open_row(uids[0])

    for uid in uids[1:]:
        desk.key(KEY.Key_F9)
        desk.wait(lambda uid=uid: desk.viewer.session.reading.study.identity.study == uid)
    desk.key(KEY.Key_F9)

    assert desk.window.report.said() == "This is the last study of the list."


def test_closing_on_a_full_disk_asks_once_more(
    desks: Any, pacs: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desks(pacs.node)
    written(desk)
    desk.wait(lambda: desk.viewer.session.is_settled)
    replace = os.replace

    def no_room(source: Any, target: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", no_room)
    KEYS.keyClicks(desk.window.report.panel.field_of("Impression"), "The last word.")
    desk.window.close()
    desk.wait(lambda: "not saved" in desk.window.report.said())
    assert desk.window.isVisible()

    monkeypatch.setattr(os, "replace", replace)
    desk.close()
    again = desks(pacs.node)
    again.search("")
    again.open(CHEST)
    assert [one.text for one in again.sentences()] == ["The lungs are clear.", "The last word."]
