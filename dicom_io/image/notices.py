"""What the libraries below warn about, gathered instead of printed."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_LOCK = threading.RLock()  # the list of warning filters belongs to the whole process
_LIBRARIES = (
    "pydicom",
    "pylibjpeg",
    "PIL",
    "openjpeg",
    "rle",
    "jpeg_ls",
    "imagecodecs",
    "numpy",
    "wsidicom",
)


class _Quiet(logging.Filter):
    """Keeps pydicom's log records back while a thread gathers: they quote patient data."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[int] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        return threading.get_ident() not in self.threads


_QUIET = _Quiet()
logging.getLogger("pydicom").addFilter(_QUIET)


@contextmanager
def gathered() -> Iterator[list[str]]:
    """A list that receives the libraries' warnings of this block, each text once.

    Warnings of other code are passed on when the block ends. One block runs at a time. The texts
    may hold values of the header, hence patient data: show them, never log them.
    """
    texts: list[str] = []
    with _LOCK, warnings.catch_warnings(record=True) as records:
        warnings.simplefilter("always")
        outer, here = set(_QUIET.threads), threading.get_ident()
        _QUIET.threads.add(here)
        try:
            yield texts
        finally:
            _QUIET.threads = outer
            caught = list(records)
    for record in caught:
        if any(f"/{name}/" in record.filename.replace("\\", "/") for name in _LIBRARIES):
            text = _for_a_person(" ".join(str(record.message).split()))
            if text not in texts:
                texts.append(text)
        else:
            warnings.warn_explicit(record.message, record.category, record.filename, record.lineno)


def _for_a_person(text: str) -> str:
    """A library's warning as a sentence; what only programmers need is left out."""
    if text.startswith(("Invalid value for VR", "The value length (")):
        return "The header has values that break the rules of DICOM."
    return text if text.endswith(".") else f"{text}."
