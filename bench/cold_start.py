"""How long from starting the program to a window that can be used, beside a bare PyQt6 window.

    python bench/cold_start.py [--times 9]

Both are processes of their own, by turns in one run, timed from outside until they say that they
are ready. The bare one makes a QMainWindow and paints it. Ours is what `wetread window` runs, with
every plug-in, on an empty data root: ready is when the window has been painted, a letter typed into
the search field stands there, and nothing waits in the event loop. Neither may have loaded torch.
The floor between them is the bare window after importing numpy, pydicom and pynetdicom, which any
window needs that finds, reads and shows DICOM with these libraries.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
WANTED = 3.0  # times the bare window

BARE = """
from PyQt6.QtWidgets import QApplication, QLineEdit, QMainWindow
app = QApplication([])
window = QMainWindow()
window.setCentralWidget(QLineEdit())
window.resize(1920, 1080)
window.show()
for _ in range(3):
    app.processEvents()
print("ready", flush=True)
"""

FLOOR = "import numpy, pydicom, pynetdicom\n" + BARE

OURS = """
import sys
from plugin import __main__ as front_door


def watch(opening):
    from PyQt6.QtCore import QEvent, Qt, QTimer
    from PyQt6.QtGui import QKeyEvent
    from PyQt6.QtTest import QTest
    from PyQt6.QtWidgets import QApplication

    studies = opening.window.studies
    list_at_first = studies.rows

    def ready():
        if not list_at_first.rowCount():  # the rows of this disk are on their way
            return
        look.stop()
        every = list_at_first.rowCount()
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            key = QKeyEvent(kind, Qt.Key.Key_7, Qt.KeyboardModifier.NoModifier, "7")
            QApplication.sendEvent(studies.field, key)
        assert studies.field.text() == "7"
        assert 0 < list_at_first.rowCount() < every
        print("ready", flush=True)
        print("early:", *(name for name in EARLY if name in sys.modules), flush=True)

    def complete():
        assert studies.field.text() == "7"
        print("furnished", flush=True)
        print("loaded:", *(name for name in HEAVY if name in sys.modules), flush=True)
        QApplication.exit(0)  # the acknowledgement stands before the window

    look = QTimer(opening)
    look.timeout.connect(ready)
    opening.painted.connect(lambda: look.start(0))
    opening.furnished.connect(complete)


EARLY = ("numpy", "pydicom", "pynetdicom", "torch")
HEAVY = ("torch", "transformers", "model_backend.biomedgpt")
opened = front_door.open_window
front_door.open_window = lambda *around, **wishes: opened(*around, watch=watch, **wishes)
sys.argv[1:] = ["--home", sys.argv[1], "window"]
sys.exit(front_door.main())
"""


def started(script: str, *arguments: str) -> tuple[float, float, str]:
    """Seconds until the process was ready, seconds of processor time until then, what it said."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    begun = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd=ROOT,
        text=True,
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = time.perf_counter() - begun
        spent = processor_time(process.pid)
        rest = process.stdout.read()
    if line.strip() != "ready":
        raise SystemExit(f"the window did not come: {line}{rest}")
    return seconds, spent, rest


def processor_time(pid: int) -> float:
    """Seconds that a process has computed, all threads together (Linux)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Print the figures; 1 when it takes too long or something heavy was loaded."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=9)
    times = parser.parse_args().times
    bare, floor, ours, heavy = [], [], [], set()
    with tempfile.TemporaryDirectory() as home:
        started(FLOOR), started(OURS, home)  # once, so that all find their files in memory
        for _ in range(times):
            bare.append(started(BARE)[:2])
            floor.append(started(FLOOR)[:2])
            seconds, spent, said = started(OURS, home)
            ours.append((seconds, spent))
            heavy.update(said.removeprefix("loaded:").split())
    print(f"{times} starts each by turns; load {os.getloadavg()[0]:.1f}")
    for name, column in (("by the clock", 0), ("processor time", 1)):
        empty, least, own = (median(one[column] for one in found) for found in (bare, floor, ours))
        verdict = "yes" if own / empty <= WANTED else "NO"
        print(f"{name:<15} bare {empty:.3f} s, with its libraries {least:.3f} s, ours {own:.3f} s:"
              f" {own / empty:.1f} times bare (wanted {WANTED:.0f}) [{verdict}],"
              f" {own / least:.1f} times with the libraries")  # fmt: skip
    print(f"torch and what needs it: {', '.join(sorted(heavy)) or 'not loaded'}")
    ratio = median(one[0] for one in ours) / median(one[0] for one in bare)
    return 1 if heavy or ratio > WANTED else 0


if __name__ == "__main__":
    sys.exit(main())
