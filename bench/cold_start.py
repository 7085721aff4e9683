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
from plugin._starting import settle_process
settle_process()
from plugin._commands.line import carry_out


def open_window(root, settings, sources, **wishes):
    from PyQt6.QtTest import QTest
    from plugin._discover import discover
    from ui.app import application, build_window

    app = application(settings.window.font_size)
    viewer = build_window(discover(), root, settings, sources)
    viewer.window.resize(1920, 1080)
    viewer.window.show()
    for _ in range(3):
        app.processEvents()
    field = viewer.window.worklist.studies.field
    QTest.keyClicks(field, "a")
    app.processEvents()
    assert field.text() == "a"
    print("ready", flush=True)
    heavy = [name for name in ("torch", "transformers", "model_backend.biomedgpt")
             if name in sys.modules]
    print("loaded:", *heavy, flush=True)
    viewer.window.close()
    viewer.close()
    return 0


sys.exit(carry_out(["--home", sys.argv[1], "window"], open_window))
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
