"""The window's language: every text that a reader sees goes through `tr`."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QTranslator

CONTEXT = "Wetread"
FOLDER = Path(__file__).resolve().parent / "translations"
LANGUAGES = {"en": "English", "de": "Deutsch"}  # each in its own words; the first is ours
AUTO = "auto"  # as the desktop's

_installed: list[QTranslator] = []


def tr(text: str, **values: object) -> str:
    """The text in the window's language, `{name}` in it replaced by the value of that name.

    The text must be written out as a literal where `tr` is called, so that translators find it; a
    text of a table that is made before the language is known is marked there with `later`.
    """
    translated = QCoreApplication.translate(CONTEXT, text)
    return translated.format(**values) if values else translated


def later(text: str) -> str:
    """The text itself, marked for translators where it is declared; `tr` it where it is shown."""
    return text


def figure(text: str) -> str:
    """A number that was written with a point, with the comma of a reader whose locale has one."""
    return text.replace(".", ",") if QLocale().decimalPoint() == "," else text


def language_of(setting: str) -> str:
    """The language that a setting stands for: itself, or the first of the desktop's that we have.

    >>> language_of("de"), language_of("tlh")
    ('de', 'en')
    """
    wanted = [setting] if setting != AUTO else QLocale.system().uiLanguages()
    spoken = (name.replace("_", "-").split("-")[0] for name in wanted)
    return next((name for name in spoken if name in LANGUAGES), "en")


def use(setting: str) -> str:
    """Show every text in that language ("auto", "en", "de") from now on; gives which it is.

    Widgets that are there already keep their words, so call it before any is made. Dates and
    numbers stay as the desktop writes them where it speaks that language too.
    """
    for translator in _installed:
        QCoreApplication.removeTranslator(translator)
    _installed.clear()
    language = language_of(setting)
    system = QLocale.system()
    speaks = system.name().split("_")[0] == language
    QLocale.setDefault(system if speaks or setting == AUTO else QLocale(language))
    if language == "en":
        return language
    of_qt = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    for folder, name in ((of_qt, f"qtbase_{language}"), (str(FOLDER), f"wetread_{language}")):
        translator = QTranslator()
        if translator.load(name, folder):
            QCoreApplication.installTranslator(translator)
            _installed.append(translator)
        else:
            import logging  # not for the window's first look, where all is well

            log = logging.getLogger(__name__)
            log.warning("The translation %s is not installed; those texts stay English.", name)
    return language
