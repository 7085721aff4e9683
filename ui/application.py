"""The one QApplication: dressed in a theme, and speaking a language."""

from __future__ import annotations

import sys

from PyQt6.QtWidgets import QApplication

from ui import language, theme


def application(
    font_size: int = theme.FONT_SIZE, *, look: str = theme.DARK, tongue: str = "en"
) -> QApplication:
    """The one QApplication, dressed in a theme and speaking a language ("auto", "en", "de")."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
        style = app.style()
        is_fusion = style is not None and style.objectName() == "fusion"
    else:  # its style may be that of a style sheet, which is not to be touched
        is_fusion = False
    app.setApplicationName("Wetread")
    if not is_fusion:  # putting it on anew takes 4 ms
        app.setStyle("Fusion")
    language.use(tongue)
    theme.dress(app, look, font_size)
    return app
