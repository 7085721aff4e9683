"""How long from starting the program to a window that can be used, beside a bare PyQt6 window.

    python bench/cold_start.py [--times 9]

All are processes of their own, by turns in one run, timed from outside until they say that they
are ready. The bare one makes a QMainWindow and paints it. Ours is what `wetread window` runs, with
every plug-in, on a data root with an index of 400 studies. It is ready when it has been painted,
the study list shows the studies of this disk, and a letter that was typed into the search field
stands there and has left those studies alone that have it; the rest of the program is imported
behind that window, and how long until all of it is there stands on a line of its own. Nothing may
have loaded torch. A bare window after importing numpy, pydicom and pynetdicom, which whoever shows
DICOM with these libraries needs, is the floor of that line.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from dicom_io.identity import Identity  # noqa: E402  # after the path is set
from dicom_io.pacs.index import Index  # noqa: E402
from dicom_io.storage import DataRoot  # noqa: E402
from dicom_io.study import Study  # noqa: E402

STUDIES = 400
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


@dataclass(frozen=True)
class Start:
    """One start: seconds by the clock and of processor time until ready, and by the clock until
    all was there; what was loaded too early."""

    clock: float
    processor: float
    whole: float = 0.0
    loaded: tuple[str, ...] = ()


def started(script: str, *arguments: str) -> Start:
    """Run a process until it has said all that it says."""
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
        whole, loaded = 0.0, []
        for said in process.stdout:
            if said == "furnished\n":
                whole = time.perf_counter() - begun
            loaded += said.split()[1:]
    if line != "ready\n":
        raise SystemExit(f"the window did not come: {line}")
    return Start(seconds, spent, whole, tuple(loaded))


def processor_time(pid: int) -> float:
    """Seconds that a process has computed, all threads together (Linux)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def make_index(home: Path) -> None:
    """Studies of this disk, as far as the list shows them."""
    index = Index(DataRoot(home).create().index)
    for number in range(STUDIES):
        who = Identity(f"P{number:04}", "", f"1.2.3.{number}")
        name = f"Bench^Nr{number:03}"
        study = Study(who, name, "19500101", "F", "20240101", "", "", "CHEST", ("CR",), 1, 2)
        index.put_study(study)
    index.close()


def main() -> int:
    """Print the figures; 1 when it takes too long or something heavy was loaded."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--times", type=int, default=9)
    times = parser.parse_args().times
    bare, floor, ours = [], [], []
    with tempfile.TemporaryDirectory() as home:
        make_index(Path(home))
        started(FLOOR), started(OURS, home)  # once, so that all find their files in memory
        for _ in range(times):
            bare.append(started(BARE))
            floor.append(started(FLOOR))
            ours.append(started(OURS, home))
    print(f"{times} starts each by turns; load {os.getloadavg()[0]:.1f}")
    empty, own = (median(one.clock for one in found) for found in (bare, ours))
    ratio = own / empty
    print(f"usable          bare {empty:.3f} s, ours {own:.3f} s: {ratio:.1f} times"
          f" (wanted {WANTED:.0f}) [{'yes' if ratio <= WANTED else 'NO'}]")  # fmt: skip
    empty, own = (median(one.processor for one in found) for found in (bare, ours))
    print(f"processor time  bare {empty:.2f} s, ours {own:.2f} s, in ticks of 10 ms")
    least = median(one.clock for one in floor)
    whole = median(one.whole for one in ours)
    print(f"all is there    after {whole:.3f} s: {whole / least:.1f} times a bare window with"
          f" numpy, pydicom and pynetdicom ({least:.3f} s)")  # fmt: skip
    heavy = sorted({name for one in ours for name in one.loaded})
    print(f"loaded too early: {', '.join(heavy) or 'nothing'}")
    return 1 if heavy or ratio > WANTED else 0


if __name__ == "__main__":
    sys.exit(main())
