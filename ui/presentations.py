"""How a pane shows its series, as a value, and a pane made to show it so again."""

from __future__ import annotations

from dataclasses import replace

from dicom_io.identity import Identity
from dicom_io.image.applying import Greys, greys_of
from dicom_io.image.frame import ImageFrame
from dicom_io.image.presentation import Orientation, Presentation, Sizing
from dicom_io.image.render import Window, is_inverse
from ui.language import tr
from ui.viewport.pane import Pane
from ui.viewport.placement import Placement
from ui.viewport.presets import BY_HAND, Offer

MM_PER_INCH = 25.4
Area = tuple[float, float, float, float]


def series_of(frame: ImageFrame) -> Identity:
    """The frame's series, without image and frame."""
    return replace(frame.identity, instance="", frame=0)


def presentation_of(pane: Pane) -> Presentation | None:
    """What the reader made of the series in a pane; None while nothing is shown.

    `window` is None and `shape` "" where the images' own stand, `displayed` is None while the
    picture is fitted.
    """
    frame = pane.selected_frame()
    if frame is None:
        return None
    placement = pane.placement()
    return Presentation(
        images=(series_of(frame),),
        window=_chosen_window(pane),
        shape=_shape(frame, pane),
        orientation=placement.orientation,
        displayed=None if placement.fits else visible(placement),
        frame=frame.identity,
    )


def _chosen_window(pane: Pane) -> Window | None:
    """The window in use, unless it is the first of the frame's own or came with a protocol."""
    offers, offer = pane.window_offers(), pane.current_offer()
    if not offers or offer is None or offer.is_hung:
        return None
    return None if offer.window == offers[0].window else offer.window


def _shape(frame: ImageFrame, pane: Pane) -> str:
    """The presentation LUT shape that gives what is seen; "" where that is the image's own."""
    shape, curve = pane.presented()
    inverse = curve is None and is_inverse(frame, shape)
    seen = inverse != pane.is_inverted()
    if seen == is_inverse(frame):
        return ""
    return "INVERSE" if seen else "IDENTITY"


def is_untouched(presentation: Presentation) -> bool:
    """True for the view that every image has before anybody changes it."""
    return (
        presentation.window is None
        and not presentation.shape
        and presentation.orientation == Orientation()
        and presentation.displayed is None
    )


def visible(placement: Placement) -> Area:
    """The part of the image plane that fills the pane: left, top, right, bottom in stored pixels;
    may reach beyond the image."""
    one = placement.to_stored(0, 0)
    other = placement.to_stored(placement.width, placement.height)
    columns, rows = sorted((one[0], other[0])), sorted((one[1], other[1]))
    return columns[0], rows[0], columns[1], rows[1]


def apply(pane: Pane, presentation: Presentation) -> tuple[str, ...]:
    """Show the series in the pane like that; gives a sentence for what cannot be honoured.

    Nothing happens while the pane shows no image. The frame shown decides what a window of other
    units comes to.
    """
    frame = pane.selected_frame()
    if frame is None:
        return ()
    greys = greys_of(presentation, frame)
    notices = list(greys.notices)
    is_state = presentation.identity is not None
    hung = pane.current_offer()
    if is_state or greys.window is not None or hung is None or not hung.is_hung:
        pane.choose_window(_offer(pane, presentation, greys))
    pane.present(greys.shape if is_state else "", greys.curve)
    if pane.is_inverted() != (greys.inverts and not is_state):
        pane.invert()
    placed = placed_as(pane.placement(), presentation, _dots_per_mm(pane))
    pane.place(placed)
    if presentation.sizing is Sizing.TRUE_SIZE:
        notices.append(
            tr("True size rests on what the system says of this screen; it is not calibrated.")
        )
    return tuple(notices)


def _offer(pane: Pane, presentation: Presentation, greys: Greys) -> Offer | None:
    if greys.window is None:
        return None
    for offer in pane.window_offers():
        if offer.window == greys.window:
            return offer
    is_state = presentation.identity is not None
    return Offer(tr("presentation state") if is_state else BY_HAND, greys.window)


def placed_as(placement: Placement, presentation: Presentation, dots_per_mm: float) -> Placement:
    """The placement that shows the displayed area as large as the presentation asks for.

    `dots_per_mm` are device pixels of the screen.
    """
    lying = placement.fitted().oriented(presentation.orientation)
    area = presentation.displayed
    whole = (0.0, 0.0, float(placement.columns), float(placement.rows))
    if presentation.sizing is Sizing.FIT and area in (None, whole):
        return lying
    zoom = _zoom(lying, area or whole, presentation, dots_per_mm)
    middle = placement.width / 2, placement.height / 2
    larger = lying.zoomed(zoom / lying.zoom, *middle)
    left, top, right, bottom = area or whole
    x, y = larger.to_pane((left + right) / 2, (top + bottom) / 2)
    return larger.panned(middle[0] - x, middle[1] - y)


def _zoom(
    placement: Placement, area: Area, presentation: Presentation, dots_per_mm: float
) -> float:
    """Device pixels for one stored pixel."""
    left, top, right, bottom = area
    if presentation.sizing is Sizing.MAGNIFY and presentation.magnification > 0:
        return presentation.magnification
    if presentation.sizing is Sizing.TRUE_SIZE and presentation.spacing:
        return min(presentation.spacing) * dots_per_mm
    wide, high = (right - left) * placement.across, (bottom - top) * placement.down
    if placement.is_turned:
        wide, high = high, wide
    return placement.zoom * min(placement.width / wide, placement.height / high)


def _dots_per_mm(pane: Pane) -> float:
    """Of the pane's screen, as the system states it."""
    screen = pane.screen()
    dots = screen.physicalDotsPerInch() if screen is not None else 96.0
    return dots * pane.devicePixelRatioF() / MM_PER_INCH
