"""A measurement in a sentence follows its caliper, until it is deleted or the report is signed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from dicom_io.image.annotation import Annotation, Kind
from dicom_io.pacs.folder import FolderSource
from dicom_io.report.document import Link, ReportState, SectionKind, Sentence
from dicom_io.report.drafts import Drafts
from tests.plugin.desk import Desk, write_films
from tests.ui.hands import CTRL
from ui.report.sign_dialog import SignDialog

KEY = Qt.Key


@pytest.fixture
def desk(qtbot: QtBot, own_home: Path, tmp_path: Path) -> Iterator[Desk]:
    source = FolderSource(write_films(tmp_path / "study", 2))
    opened = Desk(qtbot, own_home, [source], plugins=())
    opened.search("")
    opened.open("1.2.826.0")
    opened.go_to_film()
    yield opened
    opened.close()


def mark(desk: Desk) -> Annotation:
    study = desk.window.session.reading.identity
    assert study is not None
    return desk.window.marking.annotations.of_study(study)[-1]


def length(desk: Desk, pixels: float) -> None:
    """Drag the end of the caliper so that it is so many pixels long."""
    old = mark(desk)
    (x, y), _ = old.points
    desk.window.marking.annotations.replace(replace(old, points=((x, y), (x + pixels, y))))


def linked(desk: Desk) -> Sentence:
    """A caliper on the film, and a sentence with it."""
    desk.key(KEY.Key_D)
    desk.drag_film(120, 40)
    assert mark(desk).kind is Kind.LENGTH
    length(desk, 100)
    field = desk.window.report.panel.field_of("Findings")
    field.setFocus()
    desk.type("Nodule of")
    desk.key(KEY.Key_D, CTRL)
    desk.type(" on the left.")
    desk.key(KEY.Key_Return)
    return desk.sentences()[-1]


def sign_dialog(desk: Desk) -> SignDialog | None:
    return desk.window.signing.dialog


def test_the_sentence_follows_the_caliper_and_its_undo(desk: Desk) -> None:
    first = linked(desk)
    assert first.text.startswith("Nodule of 66.1 mm") and first.text.endswith(" on the left.")
    assert [link.mark for link in first.links] == [mark(desk).id]

    length(desk, 50)
    assert desk.sentences()[-1].text == first.text.replace("66.1", "33.1")

    desk.go_to_film()
    desk.key(KEY.Key_Z, CTRL)
    assert desk.sentences()[-1] == first


def test_what_is_undone_in_the_report_has_the_measure_of_now(desk: Desk) -> None:
    first = linked(desk)
    ledger = desk.window.session.ledger
    ledger.edit(first.id, first.text.replace("left", "right"))
    length(desk, 50)
    ledger.undo()
    assert desk.sentences()[-1].text == first.text.replace("66.1", "33.1")

    ledger.edit(first.id, "Nothing there.")
    length(desk, 100)
    ledger.undo()
    assert desk.sentences()[-1].text == first.text


def test_a_number_that_the_reader_writes_over_is_the_readers(desk: Desk) -> None:
    first = linked(desk)
    desk.window.session.ledger.edit(first.id, "Nodule of 70 mm.")
    length(desk, 50)

    assert desk.sentences()[-1].text == "Nodule of 70 mm." and desk.sentences()[-1].links == ()


def test_a_deleted_caliper_is_said_and_signing_asks_once(desk: Desk) -> None:
    first = linked(desk)
    desk.window.marking.annotations.remove(mark(desk).id)
    row = desk.window.report.panel.row(first.id)
    assert row is not None and desk.sentences()[-1].text == first.text
    assert "deleted" in row._remark.text() and not row._remark.isHidden()

    desk.key(KEY.Key_F8)
    assert "was deleted" in desk.window.report.said() and sign_dialog(desk) is None
    desk.key(KEY.Key_F8)
    desk.wait(lambda: sign_dialog(desk) is not None)
    dialog = sign_dialog(desk)
    assert dialog is not None
    dialog.reject()

    desk.go_to_film()
    desk.key(KEY.Key_Z, CTRL)
    assert not desk.sentences()[-1].links[0].is_gone


def test_after_signing_nothing_follows(desk: Desk) -> None:
    linked(desk)
    ledger = desk.window.session.ledger
    assert ledger.document is not None
    ledger.replace(replace(ledger.document, state=ReportState.SIGNED))
    before = desk.sentences()
    length(desk, 50)

    assert desk.sentences() == before


def test_a_link_survives_saving_and_catches_up_with_its_mark(desk: Desk) -> None:
    first = linked(desk)
    desk.open("1.2.826.1")
    length_of = Drafts(desk.root.drafts)
    desk.wait(lambda: len(length_of.list()) == 1)
    assert length_of.list()[0].sentences()[-1] == first
    store = desk.window.marking.annotations
    old = store.get(first.links[0].mark)
    assert old is not None
    (x, y), _ = old.points
    store.replace(replace(old, points=((x, y), (x + 50, y))))
    desk.open("1.2.826.0")

    assert desk.sentences()[-1].text == first.text.replace("66.1", "33.1")


def test_a_mark_of_another_study_is_never_linked(desk: Desk) -> None:
    first = linked(desk)
    desk.open("1.2.826.1")
    own = desk.report()
    assert own is not None
    stray = Link(first.links[0].identity, "66.1 mm", first.links[0].mark)
    field = desk.window.report.panel.field_of("Findings")
    field.setFocus()
    desk.key(KEY.Key_D, CTRL)
    assert field.words() == "" and "Take a mark" in desk.window.report.said()

    ledger = desk.window.session.ledger
    ledger.put(SectionKind.FINDINGS, replace(first, id="s", links=(stray,)))
    desk.window.marking.annotations.remove(stray.mark)
    assert not desk.sentences()[-1].links[0].is_gone  # nothing of that study reaches this report


def test_a_key_image_is_named_and_linked(desk: Desk) -> None:
    desk.key(KEY.Key_K)
    field = desk.window.report.panel.field_of("Findings")
    field.setFocus()
    desk.type("See")
    desk.key(KEY.Key_D, CTRL)
    desk.key(KEY.Key_Return)

    sentence = desk.sentences()[-1]
    assert sentence.text == "See (series 1, image 1)"
    desk.go_to_film()
    desk.key(KEY.Key_K)
    assert desk.sentences()[-1].links[0].is_gone
