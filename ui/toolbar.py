"""The top line: the menu, the tools as words, and at the right what is asked of the model."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from ui import theme
from ui.actions import ActionTable

MENUS = ("Study", "View", "Tools", "Window", "Image", "Report", "Model", "Help")
TOOLS = (
    "tool.window",
    "tool.pan",
    "tool.zoom",
    "tool.scroll",
    "tool.box",
    "",
    "view.invert",
    "view.fit",
    "view.reset",
)


class TopBar(QToolBar):
    """Words, each with its key in the tooltip; the tool in hand is underlined."""

    def __init__(self, table: ActionTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = table
        self.setMovable(False)
        self.setFixedHeight(theme.TOP_HEIGHT)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.menu = QMenu(self)
        self._brand = QToolButton()
        self._brand.setText("Wetread")
        self._brand.setObjectName("brand")
        self._brand.setToolTip("All that can be done, by menu (Alt+W)")
        self._brand.setShortcut("Alt+W")
        self._brand.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._brand.setMenu(self.menu)

    def build(self, at_right: list[str]) -> None:
        """Fill bar and menu from the table, once all actions are there; `at_right` by name."""
        self.clear()
        self.addWidget(self._brand)
        self._table.fill_tool_bar(self, TOOLS)
        gap = QWidget()
        gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(gap)
        self._table.fill_tool_bar(self, at_right)
        self.menu.clear()
        groups = [action.group for action in self._table.actions() if action.group]
        for group in dict.fromkeys([*MENUS, *groups]):
            if group in groups:
                menu = self.menu.addMenu(group)
                if menu is not None:
                    self._table.fill_menu(menu, group)
