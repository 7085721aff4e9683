"""Thumbnails: the series of the open study as small pictures with their count."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QIcon, QPixmap
from PyQt6.QtWidgets import QButtonGroup, QGridLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.image.thumbnail import middle, thumbnail
from dicom_io.study import Series
from ui import theme
from ui.jobs import Job, Jobs
from ui.language import tr
from ui.viewport.dragging import SeriesDrag
from ui.viewport.overlay import plain
from ui.viewport.picture import as_image

SIDE = theme.THUMBNAIL  # logical pixels
COLUMNS = 2


@dataclass(frozen=True)
class SeriesEntry:
    """A series with its frames, or one stack of it; `frames` is empty while they are still in the
    PACS."""

    series: Series
    frames: tuple[ImageFrame, ...] = ()
    part: str = ""  # what tells a stack from the series' others: "phase 2 of 4"
    warnings: tuple[str, ...] = ()  # a sentence each: missing slices, doubles, ...

    @property
    def name(self) -> Identity:
        """What it is dragged as: its first image, or the series while none is here."""
        return self.frames[0].identity if self.frames else self.series.identity

    def holds(self, image: Identity) -> bool:
        """True when this image, or an image of this object for frame 0, is among the frames."""
        return any(
            frame.identity == image
            or (not image.frame and frame.identity.instance == image.instance)
            for frame in self.frames
        )

    @property
    def count_text(self) -> str:
        """ "20 images", and where they are when they are not here."""
        images = self.images_text
        if self.frames:
            return images
        return tr("{images} in PACS", images=images) if images else tr("in PACS")

    @property
    def images_text(self) -> str:
        """ "20 images"; "" when nobody knows how many."""
        count = len(self.frames) or self.series.instance_count
        if not count:
            return ""
        return tr("1 image") if count == 1 else tr("{count} images", count=count)


class Thumbnails(QWidget):
    """A grid of series; a click or Enter chooses one. Pictures come from the disk pool."""

    series_chosen = pyqtSignal(object)  # SeriesEntry

    def __init__(self, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._entries: list[SeriesEntry] = []
        self._tiles: list[_Tile] = []
        self._running: list[Job] = []
        self._keys: frozenset[Identity] = frozenset()  # key images of this study
        self._shown: dict[Identity, str] = {}  # which pane shows what, by `SeriesEntry.name`
        self._drawn: dict[Identity, NDArray[np.uint8]] = {}  # by the frame that stands for a series
        self._group = QButtonGroup(self)
        self._group.idClicked.connect(self._choose)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(theme.SPACES[1])
        self._grid.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.setAccessibleName(tr("Series of this study"))

    def set_series(self, entries: Sequence[SeriesEntry]) -> None:
        """Show these series instead; pictures already made are kept if they are shown again."""
        for job in self._running:
            job.cancel()
        self._running.clear()
        current = self._marked()
        for tile in self._tiles:
            self._group.removeButton(tile.button)
            self._grid.removeWidget(tile)
            tile.hide()  # or one that was not shown yet would come up as a window
            tile.deleteLater()
        self._entries = list(entries)
        wanted = {middle(entry.frames).identity for entry in entries if entry.frames}
        self._drawn = {name: one for name, one in self._drawn.items() if name in wanted}
        self._tiles = []
        for number, entry in enumerate(self._entries):
            tile = _Tile(entry)
            self._tiles.append(tile)
            self._group.addButton(tile.button, number)
            self._grid.addWidget(tile, number // COLUMNS, number % COLUMNS)
            if entry.frames:
                self._picture(tile, middle(entry.frames))
            SeriesDrag(tile.button, entry.name)
        self.mark_shown(self._shown)
        self.mark_keys(self._keys)
        if current is not None:
            self.select(current)

    def entries(self) -> tuple[SeriesEntry, ...]:
        """What is shown, in order."""
        return tuple(self._entries)

    def button(self, number: int) -> QToolButton:
        """The button of a series, by its place. Raises IndexError."""
        return self._tiles[number].button

    def select(self, shown: Identity) -> None:
        """Mark what is on the screen; nothing is chosen by that. Of a series in several stacks the
        one with that image; for a series alone the one that is marked already, else the first."""
        own = [n for n, e in enumerate(self._entries) if e.series.identity.series == shown.series]
        if shown.instance:
            holding = [n for n in own if self._entries[n].holds(shown)]
        else:
            holding = [n for n in own if n == self._group.checkedId()]
        for number in (holding or own)[:1]:
            self._tiles[number].button.setChecked(True)

    def _marked(self) -> Identity | None:
        """The first image of what is marked, or its series."""
        number = self._group.checkedId()
        return self._entries[number].name if 0 <= number < len(self._entries) else None

    def mark_shown(self, shown: Mapping[Identity, str]) -> None:
        """Say at each picture which panes show it, "pane 2"; by `SeriesEntry.name`."""
        self._shown = dict(shown)
        for entry, tile in zip(self._entries, self._tiles, strict=True):
            tile.mark(self._shown.get(entry.name, ""))

    def mark_keys(self, keys: Collection[Identity]) -> None:
        """Say at each picture how many of its images are key images."""
        self._keys = frozenset(keys)
        for entry, tile in zip(self._entries, self._tiles, strict=True):
            own = sum(frame.identity in self._keys for frame in entry.frames) if keys else 0
            tile.count_keys(own)

    def current(self) -> Identity | None:
        """The series that is marked."""
        number = self._group.checkedId()
        return self._entries[number].series.identity if 0 <= number < len(self._entries) else None

    def _choose(self, number: int) -> None:
        self.series_chosen.emit(self._entries[number])

    def _picture(self, tile: _Tile, frame: ImageFrame) -> None:
        """Draw what was made before, or have it made."""
        made = self._drawn.get(frame.identity)
        if made is not None:
            tile.draw(made)
            return

        def arrived(pixels: NDArray[np.uint8]) -> None:
            self._drawn[frame.identity] = pixels
            tile.draw(pixels)

        side = round(SIDE * self.devicePixelRatioF())
        job = self._jobs.start(
            _drawing(frame, side),
            on_item=arrived,
            on_failed=lambda problem: tile.fail(problem),
            pool="disk",
        )
        self._running.append(job)


class _Tile(QWidget):
    """One series: picture, then what it is and how many."""

    def __init__(self, entry: SeriesEntry) -> None:
        super().__init__()
        series = entry.series
        number = "–" if series.number is None else str(series.number)
        name = plain(series.description) or plain(series.body_part) or tr("no description")
        part, told = plain(entry.part), " ".join(entry.warnings)
        pieces = (
            tr("Series {number}", number=number),
            series.modality or "–",
            name,
            part,
            entry.count_text,
        )
        whole = ", ".join(piece for piece in pieces if piece)
        whole = f"{whole}. {told}" if told else whole
        self.button = QToolButton()
        self.button.setObjectName("thumbnail")
        self.button.setCheckable(True)
        self.button.setAutoExclusive(True)
        self.button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.button.setFixedSize(SIDE, SIDE)
        self.button.setIconSize(QSize(SIDE - 4, SIDE - 4))
        self.button.setToolTip(whole.replace("&", "&amp;").replace("<", "&lt;"))
        self.button.setAccessibleName(whole)
        if not entry.frames:
            self.button.setText(tr("In PACS"))
        here = entry.images_text or tr("in PACS")  # where they are the tile itself says
        caption = QLabel(f"{plain(series.modality) or '–'} · {here}")
        caption.setTextFormat(Qt.TextFormat.PlainText)
        caption.setProperty("role", "quiet")
        caption.setProperty("small", True)
        caption.setMaximumWidth(SIDE)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.SPACES[0])
        self._whole = whole
        self.where = QLabel()
        self.where.setTextFormat(Qt.TextFormat.PlainText)
        self.where.setProperty("role", "place")
        self.where.setProperty("small", True)
        self.where.hide()
        self.keys = _line("", "quiet")
        self.keys.hide()
        layout.addWidget(self.button)
        layout.addWidget(caption)
        for words, role in ((part, "quiet"), (told, "alarm")):
            if words:
                layout.addWidget(_line(words, role))
        layout.addWidget(self.keys)
        layout.addWidget(self.where)

    def mark(self, where: str) -> None:
        """Say in which panes this is shown, to the eye and to a screen reader; "" for nowhere."""
        self.where.setText(where)
        self.where.setVisible(bool(where))
        self.button.setAccessibleName(f"{self._whole}, {where}" if where else self._whole)

    def count_keys(self, count: int) -> None:
        """Say how many key images there are; nothing for none."""
        words = tr("1 key image") if count == 1 else tr("{count} key images", count=count)
        self.keys.setText(f"◆ {words}" if count else "")
        self.keys.setVisible(count > 0)

    def draw(self, pixels: NDArray[np.uint8]) -> None:
        """Put the picture on the button."""
        picture = QPixmap.fromImage(as_image(np.ascontiguousarray(pixels)).copy())
        picture.setDevicePixelRatio(self.devicePixelRatioF())
        self.button.setIcon(QIcon(picture))

    def fail(self, problem: Exception) -> None:
        """No picture: a word on the tile, the sentence as its tooltip."""
        self.button.setText(tr("No picture"))
        self.button.setToolTip(plain(str(problem)).replace("&", "&amp;").replace("<", "&lt;"))


def _line(words: str, role: str) -> QLabel:
    """One line below a picture, cut to its width; the whole of it is in the tooltip."""
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", role)
    label.setProperty("small", True)
    label.ensurePolished()
    metrics = label.fontMetrics()
    label.setText(metrics.elidedText(words, Qt.TextElideMode.ElideRight, SIDE))
    label.setToolTip(words.replace("&", "&amp;").replace("<", "&lt;"))
    label.setMaximumWidth(SIDE)
    return label


def _drawing(
    frame: ImageFrame, side: int
) -> Callable[[Callable[[], bool]], Iterator[NDArray[np.uint8]]]:
    """The work of making one small picture, for a pool thread."""

    def work(cancelled: Callable[[], bool]) -> Iterator[NDArray[np.uint8]]:
        if not cancelled():
            yield thumbnail(frame, side)

    return work
