"""The page of the mouse: every button and the wheel, with each of the keys that may be held."""

from __future__ import annotations

from dataclasses import replace

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
)

from dicom_io.hands import MouseSettings
from ui import theme
from ui.language import tr
from ui.profile import profiles
from ui.settings_pages.page import Page
from ui.viewport.gesture_words import act_text, gesture_text
from ui.viewport.gestures import DRAG_ACTS, GESTURES, HAND, WHEEL, WHEEL_ACTS, mouse_of

NAME = Qt.ItemDataRole.UserRole


class MousePage(Page):
    """Chooses the profile, and what single gestures do on top of it."""

    def __init__(self, settings: MouseSettings) -> None:
        super().__init__(tr("Mouse"))
        self._settings = settings
        self.profile = QComboBox()
        self.search = QLineEdit()
        self.list = QTreeWidget()
        self.act = QComboBox()
        self.reset = QPushButton(tr("As in the profile"))
        self.reset_all = QPushButton(tr("All as in the profile"))
        self.reverse = QCheckBox(
            tr("Window/level the other way round: left widens, down lowers the centre")
        )
        self._lay_out()
        self.profile.currentIndexChanged.connect(
            lambda: self._use(replace(self._settings, profile=self.profile.currentData()))
        )
        self.search.textChanged.connect(self._filter)
        self.list.currentItemChanged.connect(self._chosen)
        self.act.activated.connect(lambda: self._bind(self.act.currentData()))
        self.reset.clicked.connect(lambda: self._bind(None))
        self.reset_all.clicked.connect(lambda: self._use(replace(self._settings, bindings=())))
        self.reverse.toggled.connect(
            lambda on: self._use(replace(self._settings, reverse_window=on))
        )
        self._fill()
        self.list.setCurrentItem(self.list.topLevelItem(0))

    def select(self, gesture: str) -> None:
        """Go to this gesture."""
        self.list.setCurrentItem(self._entry(gesture))

    def text_of(self, gesture: str) -> str:
        """What stands beside a gesture."""
        return self._entry(gesture).text(1)

    def choose(self, act: str) -> None:
        """Let the gesture in hand do that."""
        self.act.setCurrentIndex(self.act.findData(act))
        self._bind(act)

    def _entries(self) -> list[QTreeWidgetItem]:
        found = [self.list.topLevelItem(n) for n in range(self.list.topLevelItemCount())]
        return [entry for entry in found if entry is not None]

    def _entry(self, gesture: str) -> QTreeWidgetItem:
        return next(entry for entry in self._entries() if entry.data(0, NAME) == gesture)

    def _lay_out(self) -> None:
        for one in profiles():
            self.profile.addItem(one.title, one.name)
        self.profile.setAccessibleName(tr("Profile of the mouse"))
        self.search.setPlaceholderText(tr("Search a button or what it does"))
        self.search.setClearButtonEnabled(True)
        self.list.setHeaderLabels([tr("Gesture"), tr("What it does")])
        self.list.setColumnWidth(0, theme.LEFT_WIDTH)
        self.list.setRootIsDecorated(False)
        self.list.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.list.setAccessibleName(tr("Gestures and what they do"))
        self.act.setAccessibleName(tr("What the gesture does"))
        top = QHBoxLayout()
        top.addWidget(QLabel(tr("Profile")))
        top.addWidget(self.profile)
        top.addWidget(self.reset_all)
        top.addWidget(self.search, 1)
        self.column.addLayout(top)
        self.column.addWidget(self.list, 1)
        line = QHBoxLayout()
        line.addWidget(self.act, 1)
        line.addWidget(self.reset)
        self.column.addLayout(line)
        self.column.addWidget(self.reverse)
        self.close_column()
        for gesture in GESTURES:
            entry = QTreeWidgetItem([gesture_text(gesture), ""])
            entry.setData(0, NAME, gesture)
            self.list.addTopLevelItem(entry)

    def _fill(self) -> None:
        mouse, faults = mouse_of(self._settings)
        for box, value in ((self.profile, self._settings.profile),):
            box.blockSignals(True)
            box.setCurrentIndex(max(0, box.findData(value)))
            box.blockSignals(False)
        self.reverse.blockSignals(True)
        self.reverse.setChecked(self._settings.reverse_window)
        self.reverse.blockSignals(False)
        for entry in self._entries():
            act = mouse.bindings.get(entry.data(0, NAME))
            entry.setText(1, act_text(act, mouse.at_rest) if act is not None else "–")
        self.reset_all.setEnabled(bool(self._settings.bindings))
        self._filter(self.search.text())
        if faults:
            self.say(faults[0], alarm=True)
        elif HAND not in mouse.bindings.values():
            self.say(tr("No button holds the tool in hand; drawing needs one."), alarm=True)
        else:
            self.say(tr("“–” is the same gesture with fewer keys held; with Ctrl it is faster."))

    def _filter(self, text: str) -> None:
        wanted = text.casefold()
        for entry in self._entries():
            words = f"{entry.text(0)} {entry.text(1)}".casefold()
            entry.setHidden(wanted not in words)

    def _gesture(self) -> str:
        entry = self.list.currentItem()
        return str(entry.data(0, NAME)) if entry is not None else ""

    def _chosen(self, *_: object) -> None:
        """Another gesture is in hand: what it may do."""
        gesture = self._gesture()
        mouse, _faults = mouse_of(self._settings)
        self.act.blockSignals(True)
        self.act.clear()
        for act in WHEEL_ACTS if gesture.endswith(WHEEL) else DRAG_ACTS:
            self.act.addItem(act_text(act, mouse.at_rest), act)
        self.act.setCurrentIndex(self.act.findData(mouse.bindings.get(gesture)))
        self.act.blockSignals(False)
        self.reset.setEnabled(gesture in dict(self._settings.bindings))

    def _bind(self, act: str | None) -> None:
        """The gesture in hand does that from now on; None for what the profile says."""
        bindings = dict(self._settings.bindings)
        bindings.pop(self._gesture(), None)
        if act is not None:
            bindings[self._gesture()] = act
        self._use(replace(self._settings, bindings=tuple(sorted(bindings.items()))))

    def _use(self, settings: MouseSettings) -> None:
        self._settings = settings
        self._fill()
        self._chosen()
        self.changed.emit(settings)
