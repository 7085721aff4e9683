"""The top line: the menu, the tools as words, and at the right what is asked of the model."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction, QKeySequence
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
PARTED = frozenset(  # a line stands before these in their menu
    "study.export view.fit view.right view.invert view.reset together.link view.identity "
    "tool.box tool.ellipse tool.probe mark.undo mark.next window.save image.key presentation.save "
    "cine.toggle series.next layout.1x1 pane.right mpr.show pane.window layout.hang "
    "sentence.accept report.undo report.sign report.check model.card models.choose "
    "settings.open".split()
)
LAST = "app.quit"  # at the end of its menu, whatever plug-ins put there
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
        self._others: list[QAction] = []  # tools that have no place of their own on the bar
        self.hand = QAction(self)
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
        self._add_hand()
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
                    self._table.fill_menu(menu, group, PARTED)
                    self._put_last(menu)

    def _put_last(self, menu: QMenu) -> None:
        entry = self._table.entry(LAST)
        if entry in menu.actions():
            menu.removeAction(entry)
            menu.addSeparator()
            menu.addAction(entry)

    def open_menu(self) -> None:
        """The menu of everything, as a click on the name opens it."""
        self._brand.showMenu()

    def _add_hand(self) -> None:
        """After the tools, the one in hand while it is none of them."""
        self._others = [
            self._table.entry(action.name)
            for action in self._table.actions()
            if action.group in ("Tools", "Measure")
            and action.checked is not None
            and action.name not in TOOLS
        ]
        self.hand = QAction(self)
        self.hand.setCheckable(True)
        self.hand.triggered.connect(self._show_hand)  # it is in hand already, and stays
        after = self._table.entry(TOOLS[TOOLS.index("") - 1])
        following = self._bar.actions()[self._bar.actions().index(after) + 1]
        self._bar.insertAction(following, self.hand)
        for entry in self._others:
            entry.toggled.connect(self._show_hand)
        self._show_hand()

    def _show_hand(self) -> None:
        entry = next((one for one in self._others if one.isChecked()), None)
        self.hand.setVisible(entry is not None)
        self.hand.setChecked(entry is not None)
        if entry is not None:
            self.hand.setText(entry.text())
            self.hand.setToolTip(entry.toolTip())

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
