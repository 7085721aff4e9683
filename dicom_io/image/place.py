"""Place: what a frame's header says of where it lies and of what tells it from its neighbours.

Read once a frame and kept as long as the frame: putting two thousand frames in order again, as
more of them arrive, must not parse two thousand headers again. Source: DICOM PS3.3 C.7.6.2
(image plane), C.7.6.16.2 (the same frame by frame), C.7.6.17 (dimensions), C.8.4.8 (the vectors
of nuclear medicine), C.8.9.4 (PET), C.8.3.1 and C.8.13.5 (MR).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from pydicom.datadict import keyword_for_tag
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag

from dicom_io.image.frame import ImageFrame
from dicom_io.raw import tag_named, value_at

Key = tuple[str, Any]
Triple = tuple[float, float, float]
Six = tuple[float, float, float, float, float, float]

FARTHEST = 1e6  # mm; a position or a pixel beyond that is no measurement of a body

# Keys that always part frames: each value is another picture of the same body.
STACK, TEMPORAL, ECHO, B_VALUE = "stack", "phase", "echo", "b"
# Keys that part frames only where several lie at one place.
DIRECTION, KIND, TRIGGER, REFERENCE_TIME = "direction", "kind", "trigger", "reference time"
ACQUISITION, ECHO_TIME, KERNEL, TIME, FRAME = "acquisition", "echo time", "kernel", "time", "frame"

_VECTORS = {  # nuclear medicine: attribute, what it tells apart
    "EnergyWindowVector": "energy window",
    "DetectorVector": "detector",
    "PhaseVector": TEMPORAL,
    "RotationVector": "rotation",
    "RRIntervalVector": "R-R interval",
    "TimeSlotVector": "time slot",
    "TimeSliceVector": "time slice",
}
_ROOT_HARD = {
    "TemporalPositionIdentifier": TEMPORAL,
    "EchoNumbers": ECHO,
    "DiffusionBValue": B_VALUE,
}
_ROOT_SOFT = {
    "TriggerTime": TRIGGER,
    "FrameReferenceTime": REFERENCE_TIME,
    "AcquisitionNumber": ACQUISITION,
    "EchoTime": ECHO_TIME,
    "ConvolutionKernel": KERNEL,
    "DiffusionGradientOrientation": DIRECTION,
}
_IN_GROUPS = (  # macro, attribute, key, whether it always parts
    ("FrameContentSequence", "StackID", STACK, True),
    ("FrameContentSequence", "TemporalPositionIndex", TEMPORAL, True),
    ("FrameContentSequence", "FrameAcquisitionNumber", ACQUISITION, False),
    ("MREchoSequence", "EffectiveEchoTime", ECHO_TIME, True),
    ("MRDiffusionSequence", "DiffusionBValue", B_VALUE, True),
    ("CardiacSynchronizationSequence", "NominalCardiacTriggerDelayTime", TRIGGER, False),
    ("SegmentIdentificationSequence", "ReferencedSegmentNumber", "segment", True),
)
# Dimensions that only say where a frame lies, or that a key above tells already.
_SPATIAL = {
    "StackID",
    "InStackPositionNumber",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "TemporalPositionIndex",
    "EffectiveEchoTime",
    "DiffusionBValue",
    "NominalCardiacTriggerDelayTime",
    "ReferencedSegmentNumber",
    "ColumnPositionInTotalImagePixelMatrix",
    "RowPositionInTotalImagePixelMatrix",
    "XOffsetInSlideCoordinateSystem",
    "YOffsetInSlideCoordinateSystem",
    "DiffusionGradientOrientation",
    "DiffusionDirectionality",
    "PlanePositionSequence",
}


def _tags(*keywords: str) -> dict[str, BaseTag]:
    return {word: tag_named(word) for word in keywords}


_TAG = _tags(
    "Rows", "Columns", "SamplesPerPixel", "ImageType", "FrameOfReferenceUID",
    "ImageOrientationPatient", "ImagePositionPatient", "PixelSpacing", "InstanceNumber",
    "SliceLocation", "AcquisitionTime", "AcquisitionDateTime", "NumberOfFrames", "SliceVector",
    "PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence",
    "DimensionIndexSequence", "DetectorInformationSequence", "PlanePositionSequence",
    "PlaneOrientationSequence", "PixelMeasuresSequence", "FrameContentSequence",
    "DimensionIndexPointer", "DimensionIndexValues", "InStackPositionNumber", "Modality",
    "PlanePositionVolumeSequence", "MRDiffusionSequence", "DiffusionGradientDirectionSequence",
    *_VECTORS, *_ROOT_HARD, *_ROOT_SOFT,
    *(row[0] for row in _IN_GROUPS), *(row[1] for row in _IN_GROUPS),
)  # fmt: skip
_WORD: dict[BaseTag, str] = {tag: word for word, tag in _TAG.items()}
_LAID = "ImagePositionPatient"
_SLICE = "slice"


@dataclass(frozen=True, slots=True)
class Place:
    """Where one frame lies. Texts and tuples are empty where the file says nothing sound."""

    rows: int
    columns: int
    is_colour: bool
    reference: str = ""  # FrameOfReferenceUID
    orientation: Six | tuple[()] = ()  # direction of the row, then of the column
    position: Triple | tuple[()] = ()  # mm, of the centre of the top left pixel
    spacing: tuple[float, float] | tuple[()] = ()  # mm between rows, between columns
    is_localizer: bool = False
    hard: tuple[Key, ...] = ()  # what always parts frames, by name
    soft: tuple[Key, ...] = ()  # what parts frames that lie at one place, by name
    number: int | None = None  # InstanceNumber
    location: float | None = None  # SliceLocation, mm
    in_stack: int = 0  # of a multi-frame image: InStackPositionNumber or SliceVector
    frames: int = 1
    modality: str = ""

    @property
    def normal(self) -> Triple:
        """Row times column: the direction in which slices are ordered. Raises ValueError."""
        if len(self.orientation) != 6:
            raise ValueError("This frame has no orientation.")
        a, b, c, d, e, f = self.orientation
        return (b * f - c * e, c * d - a * f, a * e - b * d)


_known: WeakKeyDictionary[ImageFrame, Place] = WeakKeyDictionary()


def place_of(frame: ImageFrame) -> Place:
    """Where the frame lies, read from its header once."""
    known = _known.get(frame)
    return known if known is not None else places_of((frame,))[0]


def places_of(frames: Iterable[ImageFrame]) -> list[Place]:
    """The same for many frames; what frames of one file share is read once."""
    found: list[Place] = []
    shared: dict[int, _File] = {}
    for frame in frames:
        place = _known.get(frame)
        if place is None:
            name = id(frame.header)
            if name not in shared:
                shared[name] = _File(frame.header)
            place = _known[frame] = shared[name].place(frame.index)
        found.append(place)
    return found


def remember(frames: Iterable[ImageFrame], places: Iterable[Place]) -> None:
    """Say where frames lie, for whoever made them and knows."""
    _known.update(zip(frames, places, strict=True))


class _File:
    """What one header says of all its frames, and then of each."""

    def __init__(self, header: Dataset) -> None:
        # one pass over what is there is far quicker than asking for each attribute
        root = self._root = _known_values(header)
        self._frames = max(_integer(root.get("NumberOfFrames")) or 1, 1)
        self._groups = _items(root.get("PerFrameFunctionalGroupsSequence"))
        shared = _items(root.get("SharedFunctionalGroupsSequence"))[:1]
        self._shared = _macros_of(shared[0]) if shared else {}
        self._kind = tuple(str(word).upper() for word in _many(root.get("ImageType")))
        self._dimensions = tuple(self._read_dimensions()) if self._groups else ()
        self._hard = tuple(self._read_keys(_ROOT_HARD))
        self._soft = (*self._read_keys(_ROOT_SOFT), *self._read_kind_and_time())
        self._vectors = dict(self._read_vectors()) if self._frames > 1 else {}
        nuclear = _nuclear(root)
        self._turned = _orientation(nuclear, root)
        self._laid = _value(nuclear, _LAID) if nuclear else root.get("ImagePositionPatient")

    def place(self, index: int) -> Place:
        """The place of frame `index` (from 0)."""
        root = self._root
        own = _macros_of(self._groups[index]) if index < len(self._groups) else {}
        groups = {**self._shared, **own}  # the frame's own before the shared one (C.7.6.16.1)
        orientation, position, spacing, in_stack = self._plane(groups, index)
        return Place(
            rows=_integer(root.get("Rows")) or 0,
            columns=_integer(root.get("Columns")) or 0,
            is_colour=(_integer(root.get("SamplesPerPixel")) or 1) > 1,
            reference=str(root.get("FrameOfReferenceUID") or ""),
            orientation=orientation,
            position=position,
            spacing=spacing,
            is_localizer="LOCALIZER" in self._kind,
            hard=(*self._hard, *self._of_frame(groups, index, hard=True)),
            soft=(*self._soft, *self._of_frame(groups, index, hard=False)),
            number=_integer(root.get("InstanceNumber")),
            location=_finite(root.get("SliceLocation")),
            in_stack=in_stack,
            frames=self._frames,
            modality=str(root.get("Modality") or ""),
        )

    def _plane(
        self, groups: dict[str, Dataset], index: int
    ) -> tuple[Six | tuple[()], Triple | tuple[()], tuple[float, float] | tuple[()], int]:
        turned, spacing, in_stack = self._turned, self._root.get("PixelSpacing"), 0
        laid = None if self._groups else self._laid
        if groups:
            own = groups.get("PlaneOrientationSequence")
            turned = orientation_of(_value(own, "ImageOrientationPatient")) if own else turned
            laid = _value(groups.get("PlanePositionSequence"), _LAID) or laid
            measured = groups.get("PixelMeasuresSequence")
            spacing = _value(measured, "PixelSpacing") if measured is not None else spacing
            content = groups.get("FrameContentSequence")
            in_stack = _integer(_value(content, "InStackPositionNumber")) or 0
        slices = self._vectors.get(_SLICE, ())
        if index < len(slices):
            in_stack = slices[index]
            if max(slices) > 1:  # the first slice's place is there, but not the others' side
                laid = None
        position, sizes = _floats(laid, 3), _floats(spacing, 2)
        if any(abs(one) > FARTHEST for one in position):
            position = ()
        if not all(0 < one < FARTHEST for one in sizes):
            sizes = ()
        return turned, position, sizes, in_stack  # type: ignore[return-value]  # lengths are known

    def _read_keys(self, keywords: dict[str, str]) -> Iterator[Key]:
        for keyword, name in keywords.items():
            if keyword in self._root:
                value = _plain(self._root[keyword])
                if value is not None:
                    yield name, value

    def _read_kind_and_time(self) -> Iterator[Key]:
        if len(self._kind) > 2:
            yield KIND, self._kind[2:]
        dated = self._root.get("AcquisitionDateTime")
        time = dated or self._root.get("AcquisitionTime")
        if time and (seconds := _seconds(str(time), dated=bool(dated))) is not None:
            yield TIME, seconds

    def _of_frame(self, groups: dict[str, Dataset], index: int, *, hard: bool) -> Iterator[Key]:
        """The keys that this frame of a multi-frame image has for itself."""
        if hard:
            for name, values in self._vectors.items():
                if name != _SLICE:
                    yield name, values[index]
        elif self._frames > 1:
            yield FRAME, index
        if not groups:
            return
        for macro, attribute, name, always in _IN_GROUPS:
            if always is hard:
                value = _plain(_value(groups.get(macro), attribute))
                if value is not None:
                    yield name, value
        if hard:
            content = groups.get("FrameContentSequence")
            values = _many(_value(content, "DimensionIndexValues"))
            for place, name in self._dimensions:
                if place < len(values):
                    yield name, values[place]
            return
        diffusion = groups.get("MRDiffusionSequence")
        for item in _items(_value(diffusion, "DiffusionGradientDirectionSequence")):
            yield DIRECTION, _plain(_value(item, "DiffusionGradientOrientation"))

    def _read_dimensions(self) -> Iterator[tuple[int, str]]:
        """Which of a frame's index values say more than where it lies, and what."""
        for place, item in enumerate(_items(self._root.get("DimensionIndexSequence"))):
            pointer = _value(item, "DimensionIndexPointer")
            word = keyword_for_tag(int(pointer)) if pointer is not None else ""
            if word and word not in _SPATIAL:
                yield place, _spelt(word)

    def _read_vectors(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        for keyword, name in {**_VECTORS, "SliceVector": _SLICE}.items():
            values = tuple(_integer(one) or 0 for one in _many(self._root.get(keyword)))
            if len(values) == self._frames:
                yield name, values


def _known_values(header: Dataset) -> dict[str, Any]:
    """What this module looks at, by keyword."""
    return {_WORD[tag]: value_at(header, tag) for tag in _WORD.keys() & header.keys()}


def _nuclear(root: dict[str, Any]) -> Dataset | None:
    """Where nuclear medicine writes the plane: with its first detector (C.8.4.11)."""
    for item in _items(root.get("DetectorInformationSequence"))[:1]:
        if _value(item, "ImageOrientationPatient") is not None:
            return item
    return None


def _orientation(nuclear: Dataset | None, root: dict[str, Any]) -> Six | tuple[()]:
    own = _value(nuclear, "ImageOrientationPatient")
    return orientation_of(own if own is not None else root.get("ImageOrientationPatient"))


def orientation_of(value: Any) -> Six | tuple[()]:
    """Six direction cosines made of unit length; () unless they are two directions at right
    angles, within a hundredth."""
    cosines = _floats(value, 6)
    if not cosines:
        return ()
    row, column = cosines[:3], cosines[3:]
    long, high = math.hypot(*row), math.hypot(*column)
    across = sum(a * b for a, b in zip(row, column, strict=True))
    if abs(long - 1) >= 1e-2 or abs(high - 1) >= 1e-2 or abs(across) >= 1e-2:
        return ()
    return (*(c / long for c in row), *(c / high for c in column))  # type: ignore[return-value]


def _value(dataset: Dataset | None, keyword: str) -> Any:
    """A value as it stands in the data set; by tag, which is far quicker than by keyword."""
    if dataset is None:
        return None
    return value_at(dataset, _TAG[keyword])


def _macros_of(group: Dataset) -> dict[str, Dataset]:
    """The functional groups that this module looks at, by keyword."""
    found = {word: _items(value)[:1] for word, value in _known_values(group).items()}
    return {word: items[0] for word, items in found.items() if items}


def _items(value: Any) -> list[Dataset]:
    """The items of a sequence; none where something else was written."""
    return list(value) if isinstance(value, Sequence) else []


def _many(value: Any) -> tuple[Any, ...]:
    if value is None or value == "":
        return ()
    if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__"):
        return (value,)
    return tuple(value)


def _floats(value: Any, count: int) -> tuple[float, ...]:
    """Exactly `count` finite numbers, else ()."""
    if value is None or isinstance(value, (str, bytes)) or not hasattr(value, "__len__"):
        return ()
    if len(value) != count:
        return ()
    try:
        found = tuple(float(one) for one in value)
    except (TypeError, ValueError):
        return ()
    return found if all(map(math.isfinite, found)) else ()


def _finite(value: Any) -> float | None:
    one = _many(value)[:1]
    try:
        number = float(one[0]) if one else None
    except (TypeError, ValueError):
        return None
    return number if number is not None and math.isfinite(number) else None


def _integer(value: Any) -> int | None:
    number = _finite(value)
    return None if number is None else int(number)


def _plain(value: Any) -> Any:
    """A value that can be compared and hashed; None when there is none."""
    many = tuple(
        float(one) if isinstance(one, (int, float)) else str(one)
        for one in _many(value)
        if one is not None
    )
    if not many:
        return None
    return many[0] if len(many) == 1 else many


def _seconds(text: str, *, dated: bool) -> float | None:
    """A DICOM time as seconds of its day, a date before it as whole days; None for neither."""
    digits = text.strip().partition("+")[0].partition("-")[0]
    day, clock = (digits[:8], digits[8:]) if dated else ("0", digits)
    try:
        parts = float(clock[0:2] or 0), float(clock[2:4] or 0), float(clock[4:] or 0)
        return int(day) * 86400 + parts[0] * 3600 + parts[1] * 60 + parts[2]
    except ValueError:
        return None


def _spelt(keyword: str) -> str:
    """A keyword as words: "CardiacTriggerDelay" becomes "cardiac trigger delay"."""
    words = "".join(f" {sign}" if sign.isupper() else sign for sign in keyword).split()
    return " ".join(words).lower()
