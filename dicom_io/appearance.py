"""How the window looks: the one part of the settings that is needed before anything is shown."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

LANGUAGES = ("auto", "en", "de")
THEMES = ("dark", "high contrast", "light room")


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """How the window looks."""

    font_size: int = 14  # pixels, of body text
    language: str = "auto"  # auto (the desktop's), en, de
    theme: str = "dark"  # dark, high contrast, light room

    def fault(self) -> str:
        """What is wrong with the values, as the end of a sentence that begins "window."; ""."""
        for key, value, allowed in (
            ("language", self.language, LANGUAGES),
            ("theme", self.theme, THEMES),
        ):
            if value not in allowed:
                return f"{key} must be one of {', '.join(allowed)}, not {value[:40]!r}"
        return ""


def appearance_of(settings: Path) -> WindowSettings:
    """That part of a settings file; the defaults for whatever is wrong or missing there, since
    `Settings.read` says so soon enough."""
    try:
        content = tomllib.loads(settings.read_text(encoding="utf-8")).get("window")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return WindowSettings()
    known = WindowSettings()
    found = content if isinstance(content, dict) else {}
    size = found.get("font_size", known.font_size)
    asked = WindowSettings(
        size if isinstance(size, int) and not isinstance(size, bool) else known.font_size,
        str(found.get("language", known.language)),
        str(found.get("theme", known.theme)),
    )
    return known if asked.fault() else asked
