"""A presentation state object read: which images, and how each of them is to be seen.

Read are Grayscale, Color, Pseudo-color and XA/XRF Grayscale Softcopy Presentation States, as far
as their modules are shared. What is malformed or cannot be honoured becomes a sentence, and the
rest is applied. Source: DICOM PS3.3 A.33, C.10.4 to C.10.7, C.11; PS3.4 annex N.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset

from dicom_io.identity import Identity
from dicom_io.image.drawn import has_mark
from dicom_io.image.functional import floats, texts
from dicom_io.image.gsps_graphics import drawn_in
from dicom_io.image.header import number
from dicom_io.image.lut import LookUpTable, read_lut
from dicom_io.image.presentation import (
    Orientation,
    Presentation,
    PresentationState,
    Shutter,
    Sizing,
)
from dicom_io.image.shutter import read_shutter
from dicom_io.image.window import LINEAR, LUT, Window

GRAYSCALE = "1.2.840.10008.5.1.4.1.1.11.1"
COLOR = "1.2.840.10008.5.1.4.1.1.11.2"
PSEUDO_COLOR = "1.2.840.10008.5.1.4.1.1.11.3"
BLENDING = "1.2.840.10008.5.1.4.1.1.11.4"
XA_XRF = "1.2.840.10008.5.1.4.1.1.11.5"
READ = (GRAYSCALE, COLOR, PSEUDO_COLOR, XA_XRF)

MOST_IMAGES = 20_000  # that one state may name
_ANY = 65536.0
Notices = list[str]
Area = tuple[float, float, float, float]


def is_presentation_state(dataset: Dataset) -> bool:
    """True for an object that `read_state` reads."""
    return str(dataset.get("SOPClassUID") or "") in READ


def read_state(dataset: Dataset) -> PresentationState:
    """The state in a data set, which loses the elements that cannot be decoded.

    Raises ValueError for an object of another class.
    """
    sop_class = str(dataset.get("SOPClassUID") or "")
    if sop_class not in READ:
        raise ValueError("This is no presentation state that is read here.")
    notices: Notices = []
    drop_unreadable(dataset, notices)
    state = Identity.of(dataset)
    images = _Images(dataset, state, notices)
    orientation = _orientation(dataset, notices)
    drawn = drawn_in(dataset, images.named, notices)
    shape, lut = _presentation_lut(dataset, sop_class, notices)
    whole = Presentation(
        images=(),
        shape=shape,
        lut=lut,
        orientation=orientation,
        shutter=_shutter(dataset, notices),
        annotations=tuple(drawn.marks),
        graphics=tuple(drawn.graphics),
        rescale=_rescale(dataset, notices) if sop_class in (GRAYSCALE, XA_XRF) else None,
        label=str(dataset.get("ContentLabel") or ""),
        description=str(dataset.get("ContentDescription") or ""),
        creator=str(dataset.get("ContentCreatorName") or ""),
        created=_created(dataset),
        identity=state,
    )
    _tell_of_the_rest(dataset, sop_class, notices)
    return PresentationState(
        state,
        _parts(dataset, whole, images, notices),
        whole.label,
        whole.description,
        whole.creator,
        whole.created,
        is_ours=has_mark(dataset),
        notices=tuple(dict.fromkeys(notices)),
    )


def drop_unreadable(dataset: Dataset, notices: Notices) -> None:
    """Take out what pydicom cannot decode, at any depth, so that the rest can be applied."""
    waiting = [dataset]
    while waiting:
        here = waiting.pop()
        for tag in list(here.keys()):
            try:
                element = here[tag]
            except (ValueError, TypeError, AttributeError, KeyError, NotImplementedError):
                del here[tag]
                name = keyword_for_tag(tag) or f"element {tag}"
                notices.append(f"The value of {name} in the state cannot be read; it is left out.")
                continue
            if element.VR == "SQ":
                waiting.extend(element.value)


@dataclass(frozen=True, slots=True)
class _Named:
    """An image that a sequence names; no frames: all of them."""

    instance: str
    frames: tuple[int, ...] = ()


class _Images:
    """The images of a state, and which of them an item of it means."""

    def __init__(self, dataset: Dataset, state: Identity, notices: Notices) -> None:
        self._state = state
        self._series: dict[str, str] = {}
        self.units: list[Identity] = []  # instances, or frames where the state names frames
        for series in dataset.get("ReferencedSeriesSequence") or ():
            uid = str(series.get("SeriesInstanceUID") or "").strip()
            for named in _references(series):
                self._series[named.instance] = uid
                self.units += self._identities(named)
        if not self.units:
            notices.append("The state names no image, so it is applied to none.")
        if len(self.units) > MOST_IMAGES:
            notices.append(f"The state names more than {MOST_IMAGES} images; the rest is left out.")
            del self.units[MOST_IMAGES:]

    def named(self, item: Dataset) -> tuple[Identity, ...]:
        """What an item names; () when it names nothing and means all."""
        return tuple(one for named in _references(item) for one in self._identities(named))

    def _identities(self, named: _Named) -> list[Identity]:
        whole = replace(
            self._state, series=self._series.get(named.instance, ""), instance=named.instance
        )
        return [whole.of_frame(frame) for frame in named.frames] or [whole]

    def split(self, items: Sequence[Dataset]) -> None:
        """Where an item names single frames of an instance, let these stand for themselves."""
        more = [one for item in items for one in self.named(item) if one.frame]
        whole = set(self.units)
        for one in more:
            if one not in whole and one.of_frame(0) in whole:
                self.units.append(one)
                whole.add(one)


def _references(item: Dataset) -> list[_Named]:
    found = []
    for reference in item.get("ReferencedImageSequence") or ():
        instance = str(reference.get("ReferencedSOPInstanceUID") or "").strip()
        numbers = floats(reference, "ReferencedFrameNumber")
        frames = tuple(int(n) for n in numbers if math.isfinite(n) and n >= 1)
        if instance:
            found.append(_Named(instance, frames))
    return found


def _parts(
    dataset: Dataset, whole: Presentation, images: _Images, notices: Notices
) -> tuple[Presentation, ...]:
    """The state for each group of images that it treats alike."""
    voi = list(dataset.get("SoftcopyVOILUTSequence") or ())
    areas = list(dataset.get("DisplayedAreaSelectionSequence") or ())
    images.split([*voi, *areas])
    windows = [_window(item, notices) for item in voi]
    shown = [_displayed(item, whole.orientation, notices) for item in areas]
    voi_of = [set(images.named(item)) for item in voi]
    area_of = [set(images.named(item)) for item in areas]
    groups: dict[tuple[int, int], list[Identity]] = {}
    for unit in images.units:
        key = (_which(unit, voi_of), _which(unit, area_of))
        groups.setdefault(key, []).append(unit)
    parts = []
    for (w, a), units in groups.items():
        part = replace(whole, images=tuple(units))
        if w >= 0:
            part = replace(part, window=windows[w])
        if a >= 0:
            displayed, sizing, magnification, spacing = shown[a]
            part = replace(part, displayed=displayed, sizing=sizing, spacing=spacing)
            part = replace(part, magnification=magnification)
        parts.append(part)
    return tuple(parts)


def _which(unit: Identity, named: Sequence[set[Identity]]) -> int:
    """The item that means this image or frame: by frame before by instance before for all."""
    for name in (unit, unit.of_frame(0)):
        for place, images in enumerate(named):
            if name in images:
                return place
    return next((place for place, images in enumerate(named) if not images), -1)


def _window(item: Dataset, notices: Notices) -> Window | None:
    """The VOI step of one item; None when it makes no sense."""
    for table in (item.get("VOILUTSequence") or ())[:1]:
        lut = _table(table, "VOI", notices)
        if lut is None:
            return None
        count = len(lut.entries)
        return Window(lut.first + count / 2, count, LUT, lut.explanation or "Look-up table", lut)
    centers, widths = floats(item, "WindowCenter"), floats(item, "WindowWidth")
    if not centers or not widths:
        notices.append("A window of the state has no centre or no width and is not used.")
        return None
    names = texts(item, "WindowCenterWidthExplanation")
    function = str(item.get("VOILUTFunction") or LINEAR).strip().upper()
    window = Window(centers[0], widths[0], function, names[0] if names else "")
    if problem := window.problem():
        notices.append(f"A window of the state is not used. {problem}")
        return None
    if len(centers) > 1:
        notices.append("The state has several windows for one image; the first is used.")
    return window


def _table(item: Dataset, name: str, notices: Notices) -> LookUpTable | None:
    try:
        little = item.original_encoding[1] is not False
        return read_lut(item, -_ANY, _ANY, little=little)
    except ValueError as problem:
        notices.append(f"A {name} look-up table of the state is not used: {problem}.")
        return None


def _presentation_lut(
    dataset: Dataset, sop_class: str, notices: Notices
) -> tuple[str, LookUpTable | None]:
    """The shape, and the table where the state has one. A state without either is IDENTITY: it
    replaces the inversion of MONOCHROME1, as every presentation LUT does (PS3.3 C.11.6.1.2)."""
    if sop_class not in (GRAYSCALE, XA_XRF):
        return "", None
    for item in (dataset.get("PresentationLUTSequence") or ())[:1]:
        lut = _table(item, "presentation", notices)
        if lut is not None:
            return "IDENTITY", lut
    shape = str(dataset.get("PresentationLUTShape") or "").strip().upper()
    if shape in ("IDENTITY", "INVERSE"):
        return shape, None
    notices.append(
        "The state does not say a presentation LUT that is known; the image's own is used."
    )
    return "", None


def _rescale(dataset: Dataset, notices: Notices) -> tuple[float, float] | None:
    """Slope and intercept that the state's windows count in; stored values without a modality
    LUT. None when the state has a table instead, which must then be the image's own."""
    if dataset.get("ModalityLUTSequence"):
        return None
    slope, intercept = floats(dataset, "RescaleSlope"), floats(dataset, "RescaleIntercept")
    a, b = slope[0] if slope else 1.0, intercept[0] if intercept else 0.0
    if not (math.isfinite(a) and math.isfinite(b)) or a == 0:
        notices.append("The rescale of the state makes no sense and is not used.")
        return (1.0, 0.0)
    return (a, b)


