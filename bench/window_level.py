"""How often a large film is drawn anew while the window is dragged, against pydicom's own path.

    python bench/window_level.py [--side 3000] [--seconds 3]

Both draw the same made film of 16 bits into the same pane, whole, at every change of the window.
Ours is the viewport itself: table, mean over blocks, one painter call. The other is what a viewer
does that is built on `pydicom.pixels.apply_windowing`: rescale, window, to 8 bits, let Qt scale.
The floor is what a drag needs to feel steady (20 pictures a second, 50 ms each).
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
from dicom_io.image.render import Window  # noqa: E402
from ui.jobs import Jobs  # noqa: E402
from ui.viewport.picture import as_image  # noqa: E402
from ui.viewport.viewport import Viewport  # noqa: E402

FLOOR = 20.0  # full redraws a second
PANE = QSize(2560, 1440)


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


def rate(draw: Callable[[float], None], seconds: float) -> float:
    """Calls a second, the centre moving each time."""
    draw(30000.0)
    count, start = 0, time.perf_counter()
    while (taken := time.perf_counter() - start) < seconds:
        draw(30000.0 + 10 * count)
        count += 1
    return count / taken


def ours(frame: ImageFrame, seconds: float) -> float:
    """The viewport: a new window, then a paint at once."""
    jobs = Jobs()
    viewport = Viewport(jobs)
    viewport.resize(PANE)
    viewport.show()
    viewport.show_series([frame])
    while viewport.selected_frame() is None:
        QApplication.processEvents()
        time.sleep(0.001)

    def draw(center: float) -> None:
        viewport.set_window(Window(center, 40000))
        viewport.repaint()

    found = rate(draw, seconds)
    viewport.close()
    jobs.close()
    return found


def theirs(dataset: Dataset, values: NDArray[np.uint16], seconds: float) -> float:
    """pydicom's rescale and window, to 8 bits, scaled by Qt."""
    canvas = QImage(PANE, QImage.Format.Format_RGB32)

    def draw(center: float) -> None:
        dataset.WindowCenter, dataset.WindowWidth = center, 40000
        windowed = apply_windowing(apply_rescale(values, dataset), dataset)
        pixels = (windowed / 65535 * 255 + 0.5).astype(np.uint8)
        painter = QPainter(canvas)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(canvas.rect()), as_image(pixels))
        painter.end()

    return rate(draw, seconds)


def main() -> int:
    """Measure both and print; 1 when ours is below the floor."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--side", type=int, default=3000)
    parser.add_argument("--seconds", type=float, default=3.0)
    given = parser.parse_args()
    application = QApplication([])
    frame, dataset, values = film(given.side)
    mine, other = ours(frame, given.seconds), theirs(dataset, values, given.seconds)
    print(f"film {given.side} x {given.side}, 16 bit, pane {PANE.width()} x {PANE.height()}")
    print(f"viewport        {mine:6.1f} full redraws a second ({1000 / mine:.0f} ms each)")
    print(f"apply_windowing {other:6.1f} full redraws a second ({1000 / other:.0f} ms each)")
    print(f"floor           {FLOOR:6.1f}: {'held' if mine >= FLOOR else 'MISSED'}")
    application.quit()
    return 0 if mine >= FLOOR else 1


if __name__ == "__main__":
    sys.exit(main())
