"""Slides: whole slide microscopy as one frame whose pixels are read tile by tile.

The instances of a series that lie in one frame of reference are one slide: its levels, optical
paths and concatenations are put together by wsidicom. Labels, overviews and thumbnails are
pictures of their own. Source: DICOM PS3.3 A.32.8, C.8.12.4, C.8.12.9, C.7.6.17.
"""

from __future__ import annotations

import math
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import numpy as np
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from dicom_io.errors import DamagedFile, FileProblem, UnsafeImage
from dicom_io.image.decode import Decoded
from dicom_io.image.frame import ImageFrame
from dicom_io.image.functional import floats, macro
from dicom_io.image.header import is_tiled, number
from dicom_io.image.notices import gathered
from dicom_io.image.pyramid import Bytes, Level, with_coarser

if TYPE_CHECKING:
    from wsidicom import WsiDicom
    from wsidicom.series import Pyramid as WsiPyramid

APART = ("LABEL", "OVERVIEW", "LOCALIZER", "THUMBNAIL")  # ImageType, third value
LARGEST_TILE = 4096  # pixels of a side
LARGEST_READ = 2**26  # pixels at a time
LARGEST_MATRIX = 2**24  # columns or rows
# What the library, pydicom and the decoders raise on bytes that make no sense.
_NONSENSE = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    NotImplementedError,
    OverflowError,
    RuntimeError,  # of imagecodecs, and too deep recursion
    StopIteration,
    SyntaxError,  # of Pillow
    EOFError,
    OSError,
    struct.error,
)
# Elements that tell of the tiles; the slide has its own in their place.
OF_TILES = tuple(
    tag_for_keyword(keyword)
    for keyword in (
        "PerFrameFunctionalGroupsSequence",
        "NumberOfFrames",
        "Columns",
        "Rows",
        "PhotometricInterpretation",
        "SamplesPerPixel",
        "PlanarConfiguration",
        "PixelSpacing",
    )
)
BLANK = 255  # where the glass was not scanned
CACHE = 2**24  # bytes that the library may keep; tiles are kept under our own budget


