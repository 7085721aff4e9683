"""How quickly a cached CT scrolls: 300 slices of 512 x 512 through the window's own pane.

    python bench/scroll.py [--seconds 5]

Each notch of a wheel is an event of its own, sent to the pane; then the pane paints at once, at
2560 x 1440. After each the picture painted must be the very next slice, or the input was dropped.
The reference is pydicom's windowing of the same cached values and the same scaling by Qt. Exit code
1 when a floor is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np  # noqa: E402  # after the path is set
from pydicom.pixels.processing import apply_modality_lut, apply_windowing  # noqa: E402
from PyQt6.QtCore import QEventLoop, QPoint, QPointF, QSize, Qt  # noqa: E402
from PyQt6.QtGui import QImage, QWheelEvent  # noqa: E402
from PyQt6.QtWidgets import QApplication  # noqa: E402

from bench.made_series import write_series  # noqa: E402
from bench.rows import Row, as_markdown, as_text  # noqa: E402
from dicom_io.image.frame import ImageFrame, open_frames  # noqa: E402
from ui.jobs import Jobs  # noqa: E402
from ui.viewport.frame_store import FrameStore  # noqa: E402
from ui.viewport.viewport import Viewport  # noqa: E402

PANE = QSize(2560, 1440)
FLOOR = 60.0  # images a second
COUNT = 300


def notch(pane: Viewport, towards: int) -> None:
    """One notch of the wheel; down is the next slice."""
    middle = QPointF(PANE.width() / 2, PANE.height() / 2)
    event = QWheelEvent(
        middle,
        middle,
        QPoint(),
        QPoint(0, -120 * towards),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(pane, event)


def ours(frames: list[ImageFrame], seconds: float) -> tuple[float, int, float]:
    """Images a second, how many notches did not show the next slice, the longest of all (s)."""
    jobs = Jobs()
    pane = Viewport(jobs)
    pane.resize(PANE)
    pane.show()
    pane.show_series(frames)
    size = 512 * 512 * 2 * len(frames)
    while FrameStore.of(jobs).decoded_bytes < size or pane.selected_frame() is None:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    at, towards, count, dropped, longest = 0, 1, 0, 0, 0.0
    start = time.perf_counter()
    while (taken := time.perf_counter() - start) < seconds:
        if not 0 <= at + towards < len(frames):
            towards = -towards
        at += towards
        before = time.perf_counter()
        notch(pane, towards)
        pane.repaint()
        longest = max(longest, time.perf_counter() - before)
        dropped += pane.painted.picture != frames[at].identity
        count += 1
    pane.close()
    jobs.close()
    return count / taken, dropped, longest


def reference(frames: list[ImageFrame], seconds: float) -> float:
    """Images a second by pydicom's windowing and Qt's own scaling, without anything else."""
    values = [frame.stored() for frame in frames[:50]]
    count, start = 0, time.perf_counter()
    while (taken := time.perf_counter() - start) < seconds:
        header = frames[count % 50].header
        shown = apply_windowing(apply_modality_lut(values[count % 50], header), header)
        low, high = shown.min(), shown.max()
        grey = np.ascontiguousarray(((shown - low) * (255 / max(high - low, 1))).astype(np.uint8))
        image = QImage(grey.tobytes(), 512, 512, 512, QImage.Format.Format_Grayscale8)
        image.scaled(1440, 1440, transformMode=Qt.TransformationMode.SmoothTransformation)
        count += 1
    return count / taken


def floor() -> float:
    """The physical floor: panes a second that a copy can fill, the best of 20."""
    pane = np.zeros((PANE.height(), PANE.width(), 4), np.uint8)
    other, best = np.ones_like(pane), np.inf
    for _ in range(20):
        start = time.perf_counter()
        np.copyto(pane, other)
        best = min(best, time.perf_counter() - start)
    return 1 / float(best)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    app = QApplication([])
    with tempfile.TemporaryDirectory() as name:
        frames = [open_frames(path)[0] for path in write_series(Path(name), COUNT)]
        rate, dropped, longest = ours(frames, options.seconds)
        theirs = reference(frames, options.seconds / 2)
    row = Row(
        f"scroll through {COUNT} cached slices of 512 x 512, pane {PANE.width()} x {PANE.height()}",
        f"{FLOOR:.0f} images per second, no input dropped",
        f"{rate:.0f} per second, {dropped} dropped, the longest {longest * 1e3:.0f} ms; pydicom's "
        f"windowing and Qt's scaling alone {theirs:.0f} per second; panes "
        f"filled by a copy {floor():.0f}",
        rate >= FLOOR and not dropped,
    )
    print(as_markdown([row]) if options.markdown else as_text([row]))
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    app.quit()
    return 0 if row.holds else 1


if __name__ == "__main__":
    sys.exit(main())
