"""What a converter finds: rows whose pictures are not read yet and whose part is open."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from model_backend.datasets.row import Row

ReadDicom = Callable[[Path], bytes]  # a DICOM file as PNG; raises BadRow


@dataclass(frozen=True, slots=True)
class Draft:
    """A row before its pictures are read and its part is decided."""

    row: Row
    pictures: tuple[Callable[[], bytes], ...] = ()  # each reads one file; raises BadRow
    official: str = ""  # the part that the set itself gives it; "": none
    place: str = ""  # where it was found, for messages: line 7 of questions.jsonl


@dataclass(frozen=True, slots=True)
class Fault:
    """Something of the source that is no row, and why."""

    place: str
    reason: str


Found = Draft | Fault


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the source lies, and who reads DICOM for it: this floor does not."""

    path: Path
    read_dicom: ReadDicom | None = None
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """One set that can be converted.

    `read` goes through the whole set each time it is called, without opening pictures. It raises
    DatasetProblem when `Origin.path` is not the set in the layout that `layout` states.
    """

    name: str
    title: str
    licence: str
    layout: str  # what PATH is, in one sentence
    documented: str  # where that layout is stated
    group: str  # what is never parted: patient, image, ...
    read: Callable[[Origin], Iterator[Found]]
    note: str = ""  # what one should know of the rows
