"""The display shutter of an image: which of its pixels are hidden from the reader.

A shutter is drawn over the picture and changes nothing else: coordinates, probe, statistics and
what a model gets are those of the whole image. Source: DICOM PS3.3 C.7.6.11, C.7.6.16.2.21.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicom_io.image.frame import ImageFrame
from dicom_io.image.functional import floats, macro, texts
from dicom_io.image.header import number
from dicom_io.image.presentation import Shutter

FARTHEST = 1e6  # pixels from the image, beyond which no number is believed
_EDGES = ("LeftVertical", "UpperHorizontal", "RightVertical", "LowerHorizontal")


def shutter_of(frame: ImageFrame) -> Shutter | None:
    """The shutter of this frame, its own before that of the file; None when there is none.

    Shapes without sound measures are left out; several shapes hide what any of them hides.
    """
    return read_shutter(_source(frame))[0]


def notices_of_shutter(frame: ImageFrame) -> tuple[str, ...]:
    """A sentence for each shape of the frame's shutter that cannot be drawn."""
    return read_shutter(_source(frame))[1]


def _source(frame: ImageFrame) -> Dataset:
    return macro(frame.header, frame.index, "FrameDisplayShutterSequence") or frame.header


def read_shutter(dataset: Dataset) -> tuple[Shutter | None, tuple[str, ...]]:
    """The shutter that the attributes of a data set describe, and what of it is not applied.

    Edges, centre and corners count pixels from 1; in a `Shutter` they are stored pixels from the
    top left corner of the top left pixel, the pixels on the edge being seen. A shutter that is a
    bitmap alone has no shape, only its grey; the bits are those of the overlay `bitmap_group`.
    """
    names = {name.strip().upper() for name in texts(dataset, "ShutterShape")}
    found = Shutter(grey=min(max(number(dataset, "ShutterPresentationValue", 0), 0), 65535))
    left_out = sorted(names - {"RECTANGULAR", "CIRCULAR", "POLYGONAL", "BITMAP"})
    if "RECTANGULAR" in names:
        edges = [_places(dataset, f"Shutter{edge}Edge")[:1] for edge in _EDGES]
        if all(edges):
            left, top, right, bottom = (edge[0] for edge in edges)
            found = replace(found, rectangle=(left - 1, top - 1, right, bottom))
        else:
            left_out.append("RECTANGULAR")
    if "CIRCULAR" in names:
        centre = _places(dataset, "CenterOfCircularShutter")
        radius = _places(dataset, "RadiusOfCircularShutter")
        if len(centre) == 2 and radius and radius[0] > 0:
            found = replace(found, circle=(centre[1] - 0.5, centre[0] - 0.5, radius[0]))
        else:
            left_out.append("CIRCULAR")
    if "POLYGONAL" in names:
        corners = _places(dataset, "VerticesOfThePolygonalShutter")
        if len(corners) >= 6 and len(corners) % 2 == 0:
            pairs = zip(corners[1::2], corners[::2], strict=True)
            found = replace(found, polygon=tuple((x - 0.5, y - 0.5) for x, y in pairs))
        else:
            left_out.append("POLYGONAL")
    notices = tuple(f"A {name.lower()} shutter of the file is not applied." for name in left_out)
    shapes = found.rectangle is not None or found.circle is not None or bool(found.polygon)
    return (found if shapes or "BITMAP" in names else None), notices


def _places(dataset: Dataset, keyword: str) -> tuple[float, ...]:
    """Numbers that may be pixels of an image; none at all when one of them may not."""
    values = floats(dataset, keyword)
    return values if all(math.isfinite(one) and abs(one) <= FARTHEST for one in values) else ()


def bitmap_group(dataset: Dataset) -> int | None:
    """The overlay group whose set bits hide the image (C.7.6.15); None without such a shutter."""
    if "BITMAP" not in {name.strip().upper() for name in texts(dataset, "ShutterShape")}:
        return None
    return number(dataset, "ShutterOverlayGroup", 0) or None


def hidden(shutter: Shutter, rows: int, columns: int, aspect: float = 1.0) -> NDArray[np.bool_]:
    """(rows, columns), True for each pixel whose centre the shutter hides.

    `aspect` is the height of a pixel divided by its width: the radius of a circle counts columns.
    """
    x, y = np.arange(columns)[None, :] + 0.5, np.arange(rows)[:, None] + 0.5
    seen = np.ones((rows, columns), np.bool_)
    if shutter.rectangle is not None:
        left, top, right, bottom = shutter.rectangle
        seen &= (x >= left) & (x <= right) & (y >= top) & (y <= bottom)
    if shutter.circle is not None:
        column, row, radius = shutter.circle
        seen &= (x - column) ** 2 + ((y - row) * aspect) ** 2 <= radius**2
    if shutter.polygon:
        seen &= _inside(shutter.polygon, x, y)
    return ~seen


def _inside(
    corners: tuple[tuple[float, float], ...], x: NDArray[Any], y: NDArray[Any]
) -> NDArray[np.bool_]:
    """True where an odd number of edges lies to the right."""
    odd = np.zeros(np.broadcast_shapes(x.shape, y.shape), np.bool_)
    for (x0, y0), (x1, y1) in zip(corners, (*corners[1:], corners[0]), strict=True):
        if y0 != y1:
            crossed = (y0 > y) != (y1 > y)
            odd ^= crossed & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return odd
