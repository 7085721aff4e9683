"""The left side: search and studies above, the series of the open study below."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from ui import theme
from ui.jobs import Jobs
from ui.language import tr
from ui.worklist.entries import Shelf, in_order, series_of
from ui.worklist.study_list import StudyList
from ui.worklist.thumbnails import Thumbnails

__all__ = ["WorklistSide", "in_order", "series_of"]

PAUSE = 250  # ms between two looks at which series have grown


class WorklistSide(QWidget):
    """Study list, progress of the study that is loading, and its series as thumbnails."""

    series_chosen = pyqtSignal(object)  # SeriesEntry
    stacks_changed = pyqtSignal(object)  # tuple[Stack, ...], those of the series that have grown

    def __init__(
        self,
        jobs: Jobs,
        studies: StudyList,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(theme.LEFT_WIDTH)
        self._stacks = Shelf()
        self._is_whole = False  # all frames of the study are here
        self.studies = studies
        self.thumbnails = Thumbnails(jobs, self)
        self.thumbnails.series_chosen.connect(self.series_chosen)
        self._heading = QLabel(tr("Series"))
        self._loading = QLabel()
        self._hidden = QLabel(tr("Identity is hidden, so no studies are listed."))
        self._hidden.setWordWrap(True)
        self._hidden.setProperty("role", "quiet")
        self._hidden.hide()
        self._grown = QTimer(self)
        self._grown.setSingleShot(True)
        self._grown.setInterval(PAUSE)
        self._grown.timeout.connect(self._show_series)
        self._lay_out()

    def take_in_studies(self) -> None:
        """Give the study list its place here; until then it may stand somewhere else."""
        self._column.insertWidget(0, self.studies, 3)

    def clear_series(self) -> None:
        """Another study is opened."""
        self._stacks.clear()
        self._is_whole = False
        self._grown.stop()
        self.say("")
        self._show_series()

    def add_frames(self, frames: Iterable[ImageFrame]) -> None:
        """More images of the open study; a new series is shown at once."""
        if self._stacks.add(frames):
            self._show_series()
        elif not self._grown.isActive():
            self._grown.start()

    def complete(self) -> None:
        """Nothing more comes: from now on what is missing is said."""
        self._is_whole = True
        self._grown.stop()
        self._stacks.look_again()
        self._show_series()

    def series(self, series: str) -> tuple[ImageFrame, ...]:
        """The frames of a series that are here, in order, stack after stack."""
        return self._stacks.series(series)

    def select(self, identity: Identity) -> None:
        """Mark what is on the screen: a series, or the stack of it that holds an image."""
        self.thumbnails.select(identity)

    def hide_identity(self, hide: bool) -> None:
        """Put a sentence in the place of the studies, whose names nobody may see."""
        self.studies.setVisible(not hide)
        self._hidden.setVisible(hide)

    def say(self, text: str, role: str = "quiet") -> None:
        """How the loading stands, in a sentence below the list; "" for nothing."""
        self._loading.setProperty("role", role)
        self._loading.setText(text.replace("@", "@\u200b"))  # where a long address may break
        self._loading.setVisible(bool(text))
        style = self._loading.style()
        if style is not None:
            style.unpolish(self._loading)
            style.polish(self._loading)

    def said(self) -> str:
        return self._loading.text()

    def _show_series(self) -> None:
        changed = self._stacks.settle()
        entries = self._stacks.entries()
        if not self._is_whole:  # what seems to be missing may be on its way
            entries = [replace(entry, warnings=()) for entry in entries]
            changed = tuple(replace(stack, warnings=()) for stack in changed)
        self.thumbnails.set_series(entries)
        self._heading.setVisible(bool(entries))
        before: QWidget = self.studies.list
        for number in range(len(entries)):
            QWidget.setTabOrder(before, self.thumbnails.button(number))
            before = self.thumbnails.button(number)
        if changed:
            self.stacks_changed.emit(changed)

    def _lay_out(self) -> None:
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        edge = theme.SPACES[2]
        self._hidden.setContentsMargins(edge, edge, edge, edge)
        column.addWidget(self._hidden)
        self._loading.setWordWrap(True)
        self._loading.setProperty("small", True)
        self._loading.setContentsMargins(edge, theme.SPACES[1], edge, theme.SPACES[1])
        self._loading.hide()
        column.addWidget(self._loading)
        self._heading.setProperty("role", "heading")
        self._heading.setContentsMargins(edge, theme.SPACES[1], edge, theme.SPACES[1])
        column.addWidget(self._heading)
        shelf = QWidget()
        inside = QVBoxLayout(shelf)
        inside.setContentsMargins(edge, 0, edge, edge)
        inside.addWidget(self.thumbnails)
        inside.addStretch(1)
        self._shelf = QScrollArea()
        self._shelf.setWidget(shelf)
        self._shelf.setWidgetResizable(True)
        self._shelf.setFrameShape(QFrame.Shape.NoFrame)
        self._shelf.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._shelf.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._shelf.setMinimumHeight(theme.SHELF_HEIGHT)
        column.addWidget(self._shelf, 2)
        self._heading.hide()
