"""Grid: the panes in the middle of the window, one of them in hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from PyQt6.QtCore import QEvent, QObject, Qt, pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QWidget

from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.study import Study
from ui import theme
from ui.jobs import Jobs
from ui.language import tr
from ui.viewport.cell import Cell
from ui.viewport.viewport import Viewport

MOST = 3  # rows, and columns
TOUCHES = (
    QEvent.Type.MouseButtonPress,
    QEvent.Type.Wheel,
    QEvent.Type.KeyPress,
    QEvent.Type.ShortcutOverride,
)


class Grid(QWidget):
    """One pane or several, up to 3 x 3. Keys, banner and report side follow the one in hand,
    whose signals come on here; when another is taken in hand its own are told at once.

    A pane that a smaller layout has no place for keeps what it shows, and comes back with it.
    """

    frame_selected = pyqtSignal(object)  # ImageFrame | None, of the pane in hand
    window_changed = pyqtSignal(object)  # Window | None
    study_shown = pyqtSignal(object)  # Study | None
    box_drawn = pyqtSignal(object)  # Region | None
    view_changed = pyqtSignal()
    maximise_requested = pyqtSignal()
    active_changed = pyqtSignal(object)  # Viewport
    pane_added = pyqtSignal(object)  # Viewport, for whoever puts layers on every pane
    layout_changed = pyqtSignal()  # other panes stand in the grid, or in another order
    frame_shown = pyqtSignal(object, object)  # Viewport, ImageFrame | None: of any pane
    touched = pyqtSignal()  # a press, a key or the wheel over a pane: the reader is at work
    dropped = pyqtSignal(object, object)  # Viewport, Identity of the series let go over it

    def __init__(
        self, jobs: Jobs, *, font_size: int = theme.FONT_SIZE, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._font_size = font_size
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)  # films are never mirrored
        self.setObjectName("grid")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)  # what is seen between panes
        self._cells: list[Cell] = []  # all that were ever made, those without a place too
        self._panes: list[Viewport] = []  # in the layout, row by row
        self._elsewhere: list[Viewport] = []  # in windows of their own
        self._shape = (1, 1)
        self._alone: Viewport | None = None
        self._reported: Identity | None = None
        self._moment = ""
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(1)
        self._active = self._new_pane()
        self._panes = [self._active]
        self._lay_out()

    # --- panes ---

    def panes(self) -> tuple[Viewport, ...]:
        """All panes that are to be seen: those of the layout row by row, then those in windows of
        their own."""
        return (*self._panes, *self._elsewhere)

    def all_panes(self) -> tuple[Viewport, ...]:
        """Those of the layout and those that a larger one would bring back."""
        return tuple(cell.pane for cell in self._cells)

    def cell(self, pane: Viewport) -> Cell:
        """What stands around a pane. Raises LookupError for a pane of another grid."""
        for cell in self._cells:
            if cell.pane is pane:
                return cell
        raise LookupError("This pane is not of this grid.")

    def active(self) -> Viewport:
        """The pane in hand; there always is one."""
        return self._active

    def study(self) -> Study | None:
        """The study of the pane in hand."""
        return self._active.study()

    def selected_frame(self) -> ImageFrame | None:
        """The frame in the pane in hand."""
        return self._active.selected_frame()

    def showing(self, series: Identity) -> tuple[Viewport, ...]:
        """The panes, those without a place too, that show this series of this study."""
        return tuple(
            pane
            for pane in self.all_panes()
            if any(
                frame.identity.same_study(series)
                and frame.identity.series == series.series
                and not frame.derivation  # planes that were computed are no images of the file
                for frame in pane.frames()[:1]
            )
        )

    def activate(self, pane: Viewport) -> None:
        """Take a pane in hand; nothing happens when it is already."""
        if pane is self._active or pane not in self.panes():
            return
        had_focus = self._active.hasFocus()
        if pane.tool() is not self._active.tool():
            pane.arm(self._active.tool())  # the reader has one hand: its tool goes along
        self._active.set_active(False)
        self._active = pane
        pane.set_active(True)
        if self._alone is not None and pane in self._panes:
            self._alone = pane
            self._lay_out()
        self._name_panes()
        if had_focus:
            pane.setFocus(Qt.FocusReason.OtherFocusReason)
        self.active_changed.emit(pane)
        self.study_shown.emit(pane.study())
        self.frame_selected.emit(pane.selected_frame())
        self.window_changed.emit(pane.current_window())
        self.box_drawn.emit(pane.box())
        self.view_changed.emit()

    def go(self, rows: int, columns: int) -> None:
        """Take in hand the pane so many rows below and columns to the right, if there is one."""
        if self._active not in self._panes:
            return
        row, column = divmod(self._panes.index(self._active), self._shape[1])
        row, column = row + rows, column + columns
        if 0 <= row < self._shape[0] and 0 <= column < self._shape[1]:
            pane = self._panes[row * self._shape[1] + column]
            self.activate(pane)
            pane.setFocus(Qt.FocusReason.ShortcutFocusReason)

    # --- layout ---

    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self._shape

    def set_layout(self, rows: int, columns: int, panes: Sequence[Viewport] = ()) -> None:
        """Another number of panes. Each keeps what it shows; the one in hand always stays.

        `panes` says which they are and in which order; one that stands in a window of its own by
        now stays there. Raises ValueError unless rows and columns are from 1 to 3, and `panes` as
        many, the one in hand among them.
        """
        if not (1 <= rows <= MOST and 1 <= columns <= MOST):
            raise ValueError(f"A grid of {rows} x {columns} panes is not offered.")
        here = [pane for pane in panes if pane not in self._elsewhere]
        loses = self._active in self._panes and self._active not in here
        if here and (len(panes) < rows * columns or len(here) > rows * columns or loses):
            raise ValueError(f"These are not the panes of a grid of {rows} x {columns}.")
        if (rows, columns) == self._shape and self._alone is None and not here:
            return
        had_focus = any(pane.hasFocus() for pane in self._panes)
        self.setUpdatesEnabled(False)  # panes move without a picture of the way in between
        while len(self._cells) - len(self._elsewhere) < rows * columns:
            self._new_pane()
        self._shape, self._alone = (rows, columns), None
        rest = [pane for pane in self._chosen(rows * columns + len(here)) if pane not in here]
        self._panes = [*here, *rest][: rows * columns] if here else self._chosen(rows * columns)
        self._lay_out()
        self._name_panes()
        self.setUpdatesEnabled(True)
        if had_focus:  # a pane that was hidden on the way has lost it
            self._active.setFocus(Qt.FocusReason.OtherFocusReason)
        self.layout_changed.emit()

    def _chosen(self, count: int) -> list[Viewport]:
        """Which panes get a place: the one in hand, then those that show something."""
        order = [pane for pane in self.all_panes() if pane not in self._elsewhere]
        wanted = sorted(order, key=lambda pane: (pane is not self._active, not pane.frames()))
        kept = wanted[:count]
        return [pane for pane in order if pane in kept]

    def spare(self) -> Viewport:
        """A pane that shows nothing and has no place in the layout; made when there is none."""
        free = [one for one in self.all_panes() if one not in self.panes() and not one.frames()]
        return free[0] if free else self._new_pane()

    def is_maximised(self) -> bool:
        """True while one pane of several fills the grid."""
        return self._alone is not None

    def maximise(self) -> bool:
        """Let the pane in hand fill the grid, or bring the others back; False with one pane."""
        if len(self._panes) == 1 or self._active not in self._panes:
            return False
        self.setUpdatesEnabled(False)
        self._alone = self._active if self._alone is None else None
        self._lay_out()
        self.setUpdatesEnabled(True)
        self.layout_changed.emit()
        return True

    # --- windows of their own ---

    def elsewhere(self) -> tuple[Viewport, ...]:
        """The panes that stand in windows of their own."""
        return tuple(self._elsewhere)

    def take_out(self, pane: Viewport) -> Cell:
        """Give a pane away to a window of its own; what is left moves together.

        Of two panes the other fills the grid; in a larger layout, and in place of the only one, an
        empty pane takes the place. Raises ValueError for a pane that is not in the layout.
        """
        if pane not in self._panes:
            raise ValueError("This pane stands in no layout.")
        self._alone = None
        place = self._panes.index(pane)
        self._elsewhere.append(pane)
        if len(self._panes) == 2:
            self._shape = (1, 1)
            del self._panes[place]
        else:
            self._panes[place] = self.spare()
        cell = self.cell(pane)
        self._lay_out()
        self._name_panes()
        cell.set_framed(True)
        self.layout_changed.emit()
        return cell

    def put_back(self, cell: Cell) -> None:
        """The window of a pane was closed: it takes an empty place, else one is made for it."""
        pane = cell.pane
        self._elsewhere.remove(pane)
        cell.setParent(self)
        empty = next((one for one in self._panes if not one.frames()), None)
        if empty is not None:
            self._panes[self._panes.index(empty)] = pane
            if empty is self._active:
                self._lay_out()
                self.activate(pane)
        elif self._shape[1] < MOST and len(self._panes) == self._shape[1]:
            self._shape = (1, self._shape[1] + 1)  # beside the others of one row
            self._panes.append(pane)
        if self._active not in self.panes():
            self.activate(self._panes[0])
        self._lay_out()
        self._name_panes()
        self.layout_changed.emit()

    def _lay_out(self) -> None:
        rows, columns = self._shape
        shown = self._panes if self._alone is None else [self._alone]
        cells = [cell for cell in self._cells if cell.pane not in self._elsewhere]
        for cell in cells:
            self._layout.removeWidget(cell)
        for row in range(MOST):
            self._layout.setRowStretch(row, int(row < rows and self._alone is None))
        for column in range(MOST):
            self._layout.setColumnStretch(column, int(column < columns and self._alone is None))
        for number, pane in enumerate(shown):
            cell = self.cell(pane)
            cell.set_framed(len(self.panes()) > 1)
            self._layout.addWidget(cell, *divmod(number, columns))
        for cell in cells:
            cell.setVisible(cell.pane in shown)
        for before, after in zip(self._panes, self._panes[1:], strict=False):
            QWidget.setTabOrder(before, after)
        self._compare()  # a pane that came back may show another study

    def _name_panes(self) -> None:
        """Say which pane is in hand, to the eye and to a screen reader."""
        panes = self.panes()
        several = len(panes) > 1
        for cell in self._cells:
            in_hand = cell.pane is self._active
            cell.set_outlined(several and in_hand)
            if not several or cell.pane not in panes:
                cell.pane.setAccessibleName(tr("Film"))
                continue
            number, of = panes.index(cell.pane) + 1, len(panes)
            name = (
                tr("Film {number} of {of}, in hand", number=number, of=of)
                if in_hand
                else tr("Film {number} of {of}", number=number, of=of)
            )
            cell.pane.setAccessibleName(name)

    # --- what is shown ---

    def show_series(
        self, pane: Viewport, frames: Sequence[ImageFrame], study: Study | None
    ) -> None:
        """Show a series in a pane. Another patient's than the one being reported is not shown."""
        reported = self._reported
        if reported is not None and any(
            not frame.identity.same_patient(reported) for frame in frames
        ):
            pane.show_problem(
                tr(
                    "These images name another patient than the study that is open, so they are "
                    "not shown here. Open their study from the list."
                )
            )
            return
        pane.show_series(frames, study)

    def add_frames(self, frames: Iterable[ImageFrame]) -> None:
        """Frames that have arrived go to every pane that shows their series; no pane changes
        what it shows by that.
        """
        by_series: dict[Identity, list[ImageFrame]] = {}
        for frame in frames:
            one = frame.identity
            name = Identity(one.patient_id, one.issuer, one.study, one.series)
            by_series.setdefault(name, []).append(frame)
        for name, fresh in by_series.items():
            for pane in self.showing(name):
                pane.add_frames(fresh)

    def put_in_order(self, frames: Sequence[ImageFrame]) -> None:
        """All frames of one series, in order, for every pane that shows it."""
        if frames:
            for pane in self.showing(frames[0].identity):
                pane.put_in_order(frames)

    def clear(self) -> None:
        """Nothing is shown in any pane."""
        for pane in self.all_panes():
            pane.clear()

    def reported(self) -> Identity | None:
        """The study whose report is open, as it was set."""
        return self._reported

    def set_reported(self, reported: Identity | None, moment: str = "") -> None:
        """The study whose report is open, with its date and time as DICOM writes them; panes that
        show another one say so, lastingly."""
        self._reported, self._moment = reported, moment
        self._compare()

    def is_mixed(self) -> bool:
        """True while some pane shows another study than the one being reported."""
        return any(self.cell(pane).is_foreign() for pane in self.panes())

    def write_headings(self) -> None:
        """Say anew whose images each pane shows, as far as that may be said."""
        self._compare()

    def _compare(self, _: object = None) -> None:
        for cell in self._cells:
            cell.set_reported(self._reported, self._moment)
        mixed = self.is_mixed()
        for cell in self._cells:
            cell.set_mixed(mixed)

    # --- panes and their signals ---

    def _new_pane(self) -> Viewport:
        pane = Viewport(self._jobs, font_size=self._font_size)
        pane.set_active(not self._cells)
        cell = Cell(pane, self)
        self._cells.append(cell)

        def relay(name: str) -> None:
            mine = getattr(self, name)
            getattr(pane, name).connect(lambda *given: self._tell(pane, mine, given))

        pane.study_shown.connect(self._compare)
        pane.frame_selected.connect(self._compare)
        for name in ("frame_selected", "window_changed", "study_shown", "box_drawn"):
            relay(name)
        for name in ("view_changed", "maximise_requested"):
            relay(name)
        pane.frame_selected.connect(partial(self.frame_shown.emit, pane))
        cell.dropped.connect(partial(self.dropped.emit, pane))
        pane.installEventFilter(self)
        self.pane_added.emit(pane)
        return pane

    def _tell(self, pane: Viewport, signal: object, given: tuple[object, ...]) -> None:
        if pane is self._active:
            signal.emit(*given)  # type: ignore[attr-defined]  # a bound signal has no public type

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """A pane that gets the focus or a press is the one in hand from then on."""
        if isinstance(watched, Viewport) and event is not None:
            if event.type() in (QEvent.Type.FocusIn, QEvent.Type.MouseButtonPress):
                self.activate(watched)
            if event.type() in TOUCHES:
                self.touched.emit()
        return False
