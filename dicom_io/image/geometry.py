"""Where the patient's sides are, how large a pixel is and how far that is to be trusted.

Source: DICOM PS3.3 C.7.6.2.1.1 (orientation), C.7.6.1.1.1 (patient orientation), 10.7.1.3
(calibration), C.8.5.5 (regions of ultrasound), C.8.19.6.9 (enhanced projections).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from pydicom.dataset import Dataset

from dicom_io.image.frame import ImageFrame
from dicom_io.image.functional import floats, macro, texts
from dicom_io.image.place import place_of
from dicom_io.image.regions import fitting, region_at, region_spacing

# How a spacing was found; to be shown beside every length.
CALIBRATED = "calibrated"  # in the patient
AT_DETECTOR = "at detector"  # projected, not corrected for magnification
ESTIMATED = "estimated"  # corrected by an assumed magnification
AT_SCANNER = "at scanner"  # of a digitised film
NONE = "none"  # lengths are in pixels only

_PROJECTION = {"CR", "DX", "MG", "IO", "PX", "RG", "XA", "RF", "DR"}
_AXES = (("L", "R"), ("P", "A"), ("H", "F"))
_ANIMAL_AXES = (("Le", "Rt"), ("D", "V"), ("Cr", "Cd"))
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
# What a calibration type of the file means. Source: PS3.3 10.7.1.1.
_CALIBRATIONS = {"GEOMETRY": "by the geometry of the device", "FIDUCIAL": "by a fiducial"}
_LIKE = 1e-3  # spacings that differ by less are the same
_TOMOGRAPHIC = "1.2.840.10008.5.1.4.1.1.13.1.3"  # breast tomosynthesis: slices, not shadows


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
    were found. With NONE both are 0 and no length in millimetres may be shown.
    `description` says more about the word, for a tooltip: what was corrected, and by what."""

    between_rows: float = 0.0
    between_columns: float = 0.0
    calibration: str = NONE
    description: str = field(default="", compare=False)


def edges_of(frame: ImageFrame) -> Edges:
    """From ImageOrientationPatient, else PatientOrientation, else none: never invented."""
    quadruped = str(frame.header.get("AnatomicalOrientationType") or "") == "QUADRUPED"
    words = texts(frame.header, "PatientOrientation")
    cosines = place_of(frame).orientation
    if cosines and not (quadruped and len(words) == 2):
        row, column = cosines[:3], cosines[3:]
        return Edges(
            left=_letters(tuple(-c for c in row), quadruped),
            right=_letters(row, quadruped),
            top=_letters(tuple(-c for c in column), quadruped),
            bottom=_letters(column, quadruped),
        )
    if len(words) != 2:
        return Edges()
    right, bottom = (_words(word, quadruped) for word in words)
    if right is None or bottom is None:
        return Edges()
    return Edges(left=right[1], right=right[0], top=bottom[1], bottom=bottom[0])


def _letters(direction: tuple[float, ...], quadruped: bool = False) -> str:
    """The sides that a direction points to, the main one first; parts under 0.1 are dropped."""
    axes = _ANIMAL_AXES if quadruped else _AXES
    parts = sorted(zip(direction, axes, strict=True), key=lambda part: -abs(part[0]))
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
    header = frame.header
    regions = header.get("SequenceOfUltrasoundRegions")
    if regions:
        region = region_at(fitting(regions, frame.columns, frame.rows), column, row)
        found = region_spacing(region) if region is not None else None
        return Spacing(*found, CALIBRATED, "by the region of the scan") if found else Spacing()
    own = macro(header, frame.index, "PixelMeasuresSequence")
    if own is not None and _is_tomographic(frame):
        pixel = _pair(own, "PixelSpacing")
        return Spacing(*pixel, CALIBRATED) if pixel else Spacing()
    pixel = _pair(own if own is not None else header, "PixelSpacing")
    imager = _imager(frame)
    if frame.modality in _PROJECTION or imager is not None:
        return _projected(frame, pixel, imager)
    if pixel is not None:
        if frame.modality == "CT" and place_of(frame).is_localizer:
            return Spacing(*pixel, ESTIMATED, "a scout view: true at the middle of the table only")
        return Spacing(*pixel, CALIBRATED)
    return _scanned(header)


def _is_tomographic(frame: ImageFrame) -> bool:
    is_tomosynthesis = str(frame.header.get("SOPClassUID") or "") == _TOMOGRAPHIC
    return is_tomosynthesis or frame.modality not in _PROJECTION


def _imager(frame: ImageFrame) -> tuple[float, float] | None:
    """The spacing at the detector, of the image or of this frame."""
    own = macro(frame.header, frame.index, "FramePixelDataPropertiesSequence")
    return _pair(own, "ImagerPixelSpacing") or _pair(frame.header, "ImagerPixelSpacing")


def _projected(
    frame: ImageFrame, pixel: tuple[float, float] | None, imager: tuple[float, float] | None
) -> Spacing:
    """X-ray shadows: only a calibration that the file names brings lengths into the patient.

    PixelSpacing beside an equal ImagerPixelSpacing is the detector's; beside another one it was
    corrected for a magnification that nobody names, so that it counts as estimated.
    """
    header = frame.header
    named = str(header.get("PixelSpacingCalibrationType") or "").strip().upper()
    if pixel is not None and named in _CALIBRATIONS:
        said = str(header.get("PixelSpacingCalibrationDescription") or "").strip()
        how = _CALIBRATIONS[named]
        return Spacing(*pixel, CALIBRATED, f"{how}: {said}" if said else how)
    corrected = pixel is not None and imager is not None and not _alike(pixel, imager)
    if pixel is not None and corrected:
        return Spacing(*pixel, ESTIMATED, "corrected in the file, by what is not said")
    flat = imager or pixel
    if flat is None:
        return _in_beam(frame) or _scanned(header)
    factor = floats(header, "EstimatedRadiographicMagnificationFactor")[:1]
    if imager is not None and factor and math.isfinite(factor[0]) and factor[0] > 0:
        across = (flat[0] / factor[0], flat[1] / factor[0])
        return Spacing(*across, ESTIMATED, f"divided by a magnification of {factor[0]:g}")
    return _in_beam(frame) or Spacing(*flat, AT_DETECTOR, "not corrected for magnification")


def _in_beam(frame: ImageFrame) -> Spacing | None:
    """Enhanced angiography: the size of an object in the middle of the beam."""
    own = macro(frame.header, frame.index, "ProjectionPixelCalibrationSequence")
    found = _pair(own, "ObjectPixelSpacingInCenterOfBeam")
    return Spacing(*found, ESTIMATED, "for the middle of the beam") if found else None


def _scanned(header: Dataset) -> Spacing:
    scanned = _pair(header, "NominalScannedPixelSpacing")
    return Spacing(*scanned, AT_SCANNER, "of the digitised film") if scanned else Spacing()


def _alike(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return all(abs(a / b - 1) < _LIKE for a, b in zip(one, other, strict=True))


def _pair(dataset: Dataset | None, keyword: str) -> tuple[float, float] | None:
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
