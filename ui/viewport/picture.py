"""Picture: a frame under one window as something that Qt can paint at any zoom.

Only what the pane shows is ever rendered, and it is rendered before it is resampled. At zoom 1 each
device pixel is one stored pixel, exactly as `dicom_io.image.render` gives it; a smaller picture is
`dicom_io.image.resample` of that; a larger one is interpolated by Qt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF
from PyQt6.QtGui import QImage, QPainter, QTransform

from dicom_io.identity import Identity
from dicom_io.image.crop import Box
from dicom_io.image.render import Look
from dicom_io.image.resample import averaged, resampled
from ui.viewport.placement import Placement

_TINY = 1e-6  # of a pixel
_EDGE = 2  # stored pixels around what is seen that interpolation reaches


@dataclass(frozen=True, eq=False)
class Drawn:
    """An image and where it goes: from its pixels to logical pixels of the pane."""

    placement: Placement
    pixels: NDArray[np.uint8]  # the memory of `image`, kept as long as it is
    image: QImage
    transform: QTransform
    smooth: bool


class Picture:
    """`look` is a rendered frame, `identity` says of which one. What is painted is made of nothing
    else."""

    def __init__(self, identity: Identity, look: Look) -> None:
        self.identity = identity
        self.look = look
        self._drawn: Drawn | None = None

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """The whole picture, one value or RGB triple for each stored pixel; not to be changed."""
        return self.look.pixels

    def draw(self, painter: QPainter, placement: Placement) -> None:
        """Paint what of the picture lies in the pane, where `placement` puts it."""
        if self._drawn is None or self._drawn.placement != placement:
            self._drawn = self.lying(placement)
        if self._drawn is not None:
            paint(painter, self._drawn)

    def draw_overview(self, painter: QPainter, pane: QRectF, placement: Placement) -> None:
        """Paint the whole as a small picture with the part that is seen; for slides."""

    def lying(self, placement: Placement) -> Drawn | None:
        """What is to be painted where the picture lies like that; None when none is seen."""
        return drawn(self.look, placement)


def paint(painter: QPainter, one: Drawn) -> None:
    """Put an image where it goes."""
    before = painter.transform()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, one.smooth)
    painter.setTransform(one.transform, True)
    painter.drawImage(QPointF(0, 0), one.image)
    painter.setTransform(before)


def drawn(look: Look, placement: Placement) -> Drawn | None:
    """What is to be painted of a picture that lies like that; None when none of it is seen."""
    seen = device_box(placement)
    if seen is None:
        return None
    across, down = placement.across * placement.ratio, placement.down * placement.ratio
    if max(across, down) > 1 + _TINY:
        return _larger(look, placement, seen)
    if min(across, down) > 1 - _TINY:
        left, top, right, bottom = (round(side) for side in stored_box(placement, seen))
        pixels = look.part(slice(top, bottom), slice(left, right))
    else:
        pixels = resampled(
            look.passing, look.shape, stored_box(placement, seen), _size(placement, seen)
        )
    return _device(np.ascontiguousarray(oriented(pixels, placement)), placement, seen)


def _device(pixels: NDArray[np.uint8], placement: Placement, seen: Box) -> Drawn:
    """One value for each device pixel."""
    image = as_image(pixels)
    transform = QTransform(1 / placement.ratio, 0, 0, 1 / placement.ratio, 0, 0)
    transform.translate(seen[0], seen[1])
    return Drawn(placement, pixels, image, transform, False)


def _larger(look: Look, placement: Placement, seen: Box) -> Drawn:
    """Stored pixels for Qt to interpolate; along a side that is made smaller, means of them."""
    left, top, right, bottom = stored_box(placement, seen)
    by = (
        max(1, math.floor(1 / (placement.across * placement.ratio) + _TINY)),
        max(1, math.floor(1 / (placement.down * placement.ratio) + _TINY)),
    )
    rows = _span(top, bottom, by[1], look.shape[0])
    columns = _span(left, right, by[0], look.shape[1])
    pixels = np.ascontiguousarray(averaged(look.part(rows, columns), by))
    image = as_image(pixels).convertToFormat(QImage.Format.Format_RGB32)  # Qt's quickest
    transform = QTransform(by[0], 0, 0, by[1], columns.start, rows.start)
    return Drawn(placement, pixels, image, transform * QTransform(*placement.affine), True)


def _span(first: float, last: float, block: int, limit: int) -> slice:
    start = (math.floor(first / block) - _EDGE) * block
    stop = (math.ceil(last / block) + _EDGE) * block
    return slice(max(0, start), min(limit, stop))


def device_box(placement: Placement) -> Box | None:
    """Left, top, right and bottom of what is seen of the picture: whole device pixels of the
    pane; None when nothing is."""
    x, y, wide, high = (side * placement.ratio for side in placement.target)
    left, top = max(0, math.floor(x + _TINY)), max(0, math.floor(y + _TINY))
    right = min(math.ceil(placement.width * placement.ratio), math.ceil(x + wide - _TINY))
    bottom = min(math.ceil(placement.height * placement.ratio), math.ceil(y + high - _TINY))
    return (left, top, right, bottom) if right > left and bottom > top else None


def stored_box(placement: Placement, seen: Box) -> Box:
    """Left, top, right, bottom of the stored pixels under a box of device pixels; it may reach
    beyond the picture by less than one of them."""
    ratio = placement.ratio
    x0, y0 = placement.to_stored(seen[0] / ratio, seen[1] / ratio)
    x1, y1 = placement.to_stored(seen[2] / ratio, seen[3] / ratio)
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def _size(placement: Placement, seen: Box) -> tuple[int, int]:
    """(width, height) in device pixels of what is seen, before it is turned."""
    wide, high = int(seen[2] - seen[0]), int(seen[3] - seen[1])
    return (high, wide) if placement.is_turned else (wide, high)


def oriented(pixels: NDArray[np.uint8], placement: Placement) -> NDArray[np.uint8]:
    """Mirrored left to right, then turned clockwise, as the placement says; a view."""
    mirrored = pixels[:, ::-1] if placement.mirrored else pixels
    return np.rot90(mirrored, -placement.quarters)


def as_image(pixels: NDArray[np.uint8]) -> QImage:
    """A QImage over the same memory: the array must be kept as long as the image is used."""
    rows, columns = pixels.shape[:2]
    if pixels.ndim == 2:
        form, stride = QImage.Format.Format_Grayscale8, columns
    else:
        form, stride = QImage.Format.Format_RGB888, 3 * columns
    memory: Any = pixels.data  # any buffer will do; PyQt's stubs say bytes
    return QImage(memory, columns, rows, stride, form)
