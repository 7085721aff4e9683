"""Where the patient's sides are, how large a pixel is and how far that is to be trusted.

Source: DICOM PS3.3 C.7.6.2.1.1 (orientation), 10.7.1.3 and C.8.5.5 (spacing).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pydicom.dataset import Dataset

from dicom_io.image.frame import ImageFrame
from dicom_io.image.functional import floats, macro, texts
from dicom_io.image.header import number

# How a spacing was found; to be shown beside every length.
CALIBRATED = "calibrated"  # in the patient
AT_DETECTOR = "at detector"  # projected, not corrected for magnification
ESTIMATED = "estimated"  # corrected by an assumed magnification
AT_SCANNER = "at scanner"  # of a digitised film
NONE = "none"  # lengths are in pixels only

_PROJECTION = {"CR", "DX", "MG", "IO", "PX", "RG", "XA", "RF", "DR"}
_AXES = (("L", "R"), ("P", "A"), ("H", "F"))
_BIPED = {"L": "R", "R": "L", "P": "A", "A": "P", "H": "F", "F": "H"}
_QUADRUPED = {
    "LE": "RT",
    "RT": "LE",
    "CR": "CD",
    "CD": "CR",
    "PR": "DI",
    "DI": "PR",
    "PA": "D",
    "PL": "D",
    "D": "V",
    "V": "D",
    "M": "L",
    "L": "M",
    "R": "CD",
}
_CENTIMETRES = 3  # PhysicalUnitsXDirection


@dataclass(frozen=True, slots=True)
class Edges:
    """The letters at the picture's edges, as the patient's sides: L R P A H F, up to three of
    them; all empty when the file does not say. Turning the picture turns them along."""

    left: str = ""
    right: str = ""
    top: str = ""
    bottom: str = ""

    def turned(self, quarters: int = 1) -> Edges:
        """After `quarters` turns of 90 degrees clockwise."""
        edges = self
        for _ in range(quarters % 4):
            edges = Edges(edges.bottom, edges.top, edges.left, edges.right)
        return edges

    def mirrored(self) -> Edges:
        """After left and right were exchanged."""
        return Edges(self.right, self.left, self.top, self.bottom)

    def upended(self) -> Edges:
        """After top and bottom were exchanged."""
        return Edges(self.left, self.right, self.bottom, self.top)


@dataclass(frozen=True, slots=True)
class Spacing:
    """Millimetres between the centres of neighbouring rows and columns, and a word for how they
    were found. With NONE both are 0 and no length in millimetres may be shown."""

    between_rows: float = 0.0
    between_columns: float = 0.0
    calibration: str = NONE


def edges_of(frame: ImageFrame) -> Edges:
    """From ImageOrientationPatient, else PatientOrientation, else none: never invented."""
    own = macro(frame.header, frame.index, "PlaneOrientationSequence")
    cosines = floats(own if own is not None else frame.header, "ImageOrientationPatient")
    if _is_orientation(cosines):
        row, column = cosines[:3], cosines[3:]
        return Edges(
            left=_letters(tuple(-c for c in row)),
            right=_letters(row),
            top=_letters(tuple(-c for c in column)),
            bottom=_letters(column),
        )
    words = texts(frame.header, "PatientOrientation")
    quadruped = str(frame.header.get("AnatomicalOrientationType") or "") == "QUADRUPED"
    if len(words) != 2:
        return Edges()
    right, bottom = (_words(word, quadruped) for word in words)
    if right is None or bottom is None:
        return Edges()
    return Edges(left=right[1], right=right[0], top=bottom[1], bottom=bottom[0])


def _is_orientation(cosines: tuple[float, ...]) -> bool:
    """Two unit vectors at right angles, within a thousandth."""
    if len(cosines) != 6 or not all(math.isfinite(c) for c in cosines):
        return False
    row, column = cosines[:3], cosines[3:]
    lengths = (math.hypot(*row), math.hypot(*column))
    across = sum(a * b for a, b in zip(row, column, strict=True))
    return all(abs(length - 1) < 1e-2 for length in lengths) and abs(across) < 1e-2


def _letters(direction: tuple[float, ...]) -> str:
    """The sides that a direction points to, the main one first; parts under 0.1 are dropped."""
    parts = sorted(zip(direction, _AXES, strict=True), key=lambda part: -abs(part[0]))
    return "".join(axis[0] if size > 0 else axis[1] for size, axis in parts if abs(size) >= 0.1)


def _words(text: str, quadruped: bool) -> tuple[str, str] | None:
    """A value of PatientOrientation and its opposite; None when it is no such value."""
    known = _QUADRUPED if quadruped else _BIPED
    rest, here, there = text.strip().upper(), "", ""
    if not rest:
        return None
    while rest:
        size = 2 if rest[:2] in known else 1
        if rest[:size] not in known:
            return None
        here += rest[:size].capitalize()
        there += known[rest[:size]].capitalize()
        rest = rest[size:]
    return here, there


def spacing_of(frame: ImageFrame, column: float | None = None, row: float | None = None) -> Spacing:
    """The spacing to measure with, and how it was found.

    Ultrasound has it region by region: give the place (in pixels from the top left corner), else
    it is known only where all regions agree.
    """
    regions = frame.header.get("SequenceOfUltrasoundRegions")
    if regions:
        return _in_regions(list(regions), column, row)
    own = macro(frame.header, frame.index, "PixelMeasuresSequence")
    pixel = _pair(own if own is not None else frame.header, "PixelSpacing")
    if frame.modality in _PROJECTION:
        return _projected(frame.header, pixel)
    if pixel is not None:
        return Spacing(*pixel, CALIBRATED)
    scanned = _pair(frame.header, "NominalScannedPixelSpacing")
    return Spacing(*scanned, AT_SCANNER) if scanned else Spacing()


def _projected(header: Dataset, pixel: tuple[float, float] | None) -> Spacing:
    """X-ray shadows: only a calibration that the file names brings lengths into the patient."""
    if pixel is not None:
        named = str(header.get("PixelSpacingCalibrationType") or "") in ("GEOMETRY", "FIDUCIAL")
        return Spacing(*pixel, CALIBRATED if named else AT_DETECTOR)
    imager = _pair(header, "ImagerPixelSpacing")
    if imager is not None:
        factor = floats(header, "EstimatedRadiographicMagnificationFactor")
        if factor and math.isfinite(factor[0]) and factor[0] > 0:
            return Spacing(imager[0] / factor[0], imager[1] / factor[0], ESTIMATED)
        return Spacing(*imager, AT_DETECTOR)
    scanned = _pair(header, "NominalScannedPixelSpacing")
    return Spacing(*scanned, AT_SCANNER) if scanned else Spacing()


def _in_regions(regions: list[Dataset], column: float | None, row: float | None) -> Spacing:
    if column is not None and row is not None:
        regions = [region for region in regions if _holds(region, column, row)]
    found = {_region_spacing(region) for region in regions}
    return found.pop() if len(found) == 1 else Spacing()


def _holds(region: Dataset, column: float, row: float) -> bool:
    x0, y0 = number(region, "RegionLocationMinX0", 0), number(region, "RegionLocationMinY0", 0)
    x1, y1 = number(region, "RegionLocationMaxX1", -1), number(region, "RegionLocationMaxY1", -1)
    return x0 <= column < x1 + 1 and y0 <= row < y1 + 1


def _region_spacing(region: Dataset) -> Spacing:
    units = {number(region, f"PhysicalUnits{axis}Direction", 0) for axis in "XY"}
    across, down = floats(region, "PhysicalDeltaX"), floats(region, "PhysicalDeltaY")
    if units != {_CENTIMETRES} or not across or not down:
        return Spacing()
    x, y = abs(across[0]) * 10, abs(down[0]) * 10
    return Spacing(y, x, CALIBRATED) if 0 < x < math.inf and 0 < y < math.inf else Spacing()


def _pair(dataset: Dataset, keyword: str) -> tuple[float, float] | None:
    """(between rows, between columns); None unless both are lengths."""
    values = floats(dataset, keyword)
    if len(values) != 2 or not all(0 < value < math.inf for value in values):
        return None
    return values[0], values[1]


def pixel_aspect(frame: ImageFrame) -> float:
    """The height of a pixel over its width: from the spacing, else PixelAspectRatio, else 1."""
    spacing = spacing_of(frame)
    if spacing.calibration != NONE:
        return spacing.between_rows / spacing.between_columns
    ratio = _pair(frame.header, "PixelAspectRatio")
    return ratio[0] / ratio[1] if ratio else 1.0
