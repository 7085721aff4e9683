"""Reading a pickled checkpoint without ever importing or calling what it names."""

from __future__ import annotations

import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch

from model_backend.request import BadCheckpoint


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


_DTYPES = ("float16", "float32", "float64", "bfloat16", "int8", "int16", "int32", "int64", "uint8")
_KNOWN: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("builtins", "set"): set,
    ("torch", "Size"): torch.Size,
    ("torch._utils", "_rebuild_tensor_v2"): torch._utils._rebuild_tensor_v2,
    ("torch._utils", "_rebuild_parameter"): torch._utils._rebuild_parameter,
    **{("torch", name): getattr(torch, name) for name in (*_DTYPES, "bool")},
    **{
        ("torch", name): getattr(torch, name)
        for name in dir(torch)
        if name.endswith("Storage") and not name.startswith("_")
    },
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return _KNOWN.get((module, name), Inert)


def _load(file: Any, **settings: Any) -> Any:
    return _Unpickler(file, **settings).load()


_MODULE = SimpleNamespace(Unpickler=_Unpickler, load=_load, __name__="wetread-inert")


def _refuse_programs(path: Path) -> None:
    """Raise ValueError for a TorchScript archive, which holds code beside its weights."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if any(name.endswith("constants.pkl") for name in archive.namelist()):
                raise ValueError("a TorchScript program")


def read_pickle(path: Path) -> dict[str, Any]:
    """The dict in a file that torch.save wrote; every class that is not a tensor's is inert.

    Raises BadCheckpoint when the file is missing, cut short or something else.
    """
    try:
        _refuse_programs(path)
        with path.open("rb") as file:
            content = torch.load(
                file, map_location="cpu", pickle_module=_MODULE, weights_only=False
            )
    except (
        OSError,
        EOFError,
        AssertionError,
        OverflowError,
        RuntimeError,
        pickle.UnpicklingError,
        zipfile.BadZipFile,
        AttributeError,
        IndexError,
        KeyError,
        TypeError,
        ValueError,
    ) as error:
        raise BadCheckpoint(
            f"{path.name} cannot be read as a checkpoint ({type(error).__name__}). It is damaged, "
            "cut short, or another kind of file; fetch it again."
        ) from error
    if not isinstance(content, dict):
        raise BadCheckpoint(f"{path.name} holds no checkpoint, but a {type(content).__name__}.")
    return content
