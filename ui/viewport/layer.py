"""Layer: what lies over the picture of a pane (measurements, reference lines, crosshair) and may
take the mouse there.

A layer is told at every paint which frame is on the screen. It paints only what belongs to that
frame and gives back whose it was, so that nothing of another patient or image is ever drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import QObject, QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QFont, QPainter

from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.image.modality import Values
from dicom_io.image.render import Window
from ui.viewport.placement import Placement
from ui.viewport.tools import Tool


@dataclass(frozen=True)
class View:
    """What a pane shows at this moment."""

    frame: ImageFrame
    stored: Values  # the frame's stored values, not to be changed
    placement: Placement
    pane: QRectF  # logical pixels
    font: QFont  # of overlay texts
    window: Window | None = None  # None for colour
    is_active: bool = True  # the pane that keys go to
    hides_identity: bool = False


@dataclass(frozen=True)
class Press:
    """A mouse event over a pane."""

    at: QPointF  # in the pane, logical pixels
    column: float  # in the image, stored pixels from the top left corner of the top left pixel
    row: float
    button: Qt.MouseButton
    modifiers: Qt.KeyboardModifier
    tool: Tool  # in hand


class Layer(QObject):
    """One layer; a subclass paints, and answers the mouse where it wants to.

    `changed` asks the pane to paint again.
    """

    changed = pyqtSignal()

    def paint(self, painter: QPainter, view: View) -> Identity | None:
        """Draw what belongs to `view.frame`; gives its identity, None when nothing was drawn."""
        return None

    def press(self, press: Press, view: View) -> bool:
        """True to take this drag: `drag` and `release` then come here and to nobody else."""
        return False

    def drag(self, press: Press, view: View) -> None:
        """The mouse moved while this layer holds the drag."""

    def release(self, press: Press, view: View) -> None:
        """The button was let go."""

    def hover(self, press: Press, view: View) -> Qt.CursorShape | None:
        """The mouse is over the pane with no button down; a cursor, or None for the tool's own."""
        return None

    def double_click(self, press: Press, view: View) -> bool:
        """True when this ended or opened something, so that the pane does not maximise."""
        return False

    def step_back(self) -> bool:
        """Esc: undo what is half done; False when nothing is."""
        return False