class Slide:
    """The levels of one slide, out of the files that hold them."""

    def __init__(
        self,
        paths: Sequence[Path],
        columns: int,
        rows: int,
        path: str | None = None,
        headers: tuple[Dataset, ...] = (),
    ) -> None:
        """`columns` x `rows` is the total pixel matrix of the finest level, `path` the optical
        path to show; None for the only one. `headers` are those of the files, kept as long as the
        slide is."""
        self.paths = tuple(paths)
        self.columns, self.rows = columns, rows
        self._path = path
        self._headers = headers
        self._lock = threading.Lock()
        self._opened: tuple[WsiDicom, int, tuple[int, ...], tuple[Level, ...]] | None = None

    def levels(self) -> tuple[Level, ...]:
        """As `Pyramid` says."""
        return self._open()[3]

    def region(self, level: int, x: int, y: int, width: int, height: int) -> Bytes:
        """As `Pyramid` says. Raises ValueError for a level that is not there or more pixels than
        64 million."""
        one = self.levels()[level]
        if width < 1 or height < 1 or width * height > LARGEST_READ:
            raise ValueError(f"{width} x {height} pixels cannot be read at once.")
        region = np.full((height, width, 3), BLANK, np.uint8)
        x0, y0 = max(x, 0), max(y, 0)
        x1, y1 = min(x + width, one.columns), min(y + height, one.rows)
        if x1 > x0 and y1 > y0:
            read = self._stored if one.is_stored else self._halved
            region[y0 - y : y1 - y, x0 - x : x1 - x] = read(level, x0, y0, x1 - x0, y1 - y0)
        return region

    def _stored(self, level: int, x: int, y: int, width: int, height: int) -> Bytes:
        """Pixels that lie within a level of the files."""
        slide, pyramid, numbers, _ = self._open()
        with told(self.paths[0]):
            read = slide.read_region(
                (x, y),
                numbers[level],
                (width, height),
                path=self._path,
                pyramid=pyramid,
                threads=1,
                as_array=True,
            )
        return _as_rgb(read, (height, width), self.paths[0])

    def _halved(self, level: int, x: int, y: int, width: int, height: int) -> Bytes:
        """Pixels of a level that is not stored: means of four of the next finer one, read a tile
        at a time."""
        side = self.levels()[level].tile
        made = np.empty((height, width, 3), np.uint8)
        for top in range(0, height, side):
            for left in range(0, width, side):
                wide, high = min(side, width - left), min(side, height - top)
                finer = self.region(level - 1, 2 * (x + left), 2 * (y + top), 2 * wide, 2 * high)
                four = finer.reshape(high, 2, wide, 2, 3).astype(np.uint16).sum(axis=(1, 3))
                made[top : top + high, left : left + wide] = (four + 2) // 4
        return made

    def _open(self) -> tuple[WsiDicom, int, tuple[int, ...], tuple[Level, ...]]:
        with self._lock:
            if self._opened is None:
                with gathered(), told(self.paths[0]):
                    self._opened = self._opening()
            return self._opened

    def _opening(self) -> tuple[WsiDicom, int, tuple[int, ...], tuple[Level, ...]]:
        from wsidicom import WsiDicom  # half a second: not when Wetread starts
        from wsidicom.config import Settings

        settings = Settings(
            strict_tile_size_check=False,
            strict_specimen_identifier_check=False,
            decoded_frame_cache_size=CACHE,
            encoded_frame_cache_size=CACHE,
        )
        slide = WsiDicom.open(list(self.paths), settings=settings)
        for place, pyramid in enumerate(slide.pyramids):
            size = pyramid.base_level.size
            if (size.width, size.height) == (self.columns, self.rows):
                numbers = tuple(level.level for level in pyramid)
                return slide, place, numbers, _levels(pyramid)
        slide.close()
        raise DamagedFile(
            f"The slide of {self.paths[0].name} cannot be put together: its levels contradict "
            "their headers. Look at it tile by tile.",
            self.paths[0],
        )


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Whatever the library raises over files that make no sense becomes one sentence.

    Raises FileProblem.
    """
    from wsidicom import errors

    own = [
        one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, Exception)
    ]
    broken: tuple[type[Exception], ...] = (*own, *_NONSENSE)
    try:
        yield
    except broken as error:
        if isinstance(error, OSError) and error.filename is not None:
            raise FileProblem(
                f"{path.name} cannot be read any more ({error.strerror or error}).", path
            ) from error
        raise DamagedFile(
            f"The slide of {path.name} is damaged or of a kind that is not read here: a part of "
            "it cannot be decoded. Look at it tile by tile, or fetch it again.",
            path,
        ) from error


def _levels(pyramid: WsiPyramid) -> tuple[Level, ...]:
    finest = pyramid.base_level.size
    stored = []
    for level in pyramid:
        tile = max(level.tile_size.width, level.tile_size.height)
        factor = math.sqrt(finest.width / level.size.width * finest.height / level.size.height)
        side = tile if 128 <= tile <= 1024 else 512
        stored.append(Level(level.size.width, level.size.height, factor, side))
    return with_coarser(stored)


def _as_rgb(read: Any, shape: tuple[int, int], path: Path) -> Bytes:
    """What the library read as RGB bytes."""
    pixels = np.asarray(read)
    if pixels.dtype != np.uint8 or pixels.shape[:2] != shape:
        raise UnsafeImage(
            f"The slide of {path.name} has more than 8 bits a sample, which is not shown as a "
            "slide. Look at it tile by tile.",
            path,
        )
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        pixels = np.repeat(pixels.reshape(*shape, 1), 3, axis=2)
    return pixels[:, :, :3]


def is_slide(header: Dataset) -> bool:
    """True for a level of a slide; labels, overviews and thumbnails are none."""
    kind: Any = header.get("ImageType") or ()
    flavour = str(kind[2]) if not isinstance(kind, str) and len(kind) > 2 else "VOLUME"
    return (
        is_tiled(header)
        and flavour not in APART
        and 0 < number(header, "TotalPixelMatrixColumns", 0) <= LARGEST_MATRIX
        and 0 < number(header, "TotalPixelMatrixRows", 0) <= LARGEST_MATRIX
        and max(number(header, "Rows", 0), number(header, "Columns", 0)) <= LARGEST_TILE
        and number(header, "BitsAllocated", 8) == 8
    )


def slides_of(frames: Iterable[ImageFrame]) -> tuple[ImageFrame, ...]:
    """One frame for each slide among the tiles of a series: its total pixel matrix.

    From headers alone; frames that are no tiles are left out. Its identity names the whole
    instance (frame 0) of the finest level, the first part of a concatenation. Its rows and columns
    are those of the total pixel matrix; `pyramid` reads them.
    """
    first: dict[str, ImageFrame] = {}
    for frame in frames:
        if frame.pyramid is None and is_slide(frame.header):
            first.setdefault(frame.identity.instance, frame)
    groups: dict[tuple[str, str], list[ImageFrame]] = {}
    for frame in first.values():
        reference = str(frame.header.get("FrameOfReferenceUID") or "")
        groups.setdefault((frame.identity.series, reference), []).append(frame)
    return tuple(_slide(sorted(group, key=_finest)) for group in groups.values())


def _finest(frame: ImageFrame) -> tuple[int, str, int, str]:
    header = frame.header
    return (
        -number(header, "TotalPixelMatrixColumns", 0),
        next(iter(_paths(header)), ""),
        number(header, "InConcatenationNumber", 0),
        frame.identity.instance,
    )


def _paths(header: Dataset) -> tuple[str, ...]:
    items = header.get("OpticalPathSequence") or []
    return tuple(str(item.get("OpticalPathIdentifier") or "") for item in items)


# Slides that somebody holds, by their headers: the same tiles are the same slide, so that nothing
# that shows one begins anew when its series is sorted again.
_KNOWN: WeakValueDictionary[tuple[int, ...], ImageFrame] = WeakValueDictionary()


def _slide(group: Sequence[ImageFrame]) -> ImageFrame:
    """The slide whose levels these are, the finest first."""
    headers = tuple(one.header for one in group)
    key = tuple(map(id, headers))
    known = _KNOWN.get(key)
    if known is None:
        known = _KNOWN[key] = _put_together(group, headers)
    return known


def _put_together(group: Sequence[ImageFrame], headers: tuple[Dataset, ...]) -> ImageFrame:
    tile = group[0]
    columns = number(tile.header, "TotalPixelMatrixColumns", 0)
    rows = number(tile.header, "TotalPixelMatrixRows", 0)
    paths = tuple(dict.fromkeys(name for one in group for name in _paths(one.header)))
    header = Dataset()
    kept = [tag for tag in tile.header.keys() if int(tag) not in OF_TILES]
    header.update({tag: tile.header.get_item(tag) for tag in kept})
    header.add_new("Columns", "UL", columns)  # 16 bits, which these have elsewhere, may be too few
    header.add_new("Rows", "UL", rows)
    header.NumberOfFrames = 1
    header.PhotometricInterpretation, header.SamplesPerPixel = "RGB", 3
    header.PlanarConfiguration = 0
    measures = macro(tile.header, 0, "PixelMeasuresSequence")
    spacing = floats(measures, "PixelSpacing")
    if len(spacing) == 2 and min(spacing) > 0:
        header.PixelSpacing = [f"{side:.10g}" for side in spacing]
    more = ""
    if len(paths) > 1:
        more = f"The slide has {len(paths)} optical paths; {paths[0] or 'the first'} is shown."
    one_path = paths[0] if len(paths) > 1 else None
    slide = Slide([one.path for one in group], columns, rows, one_path, headers)
    return ImageFrame(
        tile.identity.of_frame(0),
        header,
        0,
        tile.path,
        _refusing(tile.path, columns, rows),
        (*tile.notices, *filter(None, [more])),
        pyramid=slide,
    )


def _refusing(path: Path, columns: int, rows: int) -> Callable[[int], Decoded]:
    """Whoever asks for all pixels at once has not asked whether there is a pyramid."""

    def decode(index: int) -> Decoded:
        raise UnsafeImage(
            f"The slide of {path.name} has {columns} x {rows} pixels and is never decoded whole. "
            "Ask for a region of it.",
            path,
        )

    return decode
