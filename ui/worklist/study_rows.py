"""The rows of the study list: a model of studies, and how one is drawn in two lines."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from PyQt6.QtCore import QAbstractListModel, QModelIndex, QObject, QRect, QSize, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PyQt6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from dicom_io.study import Study
from ui import theme
from ui.language import tr
from ui.wording import NONE, spoken_date, whole_name

PAGE = 500  # rows that a view gets at a time
STUDY = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class Mark:
    """What became of a study's report: words, and what they mean (quiet, ai, proven, alarm)."""

    text: str
    tone: str = "quiet"


@dataclass(frozen=True, slots=True)
class Listed:
    """One row: the study, where it can be fetched, and whether it is on this disk."""

    study: Study
    source: str = ""  # name of the source that listed it; "" for a study of the disk alone
    on_disk: bool = False


class StudyRows(QAbstractListModel):
    """Studies in the order of their arrival, each once; those that a filter leaves are the rows.

    Built for a hundred thousand: a study is found by its UID without looking at the others, many
    come in with one word to the views, a letter more is looked for in what was left before, and a
    view gets a page of rows at a time, more when it is scrolled to the end (Qt asks a model row by
    row, which is slow in Python). `count` is how many there are behind the page.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: list[Listed] = []
        self._texts: list[str] = []  # what a filter looks at, for each of them
        self._places: dict[str, int] = {}  # by StudyInstanceUID
        self._shown: list[int] = []  # places of the rows, rising
        self._given = 0  # of these, how many the views have
        self._is_giving = False
        self._wanted = ""
        self._marks: dict[str, Mark] = {}
        self.open_study = ""  # UID of the study on the screen

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else self._given

    def canFetchMore(self, parent: QModelIndex) -> bool:
        more = self._given < len(self._shown)
        return more and not self._is_giving and not parent.isValid()

    def fetchMore(self, parent: QModelIndex) -> None:
        self._give(self._given + PAGE)

    def _give(self, rows: int) -> None:
        """Let the views have so many rows."""
        last = min(rows, len(self._shown)) - 1
        if last >= self._given and not self._is_giving:
            self._is_giving = True  # a view may ask for more while it is told
            self.beginInsertRows(QModelIndex(), self._given, last)
            self._given = last + 1
            self.endInsertRows()
            self._is_giving = False

    def count(self) -> int:
        """How many studies the filter leaves."""
        return len(self._shown)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.listed(index.row()) if index.isValid() else None
        if row is None:
            return None
        if role == STUDY:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{whole_name(row.study.patient_name)}, {second_line(row)}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return tool_tip(row)
        return None

    def listed(self, row: int) -> Listed | None:
        return self._all[self._shown[row]] if 0 <= row < len(self._shown) else None

    def row_of(self, study: str) -> int:
        """The row of the study with that UID, -1 when it is not listed or filtered out. The views
        have the row from then on."""
        row = self._row(study)
        self._give(row + 1)
        return row

    def following(self, study: str) -> Listed | None:
        """What stands below that study, None below the last; the first when it is not there."""
        return self.listed(self._row(study) + 1)

    def _row(self, study: str) -> int:
        place = self._places.get(study, -1)
        row = bisect_left(self._shown, place)
        return row if place >= 0 and row < len(self._shown) and self._shown[row] == place else -1

    def clear(self) -> None:
        """Forget every study, and the filter."""
        self.beginResetModel()
        self._all.clear()
        self._texts.clear()
        self._places.clear()
        self._shown = []
        self._given = 0
        self._wanted = ""
        self.endResetModel()

    def filter(self, text: str) -> None:
        """Leave the studies whose name, ID or accession holds the text; "" leaves all."""
        wanted, before = searched_for(text), self._wanted
        if wanted == before:
            return
        texts = self._texts
        left = self._shown if before in wanted else range(len(texts))
        self.beginResetModel()
        self._wanted = wanted
        self._shown = [place for place in left if wanted in texts[place]] if wanted else list(left)
        self._given = min(PAGE, len(self._shown))
        self.endResetModel()

    def add(self, row: Listed) -> None:
        """Add a study, or add what is new about it to its row; the source's word prevails."""
        self.add_all((row,))

    def add_all(self, rows: Iterable[Listed]) -> None:
        """Add many at once."""
        fresh: dict[str, Listed] = {}
        for row in rows:
            uid = row.study.identity.study
            if uid in self._places:
                self._renew(uid, row)
            else:
                fresh[uid] = _joined(fresh[uid], row) if uid in fresh else row
        begin = len(self._all)
        texts = [text_of(row.study) for row in fresh.values()]
        left = [begin + at for at, text in enumerate(texts) if self._wanted in text]
        self._all += fresh.values()
        self._texts += texts
        self._places.update(zip(fresh, range(begin, len(self._all)), strict=True))
        self._shown += left
        if self._given < PAGE:
            self._give(PAGE)

    def _renew(self, uid: str, row: Listed) -> None:
        place = self._places[uid]
        self._all[place] = _joined(self._all[place], row)
        self._texts[place] = text_of(self._all[place].study)
        self._changed(uid)

    def show_marks(self, marks: Mapping[str, Mark]) -> None:
        """What became of each study's report, by StudyInstanceUID."""
        self._marks = dict(marks)
        if self._given:
            self.dataChanged.emit(self.index(0), self.index(self._given - 1))

    def mark(self, study: str) -> Mark | None:
        return self._marks.get(study)

    def show_open(self, study: str) -> None:
        """Mark the study on the screen, and no other."""
        before, self.open_study = self.open_study, study
        self._changed(before)
        self._changed(study)

    def _changed(self, study: str) -> None:
        row = self._row(study)
        if 0 <= row < self._given:
            self.dataChanged.emit(self.index(row), self.index(row))


