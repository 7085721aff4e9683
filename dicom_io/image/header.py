"""The header of a DICOM file, read with suspicion, and where its pixels lie."""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from pydicom import config
from pydicom.datadict import dictionary_description, dictionary_has_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag
from pydicom.uid import UID

from dicom_io.errors import DamagedFile, FileProblem, NoPixels, NotDicom, UnsafeImage
from dicom_io.image.bounded import open_inflated
from dicom_io.image.elements import Odd, read_elements
from dicom_io.image.fragments import Fragments
from dicom_io.image.notices import gathered
from dicom_io.raw import tag_named, text_of, value_at

PIXEL_KEYWORDS = {
    0x7FE00008: "FloatPixelData",
    0x7FE00009: "DoubleFloatPixelData",
    0x7FE00010: "PixelData",
}
SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"  # VL Whole Slide Microscopy Image Storage
MAX_SIDE = 32_768
MAX_FRAMES = 10_000
MAX_TILES = 4_000_000  # of a slide, which nobody scrolls through
MAX_FRAME_BYTES = 512 * 2**20
MAX_DEPTH = 32  # of nested sequences
UNDEFINED = 0xFFFFFFFF
# What pydicom and its converters raise on bytes that make no sense.
_NONSENSE = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    NotImplementedError,
    OverflowError,
    struct.error,
    EOFError,
    UnicodeError,
    BytesLengthException,
)


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Where the pixels of a file lie."""

    keyword: str  # PixelData, FloatPixelData or DoubleFloatPixelData
    vr: str
    offset: int  # of the value's first byte in the (inflated) file
    length: int  # UNDEFINED when encapsulated
    available: int  # bytes that are really there


@dataclass(frozen=True, eq=False)
class Header:
    """A data set without its pixels, their place, and what was odd in the file."""

    dataset: Dataset
    syntax: UID
    element: PixelElement | None
    notices: tuple[str, ...] = ()
    is_deflated: bool = False  # all offsets count in the inflated file
    fragments: list[Fragments] = field(default_factory=list)  # found when first asked for


def read_header(path: Path) -> Header:
    """Everything before the pixels, but for private values beyond 1 KiB, which nobody looks at.

    Raises FileProblem: NotDicom, DamagedFile, UnsafeImage.
    """
    return read_quickly(path) or read_leniently(path)


def read_quickly(path: Path) -> Header | None:
    """The header of a file that keeps the rules; None for any other. Raises FileProblem."""
    try:
        return _well_formed(path)
    except OSError as error:
        raise _unopened(path, error) from error


def read_leniently(path: Path) -> Header:
    """The header of any file, by pydicom, one file at a time. Raises as `read_header` does."""
    try:
        return _by_pydicom(path)
    except OSError as error:
        raise _unopened(path, error) from error


def _unopened(path: Path, error: OSError) -> FileProblem:
    return FileProblem(
        f"{path.name} cannot be opened ({error.strerror or error}). "
        "Check that it exists and may be read.",
        path,
    )


def _well_formed(path: Path) -> Header | None:
    with path.open("rb", buffering=0) as file:
        try:
            found = read_elements(file)
        except Odd:
            return None
        notices: list[str] = []
        if found.odd:
            with gathered() as texts:
                for level, tag in found.odd:
                    notices += _convert(level, tag)
                    if tag in level and level[tag].VR == "SQ":  # written as of unknown kind
                        for item in level[tag].value or ():
                            notices += settle(item, path)
            notices += texts
    element = None
    if found.pixels >= 0:  # every call of the system lets another thread have the interpreter
        element = _located(found.head, found.pixels, found.size, found.dataset)
    return Header(found.dataset, uid_of(found.syntax), element, tuple(notices))


def _by_pydicom(path: Path) -> Header:
    with open_inflated(path) as file, gathered() as texts:
        header, notices = _read(file, path)
    is_deflated = isinstance(file, io.BytesIO)
    return Header(
        header.dataset, header.syntax, header.element, (*notices, *texts), is_deflated=is_deflated
    )


def _read(file: BinaryIO, path: Path) -> tuple[Header, list[str]]:
    """The header and its notices, from an open file."""
    try:
        dataset = _parse(file, path)
    except RecursionError as error:
        raise DamagedFile(
            f"{path.name} is malformed: its sequences are nested too deeply to be read.", path
        ) from error
    except _NONSENSE as error:
        raise DamagedFile(
            f"{path.name} is damaged: its header cannot be read. Fetch it again.", path
        ) from error
    notices = settle(dataset, path)
    syntax = uid_of(dataset.file_meta.get("TransferSyntaxUID"))
    if not syntax:
        syntax = _guessed_syntax(dataset)
        notices.append(f"The file does not name its transfer syntax; {syntax.name} is assumed.")
    return Header(dataset, syntax, _locate(file, dataset)), notices


def _parse(file: BinaryIO, path: Path) -> FileDataset:
    """The data set up to its pixels, leaving the file at the pixel element."""
    try:
        return read_partial(file, _at_pixels)
    except InvalidDicomError:
        file.seek(0)
    not_dicom = NotDicom(
        f"{path.name} is neither DICOM nor a PNG or JPEG picture. Choose another file.", path
    )
    try:
        dataset = read_partial(file, _at_pixels, force=True)
    except (*_NONSENSE, RecursionError) as error:
        raise not_dicom from error
    if "SOPClassUID" not in dataset and not ("Rows" in dataset and "Columns" in dataset):
        raise not_dicom
    return dataset


def _at_pixels(tag: BaseTag, vr: str | None, length: int) -> bool:
    return int(tag) in PIXEL_KEYWORDS


def _guessed_syntax(dataset: Dataset) -> UID:
    implicit, little = dataset.original_encoding
    if implicit:
        return UID("1.2.840.10008.1.2")
    return UID("1.2.840.10008.1.2.1" if little or little is None else "1.2.840.10008.1.2.2")


def settle(dataset: Dataset, path: Path) -> list[str]:
    """Convert every element now; leave out, and name, those whose value makes no sense.

    pydicom converts on first access and warns or raises then, which would be anywhere. Raises
    DamagedFile for sequences nested deeper than 32.
    """
    notices: list[str] = []
    pending: list[tuple[Dataset, int]] = [(dataset, 0)]
    while pending:
        level, depth = pending.pop()
        if depth > MAX_DEPTH:
            raise DamagedFile(
                f"{path.name} is malformed: its sequences are nested more than {MAX_DEPTH} deep.",
                path,
            )
        for tag in list(level.keys()):
            if int(tag) in PIXEL_KEYWORDS or tag.is_private:  # nobody looks at private ones
                continue
            notices += _convert(level, tag)
            if tag in level and level[tag].VR == "SQ" and level[tag].value:
                pending.extend((item, depth + 1) for item in level[tag].value)
    return notices


def _convert(level: Dataset, tag: BaseTag) -> list[str]:
    """Convert an element now; leave it out when its value makes no sense, and say so."""
    try:
        if not _is_no_number(level[tag]):
            return []
    except _NONSENSE:
        pass
    del level[tag]
    name = f"{dictionary_description(tag)} " if dictionary_has_tag(tag) else ""
    return [f"The attribute {name}{tag} has a value that cannot be read; left out."]


def _is_no_number(element: DataElement) -> bool:
    """True for a number that pydicom could not read, and made a text of without a word."""
    if element.VR not in ("DS", "IS") or not element.value:
        return False
    value = element.value
    many = [value] if isinstance(value, (str, bytes)) or not hasattr(value, "__iter__") else value
    return any(one and isinstance(one, (str, bytes)) for one in many)


def _locate(file: BinaryIO, dataset: Dataset) -> PixelElement | None:
    """Read the pixel element's own header; None when the file has no such element."""
    start = file.tell()
    size = file.seek(0, io.SEEK_END)
    file.seek(start)
    return _located(file.read(12), start, size, dataset)


