"""Placement: where the picture lies in its pane, and the way from a point there to a stored pixel.

Points of the pane are in Qt's logical pixels, from its top left corner. Points of the image are
stored columns and rows from the top left corner of the top left pixel (PS3.3 C.18.6.1.1). One
logical pixel has `ratio` device pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

SMALLEST, LARGEST = 0.02, 64.0  # device pixels for one stored pixel


@dataclass(frozen=True, slots=True)
class Placement:
    """A picture of `columns` x `rows` in a pane of `width` x `height`.

    `aspect` is the height of a stored pixel divided by its width. `zoom` is device pixels for one
    stored pixel, along the shorter side of the pixel. `x`, `y` is the picture's top left corner in
    the pane, always on a device pixel, so that at zoom 1 stored and device pixels coincide.
    """

    columns: int
    rows: int
    aspect: float = 1.0
    width: float = 1.0
    height: float = 1.0
    ratio: float = 1.0
    zoom: float = 1.0
    x: float = 0.0
    y: float = 0.0
    fits: bool = True  # follows the pane when its size changes

    @property
    def across(self) -> float:
        """Logical pixels for one stored column."""
        return self.zoom / self.ratio * max(1.0, 1.0 / self.aspect)

    @property
    def down(self) -> float:
        """Logical pixels for one stored row."""
        return self.zoom / self.ratio * max(1.0, self.aspect)

    @property
    def target(self) -> tuple[float, float, float, float]:
        """x, y, width and height of the whole picture in the pane."""
        return self.x, self.y, self.columns * self.across, self.rows * self.down

    def to_stored(self, x: float, y: float) -> tuple[float, float]:
        """The stored column and row under a point of the pane; may lie outside the image."""
        return (x - self.x) / self.across, (y - self.y) / self.down

    def to_pane(self, column: float, row: float) -> tuple[float, float]:
        """The point of the pane where a stored column and row are drawn."""
        return self.x + column * self.across, self.y + row * self.down

    def fitted(self) -> Placement:
        """The whole picture, as large as the pane allows, in its middle."""
        unit = replace(self, zoom=1.0)
        zoom = min(self.width / (self.columns * unit.across), self.height / (self.rows * unit.down))
        return replace(self, zoom=max(zoom, 1e-4), fits=True)._centred()

    def one_to_one(self) -> Placement:
        """One stored pixel on one device pixel, about the middle of the pane."""
        return self.zoomed(1.0 / self.zoom, self.width / 2, self.height / 2)

    def zoomed(self, factor: float, x: float, y: float) -> Placement:
        """Larger by `factor`; what lies under the point x, y of the pane stays there."""
        column, row = self.to_stored(x, y)
        zoom = min(max(self.zoom * factor, min(SMALLEST, self.zoom)), max(LARGEST, self.zoom))
        if abs(zoom - 1.0) < 1e-9:
            zoom = 1.0
        larger = replace(self, zoom=zoom, fits=False)
        return replace(
            larger, x=x - column * larger.across, y=y - row * larger.down
        )._on_device_pixels()

    def panned(self, dx: float, dy: float) -> Placement:
        """Moved by dx, dy, but never wholly out of the pane."""
        _, _, wide, high = self.target
        keep_x, keep_y = min(32.0, wide), min(32.0, high)
        x = min(max(self.x + dx, keep_x - wide), self.width - keep_x)
        y = min(max(self.y + dy, keep_y - high), self.height - keep_y)
        return replace(self, x=x, y=y, fits=False)._on_device_pixels()

    def resized(self, width: float, height: float, ratio: float) -> Placement:
        """In a pane of another size: refitted, or with the same zoom about the same middle."""
        if self.fits:
            return replace(self, width=width, height=height, ratio=ratio).fitted()
        column, row = self.to_stored(self.width / 2, self.height / 2)
        moved = replace(self, width=width, height=height, ratio=ratio)
        return replace(
            moved, x=width / 2 - column * moved.across, y=height / 2 - row * moved.down
        )._on_device_pixels()

    def of_picture(self, columns: int, rows: int, aspect: float) -> Placement:
        """For another picture: the same when it has the same shape, else fitted anew."""
        if (columns, rows, aspect) == (self.columns, self.rows, self.aspect):
            return self
        return replace(self, columns=columns, rows=rows, aspect=aspect).fitted()

    def _centred(self) -> Placement:
        _, _, wide, high = self.target
        return replace(
            self, x=(self.width - wide) / 2, y=(self.height - high) / 2
        )._on_device_pixels()

    def _on_device_pixels(self) -> Placement:
        return replace(
            self,
            x=round(self.x * self.ratio) / self.ratio,
            y=round(self.y * self.ratio) / self.ratio,
        )
