"""Video clips: single frames out of a stream of MPEG-2, MPEG-4 AVC or HEVC.

The stream lies in the fragments of the pixel element and is read from there, never copied whole.
Its packets are counted once, without decoding; a frame is then decoded from the key frame before
it on, and the last few are kept, so that playing decodes each frame once. PyAV, the extra "video",
does the decoding, through FFmpeg. Source: DICOM PS3.5 8.2.5 to 8.2.9, A.4.5 to A.4.9.
"""

from __future__ import annotations

import importlib.util
import io
import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from dicom_io.errors import DamagedFile
from dicom_io.image.fragments import Pieces, find_fragments
from dicom_io.image.header import Header, number

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

PACKAGE = "av"
Bytes = NDArray[np.uint8]

FORMATS = "mpeg,mpegvideo,mpegts,mov,mp4,h264,hevc"
CODECS = "mpeg1video,mpeg2video,h264,hevc"
MOST_PACKETS = 1_000_000
KEPT_BYTES = 96 * 2**20  # of a clip's last frames
LEAST_KEPT = 3
MOST_OPEN = 4  # clips that keep a decoder
FAR = 64  # frames after which seeking pays


def is_installed() -> bool:
    """True when the package that decodes video is there."""
    return importlib.util.find_spec(PACKAGE) is not None


