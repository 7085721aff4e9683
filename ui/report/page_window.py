"""The page of a report of any maker: what it says line by line, and what leads to an image."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QAbstractListModel, QModelIndex, QObject, QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QGuiApplication, QPainter
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QListView,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from dicom_io.report.pages.page import Line, Link, Page, Standing
from dicom_io.report.pages.words import as_text, line_text
from ui import theme
from ui.language import later, tr
from ui.report.sentence_row import set_property

STANDINGS = {
    Standing.DRAFT: (later("draft"), "ai"),
    Standing.UNVERIFIED: (later("not verified"), "ai"),
    Standing.VERIFIED: (later("verified"), "proven"),
    Standing.SUPERSEDED: (later("superseded"), "alarm"),
    Standing.UNSTATED: ("", "quiet"),
}
FACTS = {
    "Patient": later("Patient"),
    "Patient ID": later("Patient ID"),
    "Written": later("Written"),
    "Author": later("Author"),
    "Verified by": later("Verified by"),
    "Manufacturer": later("Manufacturer"),
}  # of those that a page states, the ones that its window shows
DEEPEST = 12  # levels that are indented; what lies deeper says its level
MOST_ROW = 4000  # letters that one row shows


class Lines(QAbstractListModel):
    """The lines below the root, as rows."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._page: Page | None = None
        self._links: dict[int, Link] = {}
        self._codes = False

    def show_page(self, page: Page | None) -> None:
        self.beginResetModel()
        self._page = page
        self._links = page.links() if page is not None else {}
        self.endResetModel()

    def show_codes(self, shown: bool) -> None:
        self.beginResetModel()
        self._codes = shown
        self.endResetModel()

    def line(self, index: QModelIndex) -> Line | None:
        at = index.row() + 1
        return self._page.lines[at] if self._page is not None and index.isValid() else None

    def link(self, index: QModelIndex) -> Link | None:
        return self._links.get(index.row() + 1) if index.isValid() else None

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 (as Qt has it)
        return len(self._page.lines) - 1 if self._page is not None and not parent.isValid() else 0

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        line = self.line(index)
        if line is None or self._page is None:
            return None
        leads = index.row() + 1 in self._links
        if role == Qt.ItemDataRole.DisplayRole:
            text = line_text(self._page, line, codes=self._codes)[:MOST_ROW]
            level = f"{line.depth}: " if line.depth > DEEPEST else ""
            return f"{level}{text}{tr('  › image') if leads else ''}"
        if role == Qt.ItemDataRole.ForegroundRole and leads:
            return QColor(theme.PLACE)
        return None