def _located(head: bytes, start: int, size: int, dataset: Dataset) -> PixelElement | None:
    """The same from the element's first 12 bytes, its place and the file's size."""
    implicit, little = dataset.original_encoding
    order = "<" if little or little is None else ">"
    if len(head) < 8:
        return None
    group, number = struct.unpack(f"{order}HH", head[:4])
    keyword = PIXEL_KEYWORDS.get(group << 16 | number)
    if keyword is None:
        return None
    if implicit or not head[4:6].isalpha():
        vr, begin = "OW", start + 8
        (length,) = struct.unpack(f"{order}L", head[4:8])
    elif len(head) < 12:
        return None
    else:
        vr, begin = head[4:6].decode("ascii"), start + 12
        (length,) = struct.unpack(f"{order}L", head[8:12])
    there = size - begin
    return PixelElement(
        keyword, vr, begin, length, there if length == UNDEFINED else min(length, there)
    )


def uid_of(value: object) -> UID:
    """A UID of any form, quietly; empty for None."""
    return UID(str(value or "").strip(), config.IGNORE)


def number(dataset: Dataset, keyword: str, default: int) -> int:
    """An integer attribute; `default` when it is absent, empty or no number."""
    value = value_at(dataset, tag_named(keyword))
    if hasattr(value, "__iter__") and not isinstance(value, (str, bytes)):
        value = next(iter(value), None)
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return default


