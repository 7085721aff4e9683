"""No mark, label, value or key image is ever painted over another frame or study (trap T6)."""

from __future__ import annotations

import random

from pytestqt.qtbot import QtBot

from dicom_io.identity import Identity
from tests.ui import hands
from tests.ui.films import flat
from tests.ui.viewport.test_identity import delayed
from ui.jobs import Jobs
from ui.viewport.grid import Grid
from ui.viewport.mark_actions import Marking
from ui.viewport.tools import Tool
from ui.viewport.viewport import Viewport

ACTS = 150
TOOLS = (Tool.LENGTH, Tool.ANGLE, Tool.ELLIPSE, Tool.FREEHAND, Tool.PROBE, Tool.BIDIRECTIONAL)


def faults(pane: Viewport, marking: Marking) -> list[str]:
    """What the last paint of a pane drew that does not belong to the frame on the screen."""
    shown = pane.painted.picture
    layer = marking.layer(pane)
    found = [f"layer of {one}" for one in pane.painted.layers if one != shown]
    for name in layer._labels:
        mark = marking.annotations.get(name)
        if mark is not None and mark.identity != shown:
            found.append(f"label of {mark.identity} over {shown}")
    selected = layer.selected()
    if selected is not None and selected.identity != shown:
        found.append(f"{selected.identity} in hand over {shown}")
    return found


def test_marks_stay_with_their_frames_through_a_hundred_switches(jobs: Jobs, qtbot: QtBot) -> None:
    chance = random.Random(11)
    grid = Grid(jobs)
    marking = Marking(grid, jobs, lambda text: None)
    qtbot.addWidget(grid)
    grid.resize(500, 240)
    grid.show()
    grid.set_layout(1, 2)
    films = {
        number: [
            delayed(flat(20 * number, side=32, study=number, instance=one), chance)
            for one in range(1, 4)
        ]
        for number in range(1, 4)
    }
    drawn_on: set[Identity] = set()
    seen: list[str] = []

    for _ in range(ACTS):
        pane = chance.choice(grid.panes())
        act = chance.choice(["show", "scroll", "scroll", "draw", "draw", "half", "key", "undo"])
        points = [(chance.uniform(40, 200), chance.uniform(30, 200)) for _ in range(4)]
        if act == "show":
            pane.show_series(films[chance.randint(1, 3)])
        elif act == "scroll":
            pane.scroll_by(chance.choice([-1, 1, 2]))
        elif act in ("draw", "half"):
            pane.arm(chance.choice(TOOLS))
            before = pane.selected_frame()
            hands.press(pane, points[0], hands.LEFT)
            for point in points[1:]:
                hands.move(pane, point, hands.LEFT)
                if act == "half" and chance.random() < 0.5:
                    pane.scroll_by(1)
                    qtbot.wait(chance.randint(0, 6))
            hands.release(pane, points[-1], hands.LEFT)
            if before is not None and marking.annotations.of(before.identity):
                drawn_on.add(before.identity)
        elif act == "key":
            marking.toggle_key_image()
        else:
            marking.undo()
        qtbot.wait(chance.randint(0, 10))
        for one in grid.panes():
            one.grab()
            seen += faults(one, marking)

    assert seen == []
    assert len(drawn_on) >= 6  # marks were there on many frames, so the comparisons were real
    for studies in films.values():
        for mark in marking.annotations.of_study(studies[0].identity):
            assert mark.identity in {frame.identity for frame in studies}
