"""Two fingers scroll at a sane rate and stop when they are lifted; two that part zoom."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QNativeGestureEvent, QPointingDevice, QWheelEvent
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dicom_io.image.frame import ImageFrame
from tests.ui import hands
from tests.ui.films import flat, sample
from ui.viewport.viewport import Viewport
from ui.viewport.wheel import PIXELS_A_FRAME, Wheel

Show = Callable[[Sequence[ImageFrame]], Viewport]
PHASE = Qt.ScrollPhase
NO_BUTTON = Qt.MouseButton.NoButton


def report(
    pixels: int, phase: Qt.ScrollPhase = PHASE.ScrollUpdate, *, aside: int = 0, held: object = None
) -> QWheelEvent:
    """What a touchpad reports: pixels, and the angle that Qt makes of them."""
    at, modifiers = QPointF(120, 90), Qt.KeyboardModifier.NoModifier
    if isinstance(held, Qt.KeyboardModifier):
        modifiers = held
    way = QPoint(aside, pixels)
    return QWheelEvent(at, at, way, 2 * way, NO_BUTTON, modifiers, phase, False)


def test_pixels_add_up_to_images_without_loss() -> None:
    wheel = Wheel()

    steps = [wheel.frames(report(-3), False) for _ in range(100)]

    assert sum(steps) == int(300 / PIXELS_A_FRAME)
    assert set(steps) == {0, 1}


def test_a_swipe_goes_on_by_a_handful_of_images_and_momentum_by_none() -> None:
    wheel = Wheel()
    swipe = [report(0, PHASE.ScrollBegin)] + [report(-12) for _ in range(20)]
    momentum = [report(-60, PHASE.ScrollMomentum) for _ in range(80)]

    under_fingers = sum(wheel.frames(one, False) for one in swipe)
    afterwards = sum(wheel.frames(one, False) for one in momentum)

    assert 5 <= under_fingers <= 20
    assert afterwards == 0


def test_one_wild_report_does_not_run_away() -> None:
    assert 0 < Wheel().frames(report(-100_000), True) <= 50


def test_turning_round_starts_afresh_and_so_do_new_fingers() -> None:
    wheel = Wheel()
    almost = int(PIXELS_A_FRAME) - 1

    assert wheel.frames(report(-almost), False) == 0
    assert wheel.frames(report(2), False) == 0
    assert wheel.frames(report(almost), False) == -1
    assert wheel.frames(report(almost), False) in (-1, 0)
    wheel.frames(report(0, PHASE.ScrollEnd), False)
    wheel.frames(report(0, PHASE.ScrollBegin), False)
    assert wheel.frames(report(almost), False) == 0


def test_a_finger_that_slips_sideways_scrolls_nothing() -> None:
    assert Wheel().frames(report(-15, aside=200), False) == 0


def test_a_fine_wheel_without_phases_counts_angles() -> None:
    wheel = Wheel()
    at = QPointF(1, 1)
    fine = QWheelEvent(
        at, at, QPoint(0, -7), QPoint(0, -15), NO_BUTTON, hands.NONE, PHASE.NoScrollPhase, False
    )

    assert [wheel.frames(fine, False) for _ in range(16)] == [*([0] * 7), 1] * 2


def test_two_fingers_scroll_the_series(showing: Show, qtbot: QtBot) -> None:
    viewport = showing([flat(5 * number, instance=number) for number in range(1, 31)])

    for _ in range(4):
        QApplication.sendEvent(viewport, report(-20))

    fifth = viewport.frames()[4]
    qtbot.waitUntil(lambda: viewport.selected_frame() is fifth, timeout=5000)


@pytest.mark.parametrize(("value", "grows"), [(0.2, 1.2), (-0.2, 0.8), (50.0, 2.0), (-9.0, 0.5)])
def test_a_pinch_zooms_about_the_fingers(showing: Show, value: float, grows: float) -> None:
    viewport = showing(sample("CT_small.dcm"))
    at = QPointF(260, 80)
    before, zoom = viewport.placement().to_stored(260, 80), viewport.zoom_percent()
    device = QPointingDevice.primaryPointingDevice()

    QApplication.sendEvent(
        viewport,
        QNativeGestureEvent(
            Qt.NativeGestureType.ZoomNativeGesture, device, 2, at, at, at, value, QPointF()
        ),
    )

    assert viewport.zoom_percent() == pytest.approx(grows * zoom)
    assert viewport.placement().to_stored(260, 80) == pytest.approx(before, abs=0.6)


def test_ctrl_and_the_wheel_zoom_about_the_pointer_and_momentum_does_not(showing: Show) -> None:
    viewport = showing(sample("CT_small.dcm"))
    before, zoom = viewport.placement().to_stored(120, 90), viewport.zoom_percent()

    QApplication.sendEvent(viewport, report(100, held=hands.CTRL))
    zoomed = viewport.zoom_percent()
    QApplication.sendEvent(viewport, report(100, PHASE.ScrollMomentum, held=hands.CTRL))

    assert zoomed > 1.2 * zoom
    assert viewport.zoom_percent() == zoomed
    assert viewport.placement().to_stored(120, 90) == pytest.approx(before, abs=0.6)


def test_one_to_one_is_about_the_pointer(showing: Show) -> None:
    viewport = showing(sample("CT_small.dcm"))
    hands.move(viewport, (270, 60), NO_BUTTON)
    before = viewport.placement().to_stored(270, 60)

    hands.key(viewport, Qt.Key.Key_O)

    assert viewport.zoom_percent() == 100
    assert viewport.placement().to_stored(270, 60) == pytest.approx(before, abs=0.6)
