"""How quickly each transfer syntax is decoded, by our decoder and by others, one frame at a time.

    python bench/codecs.py [--seconds 0.8] [--markdown]

Megabytes of decoded pixels for each second that a processor works on it, of a made CT slice (512 x
512, 12 bits in 16) or a made colour picture (768 x 1024 x 3), in one thread; whether other threads
may use the interpreter meanwhile; and how much more two threads do than one, which only a quiet
machine tells. Every decoder of a lossless syntax must give the very
same values. Needs `pip install wetread[bench]`. Exit code 1 when another decoder differs, or when
ours keeps two threads from working side by side while there are two cores to be had.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import gdcm  # noqa: E402  # after the path is set
import imagecodecs  # noqa: E402
import jpeg_ls  # noqa: E402
import numpy as np  # noqa: E402
import openjpeg  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from PIL import Image  # noqa: E402
from pydicom import uid  # noqa: E402
from pydicom.dataset import Dataset  # noqa: E402
from pydicom.encaps import encapsulate  # noqa: E402
from pydicom.pixels.decoders.base import get_decoder  # noqa: E402
from pydicom.pixels.encoders.base import EncodeRunner  # noqa: E402
from pydicom.pixels.encoders.native import _encode_frame  # noqa: E402
from pydicom.uid import UID  # noqa: E402

from bench.made_series import header_of, made_slice  # noqa: E402
from dicom_io.image.frame import open_frames  # noqa: E402
from dicom_io.image.syntaxes import name_of  # noqa: E402

TURNS = 4
PART_TWO = ("1.2.840.10008.1.2.4.92", "1.2.840.10008.1.2.4.93")
Decode = Callable[[], object]
# Newer syntaxes than pydicom's, and one with a UID of the same length.
KNOWN = {
    "1.2.840.10008.1.2.8.1": "1.2.840.10008.1.2.4.50",
    **{f"1.2.840.10008.1.2.4.11{n}": "1.2.840.10008.1.2.4.201" for n in range(3)},
}


@dataclass
class Case:
    """One way of packing, and who unpacks it."""

    syntaxes: tuple[str, ...]  # UIDs, the one measured first
    values: NDArray[Any]
    stream: bytes  # of one frame
    library: str  # that ours calls
    licence: str
    others: dict[str, Decode] = field(default_factory=dict)
    exact: bool = True


@dataclass
class Result:
    """Of one decoder."""

    name: str
    rate: float  # MB of pixels a second in one thread
    gain: float  # of two threads over one
    frees: bool  # the interpreter, for other threads, while it decodes
    same: bool  # as the values that were packed


def grey() -> NDArray[np.uint16]:
    return made_slice(20)


def colour() -> NDArray[np.uint8]:
    y, x = np.mgrid[0:1:768j, 0:1:1024j]
    noise = np.random.default_rng(3).normal(0, 4, (768, 1024, 3))
    waves = np.stack([np.sin(9 * x + y), np.cos(7 * y), np.sin(5 * x * y)], axis=-1)
    return (127 + 90 * waves + noise).clip(0, 255).astype(np.uint8)


def file_of(values: NDArray[Any], syntax: str, stream: bytes, folder: Path) -> Path:
    """A DICOM file of one frame."""
    dataset: Dataset = header_of(0, 512, syntax)
    dataset.Rows, dataset.Columns = values.shape[:2]
    if values.ndim == 3:
        dataset.SamplesPerPixel, dataset.PlanarConfiguration = 3, 0
        dataset.PhotometricInterpretation = (
            "YBR_FULL_422" if syntax == uid.JPEGBaseline8Bit else "RGB"
        )
    if values.dtype == np.uint8:
        dataset.BitsAllocated = dataset.BitsStored = 8
        dataset.HighBit = 7
    native = syntax in (uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian)
    dataset.PixelData = stream if native else encapsulate([stream])
    dataset["PixelData"].VR = "OW" if native else "OB"
    dataset["PixelData"].is_undefined_length = not native
    path = folder / f"{syntax}-{len(stream)}.dcm"
    known = KNOWN.get(syntax, syntax)  # pydicom writes no syntax that it does not know
    dataset.file_meta.TransferSyntaxUID = UID(known)
    big = syntax == uid.ExplicitVRBigEndian
    dataset.save_as(path, implicit_vr=False, little_endian=not big, enforce_file_format=True)
    same = known.encode().ljust(len(known) + len(known) % 2, b"\0")
    mine = syntax.encode().ljust(len(same), b"\0")
    path.write_bytes(path.read_bytes().replace(same, mine, 1))
    return path


def rle(values: NDArray[Any]) -> bytes:
    runner: Any = EncodeRunner(uid.RLELossless)
    runner.set_options(
        rows=values.shape[0],
        columns=values.shape[1],
        samples_per_pixel=1,
        bits_allocated=16,
        bits_stored=16,
        pixel_representation=0,
        photometric_interpretation="MONOCHROME2",
        number_of_frames=1,
    )
    return bytes(_encode_frame(values.astype("<u2").tobytes(), runner))


def deflated(values: NDArray[Any]) -> bytes:
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(values.astype("<u2").tobytes()) + packer.flush()


def cases() -> list[Case]:
    """All families that can be written here."""
    twelve, rgb = grey(), colour()
    eight = (twelve >> 4).astype(np.uint8)
    run = rle(twelve)
    base = bytes(imagecodecs.jpeg8_encode(rgb, level=90))
    extended = bytes(imagecodecs.jpeg8_encode(twelve, level=95, bitspersample=12))
    lossless = bytes(imagecodecs.jpeg8_encode(twelve, lossless=True, predictor=1, bitspersample=12))
    loco = bytes(imagecodecs.jpegls_encode(twelve))
    wavelet = bytes(
        imagecodecs.jpeg2k_encode(
            twelve, level=0, reversible=True, codecformat="j2k", bitspersample=12
        )
    )
    quick = bytes(imagecodecs.htj2k_encode(twelve, reversible=True))
    xl = bytes(imagecodecs.jpegxl_encode(twelve, lossless=True, bitspersample=12))
    turbo, charls = "libjpeg-turbo", "CharLS"
    ijg, bsd3, bsd2 = "IJG and BSD-3-Clause", "BSD-3-Clause", "BSD-2-Clause"

    def pil(stream: bytes) -> object:
        return np.asarray(Image.open(io.BytesIO(stream)))

    return [
        Case(
            (uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian),
            twelve,
            twelve.astype("<u2").tobytes(),
            "our own (one read)",
            "-",
        ),
        Case(
            (uid.ExplicitVRBigEndian,),
            twelve,
            twelve.astype(">u2").tobytes(),
            "our own (one read)",
            "-",
        ),
        Case(
            ("1.2.840.10008.1.2.8.1", uid.DeflatedExplicitVRLittleEndian),
            twelve,
            deflated(twelve),
            "zlib",
            "Zlib",
        ),
        Case(
            (uid.RLELossless,),
            twelve,
            run,
            "imagecodecs",
            bsd3,
            {"pydicom": pydicom_frame(twelve, uid.RLELossless, run)},
        ),
        Case(
            (uid.JPEGBaseline8Bit,),
            rgb,
            base,
            turbo,
            ijg,
            {"Pillow": lambda: pil(base)},
            exact=False,
        ),
        Case(
            (uid.JPEGExtended12Bit, "1.2.840.10008.1.2.4.53", "1.2.840.10008.1.2.4.55"),
            twelve,
            extended,
            turbo,
            ijg,
            exact=False,
        ),
        Case(
            (uid.JPEGLosslessSV1, uid.JPEGLossless),
            twelve,
            lossless,
            turbo,
            ijg,
            {
                "liblj92": lambda: imagecodecs.ljpeg_decode(lossless),
                "jpegsof3": lambda: imagecodecs.jpegsof3_decode(lossless),
            },
        ),
        Case(
            (uid.JPEGLSLossless, uid.JPEGLSNearLossless),
            twelve,
            loco,
            charls,
            bsd3,
            {"pyjpegls": lambda: words(jpeg_ls.decode_pixel_data(loco)[0], twelve)},
        ),
        Case(
            (
                uid.JPEG2000Lossless,
                uid.JPEG2000,
                "1.2.840.10008.1.2.4.92",
                "1.2.840.10008.1.2.4.93",
            ),
            twelve,
            wavelet,
            "OpenJPEG",
            bsd2,
            {
                "pylibjpeg-openjpeg": lambda: words(
                    openjpeg.utils.decode_pixel_data(wavelet, version=2), twelve
                ),
            },
        ),
        Case(
            (uid.HTJ2KLossless, uid.HTJ2KLosslessRPCL, uid.HTJ2K),
            twelve,
            quick,
            "OpenJPEG",
            bsd2,
            {
                "OpenJPH (hides errors)": lambda: imagecodecs.htj2k_decode(quick),
                "pylibjpeg-openjpeg": lambda: words(
                    openjpeg.utils.decode_pixel_data(quick, version=2), twelve
                ),
            },
        ),
        Case(
            ("1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.4.112"),
            twelve,
            xl,
            "libjxl",
            bsd3,
        ),
        Case(
            ("1.2.840.10008.1.2.4.111",),
            eight,
            bytes(imagecodecs.jpegxl_encode(eight, distance=1.0)),
            "libjxl",
            bsd3,
            exact=False,
        ),
    ]


def words(content: Any, values: NDArray[Any]) -> NDArray[Any]:
    return np.frombuffer(content, "<u2").reshape(values.shape)


def pydicom_frame(values: NDArray[Any], syntax: str, stream: bytes) -> Decode:
    """pydicom's own decoder of one frame."""
    packed = encapsulate([stream])
    decoder = get_decoder(UID(syntax))
    options = {
        "rows": values.shape[0],
        "columns": values.shape[1],
        "samples_per_pixel": 1,
        "bits_allocated": 16,
        "bits_stored": 16,
        "pixel_representation": 0,
        "photometric_interpretation": "MONOCHROME2",
        "number_of_frames": 1,
        "pixel_keyword": "PixelData",
    }
    return lambda: decoder.as_array(packed, index=0, decoding_plugin="pydicom", **options)[0]


