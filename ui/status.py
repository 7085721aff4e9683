"""The bottom line: PACS, model and its measured quality, the display, and what this program is."""

from __future__ import annotations

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QPainter, QPaintEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QWidget

from ui import theme
from ui.language import later, tr

RESEARCH_ONLY = later("Research use only, not for diagnosis")
DISPLAY = later("display not calibrated")
ORDER = ("pacs", "server", "model", "model-note", "quality")  # from the left; others follow
DOTS = ("pacs",)  # places whose state is also a dot in front of the words
FIRM = (*DOTS, "server")  # places that never give way to others in a narrow window
LEAST = 48  # pixels that are left of every other place


class StatusLine(QWidget):
    """Lasting texts, each in its place, in the order in which the places were first used."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._places: dict[str, QLabel] = {}
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._line = QHBoxLayout(self)
        self._line.setContentsMargins(theme.SPACES[3], 0, theme.SPACES[3], 0)
        self._line.setSpacing(theme.SPACES[4])
        self._line.addStretch(1)
        for text, role in ((DISPLAY, "quiet"), (RESEARCH_ONLY, "ai")):
            label = _label(tr(text), role)
            self._line.addWidget(label)
            if text == DISPLAY:
                self._explain_display(label)
        self.setFixedHeight(theme.BOTTOM_HEIGHT)

    def _explain_display(self, label: QLabel) -> None:
        label.setToolTip(
            tr(
                "Nobody has measured what grey values become on this screen. The test pattern in "
                "the menu Help shows what it can do."
            )
        )

    def show_state(
        self, place: str, text: str, state: str = "quiet", explanation: str = ""
    ) -> None:
        """Put a text in its place; "" takes it away. `state`: quiet, ai, proven or alarm."""
        label = self._places.get(place)
        if label is None:
            label = self._places[place] = _Giving() if place not in FIRM else QLabel()
            _dress(label, "quiet")
            label.setObjectName(f"state-{place}")
            ordered = sorted(self._places, key=_rank)
            self._line.insertWidget(ordered.index(place), label)
        label.setText(self._marked(place, text, state))
        label.setToolTip("\n".join(part for part in (text, explanation) if part))
        role = "quiet" if place in DOTS and state != "alarm" else state
        if label.property("role") != role:
            label.setProperty("role", role)
            style = label.style()
            if style is not None:
                style.unpolish(label)
                style.polish(label)
        label.setVisible(bool(text))

    def text(self, place: str) -> str:
        """What stands in that place now, "" for nothing."""
        label = self._places.get(place)
        return str(label.property("plain") or "") if label is not None else ""

    def labels(self) -> list[QLabel]:
        """Every text of the line, from the left."""
        items = (self._line.itemAt(place) for place in range(self._line.count()))
        widgets = [item.widget() for item in items if item is not None]
        return [widget for widget in widgets if isinstance(widget, QLabel)]

    def add_badge(self, badge: QWidget) -> None:
        """A widget of its own between the places and the display's word."""
        self._line.insertWidget(self._line.count() - 2, badge)

    def _marked(self, place: str, text: str, state: str) -> str:
        self._places[place].setProperty("plain", text)
        if place not in DOTS or not text:
            return text.replace("&", "&amp;").replace("<", "&lt;")
        colour = theme.of_role(state if state in ("proven", "alarm") else "quiet")
        safe = text.replace("&", "&amp;").replace("<", "&lt;")
        return f'<span style="color:{colour}">●</span>&nbsp; {safe}'


def _rank(place: str) -> int:
    return ORDER.index(place) if place in ORDER else len(ORDER)


def _label(text: str, role: str) -> QLabel:
    return _dress(QLabel(text), role)


def _dress(label: QLabel, role: str) -> QLabel:
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setProperty("role", role)
    label.setProperty("small", True)
    return label


class _Giving(QLabel):
    """A text that gives way in a narrow window: it is cut short, its tooltip has all of it."""

    def minimumSizeHint(self) -> QSize:
        whole = super().minimumSizeHint()
        return QSize(min(LEAST, whole.width()), whole.height())

    def paintEvent(self, event: QPaintEvent | None) -> None:
        if self.width() >= self.sizeHint().width():
            super().paintEvent(event)
            return
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        plain = str(self.property("plain") or "")
        cut = self.fontMetrics().elidedText(plain, Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignVCenter), cut)
