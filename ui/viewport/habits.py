"""Habits: what this reader's panes share: mouse, windows of their own, how much the corners say."""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSignal

from dicom_io.hands import CORNERS, MouseSettings, Preset, ViewerSettings
from ui.viewport.gestures import Mouse, mouse_of


class Habits(QObject):
    """One for all panes of all windows; `changed` says that any of it is another now."""

    changed = pyqtSignal()

    def __init__(
        self, mouse: MouseSettings, viewer: ViewerSettings, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._mouse, self.faults = mouse_of(mouse)
        self._presets = viewer.presets
        self._corners = viewer.corners
        self._hides_identity = False

    @property
    def mouse(self) -> Mouse:
        """What buttons and wheel do."""
        return self._mouse

    @property
    def presets(self) -> tuple[Preset, ...]:
        """The reader's own windows."""
        return self._presets

    @property
    def corners(self) -> str:
        """How much stands in the corners: full, minimal or none."""
        return self._corners

    @property
    def hides_identity(self) -> bool:
        """True while nothing on the screen may say whose images these are."""
        return self._hides_identity

    def take_mouse(self, mouse: MouseSettings) -> tuple[str, ...]:
        """Use these buttons from now on; a sentence for each that is none."""
        self._mouse, self.faults = mouse_of(mouse)
        self.changed.emit()
        return self.faults

    def take_viewer(self, viewer: ViewerSettings) -> None:
        """Use these windows and corners from now on."""
        self._presets, self._corners = viewer.presets, viewer.corners
        self.changed.emit()

    def turn_corners(self) -> None:
        """Full, minimal, none, and full again."""
        self._corners = next_corners(self._corners)
        self.changed.emit()

    def hide_identity(self, hide: bool) -> None:
        """Hide or show whose images these are."""
        self._hides_identity = hide
        self.changed.emit()


def next_corners(corners: str) -> str:
    """Full, minimal, none, and full again."""
    return CORNERS[(CORNERS.index(corners) + 1) % len(CORNERS)]
