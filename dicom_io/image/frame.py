"""ImageFrame: one frame of a study, whose pixels are decoded when they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from dicom_io.errors import NoPixels
from dicom_io.identity import Identity
from dicom_io.image.decode import Decoded, decode_file, decode_value, require_decoder
from dicom_io.image.header import (
    MAX_FRAMES,
    PIXEL_KEYWORDS,
    UNDEFINED,
    Header,
    PixelElement,
    check_claims,
    number,
    read_leniently,
    read_quickly,
    require_pixels,
    settle,
    uid_of,
)
from dicom_io.image.layout import notices_of_layout, settle_photometric
from dicom_io.image.notices import gathered
from dicom_io.image.picture import decode_picture, is_picture, picture_header
from dicom_io.image.pyramid import Pyramid
from dicom_io.image.samples import Values
from dicom_io.image.syntaxes import is_encapsulated


@dataclass(frozen=True, eq=False)
class ImageFrame:
    """One frame. `identity.frame` counts from 1, for an image of a single frame too; `index` is
    the same number from 0. Frames of one file share `header`, which holds no pixels and must not
    be changed.
    """

    identity: Identity
    header: Dataset = field(repr=False)  # patient data: never in a log
    index: int
    path: Path
    decode: Callable[[int], Decoded] = field(repr=False)
    notices: tuple[str, ...] = ()  # what was odd in the header, for a person
    made_up: bool = False  # a picture file: its UIDs are made from its bytes, in no archive
    derivation: str = ""  # what it was computed from, in words: it is no image of its own, made_up
    pyramid: Pyramid | None = field(default=None, repr=False)  # of a slide: `stored` is refused

    @property
    def rows(self) -> int:
        return number(self.header, "Rows", 0)

    @property
    def columns(self) -> int:
        return number(self.header, "Columns", 0)

    @property
    def photometric(self) -> str:
        """PhotometricInterpretation of the file; `stored()` turns every colour into RGB."""
        return str(self.header.get("PhotometricInterpretation") or "MONOCHROME2")

    @property
    def is_colour(self) -> bool:
        """True when `stored()` gives RGB."""
        return self.photometric not in ("MONOCHROME1", "MONOCHROME2")

    @property
    def number_of_frames(self) -> int:
        return max(number(self.header, "NumberOfFrames", 1), 1)

    @property
    def modality(self) -> str:
        return str(self.header.get("Modality") or "")

    def stored(self) -> Values:
        """This frame's stored values, decoded now.

        Grey: (rows, columns), integers masked to BitsStored and sign-extended, or floats. Colour:
        (rows, columns, 3) uint8 RGB. Raises FileProblem: DamagedFile for a file that ends early,
        UnknownTransferSyntax, or the root when the file is gone.
        """
        return self.decoded().values

    def decoded(self) -> Decoded:
        """`stored()` with a sentence for whatever was odd in the pixel data. Raises the same."""
        return self.decode(self.index)


def open_frames(path: Path) -> tuple[ImageFrame, ...]:
    """The frames of a DICOM, PNG or JPEG file, from its header alone.

    Raises FileProblem: NotDicom, NoPixels, DamagedFile, UnknownTransferSyntax or UnsafeImage.
    """
    path = Path(path)
    header = read_quickly(path)  # first: at each file opened another thread takes the interpreter
    if header is None and is_picture(path):
        dataset = picture_header(path)
        return _frames(dataset, path, lambda index: Decoded(decode_picture(path)), made_up=True)
    header = header or read_leniently(path)
    element = require_pixels(header, path)
    require_decoder(header.syntax, path)
    check_claims(header.dataset, element.keyword, path)

    def decode(index: int) -> Decoded:
        return decode_file(path, header, element, index)

    told = settle_photometric(header.dataset)
    notices = (*header.notices, *told, *notices_of_layout(header.dataset, element))
    return _frames(header.dataset, path, decode, notices)


def frames_of_dataset(dataset: Dataset, path: Path) -> tuple[ImageFrame, ...]:
    """The frames of a data set in memory, pixels included; `path` names it in messages.

    `dataset` itself is left as it is. Raises as `open_frames` does.
    """
    keyword = next((name for name in PIXEL_KEYWORDS.values() if name in dataset), "")
    bare = Dataset()
    bare.update({tag: dataset.get_item(tag) for tag in dataset.keys() if tag not in PIXEL_KEYWORDS})
    bare.file_meta = getattr(dataset, "file_meta", None) or FileMetaDataset()
    bare.set_original_encoding(*dataset.original_encoding)
    syntax = uid_of(bare.file_meta.get("TransferSyntaxUID") or ExplicitVRLittleEndian)
    with gathered() as texts:
        settled = settle(bare, path)
        value = dataset[keyword].value if keyword else None
    if not isinstance(value, bytes):
        raise NoPixels(f"{path.name} holds no image. Choose an image.", path)
    require_decoder(syntax, path)
    length = UNDEFINED if is_encapsulated(syntax) else len(value)
    element = PixelElement(keyword, dataset[keyword].VR, 0, length, len(value))
    header = Header(bare, syntax, element, (*settled, *texts))
    check_claims(bare, keyword, path)

    def decode(index: int) -> Decoded:
        return decode_value(value, header, element, index, path)

    told = settle_photometric(bare)
    notices = (*header.notices, *told, *notices_of_layout(bare, element))
    return _frames(bare, path, decode, notices)


def _frames(
    dataset: Dataset,
    path: Path,
    decode: Callable[[int], Decoded],
    notices: tuple[str, ...] = (),
    *,
    made_up: bool = False,
) -> tuple[ImageFrame, ...]:
    count = max(number(dataset, "NumberOfFrames", 1), 1)
    identity = Identity.of(dataset)
    if count > MAX_FRAMES:  # tiles of a slide: one of them stands for all
        told = f"The slide has {count:,} tiles, which are not offered one by one."
        notices, count = (*notices, told), 1
    return tuple(
        ImageFrame(identity.of_frame(i + 1), dataset, i, path, decode, notices, made_up)
        for i in range(count)
    )