class Pieced(io.RawIOBase):
    """The bytes of fragments one after another, as one file that can be read and sought."""

    def __init__(self, file: BinaryIO, begin: int, pieces: Pieces) -> None:
        """`begin` is where the pixel element's value begins in the file."""
        super().__init__()
        self._file = file
        self._starts = [begin + start for start, _ in pieces]
        self._ends = list(accumulate(length for _, length in pieces))
        self._at = 0

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """Bytes from the first one of the first fragment."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """As of any file."""
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._ends[-1]}[whence]
        self._at = max(0, origin + offset)
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        """As of any file; to the end of a fragment at most."""
        piece = bisect_right(self._ends, self._at)
        if piece == len(self._ends) or size == 0:
            return b""
        before = self._ends[piece - 1] if piece else 0
        left = self._ends[piece] - self._at
        self._file.seek(self._starts[piece] + self._at - before)
        content = self._file.read(left if size < 0 else min(size, left))
        self._at += len(content)
        return content

    def close(self) -> None:
        """Close the file below too."""
        self._file.close()
        super().close()


class Clip:
    """The frames of one stream. Threads take turns; whoever plays is served from what is kept."""

    def __init__(
        self, opened: Callable[[], BinaryIO], begin: int, header: Header, path: Path
    ) -> None:
        """`opened` gives the file, in which the pixel element's value begins at `begin`."""
        self._opened, self._begin, self._path = opened, begin, path
        self._size = number(header.dataset, "Columns", 0), number(header.dataset, "Rows", 0)
        self._lock = threading.Lock()
        self._file: Pieced | None = None
        self._container: InputContainer | None = None
        self._stream: VideoStream | None = None
        self._frames: Any = None  # the iterator of the decoder
        self._times: list[int] = []  # presentation times in order; empty when there are none
        self._keys: list[int] = []  # frames that can be decoded by themselves
        self._count = -1  # frames in the stream; -1 before they were counted
        self._next = 0  # the frame that the decoder gives next
        self._kept: OrderedDict[int, Bytes] = OrderedDict()
        self.torn: set[int] = set()  # frames of which the decoder had to make up a part

    def frame(self, index: int) -> Bytes:
        """(rows, columns, 3) RGB of a frame, from 0. Raises DamagedFile."""
        import av

        with self._lock:
            try:
                kept = self._kept.get(index)
                if kept is None:
                    self._open()
                    kept = self._decoded(index)
                return kept
            except (av.FFmpegError, ValueError, EOFError, OSError, IndexError) as error:
                self._close()
                raise DamagedFile(
                    f"{self._path.name} is damaged: frame {index + 1} of its video cannot be "
                    "decoded. Fetch it again.",
                    self._path,
                ) from error

    @property
    def count(self) -> int:
        """How many frames the stream holds; -1 before the first was decoded."""
        return self._count

    def close(self) -> None:
        """Let go of decoder and file; the next frame opens them again."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        self._frames = None
        if self._container is not None:
            self._container.close()
        if self._file is not None:
            self._file.close()
        self._container = self._stream = self._file = None

    def _open(self) -> None:
        """Open the stream and count its frames, if that was not done."""
        if self._container is not None:
            return
        _keep_few_open(self)
        self._begin_again()
        if self._count < 0:
            self._look_through()
            self._close()
            self._begin_again()

    def _begin_again(self) -> None:
        import av

        self._close()
        file = self._opened()
        file.seek(self._begin)
        pieces = find_fragments(file, 1).frames[0]
        self._file = Pieced(file, self._begin, pieces)
        options = {"format_whitelist": FORMATS, "codec_whitelist": CODECS}
        self._container = av.open(self._file, "r", options=options)
        if not self._container.streams.video:
            raise ValueError("there is no video in the stream")
        self._stream = stream = self._container.streams.video[0]
        columns, rows = stream.codec_context.width, stream.codec_context.height
        if (columns, rows) != self._size and (columns or rows):
            raise DamagedFile(
                f"{self._path.name} is damaged: its video is {rows} rows by {columns} columns, "
                f"but the header says {self._size[1]} by {self._size[0]}.",
                self._path,
            )
        padded = (self._size[0] + 128) * (self._size[1] + 128)
        stream.codec_context.options = {"max_pixels": str(padded)}
        stream.thread_type = "SLICE"  # threads of frames would run ahead of a seek
        self._frames = self._container.decode(stream)
        self._next = 0

    def _look_through(self) -> None:
        """Count the frames and note when each is shown, without decoding any."""
        assert self._container is not None and self._stream is not None
        times: list[int | None] = []
        keys: set[int | None] = set()
        for packet in self._container.demux(self._stream):
            if not packet.size:
                continue
            times.append(packet.pts)
            if packet.is_keyframe:
                keys.add(packet.pts)
            if len(times) > MOST_PACKETS:
                raise ValueError("the stream has too many packets")
        self._count = len(times)
        known = [time for time in times if time is not None]
        if len(set(known)) == len(times) and times:
            self._times = sorted(known)
            self._keys = [place for place, time in enumerate(self._times) if time in keys]

    def _decoded(self, index: int) -> Bytes:
        """A frame that is not kept."""
        if index >= self._count:
            raise DamagedFile(
                f"{self._path.name} ends early: its video has {self._count} frames, not "
                f"{index + 1}. Fetch it again.",
                self._path,
            )
        self._go_near(index)
        found: Bytes | None = None
        while found is None or self._next <= index:
            picture = next(self._frames, None)
            if picture is None:
                raise EOFError("the stream ends early")
            place = self._place(picture.pts)
            self._next = place + 1
            if place <= index - FAR:
                continue  # on the way; not worth the colours
            if picture.is_corrupt:
                self.torn.add(place)
            rgb = self._rgb(picture)
            self._keep(place, rgb)
            if place == index:
                found = rgb
            elif place > index:
                raise ValueError("the frame is missing")
        return found

    def _go_near(self, index: int) -> None:
        """Have the decoder stand before the frame, at best at the key frame before it."""
        assert self._container is not None and self._stream is not None
        key = self._keys[max(0, bisect_right(self._keys, index) - 1)] if self._keys else 0
        if self._next <= index and (key <= self._next or index - self._next < FAR):
            return
        if self._times and key > 0:
            self._container.seek(self._times[key], stream=self._stream, backward=True)
            self._frames = self._container.decode(self._stream)
            self._next = key
        else:
            self._begin_again()

    def _place(self, time: int | None) -> int:
        """Which frame has this presentation time; the next one where times are not known."""
        if not self._times or time is None:
            return self._next
        place = bisect_right(self._times, time) - 1
        return max(0, place)

    def _rgb(self, picture: Any) -> Bytes:
        if (picture.width, picture.height) != self._size:
            raise ValueError("a frame of the stream has another size")
        rgb: Bytes = np.ascontiguousarray(picture.to_ndarray(format="rgb24"))
        return rgb

    def _keep(self, place: int, rgb: Bytes) -> None:
        self._kept[place] = rgb
        self._kept.move_to_end(place)
        most = max(LEAST_KEPT, KEPT_BYTES // rgb.nbytes)
        while len(self._kept) > most:
            self._kept.popitem(last=False)


_CLIPS: WeakKeyDictionary[Header, Clip] = WeakKeyDictionary()
_OPEN: list[Clip] = []  # the one used last at the end
_REGISTER = threading.Lock()


def clip_of(header: Header, opened: Callable[[], BinaryIO], begin: int, path: Path) -> Clip:
    """The clip of a file, the same for all its frames."""
    with _REGISTER:
        clip = _CLIPS.get(header)
        if clip is None:
            clip = _CLIPS[header] = Clip(opened, begin, header, path)
        return clip


def _keep_few_open(clip: Clip) -> None:
    """Of the clips that are open, close the one that was opened first when there are many."""
    with _REGISTER:
        _OPEN[:] = [*(one for one in _OPEN if one is not clip), clip]
        old = _OPEN.pop(0) if len(_OPEN) > MOST_OPEN else None
    if old is not None and old._lock.acquire(blocking=False):
        try:
            old._close()
        finally:
            old._lock.release()
