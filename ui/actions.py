"""The action table: one list of actions gives menus, toolbar, shortcuts and the list of keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from PyQt6.QtCore import QObject, Qt
from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMenu, QMenuBar, QToolBar, QWidget

Context = Literal["anywhere", "viewport", "report"]


@dataclass(frozen=True)
class Action:
    """One thing that a person can do, declared where it is written.

    `shortcut` is in Qt's portable form ("Ctrl+K", "F8", "Shift+E"), "" for none. A key that types
    a letter, digit or sign works in the viewport alone, whatever `context` says, so that it never
    fires while somebody writes. `enabled` and `checked` are asked when `ActionTable.refresh` runs;
    an action with `checked` is drawn as the one in hand.
    """

    name: str  # "draft.start": stable, used in settings and audit
    text: str  # what the menu says
    shortcut: str
    run: Callable[[], None]
    enabled: Callable[[], bool] | None = None
    group: str = ""  # the menu that it stands in; "" for none
    context: Context = "anywhere"
    checked: Callable[[], bool] | None = None
    more_shortcuts: tuple[str, ...] = ()
    repeats: bool = False  # fires again while the key is held down


@dataclass(frozen=True)
class Key:
    """One line of the list of keys."""

    group: str
    text: str
    shortcut: str  # as this desktop writes it
    context: Context


def types_text(shortcut: str) -> bool:
    """True when pressing this key in a text field would write something.

    >>> types_text("Shift+E"), types_text("Ctrl+E"), types_text("F8"), types_text("Left")
    (True, False, False, False)
    """
    sequence = QKeySequence(shortcut, QKeySequence.SequenceFormat.PortableText)
    if sequence.isEmpty():
        return False
    first = sequence[0]
    held = first.keyboardModifiers()
    commands = (
        Qt.KeyboardModifier.ControlModifier
        | Qt.KeyboardModifier.AltModifier
        | Qt.KeyboardModifier.MetaModifier
    )
    return not held & commands and first.key() < Qt.Key.Key_Escape


def context_of(action: Action) -> Context:
    """Where the action's keys work: as declared, but keys that type text stay in the viewport."""
    if any(types_text(shortcut) for shortcut in shortcuts_of(action)):
        return "viewport"
    return action.context


def shortcuts_of(action: Action) -> tuple[str, ...]:
    """All keys of an action, the main one first."""
    return tuple(key for key in (action.shortcut, *action.more_shortcuts) if key)


def conflicts(actions: Sequence[Action]) -> tuple[str, ...]:
    """One sentence for each name or key that two actions claim in the same place."""
    table = _Claims()
    return tuple(sentence for action in actions for sentence in table.claim(action)[1])


class _Claims:
    """Who holds which name and which key."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._keys: dict[str, list[Action]] = {}

    def claim(self, action: Action) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
        """The keys that the action gets (None: its name is taken), and what it did not get."""
        if action.name in self._names:
            return None, (f"Two actions are called {action.name}; the second is left out.",)
        self._names.add(action.name)
        granted: list[str] = []
        refused: list[str] = []
        for shortcut in shortcuts_of(action):
            key = QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.PortableText)
            if not key:
                refused.append(f"{shortcut!r} is no key; {action.text} is in the menu only.")
                continue
            holder = self._holder(key, context_of(action))
            if holder is None:
                self._keys.setdefault(key, []).append(action)
                granted.append(key)
            else:
                refused.append(
                    f"{key} already belongs to {holder.text}; {action.text} does without it."
                )
        return tuple(granted), tuple(refused)

    def _holder(self, key: str, context: Context) -> Action | None:
        for other in self._keys.get(key, []):
            theirs = context_of(other)
            if theirs == context or "anywhere" in (theirs, context):
                return other
        return None


class ActionTable(QObject):
    """All actions of one window, and everything that is built from them.

    `places` says which widget stands for "viewport" and for "report": shortcuts of these contexts
    work while the focus is inside that widget. Shortcuts of context "anywhere" work in `window`.
    """

    def __init__(self, window: QWidget, places: Mapping[Context, QWidget]) -> None:
        super().__init__(window)
        self._window = window
        self._places = dict(places)
        self._claims = _Claims()
        self._actions: dict[str, Action] = {}
        self._entries: dict[str, QAction] = {}

    def add(self, actions: Sequence[Action]) -> tuple[str, ...]:
        """Take in more actions; gives one sentence for each conflict.

        Of two actions that want the same key the first keeps it; the second stays reachable by
        menu. A name that is taken already leaves the second action out.
        """
        problems: list[str] = []
        for action in actions:
            keys, refused = self._claims.claim(action)
            problems += refused
            if keys is not None:
                self._add_one(action, keys)
        self.refresh()
        return tuple(problems)

    def _add_one(self, action: Action, keys: tuple[str, ...]) -> None:
        entry = QAction(action.text, self)
        entry.setObjectName(action.name)
        entry.setShortcuts([QKeySequence(key) for key in keys])
        entry.setAutoRepeat(action.repeats)
        entry.setCheckable(action.checked is not None)
        shown = entry.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        entry.setToolTip(f"{action.text} ({shown})" if shown else action.text)
        place = self._places.get(context_of(action))
        if place is None:
            entry.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            self._window.addAction(entry)
        else:
            entry.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            place.addAction(entry)
        entry.triggered.connect(self._run_sender)
        self._actions[action.name] = action
        self._entries[action.name] = entry

    def _run_sender(self) -> None:
        entry = self.sender()
        if entry is not None:
            self.perform(entry.objectName())

    def perform(self, name: str) -> bool:
        """Run an action by name; False when it is not enabled now. Raises KeyError."""
        action = self._actions[name]
        allowed = action.enabled is None or action.enabled()
        if allowed:
            action.run()
        self.refresh()
        return allowed

    def refresh(self) -> None:
        """Ask every action whether it can run and whether it is the one in hand."""
        for name, action in self._actions.items():
            entry = self._entries[name]
            if action.enabled is not None:
                entry.setEnabled(action.enabled())
            if action.checked is not None:
                entry.setChecked(action.checked())

    def entry(self, name: str) -> QAction:
        """The QAction of that name, for a button or a menu. Raises KeyError."""
        return self._entries[name]

    def actions(self) -> tuple[Action, ...]:
        return tuple(self._actions.values())

    def fill_menu_bar(self, bar: QMenuBar, groups: Sequence[str] = ()) -> None:
        """One menu for each group, `groups` first and in that order."""
        present = dict.fromkeys(action.group for action in self._actions.values())
        for group in dict.fromkeys([*groups, *present]):
            if group and group in present:
                menu = bar.addMenu(group)
                if menu is not None:
                    self.fill_menu(menu, group)

    def fill_menu(self, menu: QMenu, group: str) -> None:
        """Append the actions of one group."""
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(self.refresh)
        for name, action in self._actions.items():
            if action.group == group:
                menu.addAction(self._entries[name])

    def fill_tool_bar(self, bar: QToolBar, names: Sequence[str]) -> None:
        """The named actions as words; an empty name is a gap. Raises KeyError."""
        bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        for name in names:
            if name:
                bar.addAction(self._entries[name])
            else:
                bar.addSeparator()

    def keys(self) -> tuple[Key, ...]:
        """Every action that has a key, for the list of keys and the help page."""
        rows = []
        for name, action in self._actions.items():
            shown = [
                sequence.toString(QKeySequence.SequenceFormat.NativeText)
                for sequence in self._entries[name].shortcuts()
            ]
            if shown:
                rows.append(Key(action.group, action.text, " ".join(shown), context_of(action)))
        return tuple(rows)
