"""Preferences: what a reader has set, in use at once in every pane and kept for the next time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QApplication, QInputDialog, QWidget

from dicom_io.hands import KeySettings, MouseSettings, Preset, ViewerSettings
from dicom_io.settings import Settings, WindowSettings
from ui import theme
from ui.actions import Action, ActionTable
from ui.keys_dialog import KeysDialog
from ui.language import tr
from ui.settings_dialog import SettingsDialog
from ui.settings_pages.keys_page import KeysPage, bind
from ui.settings_pages.mouse_page import MousePage
from ui.settings_pages.viewer_page import ViewerPage
from ui.settings_pages.window_page import WindowPage
from ui.viewport.grid import Grid
from ui.viewport.habits import Habits
from ui.viewport.viewport import Viewport


class Preferences(QObject):
    """Joins the settings to the action table and the panes of a window.

    `changed` carries a part of the settings that is to be written; it is in use already.
    """

    changed = pyqtSignal(object)
    identity_hidden = pyqtSignal(bool)

    def __init__(self, settings: Settings, table: ActionTable, grid: Grid, window: QWidget) -> None:
        super().__init__(window)
        self._settings = settings
        self._table = table
        self._grid = grid
        self._window = window
        self.habits = Habits(settings.mouse, settings.viewer, self)
        grid.pane_added.connect(self.dress)
        for pane in grid.panes():
            self.dress(pane)
        table.keys_changed.connect(self._write_menus)

    def dress(self, pane: Viewport) -> None:
        """Let a pane, of whichever window, follow what the reader has set."""
        pane.follow(self.habits)
        pane.offer_in_menu(self._table.actions())

    def begin(self, say: Callable[[str, str], None]) -> None:
        """Once all actions are there: use the reader's keys, and say what cannot be used."""
        problems = bind(self._table, self._settings.keys)
        for sentence in (*self._settings.faults, *self.habits.faults, *problems):
            say(sentence, "alarm")

    def actions(self) -> list[Action]:
        """What a reader can do here."""
        return [
            Action("settings.open", tr("Settings"), "Ctrl+Shift+P", self._open, group="Help"),
            Action("help.keys", tr("Keys"), "F1", self._show_keys, group="Help",
                   more_shortcuts=("?",)),
            Action("view.identity", tr("Hide or show whose images these are"), "Ctrl+Shift+I",
                   self.toggle_identity, group="View",
                   checked=lambda: self.habits.hides_identity),
            Action("window.save", tr("Save this window"), "Ctrl+Alt+W", self.save_window,
                   enabled=self._has_window, group="Window"),
        ]  # fmt: skip

    # --- what a person does ---

    def open(self, title: str = "") -> SettingsDialog:
        """Open the dialogue, at that page."""
        settings = self._settings
        pages = (
            KeysPage(self._table, settings.keys),
            MousePage(settings.mouse),
            ViewerPage(settings.viewer),
            WindowPage(settings.window),
        )
        dialog = SettingsDialog(pages, self._window)
        dialog.changed.connect(self.take)
        dialog.open_page(title)
        dialog.open()
        return dialog

    def show_keys(self) -> KeysDialog:
        """Open the cheat sheet."""
        sheet = KeysDialog(self._table.keys(), self.habits.mouse, self._window)
        sheet.change.clicked.connect(sheet.accept)
        sheet.change.clicked.connect(lambda: self.open())
        sheet.open()
        return sheet

    def _open(self) -> None:
        self.open()

    def _show_keys(self) -> None:
        self.show_keys()

    def toggle_identity(self) -> None:
        """Hide whose images these are, everywhere in the window, or show it again."""
        self.habits.hide_identity(not self.habits.hides_identity)
        self.identity_hidden.emit(self.habits.hides_identity)

    def save_window(self) -> None:
        """Ask for a name, and offer the window in use for this modality from then on."""
        pane = self._grid.active()
        frame, window = pane.selected_frame(), pane.current_window()
        if frame is None or window is None:
            return
        question = QInputDialog(self._window)
        question.setWindowTitle(tr("Save this window"))
        question.setLabelText(tr("Name, for images of modality {name}", name=frame.modality))
        question.textValueSelected.connect(
            lambda name: self._keep_window(
                Preset(name.strip(), frame.modality, window.center, window.width)
            )
        )
        question.open()

    def take(self, part: object) -> None:
        """Use a part of the settings from now on, and have it written."""
        if isinstance(part, MouseSettings):
            self._settings = replace(self._settings, mouse=part)
            self.habits.take_mouse(part)
        elif isinstance(part, KeySettings):
            self._settings = replace(self._settings, keys=part)
        elif isinstance(part, ViewerSettings):
            self._settings = replace(self._settings, viewer=part)
            self.habits.take_viewer(part)
        elif isinstance(part, WindowSettings):
            self._settings = replace(self._settings, window=part)
            self._dress_window(part)
        self.changed.emit(part)

    def _keep_window(self, preset: Preset) -> None:
        """A window of the same name and modality is replaced."""
        if preset.fault():
            return
        others = [
            one
            for one in self._settings.viewer.presets
            if (one.name, one.modality) != (preset.name, preset.modality)
        ]
        self.take(replace(self._settings.viewer, presets=(*others, preset)))

    def _has_window(self) -> bool:
        return self._grid.active().current_window() is not None

    def _dress_window(self, window: WindowSettings) -> None:
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.dress(app, window.theme, window.font_size)
            for pane in app.allWidgets():
                if isinstance(pane, Viewport):
                    pane.set_font_size(window.font_size)

    def _write_menus(self) -> None:
        for pane in self._grid.panes():
            pane.offer_in_menu(self._table.actions())
