"""Dragging a series from its thumbnail to a pane."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QMimeData, QObject, QPointF, Qt
from PyQt6.QtGui import QDrag, QMouseEvent
from PyQt6.QtWidgets import QAbstractButton, QApplication

from dicom_io.identity import Identity

SERIES_DRAG = "application/x-wetread-series"  # the key of an identity, in UTF-8


def as_drag(series: Identity) -> QMimeData:
    """What a thumbnail carries: the identity of the first image of what it stands for."""
    carried = QMimeData()
    carried.setData(SERIES_DRAG, series.key().encode())
    return carried


def dragged(carried: QMimeData | None) -> Identity | None:
    """What is carried; None for anything else than one of our thumbnails."""
    if carried is None or not carried.hasFormat(SERIES_DRAG):
        return None
    try:
        return Identity.from_key(bytes(carried.data(SERIES_DRAG).data()).decode())
    except (ValueError, UnicodeDecodeError):
        return None


class SeriesDrag(QObject):
    """Lets a button be dragged; a press that goes nowhere stays a click."""

    def __init__(self, button: QAbstractButton, series: Identity) -> None:
        super().__init__(button)
        self._button = button
        self._series = series
        self._start: QPointF | None = None
        button.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if not isinstance(event, QMouseEvent):
            return False
        kind = event.type()
        if kind == QEvent.Type.MouseButtonPress and event.button() == Qt.MouseButton.LeftButton:
            self._start = event.position()
        elif kind == QEvent.Type.MouseButtonRelease:
            self._start = None
        elif kind == QEvent.Type.MouseMove and self._start is not None:
            way = event.position() - self._start
            if way.manhattanLength() >= QApplication.startDragDistance():
                self._start = None
                self._drag()
                return True
        return False

    def _drag(self) -> None:
        """Carry the picture until the button is let go, over a pane or anywhere."""
        self._button.setDown(False)  # so that letting go is no click
        drag = QDrag(self._button)
        drag.setMimeData(as_drag(self._series))
        drag.setPixmap(self._button.icon().pixmap(self._button.iconSize() / 2))
        drag.exec(Qt.DropAction.CopyAction)
