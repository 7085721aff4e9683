"""The page of the window: how large its words are, its colours and its language."""

from __future__ import annotations

from dataclasses import replace

from PyQt6.QtWidgets import QComboBox, QFormLayout, QSpinBox

from dicom_io.settings import LANGUAGES, THEMES, WindowSettings
from ui import language, theme
from ui.language import later, tr
from ui.settings_pages.page import Page

WORDS = {
    "dark": later("Dark"),
    "high contrast": later("High contrast"),
    "light room": later("Light room"),
}


class WindowPage(Page):
    """Size of words and theme hold at once, the language from the next start on."""

    def __init__(self, settings: WindowSettings) -> None:
        super().__init__(tr("Window"))
        self._settings = settings
        self.font_size = QSpinBox()
        self.font_size.setRange(theme.FONT_SIZES.start, theme.FONT_SIZES.stop - 1)
        self.font_size.setValue(settings.font_size)
        self.font_size.setSuffix(tr(" pixels"))
        self.theme = QComboBox()
        for name in THEMES:
            self.theme.addItem(tr(WORDS[name]), name)
        self.theme.setCurrentIndex(self.theme.findData(settings.theme))
        self.theme.setToolTip(tr("The film stays on black in every theme"))
        self.language = QComboBox()
        for name in LANGUAGES:
            self.language.addItem(language.LANGUAGES.get(name) or tr("As the desktop"), name)
        self.language.setCurrentIndex(self.language.findData(settings.language))
        self.form = QFormLayout()
        self.form.addRow(tr("Size of words"), self.font_size)
        self.form.addRow(tr("Colours"), self.theme)
        self.form.addRow(tr("Language"), self.language)
        self.column.addLayout(self.form)
        self.column.addStretch(1)
        self.close_column()
        self.font_size.valueChanged.connect(
            lambda size: self._use(replace(self._settings, font_size=size))
        )
        self.theme.activated.connect(
            lambda _: self._use(replace(self._settings, theme=self.theme.currentData()))
        )
        self.language.activated.connect(self._choose_language)

    def _choose_language(self) -> None:
        self._use(replace(self._settings, language=self.language.currentData()))
        self.say(tr("The window speaks this language when Wetread is started again."))

    def _use(self, settings: WindowSettings) -> None:
        self._settings = settings
        self.changed.emit(settings)
