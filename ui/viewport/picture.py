"""Picture: rendered grey or colour values as something that Qt can paint at any zoom."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QImage, QPainter, QTransform

from dicom_io.identity import Identity
from ui.viewport.placement import Placement


class Picture:
    """`pixels`: uint8, (rows, columns) grey or (rows, columns, 3) RGB, as rendered; `identity`
    says of which frame. What is painted is made of nothing else."""

    def __init__(self, identity: Identity, pixels: NDArray[np.uint8]) -> None:
        self.identity = identity
        self.pixels = np.ascontiguousarray(pixels)
        self._reduced: tuple[tuple[int, int], NDArray[np.uint8], QImage] | None = None

    def draw(self, painter: QPainter, placement: Placement) -> None:
        """Paint the whole picture where `placement` puts it.

        At zoom 1 each stored pixel is copied to one device pixel. Smaller pictures are first
        averaged over whole blocks of pixels, so that no small bright spot is stepped over, and
        then interpolated; larger ones are interpolated.
        """
        across, down = placement.across * placement.ratio, placement.down * placement.ratio
        blocks = (max(1, math.floor(1 / across)), max(1, math.floor(1 / down)))
        image = self._image(blocks)
        rows, columns = self.pixels.shape[:2]
        source = QRectF(0, 0, columns / blocks[0], rows / blocks[1])
        smooth = (across, down) != (1.0, 1.0)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        if placement.mirrored or placement.quarters:
            upright = painter.transform()
            painter.setTransform(QTransform(*placement.affine), True)
            painter.drawImage(QRectF(0, 0, columns, rows), image, source)
            painter.setTransform(upright)
        else:
            painter.drawImage(QRectF(*placement.target), image, source)

    def _image(self, blocks: tuple[int, int]) -> QImage:
        if self._reduced is None or self._reduced[0] != blocks:
            pixels = averaged(self.pixels, blocks)
            self._reduced = (blocks, pixels, as_image(pixels))
        return self._reduced[2]


def averaged(pixels: NDArray[np.uint8], blocks: tuple[int, int]) -> NDArray[np.uint8]:
    """The mean over blocks of (columns, rows) pixels; the last ones may be of smaller blocks."""
    if blocks == (1, 1):
        return pixels
    return np.asarray(Image.fromarray(pixels).reduce(blocks))


def as_image(pixels: NDArray[np.uint8]) -> QImage:
    """A QImage over the same memory: the array must be kept as long as the image is used."""
    rows, columns = pixels.shape[:2]
    if pixels.ndim == 2:
        form, stride = QImage.Format.Format_Grayscale8, columns
    else:
        form, stride = QImage.Format.Format_RGB888, 3 * columns
    memory: Any = pixels.data  # any buffer will do; PyQt's stubs say bytes
    return QImage(memory, columns, rows, stride, form)
