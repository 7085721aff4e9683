"""The page of the window: how large its words are."""

from __future__ import annotations

from dataclasses import replace

from PyQt6.QtWidgets import QFormLayout, QSpinBox

from dicom_io.settings import WindowSettings
from ui import theme
from ui.language import tr
from ui.settings_pages.page import Page


class WindowPage(Page):
    """The size of words."""

    def __init__(self, settings: WindowSettings) -> None:
        super().__init__(tr("Window"))
        self._settings = settings
        self.font_size = QSpinBox()
        self.font_size.setRange(theme.FONT_SIZES.start, theme.FONT_SIZES.stop - 1)
        self.font_size.setValue(settings.font_size)
        self.font_size.setSuffix(tr(" pixels"))
        self.form = QFormLayout()
        self.form.addRow(tr("Size of words"), self.font_size)
        self.column.addLayout(self.form)
        self.column.addStretch(1)
        self.close_column()
        self.font_size.valueChanged.connect(
            lambda size: self._use(replace(self._settings, font_size=size))
        )

    def _use(self, settings: WindowSettings) -> None:
        self._settings = settings
        self.changed.emit(settings)