def by_gdcm(path: Path) -> Decode:
    """GDCM, from the file, which it reads whole."""

    def decode() -> object:
        reader = gdcm.ImageReader()
        reader.SetFileName(str(path))
        if not reader.Read():
            raise RuntimeError("GDCM cannot read it")
        return reader.GetImage().GetBuffer()

    return decode


def measured(name: str, decode: Decode, values: NDArray[Any], seconds: float) -> Result:
    """One decoder; raises what it raises."""
    given = decode()
    if isinstance(given, str):  # GDCM hands bytes over as text
        given = np.frombuffer(given.encode("utf-8", "surrogateescape"), values.dtype)
    given = np.asarray(given).reshape(values.shape)
    if np.abs(given.astype(float) - values).mean() > 0.05 * values.max():
        raise ValueError(f"{name} gives another picture")
    same = np.array_equal(given, values)

    def calls(until: float) -> tuple[int, float]:
        count, begin = 0, time.process_time()
        while time.perf_counter() < until:
            decode()
            count += 1
        return count, time.process_time() - begin

    part = seconds / TURNS
    rates, alone, both = [], [], []
    with ThreadPoolExecutor(2) as pool:
        for _ in range(TURNS):  # in turns, and the best: other work on the machine only slows
            count, worked = calls(time.perf_counter() + part)
            rates.append(count / max(worked, 1e-9))
            alone.append(count / part)
            until = time.perf_counter() + part
            both.append(sum(count for count, _ in pool.map(calls, [until, until])) / part)
    rate = max(rates) * values.nbytes / 1e6
    return Result(name, rate, max(both) / max(alone), frees_the_interpreter(decode), same)


