"""MarkEditor: a small field on the film to write a mark's words in, right where they stand."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, QPointF, Qt, pyqtSignal
from PyQt6.QtGui import QFocusEvent, QFontMetrics
from PyQt6.QtWidgets import QLineEdit, QWidget

from dicom_io.image.annotation import Annotation
from ui import theme
from ui.language import tr

LONGEST = 120  # characters
LEAST_WIDTH = 160  # logical pixels


class MarkEditor(QObject):
    """Enter keeps what is written, and so does a click elsewhere or another image; Esc does not."""

    written = pyqtSignal(object, str)  # the mark as it was, its words now

    def __init__(self, pane: QWidget) -> None:
        super().__init__(pane)
        self._pane = pane
        self._mark: Annotation | None = None
        self._field = QLineEdit(pane)
        self._field.setObjectName("mark-editor")
        self._field.setAccessibleName(tr("Words beside the mark"))
        self._field.setMaxLength(LONGEST)
        self._field.hide()
        self._field.returnPressed.connect(self.finish)
        self._field.textChanged.connect(self._fit)
        self._field.installEventFilter(self)

    def open(self, mark: Annotation, at: QPointF) -> None:
        """Write beside this mark; the field stands at that point of the pane."""
        self.finish()
        self._mark = mark
        self._field.setText(mark.text)
        self._fit()
        room = self._pane.rect()
        x = min(max(int(at.x()), 0), max(0, room.width() - self._field.width()))
        y = min(max(int(at.y()), 0), max(0, room.height() - self._field.height()))
        self._field.move(x, y)
        self._field.show()
        self._field.setFocus(Qt.FocusReason.OtherFocusReason)
        self._field.selectAll()

    def holds(self, name: str) -> bool:
        """True while the words of that mark are being written."""
        return self._mark is not None and self._mark.id == name

    def finish(self) -> None:
        """Keep what is written; nothing happens when nothing is being written."""
        mark = self._close()
        if mark is not None:
            self.written.emit(mark, self._field.text().strip())

    def give_up(self) -> bool:
        """Leave the words as they were; False when nothing is being written."""
        return self._close() is not None

    def _close(self) -> Annotation | None:
        mark, self._mark = self._mark, None
        if mark is not None:
            had_focus = self._field.hasFocus()
            self._field.hide()
            if had_focus:
                self._pane.setFocus(Qt.FocusReason.OtherFocusReason)
        return mark

    def _fit(self) -> None:
        """As wide as the words, from a least width to the pane's."""
        wide = QFontMetrics(self._field.font()).horizontalAdvance(self._field.text())
        wide = max(LEAST_WIDTH, wide + 4 * theme.SPACES[2])
        self._field.resize(min(wide, self._pane.width()), self._field.sizeHint().height())

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """The focus has gone elsewhere: what is written is kept."""
        if isinstance(event, QFocusEvent) and event.type() == QEvent.Type.FocusOut:
            if event.reason() != Qt.FocusReason.PopupFocusReason:  # its own menu
                self.finish()
        return False
