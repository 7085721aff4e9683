"""A report of any maker as a page: its lines in reading order, as data.

Nothing is left out for want of a template: every item of the content tree is a line with its name,
its value, its codes, and the image or region that it points to. Source: DICOM PS3.3 C.17, C.18.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from dicom_io.identity import Identity


class Standing(StrEnum):
    """How far a document can be relied on, as its flags say."""

    DRAFT = "draft"  # partial or preliminary: not the last word
    UNVERIFIED = "not verified"  # complete, but nobody has answered for it
    VERIFIED = "verified"
    SUPERSEDED = "superseded"  # another document names it as its predecessor
    UNSTATED = ""  # key object selections have no such flags


@dataclass(frozen=True, slots=True)
class Coded:
    """A code as the document writes it."""

    value: str
    scheme: str
    meaning: str
    version: str = ""  # of the scheme

    @property
    def key(self) -> str:
        """Value and scheme as they stand behind a meaning: "121071, DCM"."""
        scheme = f"{self.scheme} {self.version}".strip()
        return ", ".join(part for part in (self.value, scheme) if part)

    def __str__(self) -> str:
        code = self.key
        return f"{self.meaning} ({code})" if code else self.meaning


@dataclass(frozen=True, slots=True)
class Reference:
    """An object that a line points to. Series and study are "" where no evidence names them."""

    identity: Identity
    kind: str  # "CT image", "Segmentation"
    frames: tuple[int, ...] = ()  # from 1; none: the whole object
    segments: tuple[int, ...] = ()
    channels: tuple[int, ...] = ()  # of a waveform: group and channel in turn
    beside: tuple[str, ...] = ()  # UIDs of the presentation state or value map it is seen through


@dataclass(frozen=True, slots=True)
class Shape:
    """Coordinates: of pixels (column, row), of space (x, y, z in mm), or along the time."""

    kind: str  # POLYLINE, ELLIPSE, CIRCLE, POINT, MULTIPOINT, POLYGON …
    points: tuple[tuple[float, ...], ...]
    frame_of_reference: str = ""  # of points in space
    unit: str = ""  # along the time: samples, s or dates

    @property
    def is_flat(self) -> bool:
        """True for pixel coordinates, which can be drawn on their image."""
        return not self.unit and all(len(point) == 2 for point in self.points)


@dataclass(frozen=True, slots=True)
class Line:
    """One item of the content tree."""

    number: int  # from 0, the root's
    parent: int  # -1 for the root
    depth: int  # from 0
    ordinal: int  # its place among its siblings, from 1
    kind: str  # TEXT, NUM, CONTAINER …; "" where the document does not say
    relationship: str
    name: Coded | None
    value: str  # in words, without codes
    codes: tuple[Coded, ...] = ()  # of the value, the unit, a reason why there is no value
    reference: Reference | None = None
    shape: Shape | None = None
    target: int = -1  # the number of the line that it refers to instead of holding something
    observed: str = ""  # when, where the item says so


@dataclass(frozen=True, slots=True)
class Link:
    """Where a line leads: an image, and what to draw on it."""

    identity: Identity  # frame 0: any
    shapes: tuple[Shape, ...] = ()


@dataclass(frozen=True)
class Page:
    """A document to be read."""

    identity: Identity
    kind: str  # "Comprehensive SR"
    title: str
    standing: Standing
    facts: tuple[tuple[str, str], ...]  # English name and value: patient, authors, signer, dates
    lines: tuple[Line, ...]
    predecessors: tuple[str, ...] = ()  # SOP Instance UIDs
    successor: str = ""  # of the document that supersedes it
    notices: tuple[str, ...] = ()  # what could not be read
    is_verified: bool = False  # whatever has superseded it since

    def position(self, line: Line) -> str:
        """Where a line stands, 1.4.2, as by-reference relationships count."""
        numbers: list[str] = []
        while line.parent >= 0:
            numbers.append(str(line.ordinal))
            line = self.lines[line.parent]
        return ".".join(("1", *reversed(numbers)))

    def links(self) -> dict[int, Link]:
        """The links of all lines that have one, by number.

        A region leads to the image that it was selected from. A line without anything of its own
        leads where the first line below it does; the root leads nowhere.
        """
        found: dict[int, Link] = {}
        for _ in range(2):  # a line may refer to one that stands before it
            for line in reversed(self.lines):  # what lies below comes first
                own = self._own_link(line, found)
                if own is not None:
                    found[line.number] = own
                if line.number in found and line.parent > 0:
                    parent = self.lines[line.parent]
                    below = found[line.number]
                    found[parent.number] = _joined(parent, found.get(parent.number), below)
        return found

    def _own_link(self, line: Line, found: dict[int, Link]) -> Link | None:
        if line.reference is not None and line.reference.identity.instance:
            frames = line.reference.frames
            return Link(line.reference.identity.of_frame(frames[0] if frames else 0))
        return found.get(line.target) if line.target > 0 else None


def _joined(parent: Line, had: Link | None, below: Link) -> Link:
    """The link of a parent once another line below it is known, which stands before the others."""
    if parent.shape is not None and parent.shape.is_flat:
        return replace(below, shapes=(parent.shape,))
    if had is not None and had.identity == below.identity:
        return replace(had, shapes=tuple(dict.fromkeys((*below.shapes, *had.shapes))))
    if had is not None and had.shapes and not below.shapes:
        return had  # a region says more than an image alone
    return below


def with_successors(pages: Iterable[Page]) -> tuple[Page, ...]:
    """The same pages, those superseded that another of them names as its predecessor."""
    given = tuple(pages)
    after = {uid: page.identity.instance for page in given for uid in page.predecessors}
    return tuple(
        replace(page, standing=Standing.SUPERSEDED, successor=after[page.identity.instance])
        if after.get(page.identity.instance, page.identity.instance) != page.identity.instance
        else page
        for page in given
    )
