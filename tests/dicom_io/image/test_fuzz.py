"""Files damaged at random, in a child process: no crash, no hang, no memory beyond the limit."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
from pydicom import uid
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from tests.dicom_io.image.test_decode import ENCODERS, Encode, packed_file

ROUNDS = 25
SAMPLES = (
    "image_dfl.dcm",
    "SC_rgb_jpeg_dcmtk.dcm",
    "ExplVR_BigEnd.dcm",
    "examples_palette.dcm",
    "JPEG2000.dcm",
    "liver_1frame.dcm",
    "SC_ybr_full_422_uncompressed.dcm",
)


def made(folder: Path, make_dataset: Callable[..., Dataset]) -> list[str]:
    """One small file of each compressed syntax."""
    rng = np.random.default_rng(1)
    values = rng.integers(0, 4096, (48, 64)).astype(np.uint16)
    values[:, :40] //= 64
    encoders: dict[str, Encode] = {
        **ENCODERS,
        uid.JPEGBaseline8Bit: lambda v, bits: imagecodecs.jpeg8_encode((v >> 4).astype(np.uint8)),
        uid.JPEGExtended12Bit: lambda v, bits: imagecodecs.jpeg8_encode(v, bitspersample=bits),
    }
    paths = []
    for syntax, encode in encoders.items():
        dataset = make_dataset(values, BitsStored=12, HighBit=11, NumberOfFrames=2)
        path = folder / f"{syntax}.dcm"
        packed_file(path, dataset, [encode(values, 12)] * 2, syntax)
        paths.append(str(path))
    return paths


def test_no_damage_crashes_hangs_or_takes_all_memory(
    make_dataset: Callable[..., Dataset], tmp_path: Path
) -> None:
    files = [str(get_testdata_file(name)) for name in SAMPLES] + made(tmp_path, make_dataset)
    script = Path(__file__).with_name("fuzzing.py")

    done = subprocess.run(
        [sys.executable, str(script), "7", str(ROUNDS), *files],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    lines = done.stdout.splitlines()
    assert done.returncode == 0, (lines[-1:], done.stderr[-2000:])
    _, shown, refused = lines[-1].split()
    assert int(shown) + int(refused) == ROUNDS * len(files)
    assert int(shown) > 0
    assert int(refused) > len(files)
