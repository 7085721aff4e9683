"""Marks and graphics written into a presentation state.

Source: DICOM PS3.3 C.10.5 (Graphic Annotation), C.10.7 (Graphic Layer).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from PIL import ImageCms
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence

from dicom_io.identity import Identity
from dicom_io.image.annotation import Annotation, Kind
from dicom_io.image.drawn import graphics_of, put_mark
from dicom_io.image.presentation import Graphic, Shape
from dicom_io.report.header import put

LABEL = "WETREAD"
MARKS_LAYER, OTHER_LAYER = "MEASUREMENTS", "GRAPHICS"
LONGEST_VALUE = 1024  # characters of a text object (ST)
_MARK_COLOUR = (255, 230, 120)  # what we recommend others to draw marks in

Refer = Callable[[Sequence[Identity]], DicomSequence]


def label_of(text: str) -> str:
    """A text as ContentLabel may hold it: capitals, digits, spaces, at most 16 of them."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().upper()
    return " ".join(re.sub(r"[^A-Z0-9_ ]+", " ", plain).split())[:16].strip() or LABEL


def fl(values: Sequence[float]) -> list[float]:
    """Rounded as FL holds them, so that what is read back is the same."""
    return [float(np.float32(value)) for value in values]


def srgb_profile() -> bytes:
    """The ICC profile of sRGB, in which colour is shown here; of even length."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile + b"\0" * (len(profile) % 2)


def put_drawn(
    state: Dataset,
    marks: Sequence[Annotation],
    graphics: Sequence[Graphic],
    texts: Mapping[str, str],
    refer: Refer,
) -> None:
    """Graphic annotations and layers. `texts` stands beside marks, by their ids; `refer` makes the
    references to images."""
    items = [_mark_item(mark, texts.get(mark.id, ""), refer) for mark in marks]
    items += [_graphic_item(graphic, refer) for graphic in graphics]
    if not items:
        return
    put(state, "GraphicAnnotationSequence", DicomSequence(items))
    layers = list(dict.fromkeys(str(item.GraphicLayer) for item in items))
    colours = {label_of(g.layer or OTHER_LAYER): g.colour for g in graphics if g.colour}
    colours[MARKS_LAYER] = _MARK_COLOUR
    put(
        state,
        "GraphicLayerSequence",
        DicomSequence(_layer(name, n, colours.get(name)) for n, name in enumerate(layers, 1)),
    )


def _layer(name: str, order: int, colour: tuple[int, int, int] | None) -> Dataset:
    item = Dataset()
    put(item, "GraphicLayer", name)
    put(item, "GraphicLayerOrder", order)
    if colour is not None:
        grey = round(0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2])
        put(item, "GraphicLayerRecommendedDisplayGrayscaleValue", grey * 257)
    return item


def _mark_item(mark: Annotation, values: str, refer: Refer) -> Dataset:
    item = Dataset()
    put(item, "ReferencedImageSequence", refer((mark.identity,)))
    put(item, "GraphicLayer", MARKS_LAYER)
    graphics = [_graphic_object(one) for one in graphics_of(mark)]
    if graphics:
        put(item, "GraphicObjectSequence", DicomSequence(graphics))
    text = "\n".join(one for one in (mark.text, values) if one)
    if text:
        anchor = mark.points[0] if mark.kind is not Kind.ARROW else mark.points[1]
        put(item, "TextObjectSequence", DicomSequence([_text_object(text, anchor)]))
    put_mark(item, mark)
    return item


def _graphic_item(graphic: Graphic, refer: Refer) -> Dataset:
    item = Dataset()
    if graphic.images:
        put(item, "ReferencedImageSequence", refer(graphic.images))
    put(item, "GraphicLayer", label_of(graphic.layer or OTHER_LAYER))
    if graphic.shape is not Shape.TEXT:
        put(item, "GraphicObjectSequence", DicomSequence([_graphic_object(graphic)]))
        return item
    if graphic.anchor is not None:
        units = "DISPLAY" if graphic.anchor_is_relative else "PIXEL"
        text = _text_object(graphic.text, graphic.anchor, units, seen=graphic.anchor_is_seen)
    else:
        text = Dataset()
    if len(graphic.points) == 2:
        put(text, "BoundingBoxAnnotationUnits", "DISPLAY" if graphic.is_relative else "PIXEL")
        put(text, "BoundingBoxTopLeftHandCorner", fl(graphic.points[0]))
        put(text, "BoundingBoxBottomRightHandCorner", fl(graphic.points[1]))
        put(text, "BoundingBoxTextHorizontalJustification", "LEFT")
    put(text, "UnformattedTextValue", _st(graphic.text))
    put(item, "TextObjectSequence", DicomSequence([text]))
    return item


def _graphic_object(graphic: Graphic) -> Dataset:
    item = Dataset()
    put(item, "GraphicAnnotationUnits", "DISPLAY" if graphic.is_relative else "PIXEL")
    put(item, "GraphicDimensions", 2)
    put(item, "NumberOfGraphicPoints", len(graphic.points))
    put(item, "GraphicData", [value for point in graphic.points for value in fl(point)])
    put(item, "GraphicType", graphic.shape.value)
    is_closed = graphic.shape in (Shape.CIRCLE, Shape.ELLIPSE) or (
        graphic.shape is not Shape.POINT and graphic.points[0] == graphic.points[-1]
    )
    if is_closed:
        put(item, "GraphicFilled", "Y" if graphic.is_filled else "N")
    return item


def _text_object(
    text: str, anchor: tuple[float, float], units: str = "PIXEL", *, seen: bool = False
) -> Dataset:
    item = Dataset()
    put(item, "AnchorPointAnnotationUnits", units)
    put(item, "AnchorPoint", fl(anchor))
    put(item, "AnchorPointVisibility", "Y" if seen else "N")
    put(item, "UnformattedTextValue", _st(text))
    return item


def _st(text: str) -> str:
    """A text as ST holds it: lines ended by CR LF, at most 1024 characters, no control."""
    kept = "".join(c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs"))
    written = kept.replace("\n", "\r\n")
    return written if len(written) <= LONGEST_VALUE else written[: LONGEST_VALUE - 1] + "…"
