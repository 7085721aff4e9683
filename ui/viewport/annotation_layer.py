"""AnnotationLayer: the reader's marks over one pane, drawn, moved and pulled with the mouse.

With a drawing tool in hand a drag draws, but a handle or a label under it is taken first; with
window/level or scrolling in hand the lines of marks can be taken too. Only marks of the frame on
the screen are painted and felt; what is half done ends when another frame comes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from PyQt6.QtCore import QEvent, QObject, QPointF, QRect, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QMouseEvent, QPainter

from dicom_io.identity import Identity
from dicom_io.image.annotation import Annotation, Kind, Point
from dicom_io.image.frame import ImageFrame
from dicom_io.image.geometry import pixel_aspect
from ui.language import tr
from ui.viewport.annotations import Annotations
from ui.viewport.layer import Layer, Press, View
from ui.viewport.mark_drawing import KINDS, Drawing
from ui.viewport.mark_editor import MarkEditor
from ui.viewport.mark_painting import Label, Look, MarkPainter
from ui.viewport.mark_shapes import handle_at, inside, is_on_line, moved, pulled
from ui.viewport.mark_words import lines_of
from ui.viewport.measuring import Measuring
from ui.viewport.placement import Placement
from ui.viewport.tools import THRESHOLD, Tool
from ui.viewport.viewport import Viewport

KEY_MARK = "◆ "


@dataclass(frozen=True)
class Hit:
    """What of a mark lies under the mouse: a handle, its label, or else its line."""

    name: str
    handle: int | None = None
    grip: QPointF | None = None  # from a label's top left corner to the mouse

    @property
    def is_label(self) -> bool:
        return self.grip is not None


@dataclass
class Edit:
    """A mark that is being moved or pulled."""

    before: Annotation
    hit: Hit
    start: Press
    now: Annotation
    is_far: bool = False  # beyond the threshold: no longer a click


class AnnotationLayer(Layer):
    """One pane's view of the window's `Annotations`."""

    selection_changed = pyqtSignal()

    def __init__(self, annotations: Annotations, measuring: Measuring, pane: Viewport) -> None:
        super().__init__(pane)
        self._annotations = annotations
        self._measuring = measuring
        self._pane = pane
        self._drawing: Drawing | None = None
        self._edit: Edit | None = None
        self._selected = ""
        self._hovered: Hit | None = None
        self._mouse: Point | None = None  # over the image
        self._placement: Placement | None = None  # while the mouse was there
        self._labels: dict[str, Label] = {}  # of the last paint
        self._are_shown = True
        self._editor = MarkEditor(pane)
        self._editor.written.connect(self._take_text)
        annotations.changed.connect(self._mark_changed)
        annotations.key_images_changed.connect(self.changed)
        measuring.changed.connect(self.changed)
        pane.frame_selected.connect(self._frame_changed)
        pane.view_changed.connect(self._view_changed)
        pane.installEventFilter(self)

    # --- what keys and menus ask ---

    def selected(self) -> Annotation | None:
        """The mark in hand; None when none is, or it lies on another frame than the one shown."""
        frame = self._pane.selected_frame()
        mark = self._annotations.get(self._selected) if self._selected else None
        return mark if mark and frame and mark.identity == frame.identity else None

    def select(self, name: str) -> None:
        """Take a mark in hand; "" lets go."""
        if name != self._selected:
            self._selected = name
            self.selection_changed.emit()
        self.changed.emit()

    def select_next(self) -> bool:
        """Take the next mark of this frame in hand, the oldest after the newest; False when there
        is none."""
        frame = self._pane.selected_frame()
        names = [mark.id for mark in self._annotations.of(frame.identity)] if frame else []
        if not names or not self._are_shown:
            return False
        here = names.index(self._selected) if self._selected in names else -1
        self.select(names[(here + 1) % len(names)])
        return True

    def delete_selected(self) -> bool:
        """Take away the mark in hand; False when none is."""
        mark = self.selected()
        self._edit = None
        return mark is not None and self._annotations.remove(mark.id)

    def edit_text(self) -> bool:
        """Write beside the mark in hand; False when none is."""
        mark, view = self.selected(), self._pane.view()
        if mark is None or view is None:
            return False
        label = self._labels.get(mark.id)
        at = label.place.topLeft() if label else QPointF(*view.placement.to_pane(*mark.points[0]))
        self._editor.open(mark, at)
        return True

    def are_shown(self) -> bool:
        """False while the reader has hidden all marks."""
        return self._are_shown

    def show_marks(self, shown: bool) -> None:
        """Show or hide all marks of this pane; hidden ones cannot be taken."""
        self._are_shown = shown
        self.abandon()
        self.select("")

    def abandon(self) -> bool:
        """Give up what is half drawn or half moved; False when nothing is."""
        was = self._drawing is not None or self._edit is not None
        self._drawing = self._edit = None
        if was:
            self.changed.emit()
        return was

    # --- painting ---

    def paint(self, painter: QPainter, view: View) -> Identity | None:
        brush = MarkPainter(painter, view.placement, view.pane, view.font, self._labels)
        looks = [self._look(mark, view) for mark in self._marks(view)]
        brush.paint(looks)
        self._labels = brush.labels
        corner = self._corner(view)
        brush.corner(corner)
        return view.frame.identity if looks or corner else None

    def _marks(self, view: View) -> Iterator[Annotation]:
        """The marks of this very frame, as they stand in the hand."""
        own = view.frame.identity
        if self._are_shown:
            for mark in self._annotations.of(own):
                edit = self._edit
                mark = edit.now if edit is not None and edit.before.id == mark.id else mark
                if not self._editor.holds(mark.id) or mark.kind is not Kind.TEXT:
                    yield mark
        if self._drawing is not None and self._drawing.identity == own:
            yield self._drawing.mark()

    def _look(self, mark: Annotation, view: View) -> Look:
        found = self._measuring.of(mark, view.frame, view.stored)
        words = lines_of(mark, found.values, waiting=not found.is_complete)
        hovered = self._hovered is not None and self._hovered.name == mark.id
        return Look(mark, tuple(words), hovered, mark.id == self._selected)

    def _corner(self, view: View) -> list[str]:
        """What stands at the lower right, from below: the value under the mouse, key image."""
        if not self._pane.overlays_shown():
            return [KEY_MARK + tr("Key image")] if self._is_key(view.frame) else []
        lines = []
        if self._mouse is not None:
            probe = Annotation("", view.frame.identity, Kind.PROBE, (self._mouse,))
            values = self._measuring.of(probe, view.frame, view.stored).values
            lines.append("   ".join(reversed(lines_of(probe, values))))
        if self._is_key(view.frame):
            lines.append(KEY_MARK + tr("Key image"))
        return lines

    def _is_key(self, frame: ImageFrame) -> bool:
        return self._annotations.is_key_image(frame.identity)

    # --- mouse ---

    def press(self, press: Press, view: View) -> bool:
        self._close_editor()
        kind = KINDS.get(press.tool)
        own = view.frame.identity
        if self._drawing is not None and (
            self._drawing.kind is not kind or self._drawing.identity != own
        ):
            self.abandon()
        if self._drawing is not None:
            self._drawing.press(self._point(press, view), press.at)
            self.changed.emit()
            return True
        hit = self._hit(press, view)
        if hit is not None and self._takes(hit, press.tool):
            return self._begin_edit(hit, press)
        if self._selected:
            self.select("")
        if kind is None:
            return False
        self._are_shown = True  # whoever draws wants to see it
        self._drawing = Drawing(kind, own, pixel_aspect(view.frame))
        self._drawing.press(self._point(press, view), press.at)
        self.changed.emit()
        return True

    def _takes(self, hit: Hit, tool: Tool) -> bool:
        """Lines give way to a new mark, and everything to a tool that moves the picture."""
        if tool in KINDS:
            return hit.handle is not None or hit.is_label
        return tool in (Tool.WINDOW, Tool.SCROLL)  # what a hand at rest does

    def _begin_edit(self, hit: Hit, press: Press) -> bool:
        mark = self._annotations.get(hit.name)
        if mark is None:
            return False
        self._edit = Edit(mark, hit, press, mark)
        self.select(mark.id)
        return True

    def drag(self, press: Press, view: View) -> None:
        self._mouse = None
        if self._drawing is not None and self._drawing.identity == view.frame.identity:
            self._drawing.move(self._point(press, view), press.at)
            self.changed.emit()
        elif self._edit is not None and self._edit.before.identity == view.frame.identity:
            self._go_on(self._edit, press, view)

    def _go_on(self, edit: Edit, press: Press, view: View) -> None:
        """The mark as the hand has it now."""
        way = press.at - edit.start.at
        edit.is_far = edit.is_far or abs(way.x()) + abs(way.y()) >= THRESHOLD
        if not edit.is_far:
            return
        step = (press.column - edit.start.column, press.row - edit.start.row)
        frame = view.frame
        if edit.hit.grip is not None and edit.before.kind is not Kind.TEXT:
            corner = press.at - edit.hit.grip
            at = view.placement.to_stored(corner.x(), corner.y())
            edit.now = replace(edit.before, label_at=at)
        elif edit.hit.handle is not None:
            to = self._point(press, view)
            edit.now = pulled(edit.before, edit.hit.handle, to, pixel_aspect(frame))
        else:
            edit.now = moved(edit.before, step, frame.columns, frame.rows)
        self.changed.emit()

    def release(self, press: Press, view: View) -> None:
        if self._drawing is not None and self._drawing.identity == view.frame.identity:
            if self._drawing.release(self._point(press, view), press.at):
                self._finish(view)
            self.changed.emit()
        elif self._edit is not None:
            edit, self._edit = self._edit, None
            if edit.before.identity == view.frame.identity and edit.is_far:
                self._annotations.replace(edit.now)
            self.changed.emit()

    def _finish(self, view: View) -> None:
        """The last point is set."""
        drawing, self._drawing = self._drawing, None
        mark = drawing.finished(view.placement) if drawing is not None else None
        if mark is None:
            return
        if mark.kind is Kind.TEXT:
            self._editor.open(mark, QPointF(*view.placement.to_pane(*mark.points[0])))
            return
        self._annotations.add(mark)
        self.select(mark.id)

    def hover(self, press: Press, view: View) -> Qt.CursorShape | None:
        self._mouse = (press.column, press.row) if _is_over(press, view) else None
        self._placement = view.placement
        self._pane.update(corner_of(view.pane))
        if self._drawing is not None:
            if KINDS.get(press.tool) is not self._drawing.kind:
                self.abandon()
            else:
                self._drawing.move(self._point(press, view), press.at)
                self.changed.emit()
        hit = self._hit(press, view) if self._drawing is None else None
        self._feel(hit if hit is not None and self._takes(hit, press.tool) else None)
        if self._hovered is None:
            return None
        is_handle = self._hovered.handle is not None
        return Qt.CursorShape.PointingHandCursor if is_handle else Qt.CursorShape.SizeAllCursor

    def _feel(self, hit: Hit | None) -> None:
        """What lies under the mouse now."""
        name = hit.name if hit is not None else ""
        if name != (self._hovered.name if self._hovered is not None else ""):
            self.changed.emit()
        self._hovered = hit

    def double_click(self, press: Press, view: View) -> bool:
        """A quick second click sets the next point; on a mark it opens its words."""
        if self._drawing is not None:
            self._drawing.press(self._point(press, view), press.at)
            self.release(press, view)
            return True
        hit = self._hit(press, view)
        if hit is not None and self._takes(hit, press.tool):
            self.select(hit.name)
            return self.edit_text()
        return press.tool in KINDS

    def step_back(self) -> bool:
        if self._editor.give_up():
            self.changed.emit()
            return True
        if self.abandon():
            return True
        if self._selected:
            self.select("")
            return True
        return False

    def _point(self, press: Press, view: View) -> Point:
        return inside((press.column, press.row), view.frame.columns, view.frame.rows)

    def _hit(self, press: Press, view: View) -> Hit | None:
        """What lies under the mouse: the mark in hand first, then the newest."""
        if not self._are_shown:
            return None
        at = (press.at.x(), press.at.y())
        marks = list(reversed(self._annotations.of(view.frame.identity)))
        marks.sort(key=lambda mark: mark.id != self._selected)
        for mark in marks:
            handle = handle_at(mark, view.placement, at)
            if handle is not None:
                return Hit(mark.id, handle)
        for mark in marks:
            label = self._labels.get(mark.id)
            if label is not None and label.place.contains(press.at):
                return Hit(mark.id, grip=press.at - label.place.topLeft())
        on_line = (mark for mark in marks if is_on_line(mark, view.placement, at))
        found = next(on_line, None)
        return Hit(found.id) if found is not None else None

    # --- what happens elsewhere ---

    def _take_text(self, mark: Annotation, text: str) -> None:
        """The reader has written beside a mark, or a text of its own; an empty one is gone."""
        there = self._annotations.get(mark.id)
        written = replace(there or mark, text=text)
        if there is None and text:
            self._annotations.add(written)
            self.select(mark.id)
        elif there is not None and mark.kind is Kind.TEXT and not text:
            self._annotations.remove(mark.id)
        elif there is not None:
            self._annotations.replace(written)
        self.changed.emit()

    def _close_editor(self) -> None:
        """What was typed is kept, whatever comes next."""
        self._editor.finish()

    def _mark_changed(self, name: str) -> None:
        if name == self._selected and self._annotations.get(name) is None:
            self.select("")
        self.changed.emit()

    def _frame_changed(self, frame: ImageFrame | None) -> None:
        """Another frame is on the screen: nothing of the one before goes on."""
        self._close_editor()
        self.abandon()
        self._hovered = self._mouse = None
        self._labels = {}
        self.select("")

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """The mouse has left the pane, or drags something: no value stands there any more."""
        if event is not None and event.type() == QEvent.Type.Leave:
            self._hovered = self._mouse = None
            self.changed.emit()
        elif isinstance(event, QMouseEvent) and event.buttons() != Qt.MouseButton.NoButton:
            self._mouse = None
        return False

    def _view_changed(self) -> None:
        """Something else may lie under the mouse now; its value comes when it moves."""
        view = self._pane.view()
        if view is not None and self._mouse is not None and view.placement != self._placement:
            self._mouse = None
            self.changed.emit()


def corner_of(pane: QRectF) -> QRect:
    """Where the value under the mouse stands, to be painted anew without all the rest."""
    room = QRectF(pane.center(), pane.bottomRight())
    return room.toAlignedRect()


def _is_over(press: Press, view: View) -> bool:
    return 0 <= press.column < view.frame.columns and 0 <= press.row < view.frame.rows
