"""The rows of the study list: a model of studies, and how one is drawn in two lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PyQt6.QtCore import QAbstractListModel, QModelIndex, QObject, QRect, QSize, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PyQt6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from dicom_io.study import Study
from ui import theme
from ui.language import tr
from ui.wording import NONE, spoken_date, whole_name

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
    """Studies in the order of their arrival, each once."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Listed] = []
        self._marks: dict[str, Mark] = {}
        self.open_study = ""  # UID of the study on the screen

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or not 0 <= index.row() < len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == STUDY:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{whole_name(row.study.patient_name)}, {second_line(row)}"
        if role == Qt.ItemDataRole.ToolTipRole:
            return tool_tip(row)
        return None

    def listed(self, row: int) -> Listed | None:
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def row_of(self, study: str) -> int:
        """The row of the study with that UID, -1 when it is not listed."""
        uids = [row.study.identity.study for row in self._rows]
        return uids.index(study) if study in uids else -1

    def clear(self) -> None:
        self.beginResetModel()
        self._rows.clear()
        self.endResetModel()

    def add(self, row: Listed) -> None:
        """Add a study, or add what is new about it to its row; the source's word prevails."""
        place = self.row_of(row.study.identity.study)
        if place < 0:
            self.beginInsertRows(QModelIndex(), len(self._rows), len(self._rows))
            self._rows.append(row)
            self.endInsertRows()
            return
        old = self._rows[place]
        study = row.study if row.source or not old.source else old.study
        on_disk = old.on_disk or row.on_disk
        self._rows[place] = Listed(study, old.source or row.source, on_disk)
        self._changed(place)

    def show_marks(self, marks: Mapping[str, Mark]) -> None:
        """What became of each study's report, by StudyInstanceUID."""
        self._marks = dict(marks)
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))

    def mark(self, study: str) -> Mark | None:
        return self._marks.get(study)

    def show_open(self, study: str) -> None:
        self.open_study = study
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))

    def _changed(self, place: int) -> None:
        self.dataChanged.emit(self.index(place), self.index(place))


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
