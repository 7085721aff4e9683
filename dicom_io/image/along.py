"""Along: what a straight line on a frame measures, in the unit of each axis.

A line on a photograph of the body is one length. In a trace (M-mode, Doppler) across is time and
down is depth or speed, so that a line has two measures and no length.
Source: DICOM PS3.3 10.7.1.3, C.8.5.5.
"""

from __future__ import annotations

import math

from dicom_io.image.annotation import Point, Value
from dicom_io.image.frame import ImageFrame
from dicom_io.image.geometry import CALIBRATED, NONE, spacing_of
from dicom_io.image.regions import QUANTITIES, Axis, axes_of_region, fitting, region_at

LENGTH, PIXELS, MM = "Length", "{pixels}", "mm"


def along(frame: ImageFrame, start: Point, end: Point) -> tuple[Value, ...]:
    """The measures of a line between two points (column, row): one length, or one value an axis.

    Lengths are in mm with the word for how the spacing is known, else in pixels with the word
    "none". A line from one region of an ultrasound picture into another counts pixels.
    """
    across, down = abs(end[0] - start[0]), abs(end[1] - start[1])
    spacing, other = spacing_of(frame, *start), spacing_of(frame, *end)
    if spacing == other and spacing.calibration != NONE:
        length = math.hypot(across * spacing.between_columns, down * spacing.between_rows)
        return (Value(LENGTH, length, MM, spacing.calibration),)
    axes, ending = axes_at(frame, start), axes_at(frame, end)
    if axes is None or axes != ending:
        return (Value(LENGTH, math.hypot(across, down), PIXELS, NONE),)
    return tuple(
        Value(QUANTITIES.get(axis.unit, axis.unit), pixels * axis.step, axis.unit, CALIBRATED)
        for pixels, axis in zip((across, down), axes, strict=True)
        if axis.unit
    )


def axes_at(frame: ImageFrame, point: Point) -> tuple[Axis, Axis] | None:
    """What a pixel means across and down at a place of an ultrasound picture; None elsewhere."""
    regions = frame.header.get("SequenceOfUltrasoundRegions") or ()
    regions = fitting(regions, frame.columns, frame.rows)
    region = region_at(regions, *point) if regions else None
    axes = axes_of_region(region) if region is not None else None
    return axes if axes is not None and (axes[0].unit or axes[1].unit) else None