def check_claims(dataset: Dataset, keyword: str, path: Path) -> int:
    """The number of frames, after looking at everything that decides what is allocated.

    Raises UnsafeImage beyond 32,768 rows or columns, 10,000 frames or 512 MiB a frame, and
    DamagedFile for an image whose size makes no sense.
    """
    rows, columns = number(dataset, "Rows", 0), number(dataset, "Columns", 0)
    frames = max(number(dataset, "NumberOfFrames", 1), 1)
    samples = number(dataset, "SamplesPerPixel", 1)
    bits = number(dataset, "BitsAllocated", {"PixelData": 0, "FloatPixelData": 32}.get(keyword, 64))
    if rows < 1 or columns < 1:
        raise DamagedFile(
            f"{path.name} is damaged: it has pixels but says {rows} rows by {columns} columns.",
            path,
        )
    if samples not in (1, 3) or bits not in (1, 8, 16, 32, 64):
        raise DamagedFile(
            f"{path.name} cannot be shown: {samples} samples of {bits} bits per pixel is no image "
            "format of DICOM.",
            path,
        )
    most = MAX_TILES if is_tiled(dataset) else MAX_FRAMES
    if max(rows, columns) > MAX_SIDE or frames > most:
        raise UnsafeImage(
            f"{path.name} claims {frames} frames of {rows} rows by {columns} columns; the limits "
            f"are {most:,} frames and {MAX_SIDE:,} rows or columns. It was not opened.",
            path,
        )
    size = rows * columns * samples * max(bits // 8, 1)
    if size > MAX_FRAME_BYTES:
        raise UnsafeImage(
            f"{path.name} claims frames of {size // 2**20} MiB; the limit is "
            f"{MAX_FRAME_BYTES // 2**20} MiB. It was not opened.",
            path,
        )
    return frames


def is_tiled(dataset: Dataset) -> bool:
    """True for a level of a slide: its frames are tiles of one picture."""
    return text_of(dataset, "SOPClassUID") == SLIDE


def require_pixels(header: Header, path: Path) -> PixelElement:
    """The pixel element. Raises NoPixels, or DamagedFile when an image's pixels are missing."""
    if header.element is not None:
        return header.element
    name = uid_of(header.dataset.get("SOPClassUID")).name
    if "Rows" in header.dataset and "BitsAllocated" in header.dataset:
        raise DamagedFile(
            f"{path.name} describes an image but holds no pixels; it may have been cut short. "
            "Fetch it again.",
            path,
        )
    raise NoPixels(
        f"{path.name} holds no image{f' (it is a {name})' if name else ''}. Choose an image.", path
    )
