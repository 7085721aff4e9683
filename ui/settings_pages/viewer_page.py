"""The page of the viewer: how much the corners say, and the windows of the reader's own."""

from __future__ import annotations

from dataclasses import replace

from PyQt6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QPushButton,
)

from dicom_io.hands import CORNERS, Preset, ViewerSettings
from dicom_io.image.window import Window
from ui.language import figure, tr
from ui.settings_pages.page import Page
from ui.viewport.presets import numbers_of

MOST = 1e9  # modality units


class ViewerPage(Page):
    """Corners, and a list of windows: add, change, remove, in the order of their digits."""

    def __init__(self, settings: ViewerSettings) -> None:
        super().__init__(tr("Viewer"))
        self._settings = settings
        self.corners = QComboBox()
        self.list = QListWidget()
        self.name, self.modality = QLineEdit(), QLineEdit()
        self.center, self.width_box = _number(-MOST), _number(0)
        self.add = QPushButton(tr("Add"))
        self.change = QPushButton(tr("Change"))
        self.remove = QPushButton(tr("Remove"))
        self._lay_out()
        self.corners.activated.connect(
            lambda: self._use(replace(self._settings, corners=self.corners.currentData()))
        )
        self.list.currentRowChanged.connect(self._show_one)
        self.add.clicked.connect(self._add)
        self.change.clicked.connect(self._change)
        self.remove.clicked.connect(self._remove)
        self._fill()

    def _lay_out(self) -> None:
        words = {
            "full": tr("All that is known"),
            "minimal": tr("Image number, window and zoom"),
            "none": tr("Nothing"),
        }
        for corners in CORNERS:
            self.corners.addItem(words[corners], corners)
        self.list.setAccessibleName(tr("Windows of your own"))
        form = QFormLayout()
        form.addRow(tr("Corners say at first"), self.corners)
        form.addRow(tr("Windows of your own"), self.list)
        form.addRow(tr("Name"), self.name)
        form.addRow(tr("Modality"), self.modality)
        form.addRow(tr("Centre"), self.center)
        form.addRow(tr("Width"), self.width_box)
        self.column.addLayout(form)
        line = QHBoxLayout()
        line.addStretch(1)
        for button in (self.add, self.change, self.remove):
            line.addWidget(button)
        self.column.addLayout(line)
        self.column.addStretch(1)
        self.close_column()

    def _fill(self) -> None:
        row = self.list.currentRow()
        self.corners.setCurrentIndex(self.corners.findData(self._settings.corners))
        self.list.clear()
        for one in self._settings.presets:
            window = Window(one.center, one.width)
            self.list.addItem(f"{one.name} · {one.modality} · {numbers_of(window)}")
        self.list.setCurrentRow(min(row, self.list.count() - 1))
        for button in (self.change, self.remove):
            button.setEnabled(self.list.currentRow() >= 0)

    def _show_one(self, row: int) -> None:
        for button in (self.change, self.remove):
            button.setEnabled(row >= 0)
        if 0 <= row < len(self._settings.presets):
            one = self._settings.presets[row]
            self.name.setText(one.name)
            self.modality.setText(one.modality)
            self.center.setValue(one.center)
            self.width_box.setValue(one.width)

    def _written(self) -> Preset | None:
        """The window that the fields say; None, and a sentence, when it is none."""
        preset = Preset(
            self.name.text().strip(),
            self.modality.text().strip().upper(),
            self.center.value(),
            self.width_box.value(),
        )
        if preset.fault() or not preset.modality:
            self.say(
                tr("A window needs a name, a modality such as CT, and a width above 0."),
                alarm=True,
            )
            return None
        self.say("")
        return preset

    def _add(self) -> None:
        preset = self._written()
        if preset is not None:
            self._use(replace(self._settings, presets=(*self._settings.presets, preset)))
            self.list.setCurrentRow(self.list.count() - 1)

    def _change(self) -> None:
        preset, row = self._written(), self.list.currentRow()
        if preset is not None:
            presets = list(self._settings.presets)
            presets[row] = preset
            self._use(replace(self._settings, presets=tuple(presets)))

    def _remove(self) -> None:
        row = self.list.currentRow()
        presets = (*self._settings.presets[:row], *self._settings.presets[row + 1 :])
        self._use(replace(self._settings, presets=presets))

    def _use(self, settings: ViewerSettings) -> None:
        self._settings = settings
        self._fill()
        self.changed.emit(settings)


class _Number(QDoubleSpinBox):
    """Writes 40 and not 40.000, which a reader of another language takes for forty thousand."""

    def textFromValue(self, value: float) -> str:
        return figure(f"{value:.10g}")


def _number(least: float) -> QDoubleSpinBox:
    box = _Number()
    box.setRange(least, MOST)
    box.setDecimals(3)
    box.setValue(max(least, 1.0))
    return box