def _orientation(dataset: Dataset, notices: Notices) -> Orientation:
    """Ours is mirrored first and then turned; DICOM turns first (PS3.3 C.10.6)."""
    degrees = number(dataset, "ImageRotation", 0)
    flip = str(dataset.get("ImageHorizontalFlip") or "N").strip().upper()
    if degrees % 90 or flip not in ("Y", "N"):
        notices.append("The state turns the image in a way that is not defined; it is not turned.")
        return Orientation()
    return orientation_of(degrees, flip == "Y")


def orientation_of(degrees: int, flipped: bool) -> Orientation:
    """Turned clockwise by `degrees`, then flipped left to right."""
    quarters = degrees // 90 % 4
    return Orientation(flipped, -quarters % 4 if flipped else quarters)


def rotation_of(orientation: Orientation) -> tuple[int, bool]:
    """The inverse of `orientation_of`: degrees clockwise, then a flip or none."""
    quarters = -orientation.quarters if orientation.mirrored else orientation.quarters
    return quarters % 4 * 90, orientation.mirrored


def corners_of(area: Area, orientation: Orientation) -> tuple[tuple[int, int], tuple[int, int]]:
    """The pixels (from 1) that are seen at the top left and the bottom right of an area."""
    left, top = math.floor(area[0]) + 1, math.floor(area[1]) + 1
    right, bottom = max(math.ceil(area[2]), left), max(math.ceil(area[3]), top)
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    if orientation.mirrored:
        corners = [corners[1], corners[0], corners[3], corners[2]]
    seen = [corners[(place - orientation.quarters) % 4] for place in range(4)]
    return seen[0], seen[2]


