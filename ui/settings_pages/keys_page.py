"""The page of keys: every action, searched by name or key; press another key and it holds."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
)

from dicom_io.hands import KeySettings
from ui.actions import Action, ActionTable, Bindings, meet, place_of, shortcuts_of, spoken
from ui.language import tr
from ui.profile import DEFAULT, profile_of, profiles
from ui.settings_pages.key_field import KeyField
from ui.settings_pages.page import Page

NAME = Qt.ItemDataRole.UserRole


class KeysPage(Page):
    """Chooses the profile, and changes single keys on top of it."""

    def __init__(self, table: ActionTable, settings: KeySettings) -> None:
        super().__init__(tr("Keys"))
        self._table = table
        self._settings = settings
        self._waiting = ""  # the key that somebody else holds, until it is decided
        self.profile = QComboBox()
        self.search = QLineEdit()
        self.list = QTreeWidget()
        self.field = KeyField()
        self.set = QPushButton(tr("Change key"))
        self.add = QPushButton(tr("Add a key"))
        self.remove = QPushButton(tr("No key"))
        self.reset = QPushButton(tr("As in the profile"))
        self.reset_all = QPushButton(tr("All as in the profile"))
        self.take = QPushButton(tr("Take it away"))
        self.leave = QPushButton(tr("Leave it"))
        self._adds = False
        self._lay_out()
        self._connect()
        self._fill()
        self._choose_first()

    # --- what it shows ---

    def select(self, name: str) -> None:
        """Go to the action of that name."""
        for entry in self._entries():
            if entry.data(0, NAME) == name:
                self.list.setCurrentItem(entry)

    def shown(self) -> tuple[str, ...]:
        """The names of the actions that the search leaves in the list."""
        return tuple(entry.data(0, NAME) for entry in self._entries() if not entry.isHidden())

    def keys_of(self, name: str) -> str:
        """What stands beside an action."""
        return next(one.text(1) for one in self._entries() if one.data(0, NAME) == name)

    def _entries(self) -> list[QTreeWidgetItem]:
        tops = [self.list.topLevelItem(n) for n in range(self.list.topLevelItemCount())]
        found = [top.child(n) for top in tops if top is not None for n in range(top.childCount())]
        return [entry for entry in found if entry is not None]

    def _lay_out(self) -> None:
        for one in profiles():
            self.profile.addItem(one.title, one.name)
        self.profile.setAccessibleName(tr("Profile of keys"))
        self.search.setPlaceholderText(tr("Search an action or a key"))
        self.search.setClearButtonEnabled(True)
        self.list.setHeaderLabels([tr("Action"), tr("Key"), tr("Where")])
        header = self.list.header()
        if header is not None:  # no key may be cut off, whatever language and size of words
            header.setStretchLastSection(False)
            header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
            header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
            header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        self.list.setRootIsDecorated(False)
        self.list.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.list.setAccessibleName(tr("Actions and their keys"))
        top = QHBoxLayout()
        top.addWidget(QLabel(tr("Profile")))
        top.addWidget(self.profile)
        top.addWidget(self.reset_all)
        top.addWidget(self.search, 1)
        self.column.addLayout(top)
        self.column.addWidget(self.list, 1)
        line = QHBoxLayout()
        line.addWidget(self.field, 1)
        for button in (self.set, self.add, self.remove, self.reset, self.take, self.leave):
            line.addWidget(button)
        self.column.addLayout(line)
        self.close_column()
        self._ask(False)

    def _connect(self) -> None:
        self.profile.currentIndexChanged.connect(self._take_profile)
        self.search.textChanged.connect(self._filter)
        self.list.currentItemChanged.connect(self._chosen)
        self.list.itemActivated.connect(lambda *_: self._listen(False))
        self.field.heard.connect(self._heard)
        self.field.ended.connect(self._chosen)
        self.set.clicked.connect(lambda: self._listen(False))
        self.add.clicked.connect(lambda: self._listen(True))
        self.remove.clicked.connect(lambda: self._keep({self._name(): ()}))
        self.reset.clicked.connect(self._forget)
        self.reset_all.clicked.connect(self._forget_all)
        self.take.clicked.connect(self._take_away)
        self.leave.clicked.connect(self._chosen)

    def _fill(self) -> None:
        chosen = self._name()
        self.profile.blockSignals(True)
        self.profile.setCurrentIndex(max(0, self.profile.findData(self._settings.profile)))
        self.profile.blockSignals(False)
        self.list.blockSignals(True)
        self.list.clear()
        where = {"anywhere": "", "viewport": tr("in the film"), "report": tr("in the report")}
        actions = sorted(self._table.actions(), key=lambda one: one.group)
        for group, members in groupby(actions, key=lambda one: one.group):
            top = QTreeWidgetItem([tr(group) if group else tr("Without a menu")])
            top.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self.list.addTopLevelItem(top)
            for one in members:
                keys = shortcuts_of(one)
                place = place_of(one.shortcut, one.context)
                entry = QTreeWidgetItem(top, [one.text, spoken(keys) or "–", where[place]])
                entry.setData(0, NAME, one.name)
                if one.name in dict(self._settings.bindings):
                    entry.setToolTip(1, tr("Not as in the profile"))
            top.setExpanded(True)
        self.list.blockSignals(False)
        self._filter(self.search.text())
        self.select(chosen)

    def _choose_first(self) -> None:
        entries = self._entries()
        if entries:
            self.list.setCurrentItem(entries[0])

    def _filter(self, text: str) -> None:
        wanted = text.casefold()
        for entry in self._entries():
            words = " ".join(entry.text(column) for column in range(3)).casefold()
            entry.setHidden(wanted not in words)
        for number in range(self.list.topLevelItemCount()):
            top = self.list.topLevelItem(number)
            if top is not None:
                children = [top.child(n) for n in range(top.childCount())]
                top.setHidden(all(one is None or one.isHidden() for one in children))
        current = self.list.currentItem()
        if current is None or current.isHidden():  # or a key of what is not seen is changed
            left = [entry for entry in self._entries() if not entry.isHidden()]
            self.list.setCurrentItem(left[0] if left else None)

    # --- what a person does ---

    def _name(self) -> str:
        entry = self.list.currentItem()
        return str(entry.data(0, NAME) or "") if entry is not None else ""

    def _action(self) -> Action | None:
        return next((one for one in self._table.actions() if one.name == self._name()), None)

    def _chosen(self, *_: object) -> None:
        """Another action is in hand: its keys, and what can be done with them."""
        self._ask(False)
        action = self._action()
        self.field.setText(spoken(shortcuts_of(action)) if action is not None else "")
        fixed = action is not None and not action.rebindable
        for button in (self.set, self.add, self.remove):
            button.setEnabled(action is not None and not fixed)
        self.reset_all.setEnabled(bool(self._settings.bindings))
        self.reset.setEnabled(self._name() in dict(self._settings.bindings))
        self.say(tr("This key cannot be changed.") if fixed else "")

    def _listen(self, adds: bool) -> None:
        action = self._action()
        if action is not None and action.rebindable:
            self._adds = adds
            self.say("")
            self.field.listen()

    def _heard(self, key: str) -> None:
        action = self._action()
        if action is None:
            return
        holders = self._holders(action, key)
        if not holders:
            self._give(key)
            return
        self._waiting = key
        names = ", ".join(one.text for one in holders)
        fixed = any(not one.rebindable for one in holders)
        self._ask(True, may_take=not fixed)
        self.say(
            tr("{key} belongs to {names}.", key=spoken((key,)), names=names)
            + (" " + tr("It cannot be taken away.") if fixed else ""),
            alarm=True,
        )

    def _holders(self, action: Action, key: str) -> list[Action]:
        place = place_of(key, action.context)
        return [
            one
            for one in self._table.actions()
            if one.name != action.name
            and key in shortcuts_of(one)
            and meet(place, place_of(key, one.context))
        ]

    def _take_away(self) -> None:
        """Give the key to the action in hand, and let its holder keep its other keys."""
        action, key = self._action(), self._waiting
        if action is None:
            return
        lost = {
            one.name: tuple(other for other in shortcuts_of(one) if other != key)
            for one in self._holders(action, key)
        }
        self._give(key, lost)

    def _give(self, key: str, lost: Bindings | None = None) -> None:
        action = self._action()
        if action is None:
            return
        before = shortcuts_of(action) if self._adds else ()
        keys = tuple(dict.fromkeys((*before, key)))
        self._keep({**(lost or {}), action.name: keys})
        self.say(tr("{action} has the key {key} now.", action=action.text, key=spoken((key,))))

    def _keep(self, changes: Bindings) -> None:
        """Use these keys at once, and have them written."""
        bindings = {**dict(self._settings.bindings), **changes}
        bindings.pop("", None)
        self._use(replace(self._settings, bindings=tuple(sorted(bindings.items()))))

    def _forget(self) -> None:
        """The action in hand gets the profile's key again."""
        rest = tuple(one for one in self._settings.bindings if one[0] != self._name())
        self._use(replace(self._settings, bindings=rest))

    def _take_profile(self) -> None:
        """Another profile; what the reader changed stays on top of it."""
        self._use(replace(self._settings, profile=self.profile.currentData()))

    def _forget_all(self) -> None:
        """Every key as the profile has it."""
        self._use(replace(self._settings, bindings=()))
        self.say(tr("All keys are as in the profile now."))

    def _use(self, settings: KeySettings) -> None:
        self._settings = settings
        problems = bind(self._table, settings)
        self._fill()
        self._chosen()
        if problems:
            self.say(problems[0], alarm=True)
        self.changed.emit(settings)

    def _ask(self, asks: bool, *, may_take: bool = True) -> None:
        """Show the two answers to a conflict instead of the other buttons."""
        for button in (self.set, self.add, self.remove, self.reset):
            button.setVisible(not asks)
        self.leave.setVisible(asks)
        self.take.setVisible(asks and may_take)


def bind(table: ActionTable, settings: KeySettings) -> tuple[str, ...]:
    """Give the table the keys of these settings; a sentence for each that it cannot."""
    profile = profile_of(settings.profile)
    faults = []
    if profile is None:
        faults.append(
            tr(
                "There is no profile of keys {name}; the one called {other} is used.",
                name=repr(settings.profile[:40]),
                other=DEFAULT,
            )
        )
    keys = profile.keys if profile is not None else {}
    return (*faults, *table.bind(dict(settings.bindings), keys))
