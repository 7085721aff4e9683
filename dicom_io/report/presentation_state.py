"""A presentation written as a Grayscale Softcopy Presentation State.

Source: DICOM PS3.3 A.33.1 and its modules; the header is that of our reports.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

import pydicom
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID
from pydicom.valuerep import format_number_as_ds

from dicom_io.errors import InvalidReport, ReportProblem
from dicom_io.identity import Identity
from dicom_io.image.applying import translated
from dicom_io.image.drawn import CREATOR, FORMAT, GROUP
from dicom_io.image.functional import floats, macro
from dicom_io.image.gsps import COLOR, GRAYSCALE, corners_of, rotation_of
from dicom_io.image.header import number
from dicom_io.image.modality import Modality, shows_through_table
from dicom_io.image.presentation import Presentation, Shutter, Sizing, unique
from dicom_io.image.window import LINEAR
from dicom_io.report import header
from dicom_io.report.compare import compare
from dicom_io.report.header import Software, put
from dicom_io.report.images import referable_frame
from dicom_io.report.presentation_graphics import fl, label_of, put_drawn, srgb_profile
from dicom_io.report.text import fitting

SERIES_NUMBER = 904
_NEUTRAL = 0x8080  # a* and b* of every grey
SERIES_DESCRIPTION = "Presentation states (research use only)"
_ALIKE = ("shape", "orientation", "shutter", "lut", "label", "description", "creator")


@dataclass(frozen=True, eq=False)
class _Material:
    parts: tuple[Presentation, ...]
    images: tuple[Dataset, ...]  # headers of what the parts name, each once
    by_uid: Mapping[str, Dataset]
    texts: Mapping[str, str]
    software: Software
    moment: datetime

    @property
    def is_colour(self) -> bool:
        """Colour images have states of their own, without greys and with a colour profile."""
        return is_colour(self.images[0])

    def header_of(self, instance: str) -> Dataset:
        return self.by_uid[instance]


def is_colour(image: Dataset) -> bool:
    """True for an image that a grayscale presentation state cannot be about."""
    return not str(image.get("PhotometricInterpretation") or "").startswith("MONOCHROME")


def build_presentation(
    presentation: Presentation | Sequence[Presentation],
    headers: Sequence[Dataset],
    software: Software,
    *,
    texts: Mapping[str, str] | None = None,
    now: datetime | None = None,
) -> Dataset:
    """The presentation as an object to be stored, in a new series of the images' study.

    Several presentations may differ in images, window, area, marks and graphics; the rest is one
    thing in one object. `headers` are those of all images named. `texts` gives what stands beside
    a mark, by its id: its values. Windows count in the modality units of their image, and each
    image must have one: an object without says "no window", not "the image's own".

    Raises ReportProblem for images that are missing or of different patients or studies, and for
    presentations that no one object can hold.
    """
    parts = (presentation,) if isinstance(presentation, Presentation) else tuple(presentation)
    material = _gather(parts, headers, texts or {}, software, header.zoned(now))
    state = Dataset()
    put(state, "SpecificCharacterSet", "ISO_IR 192")
    header.copy_identity(material.images[0], state)
    _put_series(state, material)
    header.put_dates(material.images[0], state, material.moment)
    del state.ContentDate, state.ContentTime  # which this class of object has not
    header.put_equipment(state, software, software.institution, [])
    _put_identification(state, material)
    _put_relationship(state, material)
    if material.is_colour:
        put(state, "ICCProfile", srgb_profile())
    else:
        _put_greys(state, material)
    _put_geometry(state, material)
    _put_shutter(state, parts[0].shutter)
    _put_drawn(state, material)
    state.private_block(GROUP, CREATOR, create=True).add_new(FORMAT, "UL", 1)
    state.file_meta = header.file_meta(str(state.SOPClassUID), state.SOPInstanceUID, software)
    return state


def encoded(state: Dataset) -> bytes:
    """The DICOM file of an object of ours. Raises InvalidReport when it would not read back."""
    buffer = BytesIO()
    state.save_as(buffer, enforce_file_format=True)
    content = buffer.getvalue()
    back = compare(state, pydicom.dcmread(BytesIO(content)))
    if back.differences:
        raise InvalidReport(
            f"What was to be saved would not come back as it is: {back.differences[0]}",
            str(state.SOPInstanceUID),
            back.differences,
        )
    return content


def _gather(
    parts: tuple[Presentation, ...],
    headers: Sequence[Dataset],
    texts: Mapping[str, str],
    software: Software,
    moment: datetime,
) -> _Material:
    wanted = {one.instance for part in parts for one in part.images}
    by_uid = {str(one.get("SOPInstanceUID") or ""): one for one in headers}
    if not wanted or not wanted <= by_uid.keys():
        raise ReportProblem("An image that the presentation is about is not here. Load it first.")
    images = [one for uid, one in by_uid.items() if uid in wanted]
    first = Identity.of(images[0])
    if not all(Identity.of(one).same_study(first) for one in images):
        raise ReportProblem("A presentation state is about the images of one study alone.")
    named = (*(one for part in parts for one in part.images), *_marked(parts))
    if not all(one.same_study(first) for one in named):
        raise ReportProblem("A mark belongs to another patient or study. Nothing was saved.")
    if any(getattr(part, name) != getattr(parts[0], name) for part in parts for name in _ALIKE):
        raise ReportProblem("These presentations differ in what one object holds once.")
    if len({is_colour(image) for image in images}) > 1:
        raise ReportProblem("A presentation state is about grey images or about colour ones alone.")
    if parts[0].lut is not None:
        raise ReportProblem("A presentation with a look-up table of its own is not written anew.")
    return _Material(parts, tuple(images), by_uid, texts, software, moment)


def _marked(parts: Sequence[Presentation]) -> list[Identity]:
    marks = [mark.identity for part in parts for mark in part.annotations]
    return marks + [one for part in parts for g in part.graphics for one in g.images]


def _put_series(state: Dataset, material: _Material) -> None:
    put(state, "SOPClassUID", UID(COLOR if material.is_colour else GRAYSCALE))
    put(state, "SOPInstanceUID", header.new_uid())
    put(state, "SeriesInstanceUID", header.new_uid())
    put(state, "Modality", "PR")
    put(state, "SeriesNumber", SERIES_NUMBER)
    put(state, "InstanceNumber", 1)
    put(state, "SeriesDescription", SERIES_DESCRIPTION)
    sides = {str(image.get("Laterality") or "") for image in material.images}
    side = sides.pop() if len(sides) == 1 else ""  # of type 2C: empty says that it is not known
    put(state, "Laterality", side if side in ("R", "L") else "")


def _put_identification(state: Dataset, material: _Material) -> None:
    first = material.parts[0]
    date, time = header.dates(material.moment)
    put(state, "PresentationCreationDate", date)
    put(state, "PresentationCreationTime", time)
    put(state, "ContentLabel", label_of(first.label))
    put(state, "ContentDescription", fitting(first.description, 64))
    put(state, "ContentCreatorName", first.creator)


def _put_relationship(state: Dataset, material: _Material) -> None:
    series: dict[str, list[Dataset]] = {}
    named: dict[str, set[int]] = {}
    for part in material.parts:
        for one in part.images:
            named.setdefault(one.instance, set()).add(one.frame)
    for image in material.images:
        frames = named[str(image.SOPInstanceUID)]
        reference = _reference(image, () if 0 in frames else sorted(frames))
        series.setdefault(str(image.SeriesInstanceUID), []).append(reference)
    items = []
    for uid, references in series.items():
        item = Dataset()
        put(item, "SeriesInstanceUID", uid)
        put(item, "ReferencedImageSequence", DicomSequence(references))
        items.append(item)
    put(state, "ReferencedSeriesSequence", DicomSequence(items))


def _reference(image: Dataset, frames: Sequence[int] = ()) -> Dataset:
    """A reference to an image, or to frames of it where it has several."""
    item = header.sop_reference(image)
    real = [frame for frame in frames if referable_frame(image, frame)]
    if real:
        put(item, "ReferencedFrameNumber", real)
    return item


def _references(material: _Material, images: Sequence[Identity]) -> DicomSequence:
    frames: dict[str, set[int]] = {}
    for one in images:
        frames.setdefault(one.instance, set()).add(one.frame)
    return DicomSequence(
        _reference(material.header_of(uid), () if 0 in numbers else sorted(numbers))
        for uid, numbers in frames.items()
    )


# --- greys ---


def _put_greys(state: Dataset, material: _Material) -> None:
    """Modality, VOI and presentation steps.

    Images with several rescales get none in the state, and their windows count stored values.
    """
    units = {_rescale(material, part) for part in material.parts}
    tables = {_table_of(image) for image in material.images}
    stored = len(units) > 1
    if tables != {""}:
        if len(tables) > 1:
            raise ReportProblem("These images have modality tables that no one state can hold.")
        header.copy_attribute(material.images[0], state, "ModalityLUTSequence")
    elif not stored and (unit := next(iter(units))) is not None:
        put(state, "RescaleIntercept", _ds(unit[1]))
        put(state, "RescaleSlope", _ds(unit[0]))
        put(state, "RescaleType", unit[2])
    items = [
        _voi_item(material, part, stored) for part in material.parts if part.window is not None
    ]
    if items:
        put(state, "SoftcopyVOILUTSequence", DicomSequence(items))
    put(state, "PresentationLUTShape", material.parts[0].shape or "IDENTITY")


def _rescale(material: _Material, part: Presentation) -> tuple[float, float, str] | None:
    """Slope, intercept and unit of the images of a part; None where they have none."""
    found = {rescale_of(material.header_of(one.instance), max(one.frame, 1)) for one in part.images}
    if len(found) > 1:
        raise ReportProblem("These images have rescales that no one state can hold.")
    return found.pop()


def rescale_of(image: Dataset, frame: int) -> tuple[float, float, str] | None:
    """Slope, intercept and unit of a frame (from 1) as its header states them."""
    own = macro(image, frame - 1, "PixelValueTransformationSequence")
    source = own if own is not None else image
    slope, intercept = floats(source, "RescaleSlope"), floats(source, "RescaleIntercept")
    if not slope and not intercept:
        return None
    a, b = slope[0] if slope else 1.0, intercept[0] if intercept else 0.0
    if not (math.isfinite(a) and math.isfinite(b)) or a == 0:
        return None  # makes no sense, and is not applied to the image either
    unit = str(source.get("RescaleType") or "").strip()
    if not unit:
        unit = "HU" if str(image.get("Modality") or "") == "CT" else "US"
    return a, b, fitting(unit, 64)


def _table_of(image: Dataset) -> str:
    """A text that is equal for equal modality tables; "" without one through which it is shown."""
    items = image.get("ModalityLUTSequence") if shows_through_table(image) else None
    return items[0].to_json(suppress_invalid_tags=True) if items else ""


def _voi_item(material: _Material, part: Presentation, stored: bool) -> Dataset:
    """The window of a part, in modality values or in stored ones."""
    window = part.window
    unit = _rescale(material, part)
    if window is not None and stored and unit is not None:
        window = translated(window, unit[:2], Modality())
    if window is None:
        raise ReportProblem("A look-up table is no window for images of several rescales.")
    item = Dataset()
    put(item, "ReferencedImageSequence", _references(material, part.images))
    if window.lut is not None:
        table = Dataset()
        count = len(window.lut.entries) % 65536
        vr = "SS" if window.lut.first < 0 else "US"
        table.add_new("LUTDescriptor", vr, [count, window.lut.first, window.lut.bits])
        put(table, "LUTExplanation", fitting(window.explanation, 64))
        table.add_new("LUTData", "OW", window.lut.entries.astype("<u2").tobytes())
        put(item, "VOILUTSequence", DicomSequence([table]))
        return item
    put(item, "WindowCenter", _ds(window.center))
    put(item, "WindowWidth", _ds(window.width))
    if window.explanation:
        put(item, "WindowCenterWidthExplanation", fitting(window.explanation, 64))
    if window.function != LINEAR:
        put(item, "VOILUTFunction", window.function)
    return item


def _ds(value: float) -> str:
    return format_number_as_ds(float(value))


# --- geometry ---


def _put_geometry(state: Dataset, material: _Material) -> None:
    orientation = material.parts[0].orientation
    degrees, flipped = rotation_of(orientation)
    put(state, "ImageRotation", degrees)
    put(state, "ImageHorizontalFlip", "Y" if flipped else "N")
    items = []
    for part in material.parts:
        for images in _by_size(material, part):
            items.append(_area_item(material, part, images))
    put(state, "DisplayedAreaSelectionSequence", DicomSequence(items))


def _by_size(material: _Material, part: Presentation) -> list[list[Identity]]:
    """The images of a part, those of the same measures together."""
    groups: dict[object, list[Identity]] = {}
    for one in part.images:
        image = material.header_of(one.instance)
        key = (number(image, "Rows", 0), number(image, "Columns", 0), _aspect(image, one.frame))
        groups.setdefault(key, []).append(one)
    return list(groups.values())


def _area_item(material: _Material, part: Presentation, images: Sequence[Identity]) -> Dataset:
    image = material.header_of(images[0].instance)
    whole = (0.0, 0.0, float(number(image, "Columns", 1)), float(number(image, "Rows", 1)))
    first, last = corners_of(part.displayed or whole, part.orientation)
    item = Dataset()
    put(item, "ReferencedImageSequence", _references(material, images))
    put(item, "DisplayedAreaTopLeftHandCorner", list(first))
    put(item, "DisplayedAreaBottomRightHandCorner", list(last))
    put(item, "PresentationSizeMode", part.sizing.value)
    spacing, ratio = _aspect(image, images[0].frame)
    if part.sizing is Sizing.TRUE_SIZE and part.spacing:
        spacing = part.spacing
    if spacing is not None:
        put(item, "PresentationPixelSpacing", [_ds(value) for value in spacing])
    else:
        put(item, "PresentationPixelAspectRatio", list(ratio))
    if part.sizing is Sizing.MAGNIFY:
        put(item, "PresentationPixelMagnificationRatio", fl((part.magnification,))[0])
    return item


def _aspect(image: Dataset, frame: int) -> tuple[tuple[float, float] | None, tuple[int, int]]:
    """The spacing between rows and columns, or else the aspect ratio, as the header states them."""
    own = macro(image, max(frame, 1) - 1, "PixelMeasuresSequence")
    source = own if own is not None else image
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        values = floats(source, keyword)
        if len(values) == 2 and all(0 < value < 1e6 for value in values):
            return (values[0], values[1]), (1, 1)
    ratio = floats(image, "PixelAspectRatio")
    if len(ratio) == 2 and all(0 < value < 1e6 for value in ratio):
        return None, (int(ratio[0]) or 1, int(ratio[1]) or 1)
    return None, (1, 1)


def _put_shutter(state: Dataset, shutter: Shutter | None) -> None:
    if shutter is None:
        return
    shapes = []
    if shutter.rectangle is not None:
        shapes.append("RECTANGULAR")
        left, top, right, bottom = shutter.rectangle
        put(state, "ShutterLeftVerticalEdge", round(left) + 1)
        put(state, "ShutterRightVerticalEdge", round(right))
        put(state, "ShutterUpperHorizontalEdge", round(top) + 1)
        put(state, "ShutterLowerHorizontalEdge", round(bottom))
    if shutter.circle is not None:
        shapes.append("CIRCULAR")
        column, row, radius = shutter.circle
        put(state, "CenterOfCircularShutter", [round(row + 0.5), round(column + 0.5)])
        put(state, "RadiusOfCircularShutter", round(radius))
    if shutter.polygon:
        shapes.append("POLYGONAL")
        values = [round(v + 0.5) for column, row in shutter.polygon for v in (row, column)]
        put(state, "VerticesOfThePolygonalShutter", values)
    if shapes:
        put(state, "ShutterShape", shapes)
        put(state, "ShutterPresentationValue", shutter.grey)
        if str(state.SOPClassUID) == COLOR:
            put(state, "ShutterPresentationColorCIELabValue", [shutter.grey, _NEUTRAL, _NEUTRAL])


def _put_drawn(state: Dataset, material: _Material) -> None:
    marks = unique(mark for part in material.parts for mark in part.annotations)
    graphics = tuple(dict.fromkeys(g for part in material.parts for g in part.graphics))

    def refer(images: Sequence[Identity]) -> DicomSequence:
        return _references(material, images)

    put_drawn(state, marks, graphics, material.texts, refer)
