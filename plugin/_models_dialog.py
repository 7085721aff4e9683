"""The dialogue that chooses models, device, precision and memory."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt6.QtCore import QEvent, QObject, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QComboBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from dicom_io.settings import DEVICES, PRECISIONS, ModelSettings
from plugin._choosing import FIRST, Offer, Offers, changed, doubts
from plugin._roles import ROLES, Role
from ui.host import SPACES, later, set_property, tr

WIDTH = 640  # logical pixels
FACTS = 7  # lines about the model in hand, so that the dialogue never changes its size
MEMORY_STEP = 512  # MiB
MOST_MEMORY = 4 * 1024 * 1024  # MiB
TITLES: Mapping[Role, str] = {
    "answers": later("&Answers"),
    "reports": later("&Reports"),
    "summaries": later("&Summaries and checks"),
}
WORDS = {
    "auto": later("As fits"),
    "cpu": later("Processor"),
    "cuda": later("Graphics card (CUDA)"),
    "mps": later("Graphics card (Apple)"),
}


class ModelsDialog(QDialog):
    """One model for each role; below, what is known of the model in hand."""

    chosen = pyqtSignal(object)  # ModelSettings, once a person has saved them

    def __init__(
        self, offered: Offers, settings: ModelSettings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._offered = offered
        self._settings = settings
        self.setWindowTitle(tr("Models"))
        self.roles = {role: self._role_box(role) for role in ROLES}
        self.device = _word_box(DEVICES, settings.device)
        self.precision = _word_box(PRECISIONS, settings.precision)
        self.memory = _memory_box(settings.memory, offered.machine)
        self._heading = QLabel()
        self._facts = [(QLabel(), QLabel()) for _ in range(FACTS)]
        self._doubt = QLabel()
        self.save = QPushButton(tr("Save"))
        self.cancel = QPushButton(tr("Cancel"))
        self._lay_out()
        for box in (*self.roles.values(), self.device, self.precision):
            box.currentIndexChanged.connect(self._show_choice)
        for role_box in self.roles.values():
            role_box.installEventFilter(self)
        self.memory.valueChanged.connect(self._show_choice)
        self.save.clicked.connect(self._save)
        self.cancel.clicked.connect(self.reject)
        self._in_hand: Role = FIRST
        self._show_choice()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """The model of the field that has the focus is the one in hand."""
        if event is not None and event.type() == QEvent.Type.FocusIn:
            self._in_hand = next(role for role, box in self.roles.items() if box is watched)
            self._show_facts()
        return super().eventFilter(watched, event)

    def settings(self) -> ModelSettings:
        """What the fields say."""
        names: dict[Role, str] = {role: box.currentData() for role, box in self.roles.items()}
        first = names[FIRST]
        return changed(
            self._settings,
            {role: name or first for role, name in names.items()},
            device=self.device.currentData(),
            precision=self.precision.currentData(),
            memory=self.memory.value(),
        )

    def said(self) -> str:
        """The sentence at the foot."""
        return self._doubt.text()

    def facts(self) -> dict[str, str]:
        """What stands there of the model in hand."""
        return {one.text(): other.text() for one, other in self._facts if one.text()}

    def _save(self) -> None:
        settings = self.settings()
        if not settings.fault():
            self.accept()
            if settings != self._settings:
                self.chosen.emit(settings)

    def _show_choice(self) -> None:
        settings = self.settings()
        doubt = doubts(self._offered, settings)
        set_property(self._doubt, "role", "alarm" if doubt.needs_reader else "quiet")
        self._doubt.setText(doubt.words)
        self.save.setEnabled(not settings.fault())
        sender = self.sender()
        for role, box in self.roles.items():
            if box is sender:
                self._in_hand = role
        self._show_facts()

    def _show_facts(self) -> None:
        name = self.roles[self._in_hand].currentData() or self.roles[FIRST].currentData()
        offer = self._offered.named(name)
        lines = offer.lines if offer is not None else ()
        self._heading.setText(offer.title if offer is not None else "")
        for place, (heading, words) in enumerate(self._facts):
            one, other = lines[place] if place < len(lines) else ("", "")
            heading.setText(one)
            words.setText(other)

    def _role_box(self, role: Role) -> QComboBox:
        box = QComboBox()
        if role != FIRST:
            box.addItem(tr("As for answers"), "")
        for offer in self._offered.models:
            box.addItem(_entry(offer, role), offer.name)
        box.setCurrentIndex(max(0, box.findData(self._offered.chosen[role])))
        box.setAccessibleName(TITLES[role].replace("&", ""))
        return box

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(*[SPACES[4]] * 4)
        column.setSpacing(SPACES[3])
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACES[3])
        grid.setVerticalSpacing(SPACES[1])
        grid.setColumnStretch(1, 1)
        self._lay_out_fields(grid)
        grid.addWidget(_hairline(), grid.rowCount(), 0, 1, 2)
        self._lay_out_facts(grid)
        column.addLayout(grid)
        column.addStretch(1)
        self._doubt.setWordWrap(True)
        foot = QHBoxLayout()
        foot.setSpacing(SPACES[2])
        foot.addWidget(self._doubt, 1)
        self.save.setProperty("role", "main")
        self.save.setDefault(True)
        self.save.setToolTip(tr("Use these models from now on (Enter)"))
        self.cancel.setToolTip(tr("Leave all as it was (Esc)"))
        foot.addWidget(self.cancel)
        foot.addWidget(self.save)
        column.addLayout(foot)
        self.setMinimumWidth(WIDTH)

    def _lay_out_fields(self, grid: QGridLayout) -> None:
        rows: list[tuple[str, QWidget]] = [(TITLES[role], box) for role, box in self.roles.items()]
        rows += [
            (later("&Device"), self.device),
            (later("&Weights in"), self.precision),
            (later("&Memory"), self.memory),
        ]
        for row, (title, field) in enumerate(rows):
            label = QLabel(tr(title))
            label.setProperty("role", "quiet")
            label.setBuddy(field)
            grid.addWidget(label, row, 0)
            grid.addWidget(field, row, 1)

    def _lay_out_facts(self, grid: QGridLayout) -> None:
        self._heading.setProperty("role", "strong")
        begin = grid.rowCount()
        grid.addWidget(self._heading, begin, 1)
        top = Qt.AlignmentFlag.AlignTop
        for row, (heading, words) in enumerate(self._facts, begin + 1):
            heading.setProperty("role", "quiet")
            for label in (heading, words):
                label.setProperty("small", True)
                label.setTextFormat(Qt.TextFormat.PlainText)
            words.setWordWrap(True)
            grid.addWidget(heading, row, 0, top)
            grid.addWidget(words, row, 1, top)


def _entry(offer: Offer, role: Role) -> str:
    return (
        offer.title
        if offer.has_tasks_of(role)
        else tr("{model}  (has no task of these)", model=offer.title)
    )


def _word_box(values: tuple[str, ...], chosen: str) -> QComboBox:
    box = QComboBox()
    for value in values:
        box.addItem(tr(WORDS.get(value, value)), value)
    box.setCurrentIndex(max(0, box.findData(chosen)))
    return box


def _memory_box(chosen: int, machine: int) -> QSpinBox:
    box = QSpinBox()
    box.setRange(0, MOST_MEMORY)
    box.setSingleStep(MEMORY_STEP)
    box.setSuffix(" MiB")
    box.setSpecialValueText(tr("Half of this machine's, {size} GB", size=f"{machine / 2e9:.1f}"))
    box.setValue(chosen)
    box.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
    box.setToolTip(tr("What all loaded models may take together"))
    return box


def _hairline() -> QWidget:
    line = QLabel()
    line.setProperty("role", "line")
    line.setFixedHeight(1)
    return line
