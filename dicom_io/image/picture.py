"""PNG and JPEG files: read as if they were images of an archive, and PNG written."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from pydicom.dataset import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from dicom_io.errors import DamagedFile, FileProblem, UnsafeImage
from dicom_io.image.header import MAX_FRAME_BYTES, MAX_SIDE
from dicom_io.image.notices import gathered
from dicom_io.storage import write_safely

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_DEEP = ("I", "I;16", "I;16B", "I;16L", "I;16N")
_NONSENSE = (OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError)


def is_picture(path: Path) -> bool:
    """True for a PNG or JPEG file, by its first bytes. Raises FileProblem when it is not there."""
    try:
        with path.open("rb", buffering=0) as file:
            start = file.read(8) or b""
    except OSError as error:
        raise FileProblem(
            f"{path.name} cannot be opened ({error.strerror or error}). "
            "Check that it exists and may be read.",
            path,
        ) from error
    return start == _PNG or start.startswith(_JPEG)


def picture_header(path: Path) -> Dataset:
    """A header for a picture file: a secondary capture with made-up, marked identifiers.

    The UIDs lie under 2.25 and come from the file's SHA-256, so that the same picture is always
    the same study. Raises DamagedFile or UnsafeImage.
    """
    content = _content(path)
    digest = hashlib.sha256(content).digest()
    with gathered():
        image = _open(content, path)
    deep, colour = _kind(image)
    columns, rows = image.size
    dataset = Dataset()
    dataset.SOPClassUID = SecondaryCaptureImageStorage
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        made = hashlib.sha256(keyword.encode("ascii") + digest).digest()[:16]
        setattr(dataset, keyword, f"2.25.{int.from_bytes(made, 'big')}")
    dataset.PatientName = ""
    dataset.PatientID = f"PICTURE-{digest.hex()[:12]}"
    dataset.StudyDescription = "Picture file, identifiers made up"
    dataset.SeriesDescription = "Picture file, identifiers made up"
    dataset.ConversionType = "WSD"
    dataset.Modality = "OT"
    dataset.Rows, dataset.Columns = rows, columns
    dataset.SamplesPerPixel = 3 if colour else 1
    dataset.PhotometricInterpretation = "RGB" if colour else "MONOCHROME2"
    if colour:
        dataset.PlanarConfiguration = 0
        profile = image.info.get("icc_profile")
        if isinstance(profile, bytes) and profile and image.mode in ("RGB", "RGBA", "P"):
            dataset.ICCProfile = profile  # a camera's colours are often wider than a screen's
    dataset.BitsAllocated = dataset.BitsStored = 16 if deep else 8
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = 0
    if not colour:  # LINEAR with these numbers changes no value
        levels = 2**dataset.BitsStored
        dataset.WindowCenter, dataset.WindowWidth = levels // 2, levels
        dataset.WindowCenterWidthExplanation = "As saved"
    return dataset


def decode_picture(path: Path) -> NDArray[Any]:
    """(rows, columns) uint8 or uint16, or (rows, columns, 3) uint8. Transparency is dropped.

    Raises DamagedFile or UnsafeImage.
    """
    content = _content(path)
    with gathered():
        image = _open(content, path)
        deep, colour = _kind(image)
        try:
            if deep:
                return np.asarray(image).astype(np.uint16)
            return np.array(image.convert("RGB" if colour else "L"), dtype=np.uint8)
        except _NONSENSE as error:
            raise _damaged(path) from error


def write_png(path: Path, pixels: NDArray[np.uint8]) -> None:
    """Write (rows, columns) or (rows, columns, 3) uint8 values as a PNG, one pixel each.

    Raises ValueError for other arrays, StorageProblem when the file cannot be written.
    """
    if pixels.dtype != np.uint8 or not (
        pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)
    ):
        raise ValueError(f"A PNG needs grey or RGB bytes, not {pixels.dtype} of {pixels.shape}.")
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "PNG")
    write_safely(Path(path), buffer.getvalue())


def read_picture(path: Path) -> NDArray[Any]:
    """The pixels of a PNG or JPEG file, as `decode_picture` gives them."""
    return decode_picture(Path(path))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileProblem(
            f"{path.name} cannot be read any more ({error.strerror or error}).", path
        ) from error


def _open(content: bytes, path: Path) -> Image.Image:
    """The picture upright, its size within our limits; pixels are decoded later where possible."""
    try:
        image = Image.open(io.BytesIO(content), formats=("PNG", "JPEG"))
        columns, rows = image.size
        if max(rows, columns) > MAX_SIDE or rows * columns * 3 > MAX_FRAME_BYTES:
            raise _too_large(path)
        ImageOps.exif_transpose(image, in_place=True)
    except Image.DecompressionBombError as error:
        raise _too_large(path) from error
    except (UnidentifiedImageError, *_NONSENSE) as error:
        raise _damaged(path) from error
    return image


def _too_large(path: Path) -> UnsafeImage:
    return UnsafeImage(
        f"{path.name} claims more pixels than the limit of {MAX_FRAME_BYTES // 2**20} MiB allows. "
        "It was not opened.",
        path,
    )


def _kind(image: Image.Image) -> tuple[bool, bool]:
    """(16 bit grey, colour)."""
    return image.mode in _DEEP, image.mode not in (*_DEEP, "1", "L", "LA")


def _damaged(path: Path) -> DamagedFile:
    return DamagedFile(f"{path.name} is a damaged picture and cannot be decoded.", path)
