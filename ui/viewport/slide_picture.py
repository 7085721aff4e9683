"""SlidePicture: what is seen of a slide, put together from the tiles that are here.

A tile that is still on its way is stood in for by the same place of a coarser level, so that
nothing flashes; where there is none either, the film is empty. Only tiles of this very slide are
ever looked up.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, replace

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, QSizeF, Qt
from PyQt6.QtGui import QColor, QImage, QPainter, QPen, QTransform

from dicom_io.image.crop import Box
from dicom_io.image.pyramid import Level, nearest_level
from dicom_io.image.render import Look
from ui import theme
from ui.viewport.overlay import EDGE
from ui.viewport.picture import Drawn, Picture, device_box, paint, stored_box
from ui.viewport.placement import Placement
from ui.viewport.slide_tiles import Place, SlideTiles

_NOTHING = np.empty(0, np.uint8)
_LOOSE = 1e-3  # of a pixel
KEPT = 3  # canvases: of the pane, the overview, and the magnifying glass
SIDE = 150.0  # logical pixels of the overview
ABOVE = 56.0  # that it stands above the pane's lower edge: the scale bar is there

Key = tuple[int, int, int, int, int]  # level, first and last column and row of tiles


@dataclass(eq=False)
class Canvas:
    """Tiles of one level side by side, pixel for pixel; `left`, `top` is its corner there."""

    image: QImage
    left: int
    top: int
    missing: set[Place]
    count: int = -1  # of tiles that had come when it was painted last


class SlidePicture(Picture):
    """The tiles of a slide as a picture of its total pixel matrix."""

    def __init__(self, tiles: SlideTiles, look: Look, *, invert: bool = False) -> None:
        """`look` gives the shape alone."""
        super().__init__(tiles.frame.identity, look)
        self._tiles = tiles
        self._invert = invert
        self._canvases: OrderedDict[Key, Canvas] = OrderedDict()

    def draw(self, painter: QPainter, placement: Placement) -> None:
        """Paint what of the slide lies in the pane, and have the rest read."""
        self._look_at(placement)
        seen = self.lying(placement)
        if seen is not None:
            paint(painter, seen)

    def draw_overview(self, painter: QPainter, pane: QRectF, placement: Placement) -> None:
        """The whole slide in the lower right, and what of it is seen; nothing while all is."""
        seen = device_box(placement)
        x, y, wide, high = placement.target
        if seen is None or pane.adjusted(-1, -1, 1, 1).contains(QRectF(x, y, wide, high)):
            return
        side = min(SIDE, pane.width() / 4, pane.height() / 4)
        scale = side / max(wide, high)
        room = QSizeF(wide * scale, high * scale)
        small = replace(placement, width=room.width(), height=room.height()).fitted()
        drawn = self.lying(small)
        corner = QPointF(
            round(pane.right() - EDGE - room.width()), round(pane.bottom() - ABOVE - room.height())
        )
        painter.save()
        painter.translate(corner)
        painter.setClipRect(QRectF(QPointF(0, 0), room))
        if drawn is not None:
            paint(painter, drawn)
        painter.setClipping(False)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        left, top, right, bottom = stored_box(placement, seen)
        box = QRectF(QPointF(*small.to_pane(left, top)), QPointF(*small.to_pane(right, bottom)))
        for width, ink in ((3.0, theme.SHADE), (1.0, theme.FILM_PLACE)):
            painter.setPen(QPen(QColor(ink), width))
            painter.drawRect(QRectF(QPointF(0, 0), room))
            painter.drawRect(box.normalized())
        painter.restore()

    def _look_at(self, placement: Placement) -> None:
        seen = device_box(placement)
        if seen is not None:
            level = self.level_at(placement)
            box = _in_level(stored_box(placement, seen), self._tiles.levels[level])
            self._tiles.look_at(level, box)

    def level_at(self, placement: Placement) -> int:
        """The level that is shown where the slide lies like that."""
        return nearest_level(self._tiles.levels, 1.0 / placement.zoom)

    def lying(self, placement: Placement) -> Drawn | None:
        """As `Picture.lying`."""
        seen = device_box(placement)
        if seen is None:
            return None
        at = self.level_at(placement)
        level = self._tiles.levels[at]
        box = _in_level(stored_box(placement, seen), level)
        places = list(self._tiles.places_in(at, box))
        if not places:
            return None
        first, last = places[0], places[-1]
        key = (at, first.column, first.row, last.column, last.row)
        canvas = self._canvas(key, places)
        across, down = self.look.shape[1] / level.columns, self.look.shape[0] / level.rows
        transform = QTransform(
            across, 0, 0, down, first.column * level.tile * across, first.row * level.tile * down
        )
        scale = placement.across * placement.ratio * across
        smooth = abs(scale - 1) > _LOOSE or placement.is_turned or placement.mirrored
        return Drawn(
            placement,
            _NOTHING,
            canvas.image,
            transform * QTransform(*placement.affine),
            smooth,
        )

    def _canvas(self, key: Key, places: list[Place]) -> Canvas:
        """The tiles of those places side by side, as far as they are here now."""
        canvas = self._canvases.get(key)
        if canvas is None:
            canvas = _empty(self._tiles.levels[key[0]], places)
            self._take_over(canvas, key)
            self._canvases[key] = canvas
            if len(self._canvases) > KEPT:
                self._canvases.popitem(last=False)
        self._canvases.move_to_end(key)
        if canvas.missing and canvas.count != self._tiles.count:
            self._fill(canvas, self._tiles.levels[key[0]])
            canvas.count = self._tiles.count
        return canvas

    def _take_over(self, canvas: Canvas, key: Key) -> None:
        """What the newest canvas of the same level has already: panning by a tile paints only the
        tiles that come into sight."""
        old_key = next((one for one in reversed(self._canvases) if one[0] == key[0]), None)
        if old_key is None:
            return
        old = self._canvases[old_key]
        painter = QPainter(canvas.image)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        painter.drawImage(old.left - canvas.left, old.top - canvas.top, old.image)
        painter.end()
        _, left, top, right, bottom = old_key
        canvas.missing = {
            place
            for place in canvas.missing
            if place in old.missing
            or not (left <= place.column <= right and top <= place.row <= bottom)
        }

    def _fill(self, canvas: Canvas, level: Level) -> None:
        """Paint what was missing, or what stands in for it."""
        painter = QPainter(canvas.image)
        for place in tuple(canvas.missing):
            x, y = place.column * level.tile, place.row * level.tile
            width, height = min(level.tile, level.columns - x), min(level.tile, level.rows - y)
            room = QRectF(x - canvas.left, y - canvas.top, width, height)
            image = self._tiles.image(place)
            if image is not None:
                painter.drawImage(room.topLeft(), image)
                canvas.missing.discard(place)
            elif not self._stand_in(painter, room, place.level, (x, y, x + width, y + height)):
                continue
            if self._invert:
                painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Difference)
                painter.fillRect(room, Qt.GlobalColor.white)
                painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        painter.end()

    def _stand_in(self, painter: QPainter, room: QRectF, at: int, box: Box) -> bool:
        """The same part of the slide out of the nearest coarser level; False while none is here."""
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        level = self._tiles.levels[at]
        for coarser in range(at + 1, len(self._tiles.levels)):
            other = self._tiles.levels[coarser]
            across, down = other.columns / level.columns, other.rows / level.rows
            part = (box[0] * across, box[1] * down, box[2] * across, box[3] * down)
            places = list(self._tiles.places_in(coarser, part))
            images = [self._tiles.image(place) for place in places]
            if not images or any(image is None for image in images):
                continue
            painter.save()
            painter.setClipRect(room)
            painter.translate(room.topLeft())
            painter.scale(1 / across, 1 / down)
            painter.translate(-part[0], -part[1])
            for place, image in zip(places, images, strict=True):
                if image is not None:
                    painter.drawImage(place.column * other.tile, place.row * other.tile, image)
            painter.restore()
            return True
        return False


def _empty(level: Level, places: list[Place]) -> Canvas:
    """Room for those tiles."""
    first, last = places[0], places[-1]
    left, top = first.column * level.tile, first.row * level.tile
    right = min((last.column + 1) * level.tile, level.columns)
    bottom = min((last.row + 1) * level.tile, level.rows)
    image = QImage(right - left, bottom - top, QImage.Format.Format_RGB32)
    image.fill(QColor(theme.FILM))
    return Canvas(image, left, top, set(places))


def _in_level(box: Box, level: Level) -> Box:
    """Columns and rows of the total pixel matrix as those of a level, whole ones outwards."""
    left, top, right, bottom = (side / level.factor for side in box)
    return math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom)
