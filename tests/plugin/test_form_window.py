"""Shift+T drafts from the template that fits; each answer is decided like any sentence."""

from __future__ import annotations

from pathlib import Path

from pydicom import dcmread
from pytestqt.qtbot import QtBot

from dicom_io.identity import Identity
from dicom_io.pacs.archive import Archive
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.samples import chest_film
from dicom_io.report.document import Origin
from dicom_io.report.template.shelf import builtin, fitting
from dicom_io.storage import DataRoot
from tests.plugin.desk import KEY, MODEL, Desk, write_echo
from tests.ui.hands import SHIFT


def test_a_template_is_drafted_with_one_key(qtbot: QtBot, own_home: Path, archive: Archive) -> None:
    archive.add([chest_film()])
    header = dcmread(chest_film(), stop_before_pixels=True)
    template = fitting(builtin(), header)[0]
    desk = Desk(
        qtbot, own_home, [DimseSource(archive.node)], write_echo(DataRoot(own_home).create())
    )
    desk.search("")
    desk.open(Identity.of(header).study)

    desk.go_to_film()
    desk.key(KEY.Key_T, SHIFT)

    count = len(template.questions())
    desk.wait(lambda: len(desk.undecided()) == count and desk.window.report.said() == "", MODEL)
    said = {option.value for field in template.questions() for option in field.options}
    assert all(one.origin is Origin.AI and one.text in said for one in desk.sentences())
    desk.accept()
    assert len(desk.undecided()) == count - 1
    desk.close()
