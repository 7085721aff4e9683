"""How long a window change takes: our table against pydicom's windowing, in the same run.

    python bench/render.py [--size 512] [--seconds 2]

Prints the median of each, the ratio, and the floor that memory sets: copying as many bytes as a
look-up must read and write. Exit code 1 when the table is not at least as quick as pydicom.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels.processing import apply_modality_lut, apply_windowing
from pydicom.uid import ExplicitVRLittleEndian

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from dicom_io.image.frame import frames_of_dataset  # noqa: E402  # after the path is set
from dicom_io.image.render import Renderer, Window  # noqa: E402


def made_slice(size: int) -> Dataset:
    """A CT slice of 12 bits in 16, with noise."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    values = 1000 + 900 * np.exp(-3 * (x * x + y * y)) + rng.normal(0, 60, (size, size))
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.set_original_encoding(False, True)
    dataset.Modality = "CT"
    dataset.Rows = dataset.Columns = size
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelRepresentation = 0
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, -1024
    dataset.WindowCenter, dataset.WindowWidth = 40, 400
    dataset.PixelData = values.clip(0, 4095).astype("<u2").tobytes()
    dataset["PixelData"].VR = "OW"
    return dataset


def median(work: Callable[[], object], seconds: float) -> float:
    """Seconds that one call takes, the median of as many calls as fit."""
    work()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < 5 or time.perf_counter() < end:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--seconds", type=float, default=2.0)
    options = parser.parse_args()
    dataset = made_slice(options.size)
    (frame,) = frames_of_dataset(dataset, Path("bench"))
    stored = frame.stored()
    renderer = Renderer(frame, stored)
    widths = iter(range(1, 10**9))

    def drag() -> object:
        return renderer(Window(40, 300 + next(widths) % 200))

    def reference() -> object:
        dataset.WindowWidth = 300 + next(widths) % 200
        return apply_windowing(apply_modality_lut(stored, dataset), dataset)

    picture = np.empty(stored.shape, np.uint8)
    low_bytes = stored.view(np.uint8).reshape(options.size, options.size, 2)
    ours = median(drag, options.seconds)
    theirs = median(reference, options.seconds)
    floor = median(lambda: np.copyto(picture, low_bytes[..., 0]), options.seconds / 2)
    print(f"{options.size} x {options.size}, 12 bits in 16, one window change")
    print(f"  table and look-up      {ours * 1e3:8.3f} ms")
    print(f"  pydicom's windowing    {theirs * 1e3:8.3f} ms   {theirs / ours:.1f} times as long")
    print(f"  memory floor (copy)    {floor * 1e3:8.3f} ms   {ours / floor:.1f} times the floor")
    return 0 if ours <= theirs else 1


if __name__ == "__main__":
    sys.exit(main())
