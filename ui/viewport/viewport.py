"""Viewport: a pane with hands: mouse tools, wheel, touchpad, menu.

What each button and the wheel do stands in a table (`gestures.Mouse`). A click of the right button
opens the menu whatever its drag does, a plain left click only selects, and no click or double click
ever asks a model.
"""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QContextMenuEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QMenu, QWidget

from dicom_io.hands import MouseSettings
from dicom_io.image.frame import ImageFrame
from ui import theme
from ui.actions import Action
from ui.jobs import Jobs
from ui.viewport.boxes import BoxPane
from ui.viewport.gestures import SCROLL, ZOOM, Mouse, Stroke, mouse_of
from ui.viewport.glass import paint_glass
from ui.viewport.habits import Habits, next_corners
from ui.viewport.layer import Layer, Press
from ui.viewport.menu import pane_menu
from ui.viewport.tools import DRAWING, Drag, Tool, zoom_factor
from ui.viewport.wheel import Wheel, pinched


class Viewport(BoxPane):
    """The pane that a reader works in."""

    maximise_requested = pyqtSignal()  # a double click, or M

    def __init__(
        self,
        jobs: Jobs,
        *,
        font_size: int = theme.FONT_SIZE,
        budget: int | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(jobs, font_size=font_size, budget=budget, parent=parent)
        self.setObjectName("viewport")
        self.setMouseTracking(True)  # layers answer to the mouse without a button
        self._mouse, _ = mouse_of(MouseSettings())
        self._tool = self._mouse.at_rest
        self._drag: Drag | None = None
        self._wheel = Wheel()
        self._pointer: QPointF | None = None  # where the mouse is, while it is over the pane
        self._in_menu: tuple[Action, ...] = ()
        self._habits: Habits | None = None
        self._holder: Layer | None = None  # of the drag that goes on
        self.frame_selected.connect(self._let_go)

    # --- tools ---

    def tool(self) -> Tool:
        """The tool in hand."""
        return self._tool

    def arm(self, tool: Tool) -> None:
        """Take a tool in hand. After one box the hand goes back to its tool at rest by itself."""
        self._tool = tool
        self._drawing = None
        self.setCursor(cursor_of(tool))
        self.update()
        self.view_changed.emit()

    def use_mouse(self, mouse: Mouse) -> None:
        """Let buttons and wheel do this from now on; a hand at rest takes the new tool at rest."""
        rests = self._tool is self._mouse.at_rest
        self._mouse = mouse
        if rests:
            self.arm(mouse.at_rest)

    def follow(self, habits: Habits) -> None:
        """Do as the reader is used to, now and whenever that changes."""
        self._habits = habits
        habits.changed.connect(self._take_habits)
        self._take_habits()

    def habits(self) -> Habits | None:
        """What it follows."""
        return self._habits

    def turn_corners(self) -> None:
        """Say more or less in the corners, of every pane that has the same habits."""
        if self._habits is not None:
            self._habits.turn_corners()
        else:
            self.show_corners(next_corners(self.corners()))

    def _take_habits(self) -> None:
        if self._habits is not None:
            self.use_mouse(self._habits.mouse)
            self.use_presets(self._habits.presets)
            self.show_corners(self._habits.corners)
            self.hide_identity(self._habits.hides_identity)

    def step_back(self) -> bool:
        """Undo one thing of the mouse: a drag, the box tool, the box. False when there is none."""
        if self._drag is not None:
            self._drag = self._drawing = None
            self.update()
        elif any(layer.step_back() for layer in reversed(self._layers)):
            self.update()
        elif self._tool is Tool.BOX or self._tool in DRAWING:
            self.arm(self._mouse.at_rest)
        elif self.box() is not None:
            self.set_box(None)
            self.box_drawn.emit(None)
        else:
            return False
        return True

    def one_to_one(self) -> None:
        """One stored pixel on one of the screen, about the mouse while it is over the pane."""
        at = (self._pointer.x(), self._pointer.y()) if self._pointer is not None else None
        self.place(self.placement().one_to_one(at))

    def _let_go(self, frame: ImageFrame | None) -> None:
        """Another frame is shown: a drag that belongs to the one before ends here."""
        if self._drag is not None and (frame is None or self._drag.tool is not Tool.SCROLL):
            self._drag = None
        self._drawing = None
        self._holder = None

    # --- mouse ---

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None or self._drag is not None:
            return
        stroke = self._mouse.stroke(
            event.button(), event.modifiers(), self._tool, over_slide=self.shows_slide()
        )
        if stroke is None and event.button() != Qt.MouseButton.RightButton:
            super().mousePressEvent(event)
            return
        if stroke is not None and self._offer_to_layers(event, stroke):
            return
        window = self.current_window()
        self._drag = Drag(
            stroke.tool if stroke is not None else None,
            event.button(),
            event.position(),
            last=event.position(),
            window=window,
            ctrl_hurries=stroke is not None and stroke.ctrl_hurries,
            reverses_window=self._mouse.reverses_window,
        )
        if window is not None:
            self._drag.center, self._drag.width = window.center, window.width
        if self._drag.tool is Tool.MAGNIFY:
            self.update()

    def _offer_to_layers(self, event: QMouseEvent, stroke: Stroke) -> bool:
        """True when this press is for layers: one takes it, the topmost first, or it draws."""
        view = self.view()
        press = self._press(event, stroke.tool)
        draws = stroke.tool in DRAWING
        if view is not None and (draws or event.button() == Qt.MouseButton.LeftButton):
            takers = (layer for layer in reversed(self._layers) if layer.press(press, view))
            self._holder = next(takers, None)
        return self._holder is not None or draws

    def _press(self, event: QMouseEvent, tool: Tool) -> Press:
        at = event.position()
        column, row = self.placement().to_stored(at.x(), at.y())
        return Press(at, column, row, event.button(), event.modifiers(), tool)

    def _move_over_layers(self, event: QMouseEvent) -> None:
        """No button is down, or a layer holds the drag."""
        view = self.view()
        if view is None:
            return
        press = self._press(event, self._tool)
        if self._holder is not None:
            self._holder.drag(press, view)
            return
        shapes = (layer.hover(press, view) for layer in reversed(self._layers))
        shape = next((one for one in shapes if one is not None), None)
        self.setCursor(shape if shape is not None else cursor_of(self._tool))

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        self._pointer = event.position()
        if self._drag is None:
            self._move_over_layers(event)
            return
        drag = self._drag
        dx, dy = drag.move(event.position())
        if drag.is_far and self.selected_frame() is not None:
            self._drag_on(drag, dx, dy, drag.ctrl_hurries and is_fast(event))

    def _drag_on(self, drag: Drag, dx: float, dy: float, fast: bool) -> None:
        """One step of a drag."""
        if drag.tool is Tool.WINDOW:
            window = drag.windowed(dx, dy, fast)
            if window is not None:
                self.set_window(window)
        elif drag.tool is Tool.PAN:
            self.place(self.placement().panned(dx, dy))
        elif drag.tool is Tool.ZOOM:
            factor = zoom_factor(dy, fast)
            self.place(self.placement().zoomed(factor, drag.start.x(), drag.start.y()))
        elif drag.tool is Tool.SCROLL:
            self.scroll_by(drag.scrolled(dy, fast))
        elif drag.tool is Tool.BOX:
            self.draw_box(drag.start, drag.last)
        elif drag.tool is Tool.MAGNIFY:
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        drag = self._drag
        if event is None:
            return
        if self._holder is not None:
            holder, view = self._holder, self.view()
            self._holder = None
            if view is not None:
                holder.release(self._press(event, self._tool), view)
            return
        if drag is None or event.button() != drag.button:
            return
        self._drag = None
        if drag.button == Qt.MouseButton.RightButton and not drag.is_far:
            self.open_menu(event.globalPosition().toPoint())
        elif drag.tool is Tool.BOX:
            self.arm(self._mouse.at_rest)
            self.finish_box(drag.start, event.position() if drag.is_far else None)
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """Maximise, unless a layer has use for it; it starts no drag and never anything else."""
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            self._drag = self._drawing = None
            view, press = self.view(), self._press(event, self._tool)
            if view is not None and any(one.double_click(press, view) for one in self._layers):
                return
            self.maximise_requested.emit()
        else:
            self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is None:
            return
        turn = self._mouse.turn(event.modifiers(), over_slide=self.shows_slide())
        if turn.act == ZOOM:
            at = event.position()
            self.place(self.placement().zoomed(self._wheel.factor(event), at.x(), at.y()))
        elif turn.act == SCROLL and (count := self._wheel.frames(event, turn.is_fast)):
            self.scroll_by(count)
        event.accept()

    def event(self, event: QEvent | None) -> bool:
        """Two fingers that move apart or together zoom about the place between them."""
        if (
            isinstance(event, QNativeGestureEvent)
            and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture
        ):
            at = event.position()
            self.place(self.placement().zoomed(pinched(event.value()), at.x(), at.y()))
            return True
        return super().event(event)

    def leaveEvent(self, event: QEvent | None) -> None:
        self._pointer = None

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """The pane, and the magnifying glass over it while it is held."""
        super().paintEvent(event)
        picture = self._current_picture()
        if self._drag is not None and self._drag.tool is Tool.MAGNIFY and picture is not None:
            at = self._drag.last if self._pointer is None else self._pointer
            paint_glass(QPainter(self), QRectF(self.rect()), at, picture, self.placement())

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        """The menu key; the mouse's own menu comes when the button is let go."""
        if event is not None and event.reason() == QContextMenuEvent.Reason.Keyboard:
            self.open_menu(self.mapToGlobal(self.rect().center()))

    def open_menu(self, where: QPoint) -> QMenu:
        """The windows of this frame, by name, and what can be done with it."""
        menu = pane_menu(self, self._in_menu)
        menu.popup(where)
        return menu

    def offer_in_menu(self, actions: Sequence[Action]) -> None:
        """What the menu of the right button offers besides the windows."""
        self._in_menu = tuple(actions)


def cursor_of(tool: Tool) -> Qt.CursorShape:
    """The cursor that says which tool is in hand."""
    crosses = tool is Tool.BOX or tool in DRAWING
    return Qt.CursorShape.CrossCursor if crosses else Qt.CursorShape.ArrowCursor


def is_fast(event: QMouseEvent | QWheelEvent) -> bool:
    """True while Ctrl is held."""
    return bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
