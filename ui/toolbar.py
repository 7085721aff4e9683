"""The top line: the menu, the tools as words, and at the right what is asked of the model."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeySequence
from PyQt6.QtWidgets import QHBoxLayout, QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from ui import theme
from ui.actions import ActionTable
from ui.language import later, tr

MENUS = (
    later("Study"),
    later("View"),
    later("Layout"),
    later("Tools"),
    later("Measure"),
    later("Window"),
    later("Image"),
    later("Compare"),
    later("Report"),
    later("Model"),
    later("Help"),
)
TOOLS = (
    "tool.window",
    "tool.pan",
    "tool.zoom",
    "tool.length",
    "tool.angle",
    "tool.ellipse",
    "tool.probe",
    "tool.box",
    "",
    "view.invert",
    "view.fit",
    "view.reset",
    "",
    "layout.pick",
)


class TopBar(QWidget):
    """Words, each with its key in the tooltip; the tool in hand is underlined."""

    def __init__(self, table: ActionTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = table
        self.setProperty("role", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(theme.TOP_HEIGHT)
        self._bar = QToolBar(self)
        self._bar.setMovable(False)
        self._bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self._bar.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._right = QToolBar(self)  # its own bar: in a narrow window the tools give way to it
        self._right.setMovable(False)
        self._right.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self._right.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)
        self.menu = QMenu(self)
        self._brand = QToolButton()
        self._brand.setText("Wetread")
        self._brand.setObjectName("brand")
        self._brand.setToolTip(tr("All that can be done, by menu"))
        self._brand.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._brand.setMenu(self.menu)
        self._at_right: tuple[str, ...] = ()
        table.keys_changed.connect(self._name_keys)
        line = QHBoxLayout(self)
        line.setContentsMargins(theme.SPACES[0], 0, theme.SPACES[1], 0)
        line.addWidget(self._bar, 1)
        line.addWidget(self._right)

    def build(self, at_right: Sequence[str]) -> None:
        """Fill bar and menu from the table, once all actions are there; `at_right` by name."""
        self._bar.clear()
        self._right.clear()
        self._bar.addWidget(self._brand)
        self._table.fill_tool_bar(self._bar, TOOLS)
        self._at_right = tuple(at_right)
        self._name_keys()
        self._table.fill_tool_bar(self._right, at_right)
        for button in self.findChildren(QToolButton):
            button.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.menu.clear()
        groups = [action.group for action in self._table.actions() if action.group]
        for group in dict.fromkeys([*MENUS, *groups]):
            if group in groups:
                menu = self.menu.addMenu(tr(group))
                if menu is not None:
                    self._table.fill_menu(menu, group)

    def open_menu(self) -> None:
        """The menu of everything, as a click on the name opens it."""
        self._brand.showMenu()

    def _name_keys(self) -> None:
        """Write beside the words at the right which keys they have now."""
        for name in self._at_right:
            entry = self._table.entry(name)
            key = entry.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            entry.setIconText(f"{entry.text()}  {key}".rstrip())  # menus show the text alone

    def button(self, name: str) -> QWidget | None:
        """The button of an action, for what opens below it; None when it has none."""
        entry = self._table.entry(name)
        return self._bar.widgetForAction(entry) or self._right.widgetForAction(entry)
