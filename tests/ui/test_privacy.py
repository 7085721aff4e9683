"""One key hides whose images these are, wherever it could be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import BuiltinMethodType

import numpy as np
import pytest
from PyQt6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, QPointF, Qt
from PyQt6.QtGui import QAction, QPainter
from PyQt6.QtWidgets import QAbstractItemView, QApplication, QWidget
from pytestqt.qtbot import QtBot

from dicom_io.image.frame import ImageFrame
from dicom_io.study import Study
from tests.plugin.desk import Desk
from tests.ui import hands
from tests.ui.films import film
from ui.exporting import image_of
from ui.film_window import FilmWindow
from ui.viewport.overlay import Overlay
from ui.worklist.study_rows import Listed

CANARY = ("Zzcanary", "ZZID4711", "19410203", "ZZACC0815", "Zzhospital", "1941")
ROLES = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.ToolTipRole,
    Qt.ItemDataRole.AccessibleTextRole,
    Qt.ItemDataRole.AccessibleDescriptionRole,
)


def canary() -> ImageFrame:
    return film(
        np.full((64, 64), 90, np.uint8),
        PatientName="Zzcanary^Anna",
        PatientID="ZZID4711",
        PatientBirthDate="19410203",
        PatientSex="F",
        AccessionNumber="ZZACC0815",
        InstitutionName="Zzhospital",
        StudyDate="20200105",
        SeriesDescription="Hand",
        StudyDescription="Hand ap",
    )


@pytest.fixture
def desk(qtbot: QtBot, own_home: Path) -> Iterator[Desk]:
    opened = Desk(qtbot, own_home, [], plugins=())
    yield opened
    opened.close()
    opened.window.deleteLater()  # or the next window dresses this one too


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every text that an overlay paints."""
    texts: list[str] = []
    paint = Overlay._text

    def watched(self: Overlay, painter: QPainter, at: QPointF, text: str, *more: str) -> None:
        texts.append(text)
        paint(self, painter, at, text, *more)

    monkeypatch.setattr(Overlay, "_text", watched)
    return texts


def show(desk: Desk) -> None:
    frame = canary()
    viewport = desk.window.viewport
    viewport.show_series([frame])
    desk.wait(lambda: viewport.selected_frame() is frame)
    study = Study(
        identity=frame.identity.of_study(),
        patient_name="Zzcanary^Anna",
        birth_date="19410203",
        accession="ZZACC0815",
    )
    desk.window.worklist.studies.rows.add(Listed(study))


def said() -> list[str]:
    """Every text of every widget that can be seen: words, tooltips, what a reader aloud says."""
    found: list[str] = []
    for widget in QApplication.allWidgets():
        if not widget.isVisible():
            continue
        for name in ("text", "title", "currentText", "toPlainText", "placeholderText"):
            ask = getattr(widget, name, None)
            if isinstance(ask, BuiltinMethodType):  # Qt's own, not a method of ours of that name
                found.append(str(ask()))
        found += [widget.toolTip(), widget.statusTip(), widget.whatsThis(), widget.windowTitle()]
        found += [widget.accessibleName(), widget.accessibleDescription()]
        found += [part for one in widget.actions() for part in of_action(one)]
        if isinstance(widget, QAbstractItemView):
            model = widget.model()
            found += of_model(model) if model is not None else []
    return found


def of_action(action: QAction) -> tuple[str, ...]:
    return action.text(), action.toolTip(), action.iconText()


def of_model(model: QAbstractItemModel, parent: QModelIndex | None = None) -> list[str]:
    parent = parent or QModelIndex()
    found: list[str] = []
    for row in range(model.rowCount(parent)):
        for column in range(100):
            index = model.index(row, column, parent)
            if not index.isValid():
                break
            found += [str(model.data(index, role) or "") for role in ROLES]
            if column == 0 and not isinstance(model, QAbstractListModel):
                found += of_model(model, index)
    return found


def leaks(texts: list[str]) -> set[str]:
    return {text for text in texts for one in CANARY if one.casefold() in text.casefold()}


def test_the_sweep_finds_what_is_not_hidden(desk: Desk) -> None:
    show(desk)

    found = " ".join(leaks(said()))

    assert "Zzcanary, Anna" in found
    assert "ZZID4711" in found and "ZZACC0815" in found


def test_one_key_hides_it_in_every_text_of_every_window_and_brings_it_back(
    desk: Desk, drawn: list[str]
) -> None:
    show(desk)
    desk.go_to_film()

    desk.key(Qt.Key.Key_I, hands.CTRL | hands.SHIFT)
    desk.window.viewport.name_patient(True)
    desk.window.grab()

    assert leaks(said()) == set()
    assert leaks(drawn) == set()
    assert desk.window.banner.texts()["name"] == "Identity hidden"
    assert "born" not in desk.window.banner.accessibleDescription()
    assert desk.window.table.entry("view.identity").isChecked()
    desk.key(Qt.Key.Key_I, hands.CTRL | hands.SHIFT)
    assert desk.window.banner.texts()["name"] == "Zzcanary, Anna"
    assert leaks(said())


@pytest.mark.parametrize("name", ["settings.open", "help.keys", "study.export"])
def test_dialogues_say_nothing_either(desk: Desk, name: str) -> None:
    show(desk)
    desk.window.preferences.toggle_identity()

    assert desk.window.table.perform(name)
    dialog = QApplication.activeModalWidget()

    assert isinstance(dialog, QWidget)
    assert leaks(said()) == set()
    dialog.close()


def test_a_study_that_is_opened_while_identity_is_hidden_stays_hidden(desk: Desk) -> None:
    desk.window.preferences.toggle_identity()

    show(desk)
    desk.window.grid.set_layout(1, 2)

    assert leaks(said()) == set()
    assert all(pane.hides_identity() for pane in desk.window.grid.panes())


def test_a_view_that_is_exported_names_the_patient_only_while_nothing_is_hidden(
    desk: Desk, drawn: list[str]
) -> None:
    show(desk)
    viewport = desk.window.viewport
    viewport.grab()
    assert leaks(drawn) == set()  # the banner names the patient

    image_of(viewport, texts=True)
    assert "Zzcanary, Anna" in drawn
    drawn.clear()
    image_of(viewport, texts=False)
    desk.window.preferences.toggle_identity()
    image_of(viewport, texts=True)

    assert leaks(drawn) == set()


def test_an_export_while_identity_is_hidden_removes_it(desk: Desk) -> None:
    show(desk)
    desk.window.preferences.toggle_identity()

    desk.window.exporting.ask()

    dialog = desk.window.exporting.dialog
    assert dialog is not None
    assert dialog.deidentify.isChecked() and not dialog.deidentify.isEnabled()
    dialog.close()


def test_a_film_in_a_window_of_its_own_hides_it_too(desk: Desk) -> None:
    show(desk)
    desk.window.grid.set_layout(1, 2)
    assert desk.window.table.perform("pane.window")
    names = [one for one in QApplication.topLevelWidgets() if isinstance(one, FilmWindow)]
    own = next(one for one in names if one.isVisible())

    desk.window.preferences.toggle_identity()

    assert "Zzcanary" not in " ".join(own.banner.texts().values())
    assert leaks(said()) == set()
    desk.window.preferences.toggle_identity()
    assert own.banner.texts()["name"] in ("Zzcanary, Anna", "No study open")
    own.close()