class Indented(QStyledItemDelegate):
    """Rows that begin where their level is, and wrap."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        view = option.widget
        whole = view.viewport().width() if isinstance(view, QListView) and view.viewport() else 400  # type: ignore[union-attr]  # asked just before
        width = max(whole - _indent(index) - 2 * theme.SPACES[2], 120)
        box = option.fontMetrics.boundingRect(
            QRect(0, 0, width, 1 << 20), _WRAPPED, str(index.data() or "")
        )
        return QSize(whole, box.height() + theme.SPACES[1])

    def paint(
        self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        option.rect.setLeft(option.rect.left() + _indent(index))
        super().paint(painter, option, index)


_WRAPPED = int(Qt.TextFlag.TextWordWrap.value)


def _indent(index: QModelIndex) -> int:
    model = index.model()
    line = model.line(index) if isinstance(model, Lines) else None
    return min(line.depth - 1, DEEPEST) * theme.SPACES[3] if line is not None else 0


class PageWindow(QDialog):
    """One report after the other beside the film; a line that leads to an image tells so."""

    link_chosen = pyqtSignal(object)  # Link

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Reports of this study"))
        self.setModal(False)
        self._pages: tuple[Page, ...] = ()
        self._hidden = False
        self.choice = QComboBox()
        self.choice.setAccessibleName(tr("Report"))
        self.badge = QLabel()
        self.facts = QLabel()
        self.codes = QCheckBox(tr("Show codes"))
        self.rows = Lines(self)
        self.list = QListView()
        self._copy = QPushButton(tr("Copy as text"))
        self._close = QPushButton(tr("Close"))
        self._lay_out()
        self.choice.currentIndexChanged.connect(self._show)
        self.codes.toggled.connect(self.rows.show_codes)
        self.list.activated.connect(self._follow)
        self.list.clicked.connect(self._follow)
        self._copy.clicked.connect(self.copy)
        self._close.clicked.connect(self.reject)

    def show_pages(self, pages: Sequence[Page]) -> None:
        """The reports of the study, the first of them at once; the one that is read stays."""
        chosen = self.page()
        self._pages = tuple(pages)
        self.choice.blockSignals(True)
        self.choice.clear()
        for page in self._pages:
            self.choice.addItem(_entry(page))
        names = [page.identity for page in self._pages]
        at = names.index(chosen.identity) if chosen and chosen.identity in names else 0
        self.choice.setCurrentIndex(at if self._pages else -1)
        self.choice.blockSignals(False)
        self.choice.setEnabled(len(self._pages) > 1)
        self._show()

    def page(self) -> Page | None:
        """The report that is shown."""
        at = self.choice.currentIndex()
        return self._pages[at] if 0 <= at < len(self._pages) else None

    def hide_identity(self, hide: bool) -> None:
        """A report names its patient anywhere in its words, so nothing of it is shown then."""
        self._hidden = hide
        self._show()

    def copy(self) -> None:
        """The whole page as plain text."""
        page, board = self.page(), QGuiApplication.clipboard()
        if page is not None and board is not None and not self._hidden:
            board.setText(as_text(page))

    def _show(self, _: object = None) -> None:
        page = self.page()
        self.choice.setVisible(not self._hidden)
        self._copy.setEnabled(page is not None and not self._hidden)
        if page is None or self._hidden:
            self.rows.show_page(None)
            self.badge.hide()
            self.facts.setText(tr("Reports are hidden while identities are.") if page else "")
            return
        text, state = STANDINGS[page.standing]
        self.badge.setText(tr(text) if text else "")
        self.badge.setVisible(bool(text))
        set_property(self.badge, "state", state)
        self.facts.setText("\n".join(_facts(page)))
        self.rows.show_page(page)

    def _follow(self, index: QModelIndex) -> None:
        link = self.rows.link(index)
        if link is not None:
            self.link_chosen.emit(link)

    def _lay_out(self) -> None:
        self.badge.setProperty("role", "badge")
        self.facts.setProperty("role", "quiet")
        for label in (self.badge, self.facts):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.facts.setWordWrap(True)
        self.list.setAccessibleName(tr("What the report says"))
        self.list.setModel(self.rows)
        self.list.setItemDelegate(Indented(self.list))
        self.list.setWordWrap(True)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setLayoutMode(QListView.LayoutMode.Batched)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        head, foot = QHBoxLayout(), QHBoxLayout()
        head.addWidget(self.choice, 1)
        head.addWidget(self.badge)
        foot.addWidget(self.codes)
        foot.addStretch(1)
        for button in (self._copy, self._close):
            button.setProperty("role", "plain")
            button.setAutoDefault(False)
            foot.addWidget(button)
        column = QVBoxLayout(self)
        column.setSpacing(theme.SPACES[2])
        column.addLayout(head)
        column.addWidget(self.facts)
        column.addWidget(self.list, 1)
        column.addLayout(foot)
        self.resize(2 * theme.RIGHT_WIDTH, 2 * theme.RIGHT_WIDTH)


def _entry(page: Page) -> str:
    """A report in the choice: its title, kind, and when it was written."""
    written = dict(page.facts).get("Written", "")
    return " · ".join(part for part in (page.title, page.kind, written[:19]) if part)


def _facts(page: Page) -> list[str]:
    stated = [f"{tr(FACTS[name])}: {value}" for name, value in page.facts if name in FACTS]
    if page.successor:
        stated.append(tr("A later version of this report is in this study."))
    elif page.predecessors:
        stated.append(tr("This report follows an earlier version."))
    return [*stated, *page.notices]
