"""Memory that is given back to the system while weights are loaded, where the C library can."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# glibc's names for the settings of its allocator (mallopt(3)).
_TRIM_THRESHOLD = -1
_MMAP_THRESHOLD = -3
_LOADING = 2**20  # bytes from which on a block is the system's own while weights are loaded
_ANSWERING = 2**25  # later: blocks are used again and again, and asking the system takes time


@contextmanager
def lean() -> Iterator[None]:
    """Inside, every large block that is freed goes back at once; on glibc only, elsewhere nothing.

    Loading makes and frees a copy of every matrix in another precision. Kept for later use, as
    malloc would, these copies make up a third of the model again.
    """
    library = _glibc()
    if library is None:
        yield
        return
    library.mallopt(_MMAP_THRESHOLD, _LOADING)
    try:
        yield
    finally:
        library.mallopt(_MMAP_THRESHOLD, _ANSWERING)
        library.mallopt(_TRIM_THRESHOLD, 2 * _ANSWERING)
        library.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None
