"""How often a large film is drawn anew while the window is dragged, against pydicom's own path.

    python bench/window_level.py [--side 3000] [--seconds 3]

Both draw the same made film of 16 bits into the same pane, whole, at every change of the window, in
turns of half a second so that whatever else the machine does falls on both. Ours is the viewport
itself. The other is what a viewer does that is built on `pydicom.pixels.apply_windowing`: rescale,
window, to 8 bits, let Qt scale. The physical floor is the time that reading the stored film once
takes, at the speed at which this machine copies memory in the same run.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from pydicom.dataset import Dataset, FileMetaDataset  # noqa: E402
from pydicom.pixels.processing import apply_rescale, apply_windowing  # noqa: E402
from pydicom.uid import ExplicitVRLittleEndian  # noqa: E402
from PyQt6.QtCore import QRectF, QSize  # noqa: E402
from PyQt6.QtGui import QImage, QPainter  # noqa: E402
from PyQt6.QtWidgets import QApplication  # noqa: E402

from dicom_io.image.frame import ImageFrame, frames_of_dataset  # noqa: E402
from dicom_io.image.render import Window, render  # noqa: E402
from ui.jobs import Jobs  # noqa: E402
from ui.viewport.picture import as_image  # noqa: E402
from ui.viewport.viewport import Viewport  # noqa: E402

WANTED = 60.0  # full redraws a second
FASTER = 5.0  # than pydicom's path
PANE = QSize(2560, 1440)
TURN = 0.5  # seconds each, by turns
WIDTH = 40000.0


def film(side: int) -> tuple[ImageFrame, Dataset, NDArray[np.uint16]]:
    """A smooth film with noise that uses all 16 bits."""
    across = np.linspace(0, 6.0, side)
    smooth = np.sin(across)[:, None] * np.cos(across * 1.3)[None, :]
    noise = np.random.default_rng(0).normal(0, 0.02, (side, side))
    values = np.clip((smooth + noise + 1.1) / 2.2 * 65535, 0, 65535).astype(np.uint16)
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.StudyInstanceUID, dataset.SOPInstanceUID = "1.2.3", "1.2.3.4"
    dataset.Rows = dataset.Columns = side
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 0
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, 0
    dataset.WindowCenter, dataset.WindowWidth = 32768, 65536
    dataset.PixelData = values.tobytes()
    return frames_of_dataset(dataset, Path("film.dcm"))[0], dataset, values


class Tally:
    """How long one way of drawing takes, over all of its turns."""

    def __init__(self, name: str, draw: Callable[[float], None]) -> None:
        self.name = name
        self._draw = draw
        self._count = 0
        self._seconds = 0.0

    def turn(self, seconds: float) -> None:
        """Draw for that long, the centre moving each time; the first one is not counted."""
        self._draw(30000.0)
        start = time.perf_counter()
        taken, count = 0.0, 0
        while taken < seconds:
            count += 1
            self._draw(30000.0 + 10 * (self._count + count))
            taken = time.perf_counter() - start
        self._count += count
        self._seconds += taken

    @property
    def rate(self) -> float:
        """Full redraws a second."""
        return self._count / self._seconds


def shown(frame: ImageFrame, jobs: Jobs) -> Viewport:
    """The film in a pane, fitted."""
    viewport = Viewport(jobs)
    viewport.resize(PANE)
    viewport.show()
    viewport.show_series([frame])
    while viewport.selected_frame() is None:
        QApplication.processEvents()
        time.sleep(0.001)
    return viewport


def dragging(viewport: Viewport) -> Callable[[float], None]:
    """The viewport: a new window, then a paint at once."""

    def draw(center: float) -> None:
        viewport.set_window(Window(center, WIDTH))
        viewport.repaint()

    return draw


def pydicoms(
    dataset: Dataset, values: NDArray[np.uint16], target: QRectF
) -> Callable[[float], None]:
    """pydicom's rescale and window, to 8 bits, scaled by Qt into the same place."""
    canvas = QImage(PANE, QImage.Format.Format_RGB32)

    def draw(center: float) -> None:
        dataset.WindowCenter, dataset.WindowWidth = center, WIDTH
        windowed = apply_windowing(apply_rescale(values, dataset), dataset)
        pixels = (windowed / 65535 * 255 + 0.5).astype(np.uint8)
        painter = QPainter(canvas)
        painter.fillRect(canvas.rect(), 0)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(target, as_image(pixels))
        painter.end()

    return draw


