"""The window's language: every text that a reader sees goes through `tr`."""

from __future__ import annotations

from PyQt6.QtCore import QCoreApplication

CONTEXT = "Wetread"


def tr(text: str, **values: object) -> str:
    """The text in the window's language, `{name}` in it replaced by the value of that name.

    The text must be written out as a literal where `tr` is called, so that translators find it.
    """
    translated = QCoreApplication.translate(CONTEXT, text)
    return translated.format(**values) if values else translated