def _displayed(
    item: Dataset, orientation: Orientation, notices: Notices
) -> tuple[Area | None, Sizing, float, tuple[float, float] | None]:
    """The area in stored pixels, how large it is to be, and by what."""
    first = floats(item, "DisplayedAreaTopLeftHandCorner")
    last = floats(item, "DisplayedAreaBottomRightHandCorner")
    area: Area | None = None
    if len(first) == len(last) == 2 and all(abs(v) < 1e6 for v in (*first, *last)):
        columns, rows = sorted((first[0], last[0])), sorted((first[1], last[1]))
        area = (columns[0] - 1, rows[0] - 1, columns[1], rows[1])
        meant = corners_of(area, orientation)
        if meant != ((first[0], first[1]), (last[0], last[1])) and columns[0] != columns[1]:
            notices.append(
                "The displayed area's corners do not fit how the image is turned; its edges do."
            )
    else:
        notices.append("The displayed area of the state makes no sense; the whole image is shown.")
    name = str(item.get("PresentationSizeMode") or "SCALE TO FIT").strip().upper()
    spacing = floats(item, "PresentationPixelSpacing")
    pair = (spacing[0], spacing[1]) if len(spacing) == 2 and min(spacing) > 0 else None
    ratio = floats(item, "PresentationPixelMagnificationRatio")
    factor = ratio[0] if ratio and 0 < ratio[0] < math.inf else 0.0
    if name == Sizing.MAGNIFY and factor:
        return area, Sizing.MAGNIFY, factor, pair
    if name == Sizing.TRUE_SIZE and pair:
        return area, Sizing.TRUE_SIZE, 0.0, pair
    if name != Sizing.FIT:
        notices.append("The state asks for a size that it does not define; the area is fitted.")
    return area, Sizing.FIT, 0.0, pair