def bandwidth(values: NDArray[np.uint16]) -> float:
    """Bytes a second that this machine reads and writes in copying the film, the best of ten."""
    copy = np.empty_like(values)
    best = np.inf
    for _ in range(10):
        start = time.perf_counter()
        np.copyto(copy, values)
        best = min(best, time.perf_counter() - start)
    return 2 * values.nbytes / float(best)


def is_as_rendered(viewport: Viewport, frame: ImageFrame) -> bool:
    """True when the pane, at 1:1, has the pixels that `wetread render` writes."""
    window = Window(30000.0, WIDTH)
    viewport.set_window(window)
    viewport.toggle_overlays()
    viewport.one_to_one()
    viewport.clearFocus()
    seen = viewport.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    bits = seen.constBits()
    assert bits is not None
    lines = np.frombuffer(bits.asarray(seen.sizeInBytes()), np.uint8)  # type: ignore[call-overload]
    pixels = lines.reshape(seen.height(), seen.bytesPerLine())[:, : seen.width()]
    left, top = (round(value) for value in viewport.placement().to_stored(0, 0))
    expected = render(frame, frame.stored(), window)
    pane = expected[max(top, 0) : top + seen.height(), max(left, 0) : left + seen.width()]
    found = pixels[max(-top, 0) :, max(-left, 0) :][: pane.shape[0], : pane.shape[1]]
    return bool(np.array_equal(found, pane))


def main() -> int:
    """Measure both and print; 1 when one of the two wishes is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--side", type=int, default=3000)
    parser.add_argument("--seconds", type=float, default=4.0, help="for each of the two")
    given = parser.parse_args()
    application = QApplication([])
    frame, dataset, values = film(given.side)
    jobs = Jobs()
    viewport = shown(frame, jobs)
    target = QRectF(*viewport.placement().target)
    ours = Tally("viewport", dragging(viewport))
    theirs = Tally("apply_windowing", pydicoms(dataset, values, target))
    while ours._seconds < given.seconds:
        for tally in (ours, theirs):
            tally.turn(TURN)
    floor = values.nbytes / bandwidth(values)
    ratio, same = ours.rate / theirs.rate, is_as_rendered(viewport, frame)
    print(f"film {given.side} x {given.side}, 16 bit, pane {PANE.width()} x {PANE.height()}")
    for tally in (ours, theirs):
        print(f"{tally.name:16}{tally.rate:7.1f} full redraws a second, {1e3 / tally.rate:.1f} ms")
    print(f"{'ratio':16}{ratio:7.1f}, wanted {FASTER:.0f}: {_held(ratio >= FASTER)}")
    print(f"{'rate':16}{ours.rate:7.1f}, wanted {WANTED:.0f}: {_held(ours.rate >= WANTED)}")
    print(
        f"{'physical floor':16}{1 / floor:7.0f} a second, {floor * 1e3:.2f} ms: {values.nbytes:,} "
        f"bytes read once at {bandwidth(values) / 1e9:.1f} GB/s; ours is "
        f"{1 / ours.rate / floor:.1f} times that"
    )
    print(f"{'at 1:1':16}as `wetread render` writes it: {'yes' if same else 'NO'}")
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"{'load':16}{load:7.1f} on {os.cpu_count()} cores")
    viewport.close()
    jobs.close()
    application.quit()
    return 0 if ratio >= FASTER and ours.rate >= WANTED and same else 1


def _held(holds: bool) -> str:
    return "held" if holds else "MISSED"


if __name__ == "__main__":
    sys.exit(main())
