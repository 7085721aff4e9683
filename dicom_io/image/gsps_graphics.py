"""What a presentation state draws: layers, graphics, texts and compound graphics.

Source: DICOM PS3.3 C.10.5 (Graphic Annotation), C.10.7 (Graphic Layer), C.10.7.1.1 (CIELab).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from pydicom.dataset import Dataset

from dicom_io.identity import Identity
from dicom_io.image.annotation import Annotation, Kind, Point
from dicom_io.image.drawn import has_mark, head_of, mark_in
from dicom_io.image.functional import floats
from dicom_io.image.header import number
from dicom_io.image.presentation import Graphic, Shape

MOST_GRAPHICS = 10_000  # of one state; what comes after is told, not drawn
MOST_POINTS = 200_000

Colour = tuple[int, int, int]
Notices = list[str]


@dataclass(frozen=True, slots=True)
class Layer:
    """One graphic layer; the lowest order is drawn first."""

    name: str
    order: int
    colour: Colour | None = None


@dataclass
class Drawn:
    """What the annotations of a state come to."""

    graphics: list[Graphic]
    marks: list[Annotation]


def layers_of(dataset: Dataset) -> dict[str, Layer]:
    """The graphic layers by name."""
    layers: dict[str, Layer] = {}
    for place, item in enumerate(dataset.get("GraphicLayerSequence") or (), 1):
        name = str(item.get("GraphicLayer") or "").strip()
        layers.setdefault(
            name, Layer(name, number(item, "GraphicLayerOrder", place), _colour(item))
        )
    return layers


def _colour(item: Dataset) -> Colour | None:
    lab = floats(item, "GraphicLayerRecommendedDisplayCIELabValue")
    if len(lab) == 3:
        return rgb_of_lab(*lab)
    grey = item.get("GraphicLayerRecommendedDisplayGrayscaleValue")
    if grey in (None, ""):
        return None
    level = min(max(number(item, "GraphicLayerRecommendedDisplayGrayscaleValue", 0) // 257, 0), 255)
    return (level, level, level)


def rgb_of_lab(lightness: float, a: float, b: float) -> Colour:
    """sRGB of a CIELab value as DICOM packs it into 16 bits (PCS white point D50)."""
    fy = (lightness / 65535 * 100 + 16) / 116
    fx = fy + (a / 257 - 128) / 500
    fz = fy - (b / 257 - 128) / 200

    def part(value: float, white: float) -> float:
        cubed = value**3
        return white * (cubed if cubed > 0.008856 else (value - 16 / 116) / 7.787)

    x, y, z = part(fx, 0.9642), part(fy, 1.0), part(fz, 0.8249)
    linear = (
        3.1339 * x - 1.6169 * y - 0.4906 * z,  # D50 to sRGB, Bradford-adapted
        -0.9788 * x + 1.9161 * y + 0.0335 * z,
        0.0719 * x - 0.2290 * y + 1.4052 * z,
    )
    red, green, blue = (_gamma(value) for value in linear)
    return red, green, blue


def _gamma(value: float) -> int:
    value = min(max(value, 0.0), 1.0)
    encoded = 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
    return round(encoded * 255)


def drawn_in(
    dataset: Dataset, refer: Callable[[Dataset], tuple[Identity, ...]], notices: Notices
) -> Drawn:
    """All graphics, the lowest layer first, and the marks of ours among them.

    `refer` gives the images that an item names, () for all of the state's. What is malformed is
    left out with a sentence.
    """
    layers = layers_of(dataset)
    found = Drawn([], [])
    room = MOST_POINTS
    for item in dataset.get("GraphicAnnotationSequence") or ():
        images = refer(item)
        graphics = list(_graphics(item, images, notices))
        layer = layers.get(str(item.get("GraphicLayer") or "").strip())
        if layer is None:
            notices.append("A graphic annotation names a layer that the state does not define.")
            layer = Layer("", max((one.order for one in layers.values()), default=0) + 1)
        mark = _own_mark(item, images, graphics, notices)
        if mark is not None:
            found.marks.append(mark)
            continue
        room -= sum(len(one.points) for one in graphics)
        if room < 0 or len(found.graphics) + len(graphics) > MOST_GRAPHICS:
            notices.append("The state draws more than can be shown; the rest of it is left out.")
            break
        found.graphics += [replace(g, layer=layer.name, colour=layer.colour) for g in graphics]
    orders = {name: one.order for name, one in layers.items()}
    found.graphics.sort(key=lambda one: orders.get(one.layer, len(orders) + 1))
    return found


def _own_mark(
    item: Dataset, images: Sequence[Identity], graphics: Sequence[Graphic], notices: Notices
) -> Annotation | None:
    if not has_mark(item):
        return None
    try:
        mark = mark_in(item, images, graphics)
    except ValueError as problem:
        notices.append(f"A graphic is shown but cannot be edited: {problem}.")
        return None
    if mark is None:
        notices.append("A mark was changed by another program; it is shown and cannot be edited.")
    elif mark.kind is Kind.TEXT and not mark.text:
        return None
    return mark


def _graphics(item: Dataset, images: tuple[Identity, ...], notices: Notices) -> Iterator[Graphic]:
    drawn_for: set[int] = set()  # compound graphics that plain ones stand for as well
    for objects, read in (("GraphicObjectSequence", _graphic), ("TextObjectSequence", _text)):
        for one in item.get(objects) or ():
            if "CompoundGraphicInstanceID" in one:
                drawn_for.add(number(one, "CompoundGraphicInstanceID", 0))
            try:
                yield replace(read(one), images=images)
            except ValueError as problem:
                notices.append(f"A graphic of the state is left out: {problem}.")
    for one in item.get("CompoundGraphicSequence") or ():
        if number(one, "CompoundGraphicInstanceID", -1) in drawn_for:
            continue
        try:
            for graphic in _compound(one, notices):
                yield replace(graphic, images=images)
        except ValueError as problem:
            notices.append(f"A graphic of the state is left out: {problem}.")


def _graphic(item: Dataset) -> Graphic:
    """Raises ValueError for what cannot be drawn."""
    name = str(item.get("GraphicType") or "").strip().upper()
    if name not in Shape.__members__ or name == Shape.TEXT:
        raise ValueError(f"its type {name[:16] or '(none)'} is not known")
    shape = Shape[name]
    points = _points(item, "GraphicData")
    least = {Shape.POINT: 1, Shape.CIRCLE: 2, Shape.ELLIPSE: 4}.get(shape, 2)
    if len(points) < least:
        raise ValueError(f"a {shape.value.lower()} needs {least} points and has {len(points)}")
    if shape in (Shape.POINT, Shape.CIRCLE, Shape.ELLIPSE):
        points = points[:least]
    return Graphic(
        shape,
        points,
        is_relative=_is_relative(item, "GraphicAnnotationUnits"),
        is_filled=str(item.get("GraphicFilled") or "") == "Y",
    )


def _text(item: Dataset) -> Graphic:
    """Raises ValueError for a text without a place."""
    text = str(item.get("UnformattedTextValue") or "").replace("\r\n", "\n").rstrip()
    corners = [
        _points(item, f"BoundingBox{corner}HandCorner") for corner in ("TopLeft", "BottomRight")
    ]
    box = tuple(point for corner in corners for point in corner[:1])
    anchors = _points(item, "AnchorPoint")
    if not text:
        raise ValueError("a text is empty")
    if len(box) != 2 and not anchors:
        raise ValueError("a text does not say where it stands")
    if len(box) != 2:
        box = ()
    return Graphic(
        Shape.TEXT,
        box,
        is_relative=bool(box) and _is_relative(item, "BoundingBoxAnnotationUnits"),
        text=text,
        anchor=anchors[0] if anchors else None,
        anchor_is_relative=bool(anchors) and _is_relative(item, "AnchorPointAnnotationUnits"),
        anchor_is_seen=str(item.get("AnchorPointVisibility") or "") == "Y",
    )


def _compound(item: Dataset, notices: Notices) -> Iterator[Graphic]:
    """A compound graphic that comes without plain ones, as lines (PS3.3 C.10.5.1.3)."""
    name = str(item.get("CompoundGraphicType") or "").strip().upper()
    points = _points(item, "GraphicData")
    relative = _is_relative(item, "CompoundGraphicUnits")
    if len(points) < (1 if name == "CROSSHAIR" else 2):
        raise ValueError(f"a {name.lower() or 'compound graphic'} has too few points")
    plain = Graphic(Shape.POLYLINE, points, is_relative=relative)
    match name:
        case "MULTILINE":
            for first in range(0, len(points) - 1, 2):
                yield replace(plain, points=points[first : first + 2])
        case "ARROW":
            yield plain
            yield replace(plain, points=head_of(points[0], points[1]))
        case "RECTANGLE" if len(points) == 4:
            yield replace(plain, points=(*points, points[0]))
        case "RECTANGLE":
            (left, top), (right, bottom) = points[:2]
            corners = ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))
            yield replace(plain, points=corners)
        case "ELLIPSE" if len(points) == 4:
            yield replace(plain, shape=Shape.ELLIPSE)
        case "CROSSHAIR":
            yield replace(plain, shape=Shape.POINT, points=points[:1])
        case _:
            notices.append(f"A {name.lower() or 'compound graphic'} is drawn as a plain line.")
            yield plain
    text = str(item.get("GraphicLabel") or item.get("UnformattedTextValue") or "").strip()
    if text:
        yield Graphic(Shape.TEXT, (), text=text, anchor=points[0], anchor_is_relative=relative)


def _points(item: Dataset, keyword: str) -> tuple[Point, ...]:
    """Pairs of numbers; () when absent. Raises ValueError when they are none."""
    values = floats(item, keyword)
    if len(values) % 2 or not all(math.isfinite(value) for value in values):
        raise ValueError(f"its {keyword} are no pairs of numbers")
    if any(abs(value) > 1e7 for value in values):
        raise ValueError("it lies far outside of any image")
    dimensions = number(item, "GraphicDimensions", 2)
    if keyword == "GraphicData" and dimensions != 2:
        raise ValueError(f"it has {dimensions} dimensions")
    return tuple(zip(values[::2], values[1::2], strict=True))


def _is_relative(item: Dataset, keyword: str) -> bool:
    """DISPLAY units. Raises ValueError for units that are not known."""
    units = str(item.get(keyword) or "PIXEL").strip().upper()
    if units not in ("PIXEL", "DISPLAY"):
        raise ValueError(f"its units {units[:16]} are not known")
    return units == "DISPLAY"
