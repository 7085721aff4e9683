"""Regions and drawn marks as spatial coordinates of their image (PS3.3 C.18.6)."""

from __future__ import annotations

from collections.abc import Sequence

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from dicom_io.image.annotation import Annotation, Kind, Point
from dicom_io.report import codes, tree
from dicom_io.report.document import Region
from dicom_io.report.header import put

POINT, POLYLINE, ELLIPSE = "POINT", "POLYLINE", "ELLIPSE"
CLOSED = frozenset((Kind.RECTANGLE, Kind.FREEHAND))


def coordinates(
    relationship: str, kind: str, points: Sequence[Point], image: Dataset, frame: int
) -> Dataset:
    """An SCOORD with the image that it was selected from; `frame` counts from 1."""
    item = tree.content_item(relationship, "SCOORD", codes.IMAGE_REGION)
    put(item, "GraphicData", [number for point in _inside(points, image) for number in point])
    put(item, "GraphicType", kind)
    source = tree.image_item("SELECTED FROM", codes.SOURCE_OF_MEASUREMENT, image, frame)
    put(item, "ContentSequence", DicomSequence([source]))
    return item


def fits(points: Sequence[Point], image: Dataset) -> bool:
    """True when the points are about this very pixel matrix: not those of a whole slide, whose
    tiles are smaller, and not somewhere beside the picture."""
    columns, rows = int(image.get("Columns") or 0), int(image.get("Rows") or 0)
    reach = max(columns, rows)
    return bool(columns and rows) and all(
        -reach <= x <= columns + reach and -reach <= y <= rows + reach for x, y in points
    )


def _inside(points: Sequence[Point], image: Dataset) -> list[Point]:
    """The points, those beyond the edge brought back to it."""
    columns, rows = float(image.Columns), float(image.Rows)
    return [(min(max(x, 0.0), columns), min(max(y, 0.0), rows)) for x, y in points]


def box(region: Region) -> list[Point]:
    """A box as a closed line."""
    left, top, right, bottom = region.x0, region.y0, region.x1, region.y1
    return [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]


def drawn(mark: Annotation) -> tuple[tuple[str, list[Point]], ...]:
    """Kind and points of each line that a mark consists of, in the order of its values."""
    points = list(mark.points)
    match mark.kind:
        case Kind.ELLIPSE:
            return ((ELLIPSE, _axes(points)),)
        case Kind.RECTANGLE:
            (x0, y0), (x1, y1) = points
            return ((POLYLINE, [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)]),)
        case Kind.FREEHAND:
            return ((POLYLINE, [*points, points[0]]),)
        case Kind.BIDIRECTIONAL | Kind.COBB:
            return (POLYLINE, points[:2]), (POLYLINE, points[2:])
        case Kind.PROBE:
            return ((POINT, points[:1]),)
    return ((POLYLINE, points),)


def _axes(corners: Sequence[Point]) -> list[Point]:
    """The ends of the longer axis of the ellipse in a box, then of the shorter one."""
    (x0, y0), (x1, y1) = corners
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    across, down = [(x0, y), (x1, y)], [(x, y0), (x, y1)]
    return across + down if abs(x1 - x0) >= abs(y1 - y0) else down + across
