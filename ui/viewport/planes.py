"""Planes: what a file lays over its picture for eyes alone: overlay planes and the display shutter.

They are the last step of drawing and are made of nothing that was rendered: no probe, statistic or
model ever meets them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QTransform

from dicom_io.identity import Identity
from dicom_io.image.overlay_planes import OverlayPlane
from dicom_io.image.presentation import Shutter
from ui import theme
from ui.viewport.picture import device_box, stored_box
from ui.viewport.placement import Placement

_WHITE = 65535  # the brightest ShutterPresentationValue
_TINY = 1e-6


@dataclass(frozen=True, eq=False)
class Stencil:
    """Bits as an image in one colour, and where it goes: from its pixels to the pane's. `shade` is
    the same in the colour of the ground, so that it is seen on white bone too."""

    image: QImage
    transform: QTransform
    shade: QImage | None = None


class Planes:
    """The planes of one frame. `bitmap` is the group of the overlay that is a shutter, if any.

    Bits that lie outside the image lie over nothing and are not drawn.
    """

    def __init__(
        self,
        identity: Identity,
        overlays: Sequence[OverlayPlane],
        shutter: Shutter | None = None,
        bitmap: int | None = None,
    ) -> None:
        self.identity = identity
        self.overlays = tuple(one for one in overlays if one.group != bitmap)
        self.shutter = shutter
        self._bitmaps = tuple(one for one in overlays if one.group == bitmap)
        self._bits: dict[int, NDArray[np.bool_]] = {}  # unpacked, of the planes that were drawn
        self._made: tuple[object, tuple[Stencil, ...], tuple[Stencil, ...]] | None = None

    def __bool__(self) -> bool:
        """True when there is anything to draw."""
        return bool(self.overlays or self._bitmaps or self.shutter is not None)

    def draw(
        self, painter: QPainter, placement: Placement, font: QFont, *, overlays_too: bool = True
    ) -> None:
        """Paint the shutter, then the overlays, where `placement` puts the picture."""
        if not self:
            return
        asked = (placement, theme.FILM_TEXT)
        if self._made is None or self._made[0] != asked:
            hides = shutter_colour(self.shutter or Shutter())
            self._made = (
                asked,
                tuple(self._stencils(self._bitmaps, placement, hides)),
                tuple(self._stencils(self.overlays, placement)),
            )
        _, bitmaps, overlays = self._made
        painter.save()
        painter.setClipRect(QRectF(*placement.target), Qt.ClipOperation.IntersectClip)
        for one in bitmaps:
            paint_stencil(painter, one)
        if self.shutter is not None:
            paint_shutter(painter, placement, self.shutter)
        for one in overlays if overlays_too else ():
            paint_stencil(painter, one)
        painter.restore()
        for plane in self.overlays if overlays_too else ():
            if plane.caption:
                _paint_caption(painter, placement, plane, self._bits_of(plane), font)

    def _bits_of(self, plane: OverlayPlane) -> NDArray[np.bool_]:
        if plane.group not in self._bits:
            self._bits[plane.group] = plane.bits
        return self._bits[plane.group]

    def _stencils(
        self, planes: Iterable[OverlayPlane], placement: Placement, covers: QColor | None = None
    ) -> Iterable[Stencil]:
        """What is seen of some planes over the picture: light with a shade, or covering it. In a
        smaller picture a pixel is set where any bit under it is, so that thin lines stay."""
        seen = device_box(placement)
        if seen is None:
            return
        left, top, right, bottom = stored_box(placement, seen)
        across, down = placement.across * placement.ratio, placement.down * placement.ratio
        by = max(1, math.floor(1 / across + _TINY)), max(1, math.floor(1 / down + _TINY))
        for plane in planes:
            high, wide = plane.shape
            rows = _span(top - plane.row, bottom - plane.row, by[1], high)
            columns = _span(left - plane.column, right - plane.column, by[0], wide)
            bits = any_of_blocks(self._bits_of(plane)[rows, columns], by)
            if bits.any():
                x, y = plane.column + columns.start, plane.row + rows.start
                transform = QTransform(by[0], 0, 0, by[1], x, y) * QTransform(*placement.affine)
                image = _stencil_image(bits, covers or QColor(theme.FILM_TEXT))
                shade = None if covers else _stencil_image(bits, QColor(theme.FILM))
                yield Stencil(image, transform, shade)


def shutter_colour(shutter: Shutter) -> QColor:
    """The grey of what is hidden."""
    grey = round(min(max(shutter.grey, 0), _WHITE) * 255 / _WHITE)
    return QColor(grey, grey, grey)


def paint_shutter(painter: QPainter, placement: Placement, shutter: Shutter) -> None:
    """Cover what of the picture each shape of the shutter hides; pixels are not cut in two."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setClipRect(QRectF(*placement.target), Qt.ClipOperation.IntersectClip)
    painter.setTransform(QTransform(*placement.affine), True)
    around = max(placement.columns, placement.rows) * 2.0
    everything = QRectF(
        -around, -around, placement.columns + 2 * around, placement.rows + 2 * around
    )
    for shape in shutter_shapes(shutter, placement.aspect):
        path = QPainterPath()
        path.setFillRule(Qt.FillRule.OddEvenFill)
        path.addRect(everything)
        path.addPath(shape)
        painter.fillPath(path, shutter_colour(shutter))
    painter.restore()


