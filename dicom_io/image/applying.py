"""How a presentation is applied to a frame: whose units its window counts in, and its tables.

Source: DICOM PS3.4 N.2 (the state's transformations replace the image's, and one that the state
lacks is the identity), PS3.3 C.11.6.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dicom_io.image.frame import ImageFrame
from dicom_io.image.lut import LookUpTable
from dicom_io.image.modality import Modality, modality_of, stored_range
from dicom_io.image.presentation import Presentation
from dicom_io.image.render import is_inverse
from dicom_io.image.window import LINEAR, LINEAR_EXACT, Window

_STANDS_STILL = 1e-9


@dataclass(frozen=True, slots=True)
class Greys:
    """What a presentation makes of one frame's greys: for a `Renderer` with `shape` and `curve`.

    `window` is None where the image's own stays. `inverts` says whether that differs from what the
    image says of itself.
    """

    window: Window | None
    shape: str
    inverts: bool
    curve: LookUpTable | None = None
    notices: tuple[str, ...] = ()


def greys_of(presentation: Presentation, frame: ImageFrame) -> Greys:
    """The window in the frame's own modality units, and the shape."""
    if frame.is_colour:
        return Greys(None, "", presentation.shape == "INVERSE")
    inverts = is_inverse(frame, presentation.shape) != is_inverse(frame)
    modality = modality_of(frame)
    notices: list[str] = []
    window = presentation.window
    if window is None and presentation.identity is not None:
        window = whole_range(frame, modality)  # the state has no VOI step: the identity
    elif window is not None and presentation.rescale is not None:
        window = translated(window, presentation.rescale, modality)
        if window is None:
            window = presentation.window
            notices.append(
                "The state counts in other units than the image, whose modality look-up table "
                "cannot be undone; its window may look different here."
            )
    return Greys(window, presentation.shape, inverts, presentation.lut, tuple(notices))


def whole_range(frame: ImageFrame, modality: Modality) -> Window:
    """From the lowest to the highest modality value that the frame's bits can say."""
    ends = modality(np.array(stored_range(frame)))
    low, high = float(ends.min()), float(ends.max())
    width = high - low if high > low else 1.0
    return Window((low + high) / 2, width, LINEAR_EXACT, "Whole range")


def translated(window: Window, rescale: tuple[float, float], modality: Modality) -> Window | None:
    """The same brightness of the same stored values, in the units of `modality`.

    `rescale` is slope and intercept of the units that `window` counts in. None where the image has
    a modality table, or the window a table of its own and the units differ.
    """
    if modality.lut is None and (modality.slope, modality.intercept) == rescale:
        return window
    if modality.lut is not None or window.lut is not None:
        return None
    slope = modality.slope / rescale[0]
    offset = modality.intercept - rescale[1] * slope
    if slope < 0:
        return None
    if abs(slope - 1) < _STANDS_STILL:
        return Window(window.center + offset, window.width, window.function, window.explanation)
    center, width, function = window.center, window.width, window.function
    if function == LINEAR:  # its half and its one are of the units, so they are written out
        center, width, function = center - 0.5, max(width - 1, 1e-6), LINEAR_EXACT
    return Window(center * slope + offset, width * slope, function, window.explanation)
