"""Linked view: zoom, place and window of the pane in hand go to the other panes."""

from __future__ import annotations

from PyQt6.QtCore import QObject

from dicom_io.image.frame import ImageFrame
from dicom_io.image.geometry import NONE, spacing_of
from dicom_io.image.space import plane_of, same_space
from ui.language import tr
from ui.viewport.grid import Grid
from ui.viewport.placement import Placement
from ui.viewport.presets import Offer
from ui.viewport.viewport import Viewport


class LinkedView(QObject):
    """Off until the reader turns it on. Only images of one patient follow one another.

    Panes show the same number of millimetres, where both say how large their pixels are, about the
    same point of the patient, where both share a space; else as large, about the same part.
    """

    def __init__(self, grid: Grid) -> None:
        super().__init__(grid)
        self._grid = grid
        self._on = False
        grid.view_changed.connect(self._follow)

    def is_on(self) -> bool:
        return self._on

    def toggle(self) -> None:
        """Link them as the pane in hand is now, or let them go."""
        self._on = not self._on
        self._follow()

    def _follow(self) -> None:
        leader = self._grid.active()
        frame = leader.selected_frame()
        if not self._on or frame is None:
            return
        for pane in self._grid.panes():
            other = pane.selected_frame()
            if pane is leader or other is None or not frame.identity.same_patient(other.identity):
                continue
            placed = placed_like(leader.placement(), frame, pane.placement(), other)
            if placed != pane.placement():
                pane.place(placed)
            _take_window(leader, pane)


def _take_window(leader: Viewport, pane: Viewport) -> None:
    """The leader's window, where its numbers mean the same."""
    one, other = leader.selected_frame(), pane.selected_frame()
    window = leader.current_window()
    if one is None or other is None or window is None or one.modality != other.modality:
        return
    if pane.current_window() not in (None, window):
        pane.choose_window(Offer(tr("linked"), window))


def placed_like(
    lead: Placement, frame: ImageFrame, placement: Placement, other: ImageFrame
) -> Placement:
    """`placement` of `other`, seen as `lead` shows `frame`."""
    if lead.fits:
        return placement if placement.fits else placement.fitted()
    one, two = spacing_of(frame), spacing_of(other)
    if NONE in (one.calibration, two.calibration):
        factor = lead.zoom / placement.zoom
    else:
        wanted = lead.across / one.between_columns * two.between_columns
        factor = wanted / placement.across
    column, row = lead.to_stored(lead.width / 2, lead.height / 2)
    here, there = plane_of(frame), plane_of(other)
    if here is not None and there is not None and same_space(frame, other):
        column, row = there.on(here.at(column, row))
    else:
        column *= placement.columns / lead.columns
        row *= placement.rows / lead.rows
    middle = placement.width / 2, placement.height / 2
    zoomed = placement.zoomed(factor, *middle)
    x, y = zoomed.to_pane(column, row)
    return zoomed.panned(middle[0] - x, middle[1] - y)
