"""The right side: the report, below it the plug-ins' panels, a sentence to the reader, the foot."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel, QVBoxLayout, QWidget

from ui import theme
from ui.first_look import hairline
from ui.report.ledger import Ledger
from ui.report.report_panel import ReportPanel
from ui.report.sentence_row import set_property

_BY_TAB = Qt.FocusPolicy.TabFocus


class ReportSide(QWidget):
    """Stacks what belongs to the report, in one column with one left edge."""

    def __init__(self, ledger: Ledger, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(theme.LEFT_WIDTH)
        self.panel = ReportPanel(ledger, self)
        self._notice = QLabel()
        self._notice.setWordWrap(True)
        self._notice.setTextFormat(Qt.TextFormat.PlainText)
        self._notice.setObjectName("notice")
        edge = theme.SPACES[3]
        self._notice.setContentsMargins(edge, theme.SPACES[1], edge, theme.SPACES[1])
        self._notice.hide()
        self._last: QWidget | None = None  # of the plug-ins' places, in the order of Tab
        self._places = QVBoxLayout()
        self._places.setSpacing(0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.panel, 1)
        column.addWidget(self._notice)
        column.addLayout(self._places)
        column.addWidget(hairline())
        column.addWidget(self.panel.foot())

    def add_panel(self, widget: QWidget, title: str) -> None:
        """Give a plug-in's widget its place, once; later calls bring it into sight."""
        if self._places.indexOf(widget) < 0:
            widget.setAccessibleName(title)
            self._places.addWidget(hairline())
            self._places.addWidget(widget)
            self._order_tabs(widget)
        widget.show()

    def _order_tabs(self, widget: QWidget) -> None:
        """Tab leads from the report through the plug-in's widget to the foot."""
        inside = [
            one
            for one in widget.findChildren(QWidget)
            if one.focusPolicy() & _BY_TAB and one.window() is self.window()  # no list of a box
        ]
        before = self._last or self.panel.last_field()
        for place in (*inside, *self.panel.foot_buttons()):
            QWidget.setTabOrder(before, place)
            before = place
        self._last = inside[-1] if inside else self._last

    def say(self, text: str, role: str = "quiet") -> None:
        """One sentence, until the next; "" takes it away. `role`: quiet, ai, proven or alarm."""
        set_property(self._notice, "role", role)
        self._notice.setText(text)
        self._notice.setVisible(bool(text))

    def said(self) -> str:
        """The sentence on the screen."""
        return self._notice.text() if self._notice.isVisibleTo(self) else ""