def shutter_shapes(shutter: Shutter, aspect: float) -> Iterable[QPainterPath]:
    """What each shape leaves open, in stored pixels. A circle's radius counts columns; it is a
    circle on the screen, where pixels are `aspect` times as high as wide."""
    if shutter.rectangle is not None:
        left, top, right, bottom = shutter.rectangle
        path = QPainterPath()
        path.addRect(QRectF(left, top, max(right - left, 0.0), max(bottom - top, 0.0)))
        yield path
    if shutter.circle is not None:
        column, row, radius = shutter.circle
        path = QPainterPath()
        path.addEllipse(QPointF(column, row), radius, radius / aspect)
        yield path
    if shutter.polygon:
        path = QPainterPath(QPointF(*shutter.polygon[0]))
        for corner in shutter.polygon[1:]:
            path.lineTo(QPointF(*corner))
        path.closeSubpath()
        yield path


def _span(first: float, last: float, block: int, limit: int) -> slice:
    """Whole blocks from `first` to `last`, counted from 0, as far as there are bits."""
    start = max(0, math.floor(first / block) * block)
    return slice(min(start, limit), max(min(math.ceil(last / block) * block, limit), 0))


def any_of_blocks(bits: NDArray[np.bool_], blocks: tuple[int, int]) -> NDArray[np.bool_]:
    """One bit for each block of (columns, rows), set where any of its bits is."""
    across, down = blocks
    whole = _any_of_rows(bits, down) if down > 1 else bits
    if across == 1:
        return whole
    return np.ascontiguousarray(_any_of_rows(whole.T, across).T)


def _any_of_rows(bits: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    """One row for each `by` rows, the last perhaps for fewer."""
    found = bits[::by].copy(order="K")
    for step in range(1, by):
        more = bits[step::by]
        found[: len(more)] |= more
    return found


def _stencil_image(bits: NDArray[np.bool_], colour: QColor) -> QImage:
    """Set bits in the colour, the rest transparent; in memory of its own."""
    high, wide = bits.shape
    memory: Any = np.ascontiguousarray(bits).data  # any buffer will do; PyQt's stubs say bytes
    image = QImage(memory, wide, high, wide, QImage.Format.Format_Indexed8)
    image.setColorTable([0, colour.rgba()])
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)


def paint_stencil(painter: QPainter, one: Stencil) -> None:
    """Put bits where they go, their shade one pixel below and to the right."""
    before = painter.transform()
    for image, aside in ((one.shade, 1.0), (one.image, 0.0)):
        if image is not None:
            painter.setTransform(one.transform * QTransform.fromTranslate(aside, aside), True)
            smaller = abs(painter.transform().determinant()) < 1 - _TINY
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smaller)
            painter.drawImage(QPointF(0, 0), image)
            painter.setTransform(before)


def _paint_caption(
    painter: QPainter,
    placement: Placement,
    plane: OverlayPlane,
    bits: NDArray[np.bool_],
    font: QFont,
) -> None:
    """Label and measures of a plane beside what is set in it."""
    if not bits.any():
        return
    rows, columns = (np.flatnonzero(bits.any(axis=axis)) for axis in (1, 0))
    ends = [
        placement.to_pane(plane.column + int(column), plane.row + int(row))
        for column in (columns[0], columns[-1] + 1)
        for row in (rows[0], rows[-1] + 1)
    ]
    at = QPointF(max(x for x, _ in ends) + 4, min(y for _, y in ends))
    metrics = QFontMetricsF(font)
    box = metrics.boundingRect(plane.caption).translated(at + QPointF(0, metrics.ascent()))
    painter.setFont(font)
    painter.fillRect(box.adjusted(-4, -2, 4, 2), QColor(theme.SHADE))
    painter.setPen(QColor(theme.FILM_TEXT))
    painter.drawText(at + QPointF(0, metrics.ascent()), plane.caption)
