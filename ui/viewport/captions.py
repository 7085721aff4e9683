"""What the overlay says of a frame: its place in the series, its kind, its window, its sides."""

from __future__ import annotations

import dataclasses

from dicom_io.image.acquisition import acquisition_of
from dicom_io.image.frame import ImageFrame
from dicom_io.image.geometry import NONE, Edges, edges_of, spacing_of
from dicom_io.image.header import number
from ui.language import figure, later, tr
from ui.viewport.corners import acquisition_texts, lossy_text, lying_text
from ui.viewport.overlay import Marks, plain
from ui.viewport.placement import Placement
from ui.viewport.presets import Offer, numbers_of
from ui.viewport.reel import Loaded

NO_SCALE = later("no scale: pixel spacing unknown")
CALIBRATIONS = (  # what the millimetres may be, for translators
    later("calibrated"),
    later("at detector"),
    later("estimated"),
    later("at scanner"),
)


def marks_of(loaded: Loaded, place: tuple[int, int]) -> Marks:
    """Everything about the frame that window and zoom do not change; `place` is (n, of all)."""
    frame = loaded.frame
    taken = acquisition_texts(frame)
    spacing = spacing_of(frame)
    edges = edges_of(frame)
    known = spacing.calibration != NONE
    return Marks(
        identity=frame.identity,
        top_left=(place_text(frame, place), *_notices(loaded)[:2]),
        top_right=(*taken, *kind_texts(frame)),
        lossy=lossy_text(acquisition_of(frame)),
        letters=(edges.left, edges.right, edges.top, edges.bottom),
        column_mm=spacing.between_columns if known else 0.0,
        row_mm=spacing.between_rows if known else 0.0,
        calibration=tr(spacing.calibration) if known else tr(NO_SCALE),
    )


def _notices(loaded: Loaded) -> list[str]:
    """What is to be said of a frame; of a computed plane its name stands with its place."""
    named = str(loaded.frame.header.get("SeriesDescription") or "")
    return [one for one in loaded.notices if not (loaded.frame.derivation and one == named)]


def with_view(marks: Marks, offer: Offer | None, placement: Placement, inverted: bool) -> Marks:
    """The same marks with window and zoom, the lower left corner, and with the letters where the
    picture's edges lie now."""
    lines = [window_text(offer)] if offer is not None else []
    if inverted:
        lines.append(tr("Inverted by hand"))
    if placement.quarters or placement.mirrored:
        lines.append(lying_text(placement))
    lines.append(tr("Zoom {zoom}", zoom=zoom_text(placement)))
    letters = lying(marks.letters, placement)
    return dataclasses.replace(marks, bottom_left=tuple(lines), letters=letters)


def lying(letters: tuple[str, str, str, str], placement: Placement) -> tuple[str, str, str, str]:
    """Letters of the stored image's left, right, top and bottom, where these edges lie now."""
    edges = Edges(*letters)
    edges = (edges.mirrored() if placement.mirrored else edges).turned(placement.quarters)
    return edges.left, edges.right, edges.top, edges.bottom


def place_text(frame: ImageFrame, place: tuple[int, int]) -> str:
    """Series and image: "Series 3 · Image 2 of 20"; of a computed plane what it is, and which."""
    description = plain(str(frame.header.get("SeriesDescription") or ""))
    if frame.derivation and description:
        image = tr("Image {number} of {count}", number=place[0], count=place[1])
        return f"{description} · {image}"
    series = number(frame.header, "SeriesNumber", 0) if frame.header.get("SeriesNumber") else None
    parts = [tr("Series {number}", number=series if series is not None else "–")]
    parts.append(tr("Image {number} of {count}", number=place[0], count=place[1]))
    return " · ".join([*parts, description] if description else parts)


def kind_texts(frame: ImageFrame) -> tuple[str, ...]:
    """Matrix and bits, and the photometric interpretation."""
    bits = number(frame.header, "BitsStored", 8)
    return (
        tr("{columns} × {rows} · {bits} bit", columns=frame.columns, rows=frame.rows, bits=bits),
        frame.photometric,
    )


def window_text(offer: Offer) -> str:
    """Centre and width with their source: "C 40 · W 400 (file)"."""
    return f"{numbers_of(offer.window)} ({plain(tr(offer.name))})"


def zoom_text(placement: Placement) -> str:
    """Device pixels for a stored pixel, in per cent."""
    percent = placement.zoom * 100
    return figure(f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %")
