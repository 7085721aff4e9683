"""A slide of 32,768 x 32,768: time to the first view, images a second while zooming and panning,
and memory, beside reading the whole level and beside the plain cost of painting such a picture.

    python bench/slide.py [--side 32768] [--width 2560 --height 1440]

Every way runs in a process of its own, so that memory is its own. The slide is made once.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np  # noqa: E402
from PyQt6.QtGui import QImage, QPainter  # noqa: E402
from PyQt6.QtWidgets import QApplication  # noqa: E402

from bench.made_slide import Plan, write_slide  # noqa: E402  # after the path is set
from dicom_io.image.frame import ImageFrame, open_frames  # noqa: E402
from dicom_io.image.slide import slides_of  # noqa: E402
from ui.jobs import Jobs  # noqa: E402
from ui.viewport.frame_store import FrameStore  # noqa: E402
from ui.viewport.viewport import Viewport  # noqa: E402

PASSES = 120  # images of each way of moving
BUDGET = 512 * 2**20  # bytes that tiles may take
MIB = 2**20


def peak() -> float:
    """MiB that this process has taken at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def slide_in(folder: Path) -> ImageFrame:
    """The slide, from its headers."""
    paths = sorted(folder.glob("*.dcm"))
    (slide,) = slides_of(frame for path in paths for frame in open_frames(path))
    return slide


def settle(application: QApplication, viewport: Viewport) -> None:
    """Wait until no tile of what is seen is missing."""
    while True:
        application.processEvents()
        tiles, picture = viewport._tiles, viewport._current_picture()
        if tiles is not None and picture is not None and viewport.placement().columns > 1:
            viewport.grab()
            level, box = tiles._seen
            if all(tiles.image(place) is not None for place in tiles.places_in(level, box)):
                return
        time.sleep(0.001)


def ours(folder: Path, width: int, height: int) -> dict[str, float]:
    """The pane, as the window uses it."""
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    jobs = Jobs()
    FrameStore.of(jobs).budget = BUDGET
    viewport = Viewport(jobs)
    viewport.resize(width, height)
    viewport.show()
    application.processEvents()
    before = peak()
    start = time.perf_counter()
    slide = slide_in(folder)
    headers = time.perf_counter() - start
    viewport.show_series([slide])
    settle(application, viewport)
    first = time.perf_counter() - start
    viewport.one_to_one()
    settle(application, viewport)
    room = QImage(width, height, QImage.Format.Format_RGB32)

    def moved(how: str) -> list[float]:
        """Seconds for each image while tiles arrive as they may."""
        taken = []
        for step in range(PASSES):
            begin = time.perf_counter()
            place = viewport.placement()
            if how == "pan":
                viewport.place(place.panned(-23, -11 if step % 60 < 30 else 11))
            else:
                factor = 1.04 if step % 60 < 30 else 1 / 1.04
                viewport.place(place.zoomed(factor, width / 2, height / 2))
            viewport.render(room)
            taken.append(time.perf_counter() - begin)
            application.processEvents()
        return taken

    pans, zooms = moved("pan"), moved("zoom")
    viewport.fit()
    out = moved("zoom")
    viewport.close()
    result = {
        "headers s": headers,
        "first view s": first,
        "pan images/s": 1 / float(np.median(pans)),
        "pan worst ms": 1000 * max(pans),
        "zoom worst ms": 1000 * max(zooms),
        "zoom images/s": 1 / float(np.median(zooms)),
        "zoom near fit images/s": 1 / float(np.median(out)),
        "memory MiB": peak() - before,
    }
    jobs.close()
    return result


def floor(width: int, height: int) -> dict[str, float]:
    """Painting one picture of the pane's size, smoothly scaled: less nobody can do."""
    application = QApplication.instance() or QApplication([])
    picture = QImage(width, height, QImage.Format.Format_RGB32)
    picture.fill(0x7F3F1F)
    room = QImage(width, height, QImage.Format.Format_RGB32)
    taken = []
    for step in range(PASSES):
        begin = time.perf_counter()
        painter = QPainter(room)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.scale(1.01 + step / 1000, 1.01 + step / 1000)
        painter.drawImage(0, 0, picture)
        painter.end()
        taken.append(time.perf_counter() - begin)
    assert application is not None
    return {"scaled images/s": 1 / float(np.median(taken))}


def whole(folder: Path) -> dict[str, float]:
    """Every tile of the finest level decoded into one array, as a program without levels does."""
    before, start = peak(), time.perf_counter()
    slide = slide_in(folder)
    assert slide.pyramid is not None
    matrix = np.empty((slide.rows, slide.columns, 3), np.uint8)
    for y in range(0, slide.rows, 1024):
        for x in range(0, slide.columns, 1024):
            part = slide.pyramid.region(0, x, y, 1024, 1024)
            matrix[y : y + 1024, x : x + 1024] = part[: slide.rows - y, : slide.columns - x]
    return {"first view s": time.perf_counter() - start, "memory MiB": peak() - before}


def apart(way: str, arguments: list[str]) -> dict[str, float]:
    """The numbers of one way, measured in a process of its own."""
    command = [sys.executable, __file__, "--way", way, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Measure all ways and print them with their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=32_768)
    parser.add_argument("--width", type=int, default=2560)
    parser.add_argument("--height", type=int, default=1440)
    parser.add_argument("--way", default="")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.way == "ours":
        print(json.dumps(ours(options.folder, options.width, options.height)))
    elif options.way == "floor":
        print(json.dumps(floor(options.width, options.height)))
    elif options.way == "whole":
        print(json.dumps(whole(options.folder)))
    else:
        measure(options)


def measure(options: argparse.Namespace) -> None:
    """Make the slide and measure each way."""
    with tempfile.TemporaryDirectory() as name:
        plan = Plan(columns=options.side, rows=options.side, levels=6)
        paths = write_slide(Path(name), plan)
        size = sum(path.stat().st_size for path in paths) / MIB
        load = os.getloadavg()[0]
        print(f"{options.side} x {options.side}, 6 levels, {size:.0f} MiB; load {load:.1f}")
        sides = ["--width", str(options.width), "--height", str(options.height)]
        here = ["--folder", name, *sides]
        found = {way: apart(way, here) for way in ("floor", "ours", "whole")}
    for way, numbers in found.items():
        for what, number in numbers.items():
            print(f"{way:6} {what:24} {number:10.3f}")
    mine, all_of_it = found["ours"], found["whole"]
    print(f"first view: {all_of_it['first view s'] / mine['first view s']:.0f} times sooner")
    print(f"memory: {mine['memory MiB'] / all_of_it['memory MiB']:.3f} of the whole level's")
    limit = found["floor"]["scaled images/s"]
    for what in ("pan images/s", "zoom images/s", "zoom near fit images/s"):
        print(f"{what}: {mine[what] / limit:.2f} of the floor of {limit:.0f}")


if __name__ == "__main__":
    main()
