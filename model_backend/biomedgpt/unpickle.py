"""Reading a pickled checkpoint without ever importing or calling what it names.

The pickle is read by the standard library's machine written in Python, whose memory is a dict: the
one written in C makes room for as many remembered objects as a hostile file counts. Each class
that is named becomes an inert one; tensors become entries, whose bytes are read when asked for.
"""

from __future__ import annotations

import io
import math
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import torch
from torch import Tensor

from model_backend.biomedgpt.entries import Entry
from model_backend.request import BadCheckpoint

LARGEST_PICKLE = 16 * 2**20  # bytes of everything but the tensors' numbers
MOST_NAMES = 10_000  # classes and functions that a file may name
_CHUNK = 4 * 2**20
_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001  # of torch.save's form before 1.6
_DTYPES = {
    "Double": torch.float64,
    "Float": torch.float32,
    "Half": torch.float16,
    "BFloat16": torch.bfloat16,
    "Long": torch.int64,
    "Int": torch.int32,
    "Short": torch.int16,
    "Char": torch.int8,
    "Byte": torch.uint8,
    "Bool": torch.bool,
    "Untyped": torch.uint8,
}
_DAMAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
    struct.error,
    zipfile.BadZipFile,
)


class Inert:
    """Stands for any class or function that a file names: keeps what it is given, does nothing."""

    def __init__(self, *args: object, **settings: object) -> None:
        self.__dict__.update(settings)

    def __new__(cls, *args: object, **settings: object) -> Inert:
        return super().__new__(cls)

    def __setstate__(self, state: object) -> None:
        if isinstance(state, dict):
            self.__dict__.update({key: state[key] for key in state if isinstance(key, str)})

    def __setitem__(self, key: object, value: object) -> None:
        if isinstance(key, str):
            self.__dict__[key] = value

    def append(self, value: object) -> None:
        """A list that is not needed."""

    def extend(self, values: object) -> None:
        """The same, many at a time."""

    def add(self, value: object) -> None:
        """A set that is not needed."""


@dataclass(frozen=True)
class _Storage:
    """A run of numbers somewhere in the file."""

    key: str
    dtype: torch.dtype
    length: int
    read: Callable[[str, int], bytearray]  # key, bytes wanted


class _Rebuild:
    """What a file calls to make a tensor of a storage; makes an entry instead."""

    __slots__ = ()

    def __call__(
        self, storage: Any, offset: Any = 0, size: Any = (), stride: Any = (), *rest: Any
    ) -> Any:
        if isinstance(storage, Entry):  # a parameter around a tensor
            return storage
        if isinstance(storage, _Rebuild):  # a tensor subclass: function, type, arguments, state
            return storage(*size)
        dtype = rest[2] if len(rest) > 2 and isinstance(rest[2], torch.dtype) else None
        return _entry(storage, offset, tuple(size), tuple(stride), dtype)


def _entry(
    storage: _Storage,
    offset: int,
    size: tuple[int, ...],
    stride: tuple[int, ...],
    dtype: torch.dtype | None,
) -> Entry:
    """Raises ValueError when the tensor is not within its storage, or larger than it."""
    numbers = (offset, *size, *stride)
    if not all(type(one) is int and one >= 0 for one in numbers) or len(size) != len(stride):
        raise ValueError("a tensor of no shape")
    kind = dtype or storage.dtype
    length = storage.length * storage.dtype.itemsize // kind.itemsize
    count = math.prod(size)
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if count and (count > length or last >= length):
        raise ValueError("a tensor larger than its numbers")

    def read() -> Tensor:
        if not count:
            return torch.empty(size, dtype=kind)
        body = storage.read(storage.key, storage.length * storage.dtype.itemsize)
        return torch.frombuffer(body, dtype=kind).as_strided(size, stride, offset).contiguous()

    return Entry(size, kind, read, (storage.read, storage.key, offset, size, stride))


_REBUILD = _Rebuild()
_KNOWN: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("builtins", "set"): set,
    ("torch", "Size"): tuple,
    ("torch._utils", "_rebuild_tensor"): _REBUILD,
    ("torch._utils", "_rebuild_tensor_v2"): _REBUILD,
    ("torch._utils", "_rebuild_tensor_v3"): _REBUILD,
    ("torch._utils", "_rebuild_parameter"): _REBUILD,
    ("torch._utils", "_rebuild_parameter_with_state"): _REBUILD,
    ("torch._tensor", "_rebuild_from_type_v2"): _REBUILD,
    **{
        ("torch", str(dtype).removeprefix("torch.")): dtype
        for dtype in (*_DTYPES.values(), torch.complex64, torch.complex128)
    },
    **{
        (module, f"{name}Storage"): dtype
        for module in ("torch", "torch.cuda", "torch.storage")
        for name, dtype in _DTYPES.items()
    },
}


