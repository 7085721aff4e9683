"""The window that shows what became of suggestions, beside the command that counts them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pytestqt.qtbot import QtBot

from dicom_io.report.drafts import Drafts
from dicom_io.storage import DataRoot
from tests.reports import draft, film, signed
from ui import theme
from ui.jobs import Jobs
from ui.report.monitor_window import MonitorWindow, Watching


def opened(qtbot: QtBot, watching: Watching) -> MonitorWindow:
    watching.begin()
    qtbot.waitUntil(lambda: watching.shown is not None, timeout=5000)
    assert watching.shown is not None
    return watching.shown


def test_signed_reports_are_counted_plotted_and_saved(qtbot: QtBot, tmp_path: Path) -> None:
    root = DataRoot(tmp_path / "home").create()
    drafts = Drafts(root.drafts)
    drafts.save(signed(draft(film())))
    drafts.save(replace(draft(film()), id="unsigned"))
    said: list[str] = []
    jobs = Jobs()
    parent = MonitorWindow((), lambda path: None, None)
    qtbot.addWidget(parent)
    window = opened(qtbot, Watching(root, jobs, lambda text, role: said.append(text), parent))

    cells = [window.table.item(0, column) for column in range(window.table.columnCount())]
    texts = [one.text() for one in cells if one is not None]
    assert window.table.rowCount() == 1
    assert texts[:6] == ["2026-03", "wetread-demo 1.0.0", "1", "1", "1", "1"]
    picture = window.plot.grab().toImage()
    colours = {
        picture.pixelColor(x, y).name()
        for x in range(0, picture.width(), 4)
        for y in range(0, picture.height(), 4)
    }
    assert {theme.PLACE, theme.RAISED} <= colours
    window._write(tmp_path / "model.csv")
    qtbot.waitUntil(lambda: bool(said), timeout=5000)
    assert (tmp_path / "model.csv").read_text().splitlines()[1].startswith("wetread-demo,1.0.0")


def test_a_workstation_without_reports_says_so(qtbot: QtBot) -> None:
    window = MonitorWindow((), lambda path: None, None)
    qtbot.addWidget(window)

    assert "No report" in window.said.text()
    assert not window.save.isEnabled()
