"""Shared by the window's tests: a job runner that is closed again, and a viewport on a window."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest
from PyQt6.QtWidgets import QMainWindow
from pytestqt.qtbot import QtBot

from dicom_io.image.frame import ImageFrame
from ui.actions import ActionTable
from ui.jobs import Jobs
from ui.viewport.pane_actions import pane_actions
from ui.viewport.viewport import Viewport


@pytest.fixture
def jobs(qtbot: QtBot) -> Iterator[Jobs]:
    """The one job runner of a test; nothing may hang on to it."""
    runner = Jobs()
    yield runner
    assert runner.close()


@pytest.fixture
def viewport(jobs: Jobs, qtbot: QtBot) -> Iterator[Viewport]:
    """A viewport of 400 x 300 in an active window, with its keys."""
    window = QMainWindow()
    pane = Viewport(jobs)
    window.setCentralWidget(pane)
    table = ActionTable(window, {"viewport": pane})
    actions = pane_actions(lambda: pane)
    pane.offer_in_menu(actions)
    assert table.add(actions) == ()
    window.resize(400, 300)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=5000)
    pane.setFocus()
    yield pane  # the generator keeps the window alive: qtbot does not
    window.close()


@pytest.fixture
def showing(viewport: Viewport, qtbot: QtBot) -> Callable[[Sequence[ImageFrame]], Viewport]:
    """Show a series and wait for its first picture."""

    def show(frames: Sequence[ImageFrame]) -> Viewport:
        viewport.show_series(frames)
        qtbot.waitUntil(lambda: viewport.selected_frame() is frames[0], timeout=5000)
        return viewport

    return show