def _joined(old: Listed, new: Listed) -> Listed:
    """One row of what two said of a study; a source's word prevails over the disk's."""
    study = new.study if new.source or not old.source else old.study
    return Listed(study, old.source or new.source, old.on_disk or new.on_disk)


def searched_for(text: str) -> str:
    """What a text typed in the search field looks for."""
    return text.strip("* ").casefold()


def text_of(study: Study) -> str:
    """What a search looks at: name as stored and as spoken, ID and accession."""
    name = study.patient_name
    parts = (name, name.replace("^", ", "), study.identity.patient_id, study.accession)
    return "\n".join(parts).casefold()


class StudyDelegate(QStyledItemDelegate):
    """Draws who and modality, then what, when and state."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        lines = option.fontMetrics.lineSpacing() + QFontMetrics(_small(option)).lineSpacing()
        return QSize(theme.LEFT_WIDTH, lines + theme.SPACES[0] + 2 * theme.SPACES[1])

    def paint(
        self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        model = index.model()
        row = index.data(STUDY)
        if painter is None or not isinstance(model, StudyRows) or not isinstance(row, Listed):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = option.rect.adjusted(0, 1, 0, -1)
        uid = row.study.identity.study
        self._ground(painter, option, box, uid == model.open_study)
        inside = box.adjusted(theme.SPACES[1], theme.SPACES[1] - 1, -theme.SPACES[1], 0)
        self._first_line(painter, option, inside, row)
        self._second_line(painter, option, inside, row, model.mark(uid))
        painter.restore()

    def _ground(
        self, painter: QPainter, option: QStyleOptionViewItem, box: QRect, is_open: bool
    ) -> None:
        state = option.state
        raised = QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver
        painter.setPen(Qt.PenStyle.NoPen)
        if is_open or state & raised:
            painter.setBrush(QColor(theme.RAISED))
            painter.drawRoundedRect(box, theme.CORNER, theme.CORNER)
        if is_open:
            painter.setBrush(QColor(theme.PLACE))
            painter.drawRoundedRect(QRect(box.left(), box.top(), 2, box.height()), 1, 1)
        if state & QStyle.StateFlag.State_HasFocus and state & QStyle.StateFlag.State_Selected:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QColor(theme.PLACE))
            painter.drawRoundedRect(box.adjusted(0, 0, -1, -1), theme.CORNER, theme.CORNER)

    def _first_line(
        self, painter: QPainter, option: QStyleOptionViewItem, box: QRect, row: Listed
    ) -> None:
        metrics = option.fontMetrics
        line = QRect(box.left(), box.top(), box.width(), metrics.lineSpacing())
        painter.setFont(_small(option))
        painter.setPen(QColor(theme.QUIET))
        modalities = "/".join(row.study.modalities) or NONE
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | _MIDDLE, modalities)
        taken = QFontMetrics(_small(option)).horizontalAdvance(modalities) + theme.SPACES[1]
        painter.setFont(option.font)
        painter.setPen(QColor(theme.TEXT))
        name = whole_name(row.study.patient_name)
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, line.width() - taken)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | _MIDDLE, shown)

    def _second_line(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        box: QRect,
        row: Listed,
        mark: Mark | None,
    ) -> None:
        metrics = QFontMetrics(_small(option))
        top = box.top() + option.fontMetrics.lineSpacing() + theme.SPACES[0]
        line = QRect(box.left(), top, box.width(), metrics.lineSpacing())
        painter.setFont(_small(option))
        what, when = description(row), f" · {spoken_date(row.study.date)}"
        ending = f" · {mark.text}" if mark else ""
        room = line.width() - metrics.horizontalAdvance(when + ending)
        shown = metrics.elidedText(what, Qt.TextElideMode.ElideRight, room) + when
        painter.setPen(QColor(theme.QUIET))
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | _MIDDLE, shown)
        if mark:
            left = line.left() + metrics.horizontalAdvance(shown)
            painter.setPen(QColor(theme.of_role(mark.tone)))
            painter.drawText(
                QRect(left, top, line.right() - left + 1, line.height()),
                Qt.AlignmentFlag.AlignLeft | _MIDDLE,
                ending,
            )


_MIDDLE = Qt.AlignmentFlag.AlignVCenter


def _small(option: QStyleOptionViewItem) -> QFont:
    font = QFont(option.font)
    size = option.font.pixelSize()
    font.setPixelSize(theme.small(size if size > 0 else theme.FONT_SIZE))
    return font


def second_line(row: Listed) -> str:
    """What and when."""
    return f"{description(row)} · {spoken_date(row.study.date)}"


def description(row: Listed) -> str:
    return row.study.description or tr("No description")


def tool_tip(row: Listed) -> str:
    study = row.study
    place = tr("on this disk") if row.on_disk else tr("in {source}", source=row.source)
    return "\n".join(
        (
            whole_name(study.patient_name),
            tr("ID {id}", id=study.identity.patient_id or NONE),
            tr(
                "Born {date}, sex {sex}",
                date=spoken_date(study.birth_date),
                sex=study.sex or NONE,
            ),
            tr("Accession {accession}", accession=study.accession or NONE),
            tr("{count} objects, {place}", count=study.instance_count or NONE, place=place),
        )
    )
