"""The archives' dialogue: a check shows its lines as they come, and what is saved is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dicom_io.audit import AuditLog
from dicom_io.pacs.archive import Archive
from dicom_io.settings import Settings
from tests.plugin.desk import Desk
from tests.servers import free_port
from ui.connection_dialog import ConnectionDialog


@pytest.fixture
def desk(qtbot: QtBot, own_home: Path) -> Iterator[Desk]:
    opened = Desk(qtbot, own_home, [], plugins=())
    yield opened
    opened.close()


@pytest.fixture
def dialog(desk: Desk) -> ConnectionDialog:
    opened = ConnectionDialog(desk.viewer.jobs, desk.root, AuditLog(desk.root.audit), desk.window)
    opened.open()
    desk.wait(lambda: opened.which.count() > 0)
    return opened


def test_a_check_of_a_running_archive_shows_what_works(
    desk: Desk, dialog: ConnectionDialog, archive: Archive
) -> None:
    dialog.address.setText(archive.node.address)

    dialog.check.click()
    desk.wait(lambda: dialog.foot.text() == "The check is done.")

    assert "+ Echo" in dialog.lines.toPlainText()
    assert dialog.check.isEnabled() and not dialog.halt.isEnabled()


def test_what_to_ask_for_is_copied(desk: Desk, dialog: ConnectionDialog) -> None:
    dialog.address.setText(f"PACS@127.0.0.1:{free_port()}")
    dialog.check.click()
    desk.wait(lambda: dialog.foot.text() == "The check is done.")

    dialog.copy.click()

    clipboard = QApplication.clipboard()
    assert "- Echo" in dialog.lines.toPlainText()
    assert clipboard is not None and "WETREAD" in clipboard.text()


def test_a_check_can_be_stopped(desk: Desk, dialog: ConnectionDialog, archive: Archive) -> None:
    dialog.address.setText(archive.node.address)

    dialog.check.click()
    dialog.halt.click()

    assert dialog.foot.text() == "Stopped." and dialog.check.isEnabled()


def test_an_archive_is_saved_and_can_be_changed(desk: Desk, dialog: ConnectionDialog) -> None:
    dialog.name.setText("hospital")
    dialog.address.setText("PACS@192.0.2.10:104")
    dialog.save.click()
    desk.wait(lambda: dialog.which.findText("hospital") >= 0)
    dialog.listen.setValue(11112)
    dialog.save.click()
    desk.wait(lambda: any(one.listen == 11112 for one in Settings.read(desk.root.settings).nodes))

    (node,) = Settings.read(desk.root.settings).nodes
    assert (node.name, node.address) == ("hospital", "PACS@192.0.2.10:104")


def test_an_address_that_cannot_be_right_is_told(dialog: ConnectionDialog) -> None:
    dialog.address.setText("nonsense")

    dialog.check.click()

    assert "AET@HOST:PORT" in dialog.foot.text() and dialog.check.isEnabled()


def test_the_menu_and_a_failed_search_lead_to_the_dialogue(desk: Desk) -> None:
    desk.window.studies.check.click()

    assert isinstance(QApplication.activeModalWidget(), ConnectionDialog)
    assert "pacs.check" in {action.name for action in desk.window.table.actions()}