class _Bounded:
    """The file as the unpickler sees it, with an end to what one pickle may hold."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._left = LARGEST_PICKLE

    def read(self, size: int) -> bytes:
        return self._count(self._file.read(min(size, self._left + 1)))

    def readline(self) -> bytes:
        return self._count(self._file.readline(self._left + 1))

    def readinto(self, room: bytearray) -> int:
        body = self.read(len(room))
        room[: len(body)] = body
        return len(body)

    def _count(self, body: bytes) -> bytes:
        self._left -= len(body)
        if self._left < 0:
            raise ValueError("a pickle too large")
        return body


class _Unpickler(pickle._Unpickler):
    def __init__(self, file: IO[bytes], read: Callable[[str, int], bytearray]) -> None:
        super().__init__(_Bounded(file), encoding="utf-8")
        self._read_storage = read
        self.storages: dict[str, _Storage] = {}
        self._inert: dict[tuple[str, str], type[Inert]] = {}

    def find_class(self, module: str, name: str) -> Any:
        """A known maker of tensors, else a class that does nothing, of its own for each name:
        what a file writes into one stays there."""
        if known := _KNOWN.get((module, name)):
            return known
        if len(self._inert) > MOST_NAMES:
            raise ValueError("too many names")
        return self._inert.setdefault((module, name), type("Inert", (Inert,), {}))

    def persistent_load(self, pid: Any) -> _Storage:
        """The storage that the file means: ("storage", kind, key, device, length, view)."""
        word, dtype, key, _, length, *view = pid
        if word != "storage" or not isinstance(dtype, torch.dtype) or not isinstance(key, str):
            raise ValueError("something outside the file")
        if type(length) is not int or length < 0 or any(view):
            raise ValueError("a storage of no length, or a part of another")
        found = _Storage(key, dtype, length, self._read_storage)
        if self.storages.setdefault(key, found) != found:
            raise ValueError("a storage of two kinds")
        return self.storages[key]


class _Archive:
    """torch.save's form since 1.6: an archive of one pickle and a member for each storage."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self._path = path
        self._zip = zipfile.ZipFile(file)
        names = self._zip.namelist()
        if any(name.endswith("constants.pkl") for name in names):
            raise ValueError("a TorchScript program")
        (pickled,) = (name for name in names if name.count("/") == 1 and name.endswith("/data.pkl"))
        self._root = pickled.removesuffix("data.pkl")
        order = f"{self._root}byteorder"
        if order in names and self._member(order, 16) != b"little":
            raise ValueError("another order of bytes")
        body = self._member(pickled, LARGEST_PICKLE)
        self._last: tuple[str, bytearray] = ("", bytearray())
        unpickler = _Unpickler(io.BytesIO(body), self._storage)
        self.content = unpickler.load()
        for storage in unpickler.storages.values():
            found = self._zip.getinfo(f"{self._root}data/{storage.key}")
            if found.compress_type != zipfile.ZIP_STORED:
                raise ValueError("a member packed")
            if found.file_size != storage.length * storage.dtype.itemsize:
                raise ValueError("a storage of another length")

    def _member(self, name: str, limit: int) -> bytes:
        found = self._zip.getinfo(name)
        if found.compress_type != zipfile.ZIP_STORED or found.file_size > limit:
            raise ValueError("a member packed or too large")
        return self._zip.read(name)

    def _storage(self, key: str, size: int) -> bytearray:
        if self._last[0] != key:
            self._last = ("", bytearray())  # never two in memory
            body = bytearray(size)
            with reading(self._path), self._zip.open(f"{self._root}data/{key}") as member:
                _fill(member, body)
                member.read(1)  # the end is where the checksum is compared
            self._last = (key, body)
        return self._last[1]


class _Legacy:
    """torch.save's form before 1.6: pickles one after the other, then each storage's numbers."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self._path = path
        self._file = file
        self._starts: dict[str, int] = {}
        if self._next() != _MAGIC or self._next() != _PROTOCOL:
            raise ValueError("no file of torch.save")
        system = self._next()
        if not isinstance(system, dict) or system.get("little_endian") is not True:
            raise ValueError("another order of bytes")
        unpickler = _Unpickler(file, self._storage)
        self.content = unpickler.load()
        for key in self._next():
            storage = unpickler.storages[key]
            (length,) = struct.unpack("<q", file.read(8))
            if length != storage.length:
                raise ValueError("a storage of another length")
            self._starts[key] = file.tell()
            file.seek(length * storage.dtype.itemsize, 1)
        end = file.tell()
        if file.seek(0, 2) < end:
            raise EOFError("cut short")

    def _next(self) -> Any:
        return _Unpickler(self._file, self._storage).load()

    def _storage(self, key: str, size: int) -> bytearray:
        body = bytearray(size)
        with reading(self._path):
            self._file.seek(self._starts[key])
            _fill(self._file, body)
        return body


def _fill(file: IO[bytes], room: bytearray) -> None:
    view = memoryview(room)
    while view:
        body = file.read(min(len(view), _CHUNK))
        if not body:
            raise EOFError("cut short")
        view[: len(body)] = body
        view = view[len(body) :]


@contextmanager
def open_pickle(path: Path) -> Iterator[dict[str, Any]]:
    """The dict in a file that torch.save wrote; every class that is not a tensor's is inert.

    Tensors are entries, which can be read as long as the context is open; the numbers of the others
    (an optimiser's) are never read. Raises BadCheckpoint when the file is missing, cut short or
    something else; damage found by an entry's `read` raises it too.
    """
    with reading(path):
        file = path.open("rb")
    with file:
        with reading(path):
            is_archive = file.read(4) == b"PK\x03\x04"
            file.seek(0)
            content = (_Archive if is_archive else _Legacy)(path, file).content
        if not isinstance(content, dict):
            kind = type(content).__name__
            raise BadCheckpoint(f"{path.name} holds no checkpoint, but a {kind}.")
        yield content


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turns what damaged files raise into BadCheckpoint."""
    try:
        yield
    except _DAMAGE as error:
        raise BadCheckpoint(
            f"{path.name} cannot be read as a checkpoint ({type(error).__name__}). It is damaged, "
            "cut short, or another kind of file; fetch it again."
        ) from error
