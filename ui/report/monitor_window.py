"""What became of the models' suggestions: a table, a plot and a CSV file, by version and month."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from PyQt6.QtCore import QObject, QRectF, QSize, Qt
from PyQt6.QtGui import QBrush, QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import (
    QDialog,
    QFileDialog,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from dicom_io.audit import AuditLog
from dicom_io.report.drafts import Drafts
from dicom_io.report.monitoring import Count, as_csv, count
from dicom_io.storage import DataRoot, write_safely
from ui import theme
from ui.actions import Action
from ui.jobs import Jobs
from ui.language import tr

EDGE, WORDS = 12, 32  # around the bars, and below them


class Plot(QWidget):
    """For each version and month a bar: accepted (full), edited (hatched), rejected (empty)."""

    def __init__(self, counts: Sequence[Count]) -> None:
        super().__init__()
        self._bars = [one for one in counts if one.suggested]
        self.setAccessibleName(tr("Sentences accepted (full), edited (hatched), rejected (empty)"))

    def sizeHint(self) -> QSize:
        return QSize(theme.scaled(640), theme.scaled(200))

    def paintEvent(self, event: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.RAISED))
        step = (self.width() - 2 * EDGE) / max(len(self._bars), 1)
        wide, tall = min(step * 0.7, 96.0), self.height() - 2 * EDGE - WORDS
        for position, one in enumerate(self._bars):
            left, top = EDGE + position * step, float(EDGE)
            painter.setPen(QColor(theme.PLACE))
            for number, fill in (
                (one.rejected, Qt.BrushStyle.NoBrush),
                (one.edited, Qt.BrushStyle.BDiagPattern),
                (one.accepted, Qt.BrushStyle.SolidPattern),
            ):
                high = tall * number / one.suggested
                painter.setBrush(QBrush(QColor(theme.PLACE), fill))
                painter.drawRect(QRectF(left, top, wide, high))
                top += high
            painter.setPen(QColor(theme.TEXT))
            below = QRectF(left, self.height() - EDGE - WORDS, step, WORDS)
            painter.drawText(below, f"{one.month}\n{one.model} {one.version}")


class MonitorWindow(QDialog):
    """The counts of this workstation; readers are not counted apart."""

    def __init__(
        self, counts: Sequence[Count], save: Callable[[Path], None], parent: QWidget | None
    ) -> None:
        """`save` writes the counts into a CSV file."""
        super().__init__(parent)
        self.setWindowTitle(tr("What became of suggestions"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._write = save
        self.table = QTableWidget(len(counts), len(_headings()))
        self.table.setHorizontalHeaderLabels(_headings())
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        for row, one in enumerate(counts):
            for column, text in enumerate(_cells(one)):
                self.table.setItem(row, column, QTableWidgetItem(text))
        self.table.resizeColumnsToContents()
        self.plot = Plot(counts)
        self.said = QLabel(
            tr("Full: accepted. Hatched: edited. Empty: rejected. No word of a report is shown.")
            if counts
            else tr("No report with a model's suggestion was signed here yet.")
        )
        self.said.setProperty("role", "quiet")
        self.said.setWordWrap(True)
        self.save = QPushButton(tr("Save as CSV"))
        self.save.setProperty("role", "plain")
        self.save.setEnabled(bool(counts))
        self.save.clicked.connect(self._ask)
        lines = QVBoxLayout(self)
        lines.setSpacing(theme.SPACES[3])
        for widget in (self.table, self.plot, self.said, self.save):
            lines.addWidget(widget)
        self.resize(theme.scaled(900), theme.scaled(520))

    def _ask(self) -> None:
        chosen, _ = QFileDialog.getSaveFileName(self, tr("Save as CSV"), "model.csv", "*.csv")
        if chosen:
            self._write(Path(chosen))


class Watching(QObject):
    """Counts on a pool thread and shows the window."""

    def __init__(
        self, root: DataRoot, jobs: Jobs, say: Callable[[str, str], None], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._root, self._jobs, self._say, self._window = root, jobs, say, parent
        self.shown: MonitorWindow | None = None

    def action(self) -> Action:
        """For the action table."""
        return Action(
            "report.monitor", tr("What became of suggestions"), "", self.begin, group="Report"
        )

    def begin(self) -> None:
        """Count what was signed here, then show it."""
        self._jobs.start(self._count, on_item=self._show, pool="disk", urgent=True)

    def _count(self, cancelled: Callable[[], bool]) -> Iterator[tuple[Count, ...]]:
        yield count(Drafts(self._root.drafts).list(), AuditLog(self._root.audit).entries())

    def _show(self, counts: tuple[Count, ...]) -> None:
        def save(path: Path) -> None:
            def write(cancelled: Callable[[], bool]) -> Iterator[None]:
                write_safely(path, as_csv(counts).encode("utf-8"))
                yield None

            saved = tr("Saved {name}.", name=str(path))
            self._jobs.start(write, on_done=lambda: self._say(saved, "quiet"), pool="disk")

        self.shown = MonitorWindow(counts, save, self._window)
        self.shown.destroyed.connect(self._forget)
        self.shown.show()

    def _forget(self) -> None:
        self.shown = None


def _headings() -> list[str]:
    return [
        tr("Month"), tr("Model"), tr("Reports"), tr("Accepted"), tr("Edited"), tr("Rejected"),
        tr("Accepted as they were"), tr("Words changed"), tr("Refusals"),
    ]  # fmt: skip


def _cells(one: Count) -> list[str]:
    numbers = (one.drafts, one.accepted, one.edited, one.rejected)
    shares = (one.acceptance, one.edit_distance)
    return [
        one.month,
        f"{one.model} {one.version}".strip(),
        *(str(number) for number in numbers),
        *("" if share is None else f"{share:.0%}" for share in shares),
        str(one.refusals),
    ]
