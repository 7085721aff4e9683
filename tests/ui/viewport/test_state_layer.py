"""Graphics of a presentation state lie where the state says, over its own images alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from dicom_io.image.frame import ImageFrame
from dicom_io.image.presentation import Graphic, Orientation, Presentation, Shape
from tests.ui.films import as_array, flat
from ui.viewport.state_layer import StateLayer, around, smooth
from ui.viewport.viewport import Viewport

Showing = Callable[[Sequence[ImageFrame]], Viewport]
RED = (255, 0, 0)


def with_layer(pane: Viewport, graphic: Graphic, frame: ImageFrame) -> StateLayer:
    layer = StateLayer()
    layer.setParent(pane)
    pane.add_layer(layer)
    layer.show_part(Presentation((frame.identity.of_frame(0),), graphics=(graphic,)))
    return layer


def red_in(pane: Viewport) -> NDArray[np.bool_]:
    """Where the pane is red: (height, width)."""
    seen = as_array(pane.grab().toImage()).astype(int)
    found: NDArray[np.bool_] = (seen[:, :, 0] > 150) & (seen[:, :, 1] < 100)
    return found


def middle_of(mask: NDArray[np.bool_]) -> tuple[float, float]:
    rows, columns = np.nonzero(mask)
    assert len(rows), "nothing is drawn"
    return float(columns.mean()), float(rows.mean())


@pytest.mark.parametrize(
    "orientation", [Orientation(), Orientation(False, 1), Orientation(True, 2)]
)
def test_a_point_follows_the_image_when_it_is_turned(
    orientation: Orientation, showing: Showing
) -> None:
    frame = flat(0, side=100)
    pane = showing([frame])
    with_layer(pane, Graphic(Shape.POINT, ((20.0, 30.0),), colour=RED), frame)

    pane.orient(orientation)

    ratio = pane.devicePixelRatioF()
    x, y = (value * ratio for value in pane.placement().to_pane(20.0, 30.0))
    assert np.allclose(middle_of(red_in(pane)), (x, y), atol=2)


def test_display_units_are_of_the_area_as_it_is_seen(showing: Showing) -> None:
    frame = flat(0, side=100)
    pane = showing([frame])
    graphic = Graphic(Shape.POINT, ((0.25, 0.5),), is_relative=True, colour=RED)
    with_layer(pane, graphic, frame)
    upright = middle_of(red_in(pane))

    pane.orient(Orientation(True, 0))

    assert np.allclose(middle_of(red_in(pane)), upright, atol=1)


def test_nothing_of_another_image_is_painted(showing: Showing) -> None:
    frame, other = flat(0, side=100, instance=1), flat(0, side=100, instance=2)
    pane = showing([frame])
    with_layer(pane, Graphic(Shape.POINT, ((20.0, 30.0),), colour=RED), other)

    assert not red_in(pane).any()
    assert pane.painted.layers == ()


def test_a_graphic_of_one_frame_is_painted_on_that_frame_alone(showing: Showing) -> None:
    frame = flat(0, side=100)
    stray = frame.identity.of_frame(7)
    pane = showing([frame])
    layer = with_layer(
        pane, Graphic(Shape.POINT, ((20.0, 30.0),), images=(stray,), colour=RED), frame
    )
    assert not red_in(pane).any()

    mine = Graphic(Shape.POINT, ((20.0, 30.0),), images=(frame.identity,), colour=RED)
    layer.show_part(Presentation((frame.identity.of_frame(0),), graphics=(mine,)))

    assert red_in(pane).any()
    assert pane.painted.layers == (frame.identity,)


def test_nothing_stays_when_the_state_is_taken_off(showing: Showing) -> None:
    frame = flat(0, side=100)
    pane = showing([frame])
    layer = with_layer(pane, Graphic(Shape.CIRCLE, ((50.0, 50.0), (70.0, 50.0)), colour=RED), frame)
    assert red_in(pane).any()

    layer.show_part(None)

    assert not red_in(pane).any()


def test_a_text_is_kept_inside_the_pane(showing: Showing) -> None:
    frame = flat(0, side=100)
    pane = showing([frame])
    corner = Graphic(Shape.TEXT, (), text="words at the edge", anchor=(99.0, 99.0), colour=RED)
    with_layer(pane, corner, frame)

    columns = np.nonzero(red_in(pane))[1]

    width = pane.width() * pane.devicePixelRatioF()
    assert len(columns) > 40
    assert columns.max() < width - 2


def test_words_of_a_state_are_not_drawn_while_identity_is_hidden(showing: Showing) -> None:
    frame = flat(0, side=100)
    pane = showing([frame])
    name = Graphic(Shape.TEXT, (), text="Zzcanary^Anna", anchor=(30.0, 30.0), colour=RED)
    with_layer(pane, name, frame)
    assert red_in(pane).any()

    pane.hide_identity(True)

    assert not red_in(pane).any()


def test_an_ellipse_goes_through_the_ends_of_its_axes() -> None:
    ends = ((0.0, 5.0), (20.0, 5.0), (10.0, 2.0), (10.0, 8.0))

    points = around(ends)

    for end in ends:
        assert min(np.hypot(x - end[0], y - end[1]) for x, y in points) < 1e-9
    assert np.allclose(points[0], points[-1])


def test_a_smooth_line_goes_through_its_points() -> None:
    points = [(0.0, 0.0), (10.0, 5.0), (20.0, 0.0), (0.0, 0.0)]

    curve = smooth(points)

    for point in points:
        assert min(np.hypot(x - point[0], y - point[1]) for x, y in curve) < 1e-9
    assert len(curve) > len(points)
