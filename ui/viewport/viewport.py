"""Viewport: a pane with hands: mouse tools, wheel, keys, menu and the box for a question.

Left drag is window/level or the tool in hand, middle drag pans, right drag zooms, a right click
opens the menu, the wheel scrolls, Ctrl makes all of it faster. A plain left click only selects.
"""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QPoint, QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QContextMenuEvent, QMouseEvent, QPainter, QWheelEvent
from PyQt6.QtWidgets import QMenu, QWidget

from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.report.document import Region
from ui import theme
from ui.actions import Action
from ui.jobs import Jobs
from ui.viewport.layer import Layer, Press
from ui.viewport.pane import Pane
from ui.viewport.picture import Picture
from ui.viewport.presets import FIRST_KEYS
from ui.viewport.reel import BUDGET
from ui.viewport.tools import (
    DRAWING,
    FASTER_FRAMES,
    WHEEL_STEP,
    Drag,
    Tool,
    tool_for,
    zoom_factor,
)

LEAST_BOX = 2.0  # stored pixels; a smaller box is a click


class Viewport(Pane):
    """The pane that a reader works in."""

    box_drawn = pyqtSignal(object)  # Region, or None when the box was taken away
    maximise_requested = pyqtSignal()  # a double click, or M

    def __init__(
        self,
        jobs: Jobs,
        *,
        font_size: int = theme.FONT_SIZE,
        budget: int = BUDGET,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(jobs, font_size=font_size, budget=budget, parent=parent)
        self.setObjectName("viewport")
        self.setMouseTracking(True)  # layers answer to the mouse without a button
        self._tool = Tool.WINDOW
        self._drag: Drag | None = None
        self._drawing: Region | None = None
        self._places: tuple[tuple[Region, str], ...] = ()
        self._wheel = 0
        self._in_menu: tuple[Action, ...] = ()
        self._holder: Layer | None = None  # of the drag that goes on
        self.frame_selected.connect(self._let_go)

    # --- tools and box ---

    def tool(self) -> Tool:
        """What the left button does."""
        return self._tool

    def arm(self, tool: Tool) -> None:
        """Take a tool in hand. After one box the hand goes back to window/level by itself."""
        self._tool = tool
        self._drawing = None
        self.setCursor(cursor_of(tool))
        self.update()
        self.view_changed.emit()

    def step_back(self) -> bool:
        """Undo one thing of the mouse: a drag, the box tool, the box. False when there is none."""
        if self._drag is not None:
            self._drag = self._drawing = None
            self.update()
        elif any(layer.step_back() for layer in reversed(self._layers)):
            self.update()
        elif self._tool is Tool.BOX or self._tool in DRAWING:
            self.arm(Tool.WINDOW)
        elif self.box() is not None:
            self.set_box(None)
            self.box_drawn.emit(None)
        else:
            return False
        return True

    def show_places(self, places: Sequence[tuple[Region, str]]) -> None:
        """Boxes that a model found, each with its label; none takes them away.

        Each is painted over its own frame alone, and gone for good once another series is shown.
        """
        self._places = tuple(places)
        self.update()

    def places(self) -> tuple[tuple[Region, str], ...]:
        """The boxes that a model found on the frame shown."""
        frame = self.selected_frame()
        return tuple(
            (box, label)
            for box, label in self._places
            if frame is not None and box.identity == frame.identity
        )

    def clear(self) -> None:
        """Nothing is shown, as in `Pane.clear`; what a model found is gone too."""
        self._places = ()
        super().clear()

    def _paint_over(
        self, painter: QPainter, pane: QRectF, picture: Picture
    ) -> tuple[Identity | None, Identity | None, Identity | None]:
        """Overlay and box, and what a model found in this very picture."""
        overlay, boxed, _ = super()._paint_over(painter, pane, picture)
        mine = [(box, label) for box, label in self._places if box.identity == picture.identity]
        for box, label in mine:
            words = f"AI: {label}" if label else "AI"
            self._overlay.draw_box(painter, box, words, self.placement(), colour=theme.AI)
        return overlay, boxed, (picture.identity if mine else None)

    def _let_go(self, frame: ImageFrame | None) -> None:
        """Another frame is shown: a drag that belongs to the one before ends here."""
        if self._drag is not None and (frame is None or self._drag.tool is not Tool.SCROLL):
            self._drag = None
        self._drawing = None
        self._holder = None

    def _box_to_paint(self) -> tuple[Region | None, str]:
        return (self._drawing, "") if self._drawing is not None else super()._box_to_paint()

    # --- mouse ---

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None or self._drag is not None:
            return
        tool = tool_for(event.button(), event.modifiers(), self._tool)
        if tool is None:
            super().mousePressEvent(event)
            return
        if self._offer_to_layers(event, tool) or tool in DRAWING:
            return
        window = self.current_window()
        self._drag = Drag(tool, event.button(), event.position(), window=window)
        if window is not None:
            self._drag.center, self._drag.width = window.center, window.width

    def _offer_to_layers(self, event: QMouseEvent, tool: Tool) -> bool:
        """True when a layer, the topmost first, takes this drag."""
        view = self.view()
        press = self._press(event, tool)
        if view is not None and event.button() == Qt.MouseButton.LeftButton:
            takers = (layer for layer in reversed(self._layers) if layer.press(press, view))
            self._holder = next(takers, None)
        return self._holder is not None

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
        if self._drag is None:
            self._move_over_layers(event)
            return
        drag = self._drag
        dx, dy = drag.move(event.position())
        if drag.is_far and self.selected_frame() is not None:
            self._drag_on(drag, dx, dy, is_fast(event))

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
            self._drawing = self._region(drag.start, drag.last)
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
        if drag.tool is Tool.BOX:
            self._finish_box(drag, event.position())
        elif drag.button == Qt.MouseButton.RightButton and not drag.is_far:
            self.open_menu(event.globalPosition().toPoint())

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
        turned = event.angleDelta()
        self._wheel += turned.y() or turned.x()
        notches = int(self._wheel / WHEEL_STEP)
        self._wheel -= notches * WHEEL_STEP
        if notches:
            self.scroll_by(-notches * (FASTER_FRAMES if is_fast(event) else 1))
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        """The menu key; the mouse's own menu comes when the button is let go."""
        if event is not None and event.reason() == QContextMenuEvent.Reason.Keyboard:
            self.open_menu(self.mapToGlobal(self.rect().center()))

    def open_menu(self, where: QPoint) -> QMenu:
        """The windows of this frame, by name, and what can be done with it."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for number, offer in enumerate(self.window_offers(), start=1):
            key = f"\t{number}" if number <= FIRST_KEYS else ""
            entry = menu.addAction(offer.name.replace("&", "&&") + key)
            if entry is not None:
                entry.triggered.connect(lambda _, offer=offer: self.choose_window(offer))
        menu.addSeparator()
        for action in self._in_menu:
            if action.group in ("Tools", "View"):
                entry = menu.addAction(f"{action.text}\t{action.shortcut}")
                if entry is not None:
                    entry.triggered.connect(lambda _, action=action: action.run())
        menu.popup(where)
        return menu

    def _region(self, start: QPointF, end: QPointF) -> Region | None:
        """The box between two points of the pane: whole stored pixels, inside the image."""
        frame = self.selected_frame()
        if frame is None:
            return None
        place = self.placement()
        corners = [place.to_stored(point.x(), point.y()) for point in (start, end)]
        x0, x1 = sorted(min(max(round(x), 0), place.columns) for x, _ in corners)
        y0, y1 = sorted(min(max(round(y), 0), place.rows) for _, y in corners)
        return Region(frame.identity, float(x0), float(y0), float(x1), float(y1))

    def _finish_box(self, drag: Drag, end: QPointF) -> None:
        """A box is drawn, or a click took it away; either way the tool goes back on its hook."""
        region = self._region(drag.start, end) if drag.is_far else None
        if region is not None and min(region.x1 - region.x0, region.y1 - region.y0) < LEAST_BOX:
            region = None
        self.arm(Tool.WINDOW)
        self.set_box(region)
        self.box_drawn.emit(region)

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
