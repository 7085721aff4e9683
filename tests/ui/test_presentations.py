"""How a pane shows a series becomes a value, and the value makes a pane show it so again."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from dicom_io.image.frame import ImageFrame
from dicom_io.image.presentation import Orientation, Presentation, Sizing
from dicom_io.image.render import Window
from tests.ui.films import film
from ui.presentations import apply, is_untouched, placed_as, presentation_of, visible
from ui.viewport.placement import Placement
from ui.viewport.viewport import Viewport

Showing = Callable[[Sequence[ImageFrame]], Viewport]
PANE = Placement(400, 200, width=800.0, height=600.0, ratio=1.0).fitted()
TURNS = [Orientation(mirrored, quarters) for mirrored in (False, True) for quarters in range(4)]


@pytest.mark.parametrize("orientation", TURNS)
def test_an_area_fills_the_pane_however_the_image_lies(orientation: Orientation) -> None:
    area = (100.0, 50.0, 180.0, 110.0)

    placed = placed_as(PANE, Presentation((), orientation=orientation, displayed=area), 4.0)

    left, top, right, bottom = visible(placed)
    assert placed.orientation == orientation
    assert np.allclose(((left + right) / 2, (top + bottom) / 2), (140, 80), atol=0.1)
    assert left <= 100.1 and top <= 50.1 and right >= 179.9 and bottom >= 109.9
    touches = min(100 - left, 50 - top)
    assert abs(touches) < 0.2  # as large as it can be


@pytest.mark.parametrize("orientation", TURNS)
def test_what_is_visible_is_shown_again(orientation: Orientation) -> None:
    zoomed = PANE.oriented(orientation).zoomed(3.3, 250.0, 170.0).panned(40.0, -25.0)

    again = placed_as(
        PANE, Presentation((), orientation=orientation, displayed=visible(zoomed)), 4.0
    )

    assert again.zoom == pytest.approx(zoomed.zoom)
    assert np.allclose((again.x, again.y), (zoomed.x, zoomed.y), atol=1)


def test_the_whole_image_is_fitted_and_follows_the_pane() -> None:
    placed = placed_as(PANE, Presentation((), displayed=(0.0, 0.0, 400.0, 200.0)), 4.0)

    assert placed.fits
    assert placed == PANE


def test_true_size_and_magnification_say_how_large_a_pixel_is() -> None:
    true = Presentation((), sizing=Sizing.TRUE_SIZE, spacing=(0.5, 0.5))
    larger = Presentation((), sizing=Sizing.MAGNIFY, magnification=2.5)

    assert placed_as(PANE, true, dots_per_mm=4.0).zoom == pytest.approx(2.0)
    assert placed_as(PANE, larger, dots_per_mm=4.0).zoom == pytest.approx(2.5)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_a_changed_view_is_applied_to_another_pane_alike(
    photometric: str, showing: Showing
) -> None:
    ramp = np.tile(np.arange(0, 240, 4, dtype=np.uint8), (40, 1))
    frame = film(ramp, PhotometricInterpretation=photometric)
    pane = showing([frame])
    first = presentation_of(pane)
    assert first is not None and is_untouched(first)
    pane.set_window(Window(100, 150))
    pane.invert()
    pane.turn(1)
    seen, left = pane.rendered(), presentation_of(pane)
    assert seen is not None and left is not None

    pane.reset()
    assert apply(pane, left) == ()

    assert np.array_equal(pane.rendered(), seen)  # type: ignore[arg-type]  # there is a picture
    assert presentation_of(pane) == left
    apply(pane, first)
    assert presentation_of(pane) == first


def test_nothing_is_applied_to_a_pane_without_an_image(viewport: Viewport) -> None:
    assert presentation_of(viewport) is None
    assert apply(viewport, Presentation((), Window(1, 2))) == ()