def frees_the_interpreter(decode: Decode) -> bool:
    """True when another thread gets a word in during one call, which it does only if the call lets
    it: no thread is made to stop in between."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(100)
    spans: list[tuple[float, float]] = []

    def work() -> None:
        for _ in range(20):
            start = time.perf_counter()
            decode()
            spans.append((start, time.perf_counter()))

    worker = threading.Thread(target=work)
    awake = [time.perf_counter()]
    try:
        worker.start()
        while worker.is_alive():
            time.sleep(0.0001)
            awake.append(time.perf_counter())
    finally:
        sys.setswitchinterval(before)
    worker.join()
    middle = [(start + (end - start) * 0.2, start + (end - start) * 0.8) for start, end in spans]
    return any(low < moment < high for low, high in middle for moment in awake)


def run(case: Case, folder: Path, seconds: float) -> list[Result]:
    """Ours first; a decoder that cannot read the frame is left out."""
    path = file_of(case.values, case.syntaxes[0], case.stream, folder)
    (frame,) = open_frames(path)
    results = [measured(case.library, frame.stored, case.values, seconds)]
    for name, decode in {**case.others, "GDCM": by_gdcm(path)}.items():
        try:
            results.append(measured(name, decode, case.values, seconds))
        except (RuntimeError, ValueError, TypeError, OSError):
            continue
    return results


def line(case: Case, results: Sequence[Result]) -> str:
    """One row of the table in docs/transfer_syntaxes.md."""
    names = "; ".join(f"{name_of(one)} (`{one}`)" for one in case.syntaxes)
    ours, *others = results
    theirs = ", ".join(
        f"{one.name} {one.rate:.0f}{'' if one.frees else ' (blocks)'}" for one in others
    )
    frees = "yes" if ours.frees else "NO"
    exact = "-" if not case.exact else "yes" if ours.same else "NO"
    parts = (names, ours.name, case.licence, f"{ours.rate:.0f}", frees, exact, theirs or "-")
    return f"| {' | '.join(parts)} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.8)
    parser.add_argument("--markdown", action="store_true")
    options = parser.parse_args()
    if options.markdown:
        print(
            "| transfer syntax | decoder | licence | MB/s | side by side | exact | others, MB/s |"
        )
        print("|---|---|---|---|---|---|---|")
    holds = True
    with tempfile.TemporaryDirectory() as name:
        for case in cases():
            results = run(case, Path(name), options.seconds)
            holds &= results[0].same or not case.exact
            if options.markdown:
                print(line(case, results))
                continue
            print(name_of(case.syntaxes[0]))
            for one in results:
                word = "" if not case.exact else "same" if one.same else "DIFFERS"
                print(
                    f"    {one.name:28} {one.rate:8.0f} MB/s   x {one.gain:.2f}   "
                    f"{'frees' if one.frees else 'BLOCKS'}   {word}"
                )
    print(f"\nload {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
