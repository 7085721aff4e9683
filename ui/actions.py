"""The action table: one list of actions gives menus, toolbar, shortcuts and the list of keys.

Which keys an action has is asked in three places, and the first that names it answers: the reader's
own settings, the profile of keys in use, the action's own declaration. A key that an earlier place
gives to one action is taken from those that a later place would give it to, without a word; two
claims of one place are a conflict, which is told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from PyQt6.QtCore import QObject, Qt, pyqtSignal
from PyQt6.QtGui import QAction, QKeySequence
from PyQt6.QtWidgets import QMenu, QMenuBar, QToolBar, QWidget

from ui.language import tr

Context = Literal["anywhere", "viewport", "report"]
Bindings = Mapping[str, tuple[str, ...]]  # an action's name, and its keys
NO_BINDINGS: Bindings = {}


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
    rebindable: bool = True  # a reader may give it another key


@dataclass(frozen=True)
class Key:
    """One line of the list of keys."""

    group: str
    text: str
    shortcut: str  # as this desktop writes it
    context: Context
    name: str = ""  # of the action


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
    """Where the action's main key works: as declared, but one that types text in the viewport."""
    return place_of(action.shortcut, action.context)


def shortcuts_of(action: Action) -> tuple[str, ...]:
    """All keys of an action, the main one first."""
    return tuple(key for key in (action.shortcut, *action.more_shortcuts) if key)


def place_of(key: str, declared: Context) -> Context:
    """Where one key works: a key that types text stays in the viewport."""
    return "viewport" if types_text(key) else declared


def portable(key: str) -> str:
    """The key in Qt's portable form; "" when it is none."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)


def conflicts(actions: Sequence[Action]) -> tuple[str, ...]:
    """One sentence for each name or key that two actions claim in the same place."""
    seen: dict[str, Action] = {}
    doubles = []
    for action in actions:
        if action.name in seen:
            doubles.append(_twice(action))
        seen.setdefault(action.name, action)
    return (*doubles, *assigned(list(seen.values())).refused)


def _twice(action: Action) -> str:
    return tr(
        "Two actions are called {name}; the second is left out.",
        name=action.name,
    )


@dataclass(frozen=True)
class Assignment:
    """Who gets which keys (in portable form), and a sentence for each claim that was refused."""

    keys: Bindings
    refused: tuple[str, ...] = ()


def assigned(
    actions: Sequence[Action], own: Bindings = NO_BINDINGS, profile: Bindings = NO_BINDINGS
) -> Assignment:
    """Give every key to one action in each place: the reader's `own` first, then the profile's,
    then those that actions declare themselves; within one of these the first action wins."""
    claims = _Claims()
    ranked = [(_rank(action, own, profile), action) for action in actions]
    for rank, action in sorted(ranked, key=lambda one: one[0]):
        wanted = (own.get(action.name), profile.get(action.name), shortcuts_of(action))[rank] or ()
        for key in dict.fromkeys(wanted):
            claims.claim(action, key, rank)
    keys = {action.name: tuple(claims.granted.get(action.name, ())) for action in actions}
    return Assignment(keys, tuple(claims.refused))


class _Claims:
    """Who holds which key so far; earlier ranks have claimed before later ones."""

    def __init__(self) -> None:
        self.granted: dict[str, list[str]] = {}
        self.refused: list[str] = []
        self._holders: dict[str, list[tuple[Context, Action, int]]] = {}

    def claim(self, action: Action, key: str, rank: int) -> None:
        """Grant the key, or note why not; one that went to an earlier rank needs no word."""
        name = portable(key)
        if not name:
            words = tr("{key} is no key; {action} is in the menu only.", key=repr(key),
                       action=action.text)  # fmt: skip
            self.refused.append(words)
            return
        place = place_of(name, action.context)
        holders = self._holders.setdefault(name, [])
        other = next((one for one in holders if meet(one[0], place)), None)
        if other is None:
            holders.append((place, action, rank))
            self.granted.setdefault(action.name, []).append(name)
        elif other[2] == rank:
            words = tr("{key} already belongs to {holder}; {action} does without it.", key=name,
                       holder=other[1].text, action=action.text)  # fmt: skip
            self.refused.append(words)


def _rank(action: Action, own: Bindings, profile: Bindings) -> int:
    """Which of the three places says what the action's keys are."""
    if not action.rebindable:
        return 2
    return 0 if action.name in own else 1 if action.name in profile else 2


def meet(one: Context, other: Context) -> bool:
    """True when a key in one of these places is heard in the other too."""
    return one == other or "anywhere" in (one, other)


