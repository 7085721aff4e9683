"""The left side: search and studies above, the series of the open study below."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.source import Source
from dicom_io.study import Series, Study
from ui import theme
from ui.jobs import Jobs
from ui.worklist.study_list import StudyList
from ui.worklist.thumbnails import SIDE, SeriesEntry, Thumbnails

PAUSE = 250  # ms between two looks at which series have grown


class WorklistSide(QWidget):
    """Study list, progress of the study that is loading, and its series as thumbnails."""

    series_chosen = pyqtSignal(object)  # SeriesEntry

    def __init__(
        self,
        jobs: Jobs,
        sources: Sequence[Source],
        on_disk: Callable[[], Sequence[Study]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(theme.LEFT_WIDTH)
        self._frames: dict[str, list[ImageFrame]] = {}  # by SeriesInstanceUID
        self.studies = StudyList(jobs, sources, on_disk, self)
        self.thumbnails = Thumbnails(jobs, self)
        self.thumbnails.series_chosen.connect(self.series_chosen)
        self._heading = QLabel("Series")
        self._loading = QLabel()
        self._grown = QTimer(self)
        self._grown.setSingleShot(True)
        self._grown.setInterval(PAUSE)
        self._grown.timeout.connect(self._show_series)
        self._lay_out()

    def clear_series(self) -> None:
        """Another study is opened."""
        self._frames.clear()
        self._grown.stop()
        self.say("")
        self._show_series()

    def add_frames(self, frames: Iterable[ImageFrame]) -> None:
        """More images of the open study; a new series is shown at once."""
        before = len(self._frames)
        for frame in frames:
            self._frames.setdefault(frame.identity.series, []).append(frame)
        if len(self._frames) > before:
            self._show_series()
        elif not self._grown.isActive():
            self._grown.start()

    def series(self, series: str) -> tuple[ImageFrame, ...]:
        """The frames of a series that are here, in order."""
        return in_order(self._frames.get(series, ()))

    def select(self, identity: Identity) -> None:
        """Mark the series on the screen."""
        self.thumbnails.select(identity)

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
        entries = [SeriesEntry(series_of(in_order(f)), in_order(f)) for f in self._frames.values()]
        entries.sort(key=lambda entry: (entry.series.number is None, entry.series.number or 0))
        self.thumbnails.set_series(entries)
        self._heading.setVisible(bool(entries))
        before: QWidget = self.studies.list
        for number in range(len(entries)):
            QWidget.setTabOrder(before, self.thumbnails.button(number))
            before = self.thumbnails.button(number)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.studies, 3)
        edge = theme.SPACES[2]
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
        self._shelf.setMinimumHeight(SIDE + 3 * theme.SPACES[4])
        column.addWidget(self._shelf, 2)
        self._heading.hide()


def in_order(frames: Iterable[ImageFrame]) -> tuple[ImageFrame, ...]:
    """By InstanceNumber, then by frame; without a number by UID, so that the order is the same
    at every opening."""

    def place(frame: ImageFrame) -> tuple[bool, int, str, int]:
        number = whole_number(frame, "InstanceNumber")
        unknown = number is None
        return unknown, number or 0, frame.identity.instance, frame.index

    return tuple(sorted(frames, key=place))


def series_of(frames: Sequence[ImageFrame]) -> Series:
    """What the header of the first frame says of its series."""
    first = frames[0]

    def text(keyword: str) -> str:
        return str(first.header.get(keyword) or "").strip()

    one = first.identity
    return Series(
        Identity(one.patient_id, one.issuer, one.study, one.series),
        whole_number(first, "SeriesNumber"),
        first.modality,
        text("SeriesDescription"),
        text("BodyPartExamined"),
        len(frames),
    )


def whole_number(frame: ImageFrame, keyword: str) -> int | None:
    """An IS attribute of the header, None when it is absent or no number."""
    try:
        return int(str(frame.header.get(keyword)))
    except ValueError:
        return None
