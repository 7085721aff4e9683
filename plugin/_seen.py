"""What the model is shown of a frame, and the record of what it was asked."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dicom_io.image.crop import Box, Crop, crop_box
from dicom_io.image.frame import ImageFrame
from dicom_io.image.icc import to_srgb
from dicom_io.image.kinds import what_it_is
from dicom_io.image.pyramid import crop_of
from dicom_io.image.render import Window, render, windows_of
from dicom_io.report.document import Algorithm, Asked, Region
from model_backend.folder import ModelFolder
from model_backend.request import Affine, BadRequest, ImageInput, ModelIdentity, Request


@dataclass(frozen=True, eq=False)
class Seen:
    """One frame or a box of it, rendered as on the screen.

    `image.pixels` are exactly what goes to the model: uint8, (height, width) grey or
    (height, width, 3) RGB, one pixel per stored pixel. `region` is None for the whole frame.
    """

    frame: ImageFrame
    image: ImageInput
    region: Region | None
    parameters: tuple[tuple[str, str], ...]

    @property
    def is_crop(self) -> bool:
        """True when the model is shown the region alone, not the region's place in the whole."""
        region = self.region
        if region is None:
            return False
        height, width = self.pixels.shape[:2]
        right, bottom = self.image.to_stored(width, height)
        left, top = self.image.to_stored(0, 0)
        sides = (region.x1 - region.x0, region.y1 - region.y0)
        return abs(right - left - sides[0]) < 1e-6 and abs(bottom - top - sides[1]) < 1e-6

    @property
    def pixels(self) -> NDArray[np.uint8]:
        return self.image.pixels


def look(
    frame: ImageFrame,
    window: Window | None = None,
    box: Box | None = None,
    model: ModelFolder | None = None,
) -> Seen:
    """Render the frame by the viewport's own renderer, and cut the box out.

    `box` is (x0, y0, x1, y1) in stored columns and rows from the top left corner. Of a slide these
    are those of its total pixel matrix, and the pixels come from the finest level at which the box
    has at most 2048 a side: the same ones whatever the zoom of the screen. Raises
    FileProblem when the frame cannot be decoded, BadRequest for a box that holds no pixel and for
    a frame that was computed from others: what a model says must rest on an image that is stored.
    """
    if frame.derivation:
        raise BadRequest(
            "This is a computed plane, which lies in no archive. Ask about an image of the study."
        )
    if words := what_it_is(frame.header):
        raise BadRequest(f"This is {words}. Ask about an image of the study.")
    try:
        crop, parameters = _crop(frame, window, box)
    except ValueError as error:
        raise BadRequest(str(error)) from error
    affine = Affine(*crop.affine)
    height, width = crop.pixels.shape[:2]
    region = None
    if box is not None:
        region = Region(frame.identity, *affine(0, 0), *affine(width, height))
    parameters.append(("pixels", f"{width} x {height}"))
    if model is not None and model.preprocess is not None:
        size = model.preprocess.size
        parameters.append(("model input", f"{size} x {size}"))
    image = ImageInput(crop.pixels, affine, frame.identity.key())
    return Seen(frame, image, region, tuple(parameters))


def _crop(
    frame: ImageFrame, window: Window | None, box: Box | None
) -> tuple[Crop, list[tuple[str, str]]]:
    """What is cut out of the frame, and how it was made. Raises ValueError, FileProblem."""
    if frame.pyramid is not None:
        crop = crop_of(frame.pyramid, box)
        crop = replace(crop, pixels=to_srgb(frame, crop.pixels))
        return crop, [("slide columns for a pixel", f"{crop.affine[0]:g}")]
    stored = frame.stored()
    shown = window or windows_of(frame, stored)[0]
    crop = crop_box(render(frame, stored, shown), box)
    return crop, [
        ("window center", f"{shown.center:g}"),
        ("window width", f"{shown.width:g}"),
        ("window function", shown.function),
    ]


def record(
    seen: Seen | None, request: Request, model: ModelIdentity, answer: str = "", about: str = ""
) -> Asked:
    """The request as the report keeps it, enough to ask it again; `seen` is None without image.

    `answer` is what a question was answered with, `about` the name of the finding that it is about.
    """
    decoding = tuple((name, str(value)) for name, value in asdict(request.decoding).items())
    # A server's weights are nobody's here to hash; the hash of no bytes would name wrong ones.
    sha256 = "" if model.address else model.sha256
    return Asked(
        request=request.id,
        task=request.task,
        text=request.text,
        candidates=request.candidates,
        images=(seen.frame.identity,) if seen is not None else (),
        region=seen.region if seen is not None else None,
        parameters=(
            *(seen.parameters if seen is not None else ()),
            *decoding,
            ("seed", str(request.seed)),
            ("device", model.device),
            *([("server", model.address)] if model.address else []),
        ),
        algorithm=Algorithm(model.name, model.version, sha256, model.manufacturer),
        answer=answer,
        about=about,
    )
