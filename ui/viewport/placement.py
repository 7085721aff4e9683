"""Placement: where the picture lies in its pane, and the way from a point there to a stored pixel.

Points of the pane are in Qt's logical pixels, from its top left corner. Points of the image are
stored columns and rows from the top left corner of the top left pixel (PS3.3 C.18.6.1.1). One
logical pixel has `ratio` device pixels. A picture that is turned or mirrored has its points there
too: who converts through `to_stored` and `to_pane` alone need not know of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dicom_io.image.presentation import Orientation

SMALLEST, LARGEST = 0.02, 64.0  # device pixels for one stored pixel


@dataclass(frozen=True, slots=True)
class Placement:
    """A picture of `columns` x `rows` in a pane of `width` x `height`.

    `aspect` is the height of a stored pixel divided by its width. `zoom` is device pixels for one
    stored pixel, along the shorter side of the pixel. `x`, `y` is the top left corner of what is
    drawn, always on a device pixel, so that at zoom 1 stored and device pixels coincide. The
    picture is first mirrored left to right, then turned by `quarters` of 90 degrees clockwise
    (`Orientation`). Columns, rows, `across` and `down` stay those of the stored image.
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
    mirrored: bool = False
    quarters: int = 0  # 0 to 3

    @property
    def orientation(self) -> Orientation:
        """How the picture lies."""
        return Orientation(self.mirrored, self.quarters)

    @property
    def is_turned(self) -> bool:
        """True when stored columns run up or down on the screen."""
        return self.quarters % 2 == 1

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
        """x, y, width and height of the whole picture in the pane, as it lies there."""
        wide, high = self.columns * self.across, self.rows * self.down
        return (self.x, self.y, high, wide) if self.is_turned else (self.x, self.y, wide, high)

    @property
    def affine(self) -> tuple[float, float, float, float, float, float]:
        """(a, b, c, d, e, f): a stored column and row lie in the pane at x = a column + c row + e,
        y = b column + d row + f. The order is that of Qt's and PostScript's matrices."""
        across, down = self.across, self.down
        wide, high = self.columns * across, self.rows * down
        a, e = (-across, wide) if self.mirrored else (across, 0.0)
        lying = {
            0: (a, 0.0, 0.0, down, e, 0.0),
            1: (0.0, a, -down, 0.0, high, e),
            2: (-a, 0.0, 0.0, -down, wide - e, high),
            3: (0.0, -a, down, 0.0, 0.0, wide - e),
        }[self.quarters % 4]
        return (*lying[:4], lying[4] + self.x, lying[5] + self.y)

    def to_stored(self, x: float, y: float) -> tuple[float, float]:
        """The stored column and row under a point of the pane; may lie outside the image."""
        a, b, c, d, e, f = self.affine
        if self.is_turned:
            return (y - f) / b, (x - e) / c
        return (x - e) / a, (y - f) / d

    def to_pane(self, column: float, row: float) -> tuple[float, float]:
        """The point of the pane where a stored column and row are drawn."""
        a, b, c, d, e, f = self.affine
        return a * column + c * row + e, b * column + d * row + f

    def fitted(self) -> Placement:
        """The whole picture, as large as the pane allows, in its middle."""
        _, _, wide, high = replace(self, zoom=1.0).target
        zoom = min(self.width / wide, self.height / high)
        return replace(self, zoom=max(zoom, 1e-4), fits=True)._centred()

    def oriented(self, orientation: Orientation) -> Placement:
        """Turned and mirrored like that; fitted anew, or about the middle of the pane."""
        quarters = orientation.quarters % 4
        lying = replace(self, mirrored=orientation.mirrored, quarters=quarters)
        if self.fits:
            return lying.fitted()
        middle = self.width / 2, self.height / 2
        return lying._with(self.to_stored(*middle), middle)

    def turned(self, quarters: int) -> Placement:
        """Turned on by so many quarters clockwise, as it is seen."""
        return self.oriented(Orientation(self.mirrored, self.quarters + quarters))

    def flipped(self, *, upside_down: bool = False) -> Placement:
        """With left and right exchanged as it is seen, or top and bottom.

        A mirror after a turn is the mirror before the turn the other way round, and top to bottom
        is left to right and half a turn.
        """
        half = 2 if upside_down else 0
        return self.oriented(Orientation(not self.mirrored, half - self.quarters))

    def one_to_one(self, at: tuple[float, float] | None = None) -> Placement:
        """One stored pixel on one device pixel, about that point or the middle of the pane."""
        return self.zoomed(1.0 / self.zoom, *(at or (self.width / 2, self.height / 2)))

    def zoomed(self, factor: float, x: float, y: float) -> Placement:
        """Larger by `factor`; what lies under the point x, y of the pane stays there."""
        _, _, wide, high = replace(self, zoom=1.0).target
        least = min(SMALLEST, self.zoom, self.width / wide, self.height / high)
        zoom = min(max(self.zoom * factor, least), max(LARGEST, self.zoom))
        if abs(zoom - 1.0) < 1e-9:
            zoom = 1.0
        larger = replace(self, zoom=zoom, fits=False)
        return larger._with(self.to_stored(x, y), (x, y))

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
        middle = self.to_stored(self.width / 2, self.height / 2)
        moved = replace(self, width=width, height=height, ratio=ratio)
        return moved._with(middle, (width / 2, height / 2))

    def of_picture(self, columns: int, rows: int, aspect: float) -> Placement:
        """For another picture: the same when it has the same shape, else fitted anew."""
        if (columns, rows, aspect) == (self.columns, self.rows, self.aspect):
            return self
        return replace(self, columns=columns, rows=rows, aspect=aspect).fitted()

    def _with(self, stored: tuple[float, float], at: tuple[float, float]) -> Placement:
        """Moved so that the stored column and row lie at that point of the pane."""
        x, y = self.to_pane(*stored)
        return replace(self, x=self.x + at[0] - x, y=self.y + at[1] - y)._on_device_pixels()

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
