"""What measuring costs on a large film: values inside a shape, and a drag that shows them live.

    python bench/measuring.py [--side 3000]

Three ways to the same figures, best of nine turns each, by turns in one run: ours, the plain way (a
mask as large as the film, then numpy), and the floor: numpy's mean, deviation and extremes of the
whole film as floats, without any mask. Then an ellipse is drawn over the film in a pane of
2560 x 1440 with five other marks: how long the Qt thread is held by each move of the mouse and by
the marks' share of each paint.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from PyQt6.QtGui import QImage, QPainter  # noqa: E402
from PyQt6.QtWidgets import QApplication  # noqa: E402

from bench.window_level import PANE, film  # noqa: E402
from dicom_io.image.annotation import Annotation, Kind, Point  # noqa: E402
from dicom_io.image.frame import ImageFrame  # noqa: E402
from dicom_io.image.measure import measured  # noqa: E402
from tests.ui import hands  # noqa: E402
from ui.jobs import Jobs  # noqa: E402
from ui.viewport.grid import Grid  # noqa: E402
from ui.viewport.mark_actions import Marking  # noqa: E402
from ui.viewport.tools import Tool  # noqa: E402

TURNS = 9
HELD = 12.0  # ms that the Qt thread may be held by marks
STEPS = 80  # of the drag


def best(calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The shortest time of each call in ms, all of them by turns."""
    times = dict.fromkeys(calls, math.inf)
    for _ in range(TURNS):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            times[name] = min(times[name], 1000 * (time.perf_counter() - start))
    return times


def plain_way(values: NDArray[np.uint16]) -> tuple[float, ...]:
    """An ellipse over the whole film as one would write it first."""
    half = values.shape[0] / 2
    rows, columns = np.ogrid[: values.shape[0], : values.shape[1]]
    mask = ((columns + 0.5 - half) / half) ** 2 + ((rows + 0.5 - half) / half) ** 2 <= 1
    inside = values.astype(np.float64)[mask]
    return tuple(float(one) for one in (inside.mean(), inside.std(), inside.min(), inside.max()))


def values_inside(frame: ImageFrame, values: NDArray[np.uint16]) -> None:
    """Print the table of figures."""
    side = values.shape[0]
    turns = np.linspace(0, 2 * math.pi, 400, endpoint=False)
    around = tuple((side / 2 * (1 + math.cos(t)), side / 2 * (1 + math.sin(t))) for t in turns)
    whole: tuple[Point, Point] = ((0, 0), (side, side))
    part: tuple[Point, Point] = ((side / 2, side / 2), (side / 2 + 316, side / 2 + 316))

    def ours(kind: Kind, points: tuple[Point, ...]) -> Callable[[], object]:
        mark = Annotation("bench", frame.identity, kind, points)
        return lambda: measured(mark, frame, values)

    floats = values.astype(np.float64)
    times = best(
        {
            "floor, the whole film": lambda: (floats.mean(), floats.std(), floats.min()),
            "the plain way, ellipse": lambda: plain_way(values),
            "ours, ellipse": ours(Kind.ELLIPSE, whole),
            "ours, rectangle": ours(Kind.RECTANGLE, whole),
            "ours, freehand of 400 points": ours(Kind.FREEHAND, around),
            "ours, ellipse of 316 x 316": ours(Kind.ELLIPSE, part),
            "ours, length": ours(Kind.LENGTH, whole),
        }
    )
    floor = times["floor, the whole film"]
    for name, taken in times.items():
        print(f"{name:32} {taken:9.2f} ms  {taken / floor:7.3f} of the floor")


def drag(frame: ImageFrame, app: QApplication) -> None:
    """Draw an ellipse over the film, and print how long the Qt thread is held."""
    jobs = Jobs()
    grid = Grid(jobs)
    grid.resize(PANE)
    grid.show()
    marking = Marking(grid, jobs, print)
    pane = grid.active()
    pane.show_series([frame])
    while pane.selected_frame() is None:
        app.processEvents()
    pane.arm(Tool.LENGTH)
    for row in range(5):
        hands.drag(pane, [(900, 200 + 40 * row), (1000, 200), (1400, 220 + 40 * row)])
    pane.arm(Tool.ELLIPSE)
    layer, canvas = marking.layer(pane), QImage(PANE, QImage.Format.Format_RGB32)
    moves, paints = [], []
    hands.press(pane, (700, 60), hands.LEFT)
    for step in range(1, STEPS + 1):
        start = time.perf_counter()
        hands.move(pane, (700 + 14 * step, 60 + 16 * step), hands.LEFT)
        moves.append(1000 * (time.perf_counter() - start))
        view, painter = pane.view(), QPainter(canvas)
        assert view is not None
        start = time.perf_counter()
        layer.paint(painter, view)
        paints.append(1000 * (time.perf_counter() - start))
        painter.end()
        app.processEvents()
    hands.release(pane, (1820, 1340), hands.LEFT)
    for name, times in (("move of the mouse", moves), ("paint of six marks", paints)):
        verdict = "held" if median(times) <= HELD else "MISSED"
        print(f"{name:32} {median(times):9.2f} ms, worst {max(times):.2f}; {verdict}")
    jobs.close()


def main() -> None:
    command = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    command.add_argument("--side", type=int, default=3000)
    side = command.parse_args().side
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    frame, _, values = film(side)
    print(f"film of {side} x {side}, 16 bits; load {os.getloadavg()[0]:.1f}")
    values_inside(frame, values)
    drag(frame, app)


if __name__ == "__main__":
    main()