def _shutter(dataset: Dataset, notices: Notices) -> Shutter | None:
    """The display shutter, as an image's own is read."""
    shutter, told = read_shutter(dataset)
    notices += [sentence.replace("of the file", "of the state") for sentence in told]
    if "BITMAP" in {name.strip().upper() for name in texts(dataset, "ShutterShape")}:
        notices.append("The state hides parts of the image by a bitmap; it is not applied.")
    return shutter


def _created(dataset: Dataset) -> str:
    """Date and time of its creation in ISO 8601; "" when the object does not say."""
    date = str(dataset.get("PresentationCreationDate") or "").strip()
    time = str(dataset.get("PresentationCreationTime") or "").strip().replace(":", "")[:6]
    if len(date) != 8 or not date.isdigit():
        return ""
    time = time.ljust(6, "0") if time.isdigit() else "000000"
    return f"{date[:4]}-{date[4:6]}-{date[6:]}T{time[:2]}:{time[2:4]}:{time[4:]}"


def _tell_of_the_rest(dataset: Dataset, sop_class: str, notices: Notices) -> None:
    """A sentence for each module that is not honoured."""
    unread = {
        "MaskSubtractionSequence": "The state subtracts a mask; images are shown without.",
        "PaletteColorLookupTableUID": "The palette of the state is not applied.",
        "RedPaletteColorLookupTableData": "The palette of the state is not applied.",
        "ICCProfile": "The colour profile of the state is not applied; the image's own is.",
        "XAXRFPresentationStateMaskSequence": "Mask and pixel shift of the state are not applied.",
        "StructuredDisplayBackgroundCIELabValue": "The background of the state is not shown.",
    }
    for keyword, sentence in unread.items():
        if dataset.get(keyword):
            notices.append(sentence)
    if any(0x6000 <= tag.group <= 0x60FF and tag.group % 2 == 0 for tag in dataset.keys()):
        notices.append("Overlay planes of the state are not drawn.")
    if dataset.get("ModalityLUTSequence"):
        notices.append("The modality look-up table is the image's own; the state's is not used.")