class ActionTable(QObject):
    """All actions of one window, and everything that is built from them.

    `places` says which widget stands for "viewport" and for "report": shortcuts of these contexts
    work while the focus is inside that widget. Shortcuts of context "anywhere" work in `window`.
    """

    keys_changed = pyqtSignal()  # some action has other keys now

    def __init__(self, window: QWidget, places: Mapping[Context, QWidget]) -> None:
        super().__init__(window)
        self._window = window
        self._places = dict(places)
        self._own: Bindings = NO_BINDINGS
        self._profile: Bindings = NO_BINDINGS
        self._declared: dict[str, Action] = {}
        self._actions: dict[str, Action] = {}  # with the keys that they have now
        self._entries: dict[str, QAction] = {}
        self._twins: dict[str, QAction] = {}  # for the keys that type text, where others do not

    def add(self, actions: Sequence[Action]) -> tuple[str, ...]:
        """Take in more actions; gives one sentence for each conflict.

        Of two actions that want the same key the first keeps it; the second stays reachable by
        menu. A name that is taken already leaves the second action out.
        """
        problems: list[str] = []
        known = set(self._assignment().refused)
        for action in actions:
            if action.name in self._declared:
                problems.append(_twice(action))
                continue
            self._declared[action.name] = action
            self._entries[action.name] = self._new_entry(action)
        problems += [one for one in self._give_keys() if one not in known]
        self.refresh()
        return tuple(problems)

    def bind(self, own: Bindings, profile: Bindings = NO_BINDINGS) -> tuple[str, ...]:
        """Use these keys from now on, at once; gives one sentence for each conflict among them.

        Names that no action here has are passed over: their plug-in may be missing today.
        """
        self._own, self._profile = dict(own), dict(profile)
        problems = self._give_keys()
        self.keys_changed.emit()
        return problems

    def assignment_of(self, own: Bindings, profile: Bindings) -> Assignment:
        """Who would have which keys with these bindings."""
        return assigned(list(self._declared.values()), own, profile)

    def _assignment(self) -> Assignment:
        return self.assignment_of(self._own, self._profile)

    def _new_entry(self, action: Action) -> QAction:
        entry = QAction(action.text, self)
        entry.setObjectName(action.name)
        entry.setAutoRepeat(action.repeats)
        entry.setCheckable(action.checked is not None)
        entry.triggered.connect(self._run_sender)
        return entry

    def _give_keys(self) -> tuple[str, ...]:
        """Give every action the keys that are its own now; what was refused."""
        assignment = self._assignment()
        for name, declared in self._declared.items():
            keys = assignment.keys[name]
            first, rest = (keys[0], keys[1:]) if keys else ("", ())
            action = replace(declared, shortcut=first, more_shortcuts=rest)
            if self._actions.get(name) != action:
                self._actions[name] = action
                self._give(action, keys)
        return assignment.refused

    def _give(self, action: Action, keys: tuple[str, ...]) -> None:
        """Set an entry's keys and where they are heard.

        Keys that type text are heard in the viewport; when an action has others too, a hidden twin
        of its entry hears the former.
        """
        entry = self._entries[action.name]
        typed = tuple(key for key in keys if types_text(key))
        elsewhere = tuple(key for key in keys if key not in typed)
        apart = bool(typed and elsewhere) and action.context != "viewport"
        if apart and action.name not in self._twins:
            self._twins[action.name] = self._new_entry(action)
        if action.name in self._twins:
            self._listen(self._twins[action.name], typed if apart else (), "viewport")
        if apart:
            self._listen(entry, elsewhere, action.context)
        else:
            self._listen(entry, keys, "viewport" if typed else action.context)
        shown = entry.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        entry.setToolTip(f"{action.text} ({shown})" if shown else action.text)

    def _listen(self, entry: QAction, keys: tuple[str, ...], context: Context) -> None:
        entry.setShortcuts([QKeySequence(key) for key in keys])
        place = self._places.get(context)
        for widget in (self._window, *self._places.values()):
            if widget is not (place or self._window):
                widget.removeAction(entry)
        if place is None:
            entry.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            self._window.addAction(entry)
        else:
            entry.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            place.addAction(entry)

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
            if name in self._twins:
                self._twins[name].setEnabled(entry.isEnabled())

    def entry(self, name: str) -> QAction:
        """The QAction of that name, for a button or a menu. Raises KeyError."""
        return self._entries[name]

    def actions(self) -> tuple[Action, ...]:
        """All actions, each with the keys that it has now."""
        return tuple(self._actions.values())

    def fill_menu_bar(self, bar: QMenuBar, groups: Sequence[str] = ()) -> None:
        """One menu for each group, `groups` first and in that order."""
        present = dict.fromkeys(action.group for action in self._actions.values())
        for group in dict.fromkeys([*groups, *present]):
            if group and group in present:
                menu = bar.addMenu(tr(group))
                if menu is not None:
                    self.fill_menu(menu, group)

    def fill_menu(self, menu: QMenu, group: str, parted: Collection[str] = ()) -> None:
        """Append the actions of one group, with a line before those that `parted` names."""
        menu.setToolTipsVisible(True)
        menu.aboutToShow.connect(self.refresh)
        for name, action in self._actions.items():
            if action.group == group:
                if name in parted:
                    menu.addSeparator()
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
        return tuple(
            Key(tr(action.group), action.text, spoken(keys), context_of(action), action.name)
            for action in self._actions.values()
            if (keys := shortcuts_of(action))
        )


def spoken(keys: Sequence[str]) -> str:
    """Keys as this desktop writes them, "F1 or ?": side by side they would look like one chord."""
    native = QKeySequence.SequenceFormat.NativeText
    return tr(" or ").join(QKeySequence(key).toString(native) for key in keys)
