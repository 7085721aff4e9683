"""A folder of 300 CT slices: how soon the first image is seen, and how soon all are decoded.

    python bench/series.py [--count 300] [--repeat 5] [--quick]

The viewer's own parts do it: `Reading` reads the headers, a pane shows the first image and decodes
ahead. SimpleITK and GDCM read the same files in the same run, in turns, all from the page cache.
The physical floor is to read their bytes and nothing else.
For JPEG 2000 and JPEG-LS the rate stands beside the decoder's own limit: the same code streams
given to the codec alone, in as many threads as there are cores. Needs `pip install wetread[bench]`.
Exit code 1 when a floor is missed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import gdcm  # noqa: E402  # after the path is set
import imagecodecs  # noqa: E402
import SimpleITK  # noqa: E402
from pydicom import dcmread, uid  # noqa: E402
from pydicom.encaps import get_frame  # noqa: E402
from PyQt6.QtCore import QEventLoop  # noqa: E402
from PyQt6.QtWidgets import QApplication  # noqa: E402

from bench.made_series import PATIENT, STUDY, write_series  # noqa: E402
from bench.rows import Row, as_markdown, as_text  # noqa: E402
from dicom_io.identity import Identity  # noqa: E402
from dicom_io.image.frame import open_frames  # noqa: E402
from dicom_io.study import Study  # noqa: E402
from ui.jobs import Jobs  # noqa: E402
from ui.reading import Reading, Way  # noqa: E402
from ui.viewport.frame_store import FrameStore  # noqa: E402
from ui.viewport.viewport import Viewport  # noqa: E402

FIRST = 0.3  # s to the first image
ALONE = 0.8  # of the codec's own rate
PLAIN = str(uid.ExplicitVRLittleEndian)
PACKED = {"JPEG 2000": str(uid.JPEG2000Lossless), "JPEG-LS": str(uid.JPEGLSLossless)}


def ours(paths: Sequence[Path]) -> tuple[float, float]:
    """Seconds to the first image on the screen, and until every frame is decoded."""
    jobs = Jobs()
    FrameStore.of(jobs).budget = 2**40
    reading, viewport = Reading(jobs), Viewport(jobs)
    viewport.resize(1024, 1024)
    viewport.show()
    QApplication.processEvents()
    study = Study(Identity(PATIENT, "", STUDY), "Bench^Made")
    viewport.show_series([], study)
    reading.frames_arrived.connect(viewport.add_frames)
    size = 512 * 512 * 2 * len(paths)
    first = 0.0
    start = time.perf_counter()
    reading.open(study, Way(lambda: paths))
    while FrameStore.of(jobs).decoded_bytes < size:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        if not first and viewport.painted.picture is not None:
            first = time.perf_counter() - start
    taken = time.perf_counter() - start
    viewport.close()
    jobs.close()
    viewport.deleteLater()
    return first, taken


def without_window(paths: Sequence[Path]) -> float:
    """Seconds of the same reading and decoding by a plain pool of threads."""

    def decode(path: Path) -> int:
        return open_frames(path)[0].stored().nbytes

    start = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        sum(pool.map(decode, paths))
    return time.perf_counter() - start


def by_simpleitk(paths: Sequence[Path]) -> float:
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames([str(path) for path in paths])
    start = time.perf_counter()
    reader.Execute()
    return time.perf_counter() - start


def by_gdcm(paths: Sequence[Path]) -> float:
    start = time.perf_counter()
    for path in paths:
        reader = gdcm.ImageReader()
        reader.SetFileName(str(path))
        if not reader.Read():
            raise RuntimeError(f"GDCM cannot read {path.name}")
        image = reader.GetImage()
        if len(image.GetBuffer()) < image.GetBufferLength():
            raise RuntimeError(f"GDCM cannot decode {path.name}")
    return time.perf_counter() - start


def by_reading(paths: Sequence[Path]) -> float:
    """The physical floor: the files' bytes alone, from the page cache."""
    start = time.perf_counter()
    for path in paths:
        path.read_bytes()
    return time.perf_counter() - start


def by_codec(paths: Sequence[Path], decode: Callable[[bytes], object], threads: int) -> float:
    """Frames a second of the codec alone, the streams in memory already."""
    streams = []
    for path in paths:
        dataset = dcmread(path)
        streams.append(get_frame(dataset.PixelData, 0, number_of_frames=1))
    start = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(decode, streams))
    return len(streams) / (time.perf_counter() - start)


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def plain_rows(folder: Path, count: int, repeat: int) -> list[Row]:
    """First image and all decoded, against the two references."""
    paths = write_series(folder, count)
    first, whole, bare, itk, theirs, floor = [], [], [], [], [], []
    ours(paths)  # fonts, codecs and the page cache
    for _ in range(repeat):
        seen, done = ours(paths)
        first.append(seen)
        whole.append(done)
        bare.append(without_window(paths))
        itk.append(by_simpleitk(paths))
        theirs.append(by_gdcm(paths))
        floor.append(by_reading(paths))
    best = min(median(itk), median(theirs))
    return [
        Row(
            f"{count} slices, uncompressed: first image on the screen",
            f"{FIRST} s",
            f"{median(first):.3f} s",
            median(first) <= FIRST,
        ),
        Row(
            f"{count} slices, uncompressed: all decoded, in the window",
            "not slower than the quicker of SimpleITK and GDCM",
            f"{median(whole):.3f} s; SimpleITK {median(itk):.3f} s, GDCM {median(theirs):.3f} s, "
            f"{best / median(whole):.2f} times as quick; without the window {median(bare):.3f} s; "
            f"the files read and nothing else {median(floor):.3f} s",
            median(whole) <= best,
        ),
    ]


def packed_row(folder: Path, name: str, count: int, repeat: int) -> Row:
    """One compressed series, beside the codec's own limit."""
    paths = write_series(folder, count, PACKED[name])
    decode = imagecodecs.jpeg2k_decode if name == "JPEG 2000" else imagecodecs.jpegls_decode
    cores = os.cpu_count() or 1
    rates, limits, single, itk = [], [], [], []
    for _ in range(repeat):
        rates.append(count / ours(paths)[1])
        limits.append(by_codec(paths, decode, cores))
        single.append(by_codec(paths[: count // 2], decode, 1))
        itk.append(count / by_simpleitk(paths))
    rate, limit = median(rates), median(limits)
    return Row(
        f"{count} slices, {name}: all decoded, in the window",
        f"{ALONE:.0%} of the codec alone in {cores} threads",
        f"{rate:.0f} frames/s; the codec alone {limit:.0f} in {cores} threads, "
        f"{median(single):.0f} in one ({rate / limit:.0%}); SimpleITK {median(itk):.0f}",
        rate >= ALONE * limit,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="small series, one turn")
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    count, repeat = (60, 1) if options.quick else (options.count, options.repeat)
    app = QApplication([])
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        for place, kind in enumerate(("", *PACKED)):
            folder = Path(name) / str(place)
            folder.mkdir()
            if kind:
                rows.append(packed_row(folder, kind, min(count, 120), max(1, repeat // 2)))
            else:
                rows += plain_rows(folder, count, repeat)
    print(as_markdown(rows) if options.markdown else as_text(rows))
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    app.quit()
    return 0 if all(row.holds for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
