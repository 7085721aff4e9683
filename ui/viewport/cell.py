"""Cell: one place of the grid: a pane, its outline, and a line that says whose images it shows."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QFont,
    QPainter,
    QPaintEvent,
    QPen,
)
from PyQt6.QtWidgets import QLabel, QVBoxLayout, QWidget

from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from ui import theme
from ui.language import tr
from ui.viewport.dragging import dragged
from ui.viewport.overlay import plain
from ui.viewport.viewport import Viewport
from ui.wording import spoken_date

OUTLINE = 2  # logical pixels around the pane in hand


class Cell(QWidget):
    """Holds one pane. Nothing is painted over the pane itself.

    The line above the pane is hidden until the grid shows images of more than one study; then it
    says of each pane whether it is the study being reported or another one, and of which date.
    """

    dropped = pyqtSignal(object)  # Identity of what was let go over this pane

    def __init__(self, pane: Viewport, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pane = pane
        self._outlined = self._targeted = False
        self._reported: Identity | None = None
        self._moment = ""
        self._mixed = False
        self.heading = QLabel()
        self.heading.setTextFormat(Qt.TextFormat.PlainText)
        self.heading.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.heading.setProperty("role", "strong")
        self.heading.hide()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self.heading)
        self._column.addWidget(pane, 1)
        self.setAcceptDrops(True)
        pane.study_shown.connect(self._write)
        pane.frame_selected.connect(self._write)

    # --- outline ---

    def set_framed(self, framed: bool) -> None:
        """Leave room for an outline; not needed where there is only one pane."""
        edge = OUTLINE if framed else 0
        self._column.setContentsMargins(edge, edge, edge, edge)
        self.update()

    def set_outlined(self, outlined: bool) -> None:
        """Draw the outline of the pane in hand."""
        self._outlined = outlined
        self.update()

    def is_outlined(self) -> bool:
        return self._outlined

    def is_target(self) -> bool:
        """True while a series is held over this pane."""
        return self._targeted

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.FILM))
        if self._targeted or self._outlined:
            style = Qt.PenStyle.DashLine if self._targeted else Qt.PenStyle.SolidLine
            painter.setPen(QPen(QColor(theme.FILM_PLACE), OUTLINE, style))
            half = OUTLINE // 2
            painter.drawRect(self.rect().adjusted(half, half, -half, -half))

    # --- whose images ---

    def set_reported(self, reported: Identity | None, moment: str = "") -> None:
        """The study whose report is open, and its date and time as DICOM writes them."""
        self._reported, self._moment = reported, moment

    def set_mixed(self, mixed: bool) -> None:
        """Whether the grid shows another study than the one being reported, in any pane."""
        self._mixed = mixed
        self._write()

    def study(self) -> Identity | None:
        """The study whose images are in the pane."""
        frame, study = self.pane.selected_frame(), self.pane.study()
        if frame is not None:
            return frame.identity.of_study()
        return study.identity if study is not None else None

    def is_foreign(self) -> bool:
        """True while the pane shows another study than the one being reported."""
        shown = self.study()
        return (
            shown is not None and self._reported is not None and shown.study != self._reported.study
        )

    def _write(self, _: object = None) -> None:
        shown = self.study()
        text = self._words() if self._mixed and shown is not None else ""
        self.heading.setText(text)
        self.heading.setVisible(bool(text))
        self.setAccessibleDescription(text)

    def _words(self) -> str:
        frame, study = self.pane.selected_frame(), self.pane.study()
        if frame is not None:
            date = str(frame.header.get("StudyDate") or "")
            moment = moment_of(frame)
            about = str(frame.header.get("StudyDescription") or "")
        else:
            date, about = (study.date, study.description) if study is not None else ("", "")
            moment = f"{date}{study.time}" if study is not None and date else ""
        when = spoken_date(date)
        hides = self.pane.hides_identity()
        if not self.is_foreign():
            words = tr("CURRENT") if hides else tr("CURRENT, {date}", date=when)
        elif moment and self._moment and moment > self._moment:
            words = tr("LATER STUDY") if hides else tr("LATER STUDY, {date}", date=when)
        else:
            words = tr("PRIOR") if hides else tr("PRIOR, {date}", date=when)
        if hides:
            return words
        return f"{words} · {plain(about)}" if about else words

    def set_heading_font(self, font: QFont) -> None:
        self.heading.setFont(font)

    # --- a series that is dragged here ---

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        if event is not None and dragged(event.mimeData()) is not None:
            event.acceptProposedAction()
            self._target(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent | None) -> None:
        self._target(False)

    def dropEvent(self, event: QDropEvent | None) -> None:
        self._target(False)
        series = dragged(event.mimeData()) if event is not None else None
        if event is not None and series is not None:
            event.acceptProposedAction()
            self.dropped.emit(series)

    def _target(self, targeted: bool) -> None:
        self._targeted = targeted
        self.heading.setText(tr("Show here") if targeted else "")
        self.heading.setVisible(targeted)
        if not targeted:
            self._write()
        self.update()


def moment_of(frame: ImageFrame) -> str:
    """Date and time of a frame's study as DICOM writes them, sortable; "" without a date."""
    date = str(frame.header.get("StudyDate") or "")
    return f"{date}{frame.header.get('StudyTime') or ''}" if date else ""
