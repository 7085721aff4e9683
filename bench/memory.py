"""What a CT of 2,000 slices takes of memory, and whether opening and closing leaves anything.

    python bench/memory.py [--count 2000] [--cycles 50] [--quick]

A child process opens the series as the window does (`Reading`, a pane, the store that all panes
share) and waits until all is decoded that the budget holds; its peak of resident memory is read
from the kernel. Once the budget holds the whole series, once a budget of 512 MiB is set. Then 50
times a series of 200 slices is opened, decoded and closed, and the resident memory noted each time.
Exit code 1 when a floor is missed. Linux only (/proc).
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.made_series import PATIENT, STUDY, write_series  # noqa: E402  # after the path is set
from bench.rows import Row, as_markdown, as_text  # noqa: E402

MOST = 1.3  # peak over stored pixels
GROWTH = 1.03  # the most resident memory of the second half of the cycles over that of the first
SET_BUDGET = 512 * 2**20
SLICE = 512 * 512 * 2  # bytes


def status(name: str) -> int:
    """A figure of this process from the kernel, in bytes: VmRSS or VmHWM."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text("ascii"))
    if found is None:
        raise RuntimeError("This bench reads /proc/self/status, which only Linux has.")
    return 1024 * int(found.group(1))


class Viewer:
    """The window's parts that hold images."""

    def __init__(self, budget: int) -> None:
        from dicom_io.identity import Identity
        from dicom_io.study import Study
        from ui.jobs import Jobs
        from ui.reading import Reading
        from ui.viewport.frame_store import FrameStore
        from ui.viewport.viewport import Viewport

        self.jobs = Jobs()
        self.store = FrameStore.of(self.jobs)
        if budget:
            self.store.budget = budget
        self.reading, self.pane = Reading(self.jobs), Viewport(self.jobs)
        self.pane.resize(1024, 1024)
        self.pane.show()
        self.study = Study(Identity(PATIENT, "", STUDY), "Bench^Made")
        self.reading.frames_arrived.connect(self.pane.add_frames)
        self.ended = False
        self.reading.ended.connect(self._end)

    def _end(self) -> None:
        self.ended = True

    def open(self, paths: Sequence[Path]) -> None:
        """Open a series and wait until all frames are decoded that there is room for."""
        from PyQt6.QtCore import QEventLoop
        from PyQt6.QtWidgets import QApplication

        from ui.reading import Way

        self.ended = False
        self.pane.show_series([], self.study)
        self.reading.open(self.study, Way(lambda: paths))
        whole = SLICE * len(paths)
        full = whole if whole <= self.store.budget else 0.96 * self.store.budget
        while not self.ended or self.store.decoded_bytes < full:
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)

    def close(self) -> None:
        self.pane.clear()
        self.reading.close()

    def settle(self) -> None:
        """Let what closing has started come to its end."""
        from PyQt6.QtCore import QEventLoop, QTimer

        pause = QEventLoop()
        QTimer.singleShot(50, pause.quit)
        pause.exec()


def child(folder: Path, budget: int, cycles: int) -> None:
    """Print resident bytes before, the peak, decoded bytes; or resident bytes of each cycle."""
    from PyQt6.QtWidgets import QApplication

    app = QApplication([])
    paths = sorted(folder.glob("*.dcm"))
    viewer = Viewer(budget)
    if cycles:
        for _ in range(cycles):
            viewer.open(paths)
            viewer.close()
            gc.collect()
            viewer.settle()
            print(status("VmRSS"))
    else:
        before = status("VmRSS")
        viewer.open(paths)
        print(before, status("VmHWM"), viewer.store.decoded_bytes)
        viewer.close()
    viewer.jobs.close()
    app.quit()


def told(folder: Path, budget: int, cycles: int = 0) -> list[int]:
    """The numbers that a child process prints."""
    command = [sys.executable, __file__, "--child", str(folder), str(budget), str(cycles)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=1200)
    return [int(word) for word in done.stdout.split()]


def opened_row(folder: Path, count: int, budget: int) -> Row:
    """Peak of one opening."""
    before, peak, decoded = told(folder, budget or 2**40)
    stored = count * SLICE
    goal = min(stored, budget) if budget else stored
    words = "the stored pixels, the whole process"
    if budget:
        words = f"the set budget of {budget / 2**20:.0f} MiB, above the empty window"
    counted = peak - before if budget else peak
    return Row(
        f"CT of {count:,} slices open, {'budget set' if budget else 'all decoded'}: peak",
        f"{MOST} times {words}",
        f"{peak / 2**20:.0f} MiB, {peak / goal:.2f} times (without the {before / 2**20:.0f} MiB of "
        f"the empty window {(peak - before) / goal:.2f}); {decoded / 2**20:.0f} MiB decoded of "
        f"{stored / 2**20:.0f}",
        counted <= MOST * goal,
    )


def cycles_row(folder: Path, cycles: int) -> Row:
    """Whether it stays flat."""
    resident = told(folder, 0, cycles)
    half = len(resident) // 2
    first, second = max(resident[:half]), max(resident[half:])
    return Row(
        f"{cycles} times opened and closed, 200 slices: most that stays resident",
        f"the second half at most {GROWTH} times the first",
        f"{first / 2**20:.0f} MiB, then {second / 2**20:.0f} MiB: {second / first:.3f} times; "
        f"{resident[-1] / 2**20:.0f} MiB after the last",
        second <= GROWTH * first,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--cycles", type=int, default=50)
    parser.add_argument("--quick", action="store_true", help="400 slices, 15 cycles")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        folder, budget, cycles = options.child
        child(Path(folder), int(budget), int(cycles))
        return 0
    count, cycles = (400, 15) if options.quick else (options.count, options.cycles)
    with tempfile.TemporaryDirectory() as name:
        large, small = Path(name) / "large", Path(name) / "small"
        large.mkdir()
        small.mkdir()
        write_series(large, count)
        write_series(small, 200)
        rows = [opened_row(large, count, 0), opened_row(large, count, SET_BUDGET)]
        rows.append(cycles_row(small, cycles))
    print(as_markdown(rows) if options.markdown else as_text(rows))
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
