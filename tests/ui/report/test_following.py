"""An addendum in the window: to what was just signed, and to what comes from the PACS alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from dicom_io.pacs.samples import sample_files
from dicom_io.report import sr
from dicom_io.report.document import (
    Asked,
    Decision,
    Origin,
    SectionKind,
    Sentence,
    new_id,
)
from tests.plugin.desk import Desk
from tests.reports import MODEL
from tests.servers import Server
from tests.ui.hands import CTRL, SHIFT

KEY = Qt.Key
Open = Callable[[Path], Desk]


@pytest.fixture
def film() -> Path:
    return next(path for path in sample_files() if path.name == "CT_small.dcm")


@pytest.fixture
def desk(qtbot: QtBot, orthanc: Server, film: Path) -> Iterator[Open]:
    """A function that opens a window on a data root; the one before is closed."""
    orthanc.load([film])
    desks: list[Desk] = []

    def open_desk(home: Path) -> Desk:
        while desks:
            desks.pop().close()
        desks.append(Desk(qtbot, home, [orthanc.source], plugins=()))
        desks[-1].search("")
        desks[-1].open(str(dcmread(film, stop_before_pixels=True).StudyInstanceUID))
        return desks[-1]

    yield open_desk
    for one in desks:
        one.close()


def sign(desk: Desk) -> None:
    desk.sign("Demo, Reader", "DEMONSTRATION", "correct horse")
    desk.wait(lambda: desk.standing().startswith("In PACS, verified"))


def begin(desk: Desk) -> None:
    entry = desk.window.table.entry("report.addendum")
    desk.wait(lambda: desk.window.following.action().enabled())  # type: ignore[misc]  # it has one
    desk.window.table.refresh()
    assert entry.isEnabled()
    desk.key(KEY.Key_A, CTRL | SHIFT)
    desk.wait(lambda: desk.standing() == "addendum, unsigned")


def test_an_addendum_to_what_was_just_signed_goes_to_the_pacs(
    desk: Open, orthanc: Server, tmp_path: Path
) -> None:
    opened = desk(tmp_path / "one")
    ledger = opened.viewer.session.ledger
    ledger.write(SectionKind.FINDINGS, "A nodule of 30 mm.")
    sign(opened)
    first = ledger.document
    assert first is not None

    begin(opened)
    (signed,) = opened.sentences()
    ledger.edit(signed.id, "Something else.")
    ledger.reject(signed.id)
    assert opened.sentences() == (signed,)
    assert not opened.window.report.panel.field_of("Findings").isVisible()
    opened.key(KEY.Key_F8)
    opened.wait(lambda: "addendum says nothing yet" in opened.window.report.said())

    field = opened.window.report.panel.field_of("Addendum")
    opened.click(field)
    opened.type("Unchanged after three months.")
    opened.key(KEY.Key_Return)
    sign(opened)

    assert [one.text for one in opened.sentences()] == [
        "A nodule of 30 mm.", "Unchanged after three months."
    ]  # fmt: skip
    study = first.identity.study
    events = orthanc.source.fetch(study, tmp_path / "back")
    reports = [dcmread(event.path) for event in events if event.path is not None]
    narrative = [one for one in reports if str(one.SOPClassUID).endswith("88.11")]
    assert len(narrative) == 2
    (later,) = [one for one in narrative if "PredecessorDocumentsSequence" in one]
    assert sr.read(later).predecessor in {str(one.SOPInstanceUID) for one in narrative}


def test_a_report_from_the_pacs_alone_comes_back_with_its_ledger(
    desk: Open, tmp_path: Path
) -> None:
    opened = desk(tmp_path / "one")
    ledger = opened.viewer.session.ledger
    ledger.write(SectionKind.FINDINGS, "A nodule of 30 mm.")
    ledger.write(SectionKind.TECHNIQUE, "CT without contrast agent.", Origin.TEMPLATE)
    report = ledger.document
    assert report is not None
    asked = Asked("r", "findings", "x", images=(report.identity,), algorithm=MODEL)
    said = Sentence(new_id(), "No effusion.", Origin.AI, Decision.SUGGESTED, request="r")
    other = Sentence(new_id(), "Large heart.", Origin.AI, Decision.SUGGESTED, request="r")
    ledger.merge_sentences((said, other), SectionKind.FINDINGS, (asked,))
    ledger.accept(said.id)
    ledger.edit(other.id, "Normal heart.")
    sign(opened)
    opened.wait(lambda: not opened.viewer.session.filing.waiting())

    again = desk(tmp_path / "two")
    again.wait(lambda: len(again.window.pages.pages()) == 2)  # and the findings as data
    assert again.sentences() == ()
    begin(again)

    assert [(one.text, one.origin) for one in again.sentences()] == [
        ("CT without contrast agent.", Origin.TEMPLATE),
        ("A nodule of 30 mm.", Origin.HUMAN),
        ("No effusion.", Origin.AI),
        ("Normal heart.", Origin.AI_EDITED),
    ]
    again.viewer.session.ledger.write(SectionKind.FINDINGS, "Second look.")  # wherever it was meant
    report = again.report()
    assert report is not None
    assert [one.text for one in report.section(SectionKind.ADDENDUM).sentences] == ["Second look."]
    sign(again)
    again.wait(lambda: not again.viewer.session.filing.waiting())


def test_nothing_signed_takes_no_addendum(desk: Open, tmp_path: Path) -> None:
    opened = desk(tmp_path / "one")

    assert not opened.window.table.entry("report.addendum").isEnabled()
    opened.window.following.begin()
    assert opened.standing() == "draft, unsigned"
