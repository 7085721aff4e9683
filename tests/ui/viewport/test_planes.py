"""What a file lays over its picture is painted last, over its own frame, and can be hidden."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from PyQt6.QtGui import QColor, QFont, QImage, QPainter
from pytestqt.qtbot import QtBot

from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.image.overlay_planes import OverlayPlane
from dicom_io.image.presentation import Orientation, Shutter
from dicom_io.image.probe import modality_value
from dicom_io.image.render import render
from dicom_io.image.shutter import hidden
from plugin._seen import look
from tests.ui.films import as_array, film
from ui import theme
from ui.exporting import image_of
from ui.viewport.placement import Placement
from ui.viewport.planes import Planes
from ui.viewport.viewport import Viewport

Bytes = NDArray[np.uint8]
NOBODY = Identity("", "", "1.2")
LIGHT = list(QColor(theme.FILM_TEXT).getRgb()[:3])
LYING = [Orientation(mirrored, quarters) for mirrored in (False, True) for quarters in range(4)]


def plane(bits: NDArray[np.bool_], column: int = 0, row: int = 0, **more: Any) -> OverlayPlane:
    packed = np.packbits(bits, bitorder="little")
    group = more.pop("group", 0x6000)
    shape = (bits.shape[0], bits.shape[1])
    return OverlayPlane(group, packed, shape, column, row, bool(more.get("label")), **more)


def painted(planes: Planes, placement: Placement, side: int) -> Bytes:
    """The planes on black, as RGB."""
    canvas = QImage(side, side, QImage.Format.Format_RGB32)
    canvas.fill(0)
    painter = QPainter(canvas)
    planes.draw(painter, placement, QFont())
    painter.end()
    return as_array(canvas)


def lying(mask: NDArray[Any], orientation: Orientation) -> NDArray[Any]:
    return np.rot90(mask[:, ::-1] if orientation.mirrored else mask, -orientation.quarters)


@pytest.mark.parametrize("orientation", LYING)
def test_at_one_to_one_each_set_bit_is_one_pixel_where_the_image_has_it(
    qtbot: QtBot, orientation: Orientation
) -> None:
    bits = np.random.default_rng(1).integers(0, 2, (20, 30)).astype(np.bool_)
    over = plane(bits, column=-4, row=17)  # out of the image at the left and below
    place = Placement(40, 30, width=60, height=60).fitted().oriented(orientation).one_to_one()

    found = painted(Planes(NOBODY, [over]), place, 60)

    x, y, wide, high = (round(value) for value in place.target)
    expected = lying(over.on_image(30, 40), orientation)
    assert np.array_equal((found[y : y + high, x : x + wide] == LIGHT).all(axis=2), expected)
    assert found.any(axis=2).sum() == expected.sum()  # and nothing outside the image


def test_a_thin_line_survives_a_small_picture(qtbot: QtBot) -> None:
    bits = np.zeros((1000, 1000), np.bool_)
    bits[501], bits[:, 333] = True, True
    place = Placement(1000, 1000, width=130, height=130).fitted()

    found = painted(Planes(NOBODY, [plane(bits)]), place, 130)

    assert (found[:, :, 0].max(axis=1) > 100).all()  # the upright line is on every row
    assert (found[:, :, 0].max(axis=0) > 100).all()


def test_a_line_is_seen_on_white_too(qtbot: QtBot) -> None:
    bits = np.zeros((20, 20), np.bool_)
    bits[10] = True
    canvas = QImage(20, 20, QImage.Format.Format_RGB32)
    canvas.fill(QColor("white"))
    painter = QPainter(canvas)
    place = Placement(20, 20, width=20, height=20).fitted()
    Planes(NOBODY, [plane(bits)]).draw(painter, place, QFont())
    painter.end()

    found = as_array(canvas)[:, 10, 0]

    assert found.tolist() == [255] * 10 + [LIGHT[0], 0] + [255] * 8


def test_a_region_s_words_stand_beside_it(qtbot: QtBot) -> None:
    bits = np.zeros((50, 50), np.bool_)
    bits[10:20, 10:20] = True
    place = Placement(50, 50, width=200, height=200).one_to_one()

    named, bare = (
        painted(Planes(NOBODY, [plane(bits, label=label)]), place, 200) for label in ("Liver", "")
    )

    x, y = place.to_pane(20, 10)
    beside = np.s_[int(y) : int(y) + 14, int(x) + 4 : int(x) + 60]
    assert named[beside].any() and not bare[beside].any()


SHUTTERS = [
    Shutter(rectangle=(5, 3, 30, 22), grey=65535),
    Shutter(circle=(20.5, 14.5, 11), grey=32896),
    Shutter(polygon=((2.0, 2.0), (37.0, 5.0), (15.0, 28.0)), grey=65535),
    Shutter(rectangle=(5, 3, 30, 22), circle=(20.5, 14.5, 11), grey=65535),
]


@pytest.mark.parametrize("orientation", LYING[1::2])
@pytest.mark.parametrize("shutter", SHUTTERS)
def test_a_shutter_covers_the_pixels_whose_centres_it_hides(
    qtbot: QtBot, shutter: Shutter, orientation: Orientation
) -> None:
    place = Placement(40, 30, width=60, height=60).fitted().oriented(orientation).one_to_one()

    found = painted(Planes(NOBODY, [], shutter), place, 60)

    x, y, wide, high = (round(value) for value in place.target)
    mask = lying(hidden(shutter, 30, 40), orientation)
    covered = found[y : y + high, x : x + wide].any(axis=2)
    assert (covered != mask).sum() <= 8  # where an edge runs through a pixel's very centre
    assert covered.any() and not covered.all()
    assert found.any(axis=2).sum() == covered.sum()
    assert set(np.unique(found)) == {0, round(shutter.grey / 257)}


def test_a_bitmap_shutter_hides_what_its_overlay_sets(qtbot: QtBot) -> None:
    bits = np.zeros((30, 40), np.bool_)
    bits[:7] = True
    place = Placement(40, 30, width=40, height=30).fitted()
    over = plane(bits, group=0x6002)

    found = painted(Planes(NOBODY, [over], Shutter(grey=25700), 0x6002), place, 40)

    assert (found[:7] == 100).all() and not found[7:].any()


def test_a_shutter_in_a_zoomed_picture_stays_on_its_pixels(qtbot: QtBot) -> None:
    place = Placement(40, 30, width=200, height=200).fitted().zoomed(2.0, 60, 60)
    shutter = Shutter(rectangle=(10, 10, 20, 20), grey=65535)

    found = painted(Planes(NOBODY, [], shutter), place, 200)

    for column, row, is_seen in ((10.5, 10.5, True), (9.5, 12, False), (19.5, 19.5, True)):
        x, y = place.to_pane(column, row)
        if 0 <= x < 200 and 0 <= y < 200:
            assert (found[int(y), int(x)].any()) != is_seen


# --- in a pane ---

Show = Callable[[Sequence[ImageFrame]], Viewport]


def covered_film(**names: int) -> ImageFrame:
    """A film of one grey with a shutter of white around and an overlay in the middle."""
    bits = np.zeros((60, 80), np.bool_)
    bits[25:35, 35:45] = True
    frame = film(
        np.full((60, 80), 90, np.uint8),
        **names,
        ShutterShape="RECTANGULAR",
        ShutterLeftVerticalEdge=11,
        ShutterRightVerticalEdge=70,
        ShutterUpperHorizontalEdge=11,
        ShutterLowerHorizontalEdge=50,
        ShutterPresentationValue=65535,
    )
    header: Dataset = frame.header
    for element, vr, value in (
        (0x10, "US", 60),
        (0x11, "US", 80),
        (0x50, "SS", [1, 1]),
        (0x100, "US", 1),
        (0x102, "US", 0),
        (0x3000, "OW", np.packbits(bits, bitorder="little").tobytes()),
    ):
        header.add_new((0x6000, element), vr, value)
    return frame


def at(viewport: Viewport, column: float, row: float) -> list[int]:
    x, y = viewport.placement().to_pane(column, row)
    pixel: list[int] = as_array(viewport.grab().toImage())[int(y), int(x)].tolist()
    return pixel


def test_the_pane_draws_planes_last_and_the_overlay_key_hides_them(showing: Show) -> None:
    viewport = showing([covered_film()])
    viewport.one_to_one()

    shown = [at(viewport, *place) for place in ((5.5, 30.5), (20.5, 20.5), (40.5, 30.5))]
    viewport.toggle_overlays()
    bare = [at(viewport, *place) for place in ((5.5, 30.5), (20.5, 20.5), (40.5, 30.5))]

    assert shown == [[255] * 3, [90] * 3, LIGHT]
    assert bare == [[90] * 3] * 3
    assert viewport.painted.planes is None and not viewport.planes_shown()
    viewport.toggle_overlays()
    viewport.show_planes(False)  # alone, corners and letters staying
    assert at(viewport, 5.5, 30.5) == [90] * 3
    assert viewport.overlays_shown()


def test_overlays_are_not_drawn_while_identity_is_hidden(showing: Show) -> None:
    viewport = showing([covered_film()])
    viewport.one_to_one()

    viewport.hide_identity(True)

    assert at(viewport, 40.5, 30.5) == [90] * 3  # a name may be written there
    assert at(viewport, 5.5, 30.5) == [255] * 3  # a shutter says nothing


def test_a_view_without_identity_is_exported_without_overlays(showing: Show) -> None:
    pane = showing([covered_film()])
    pane.one_to_one()

    plain = as_array(image_of(pane, texts=False))
    clean = as_array(image_of(pane, texts=False, hide_identity=True))

    assert (plain == LIGHT).all(axis=2).any()
    assert not (clean == LIGHT).all(axis=2).any()
    assert not pane.hides_identity()


def test_planes_are_of_the_frame_in_the_picture(showing: Show, qtbot: QtBot) -> None:
    one, other = covered_film(instance=1), film(np.full((60, 80), 90, np.uint8), instance=2)
    viewport = showing([one, other])
    viewport.one_to_one()
    assert at(viewport, 5.5, 30.5) == [255] * 3
    assert viewport.painted.planes == one.identity

    viewport.scroll_by(1)
    qtbot.waitUntil(lambda: viewport.selected_frame() is other, timeout=5000)

    assert at(viewport, 5.5, 30.5) == [90] * 3
    assert viewport.painted.planes is None


def test_a_presentation_state_s_shutter_takes_the_place_of_the_file_s(showing: Show) -> None:
    viewport = showing([covered_film()])
    viewport.one_to_one()

    viewport.shut_by(lambda frame: Shutter(circle=(40, 30, 20), grey=0))

    assert at(viewport, 5.5, 30.5) == [0] * 3
    assert at(viewport, 40.5, 14.5) == [90] * 3
    viewport.shut_by()
    assert at(viewport, 5.5, 30.5) == [255] * 3


def test_neither_probe_nor_picture_nor_model_meets_a_plane(showing: Show) -> None:
    frame = covered_film()
    viewport = showing([frame])
    stored, shown = frame.stored(), viewport.rendered()

    assert shown is not None
    assert modality_value(frame, stored, 5, 30) == (90.0, "")
    assert np.unique(render(frame, stored)).tolist() == [90]
    assert np.unique(shown).tolist() == [90]
    assert np.unique(look(frame).pixels).tolist() == [90]
