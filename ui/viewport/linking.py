"""Linking: scrolling one pane scrolls the others, and each says by what it is linked.

Within one frame of reference the others go to the slice nearest in the patient. In another frame
of reference positions mean nothing to one another; there the others keep the offset that stood
when the reader linked them: bring both to the same place by hand, then link. A pane that cannot be
linked says so and stays where it is. A series that is shown anew goes to where the others are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QPainter

from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.image.place import Triple, place_of
from dicom_io.image.space import Slices, plane_of, same_space
from ui.language import tr
from ui.viewport.grid import Grid
from ui.viewport.layer import Layer, View
from ui.viewport.over_film import LINK_LINE, draw_sentence
from ui.viewport.viewport import Viewport


class Kind(StrEnum):
    """How one pane follows another."""

    POSITION = "position"  # the slice nearest in the patient
    OFFSET = "offset"  # another frame of reference: as far from where it stood when linked
    IMAGE = "image"  # positions unknown: as many images on
    OTHER_PLANE = "other plane"  # does not follow: it looks another way
    OTHER_SPACE = "other space"  # does not follow: its series came after linking
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Link:
    """How a pane follows the one in hand; `beyond` is how far, in mm, its stack ends before the
    place in hand."""

    kind: Kind
    beyond: float = 0.0

    @property
    def follows(self) -> bool:
        return self.kind in (Kind.POSITION, Kind.OFFSET, Kind.IMAGE)

    def words(self) -> str:
        """What stands in the pane; "" for a pane that shows nothing."""
        if self.kind is Kind.POSITION and self.beyond > 0:
            return tr("Linked by position · ends {mm} mm away", mm=f"{self.beyond:.0f}")
        return {
            Kind.POSITION: tr("Linked by position"),
            Kind.OFFSET: tr("Linked by a set offset · other frame of reference"),
            Kind.IMAGE: tr("Linked image by image · positions unknown"),
            Kind.OTHER_PLANE: tr("Not linked · other plane"),
            Kind.OTHER_SPACE: tr("Not linked · other frame of reference"),
            Kind.NOTHING: "",
        }[self.kind]


class Linking(QObject):
    """The link between the panes of one grid; off until the reader turns it on."""

    changed = pyqtSignal()

    def __init__(self, grid: Grid) -> None:
        super().__init__(grid)
        self._grid = grid
        self._on = False
        self._anchors: dict[Viewport, Identity] = {}  # the frame each pane showed when linked
        self._stacks: dict[Viewport, tuple[Sequence[ImageFrame], Slices]] = {}
        self._sent: dict[Viewport, Identity] = {}  # where a pane was sent to
        self._shows: dict[Viewport, Identity] = {}  # the series that a pane showed last
        self._links: dict[Viewport, Link] = {}
        for pane in grid.all_panes():
            self._cover(pane)
        grid.pane_added.connect(self._cover)
        grid.frame_shown.connect(self._shown)
        grid.active_changed.connect(self._refresh)
        grid.layout_changed.connect(self._refresh)

    def is_on(self) -> bool:
        return self._on

    def toggle(self) -> None:
        """Link the panes as they stand now, or let them go; while one came too late to be
        linked, link them all anew instead."""
        self._on = not self._on or self._has_newcomer()
        self._anchors.clear()
        self._sent.clear()
        if self._on:
            for pane in self._grid.all_panes():
                frame = _at(pane)
                if frame is not None:
                    self._anchors[pane] = frame.identity
            self._lead(self._grid.active())
        self._refresh()

    def link(self, pane: Viewport) -> Link | None:
        """How a pane follows the one in hand; None while not linked and for that one itself."""
        return self._links.get(pane)

    def slices(self, pane: Viewport) -> Slices:
        """The slices of a pane, made anew only when it shows others."""
        frames = pane.frames()
        known = self._stacks.get(pane)
        if known is None or known[0] is not frames:
            known = self._stacks[pane] = (frames, Slices(frames))
        return known[1]

    def _has_newcomer(self) -> bool:
        """True when linking anew would link a pane that is not linked now."""
        active = self._grid.active()
        leader = _at(active)
        return leader is not None and any(
            link.kind is Kind.OTHER_SPACE
            and (frame := _at(pane)) is not None
            and frame.identity.same_patient(leader.identity)
            for pane, link in self._links.items()
        )

    # --- what happens ---

    def _cover(self, pane: Viewport) -> None:
        layer = LinkLayer(self, pane)
        self.changed.connect(layer.changed)
        pane.add_layer(layer)

    def _shown(self, pane: Viewport, frame: ImageFrame | None) -> None:
        """A pane shows another frame: unless it was sent there, the others follow it."""
        if frame is None and not pane.frames():
            self._stacks.pop(pane, None)  # nothing of a study that was closed is held
        is_new = self._is_new_in(pane, frame)
        if not self._on:
            return
        sent = self._sent.pop(pane, None)
        if frame is not None and frame.identity != sent and pane in self._grid.panes():
            if not (is_new and self._join(pane)):
                self._lead(pane)
        self._refresh()

    def _is_new_in(self, pane: Viewport, frame: ImageFrame | None) -> bool:
        """True for the first frame of another series than the pane showed before."""
        if frame is None:
            self._shows.pop(pane, None)
            return False
        name = frame.identity
        series = Identity(name.patient_id, name.issuer, name.study, name.series)
        before, self._shows[pane] = self._shows.get(pane), series
        return before != series

    def _join(self, pane: Viewport) -> bool:
        """Bring a newcomer to where the others are; False when it can follow none of them."""
        others = [one for one in self._grid.panes() if one is not pane and one in self._shows]
        for leader in sorted(others, key=lambda one: one is not self._grid.active()):
            index = self._target(leader, pane)
            if index is not None:
                if index != pane.position():
                    self._sent[pane] = pane.frames()[index].identity
                    pane.go_to(index)
                return True
        return False

    def _lead(self, leader: Viewport) -> None:
        for pane in self._grid.panes():
            index = self._target(leader, pane) if pane is not leader else None
            if index is not None and index != pane.position():
                self._sent[pane] = pane.frames()[index].identity
                pane.go_to(index)

    def _refresh(self, _: object = None) -> None:
        """Work out anew what each pane says."""
        active = self._grid.active()
        links: dict[Viewport, Link] = {}
        if self._on:
            others = [pane for pane in self._grid.panes() if pane is not active]
            links = {pane: self._link(active, pane) for pane in others}
        if links != self._links:
            self._links = links
            self.changed.emit()

    # --- how panes lie to one another ---

    def _link(self, leader: Viewport, pane: Viewport) -> Link:
        kind = self._kind(leader, pane)
        if kind is not Kind.POSITION:
            return Link(kind)
        point, there = _point(leader), self.slices(pane)
        away = there.distance(point) if point is not None else 0.0
        reach = max(there.spacing, self.slices(leader).spacing, 1.0)
        return Link(kind, away if away > reach else 0.0)

    def _kind(self, leader: Viewport, pane: Viewport) -> Kind:
        one, other = _at(leader), _at(pane)
        if one is None or other is None:
            return Kind.NOTHING
        mine, theirs = self.slices(leader), self.slices(pane)
        looks_along = mine.runs_along(theirs) != 0
        if same_space(one, other) and mine.is_placed and theirs.is_placed:
            return Kind.POSITION if looks_along else Kind.OTHER_PLANE
        anchored = self._anchor(leader) is not None and self._anchor(pane) is not None
        if not anchored or not one.identity.same_patient(other.identity):
            return Kind.OTHER_SPACE
        if mine.is_placed and theirs.is_placed:
            return Kind.OFFSET if looks_along else Kind.OTHER_PLANE
        return Kind.IMAGE

    def _target(self, leader: Viewport, pane: Viewport) -> int | None:
        """The frame, from 0, that the pane has to show; None when it does not follow."""
        kind = self._kind(leader, pane)
        theirs = self.slices(pane)
        if kind is Kind.POSITION:
            point = _point(leader)
            return theirs.nearest(point) if point is not None else None
        start, end = self._anchor(leader), self._anchor(pane)
        if kind not in (Kind.OFFSET, Kind.IMAGE) or start is None or end is None:
            return None
        at = leader.position()
        if kind is Kind.IMAGE:
            return min(max(end + at - start, 0), theirs.count - 1)
        mine = self.slices(leader)
        way = float(mine.depths[at] - mine.depths[start]) * mine.runs_along(theirs)
        return theirs.at_depth(float(theirs.depths[end]) + way)

    def _anchor(self, pane: Viewport) -> int | None:
        """Where the pane's anchor lies in its stack; None when it shows another one now."""
        name = self._anchors.get(pane)
        if name is None:
            return None
        places = (n for n, frame in enumerate(pane.frames()) if frame.identity == name)
        return next(places, None)


def _at(pane: Viewport) -> ImageFrame | None:
    """The frame that the reader is at, decoded or not."""
    frames = pane.frames()
    return frames[pane.position()] if frames else None


def _point(pane: Viewport) -> Triple | None:
    """The middle of the frame that the reader is at, in the patient."""
    frame = _at(pane)
    if frame is None:
        return None
    plane = plane_of(frame)
    if plane is not None:
        return plane.middle
    position = place_of(frame).position
    return position if len(position) == 3 else None


class LinkLayer(Layer):
    """Says in a pane by what it is linked to the one in hand."""

    def __init__(self, linking: Linking, pane: Viewport) -> None:
        super().__init__(pane)
        self._linking = linking
        self._pane = pane

    def paint(self, painter: QPainter, view: View) -> Identity | None:
        link = self._linking.link(self._pane)
        words = link.words() if link is not None else ""
        if link is not None and link.kind is Kind.OTHER_PLANE and view.frame.derivation:
            words = ""  # that a computed plane looks another way is what it is for
        if not words:
            return None
        draw_sentence(painter, view.pane, view.font, words, LINK_LINE)
        return view.frame.identity
