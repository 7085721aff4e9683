"""What can be wrong with a data set or with the place that it is to be written to."""

from __future__ import annotations

import errno

from model_backend.request import ModelError

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class DatasetProblem(ModelError):
    """A data set that cannot be read or written; says which, where, and what to do next."""


def refused_by_disk(error: OSError, place: object) -> DatasetProblem:
    """What to say when the disk would not take a data set."""
    if error.errno in _NO_ROOM:
        return DatasetProblem(
            f"The disk is full at {place}. Nothing was left behind; free some room and start again."
        )
    return DatasetProblem(
        f"{place} cannot be written ({error.strerror or error}). Nothing was left behind."
    )
