"""Export: images as PNG, or a folder of DICOM files with DICOMDIR, with or without identity.

Everything is written into a folder beside the one asked for, which appears under its name when it
is whole and the audit has been written; what is stopped or fails leaves nothing behind.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from dicom_io.audit import AuditLog, Event
from dicom_io.deidentify import Deidentifier, burned_in, shows_face
from dicom_io.dicomdir import Entry, build_dicomdir, kind_of
from dicom_io.errors import Cancelled, ExportRefused, FileProblem
from dicom_io.identity import Identity
from dicom_io.image.applying import greys_of
from dicom_io.image.frame import ImageFrame
from dicom_io.image.icc import to_srgb
from dicom_io.image.notices import gathered
from dicom_io.image.picture import write_png
from dicom_io.image.presentation import Orientation, Presentation
from dicom_io.image.pyramid import whole
from dicom_io.image.render import render
from dicom_io.source import Stop, never
from dicom_io.storage import storage_problem

PER_FOLDER = 1_000_000  # file names have six digits
SLIDE_SIDE = 4096  # pixels of the longer side that a slide is exported with at most
Look = Callable[[ImageFrame], Presentation | None]


@dataclass(frozen=True, slots=True)
class Exported:
    """How far an export is. The last one has `folder`, the finished folder."""

    done: int
    total: int
    left_out: int = 0  # objects that were not exported: no images, or none that may be
    notices: tuple[str, ...] = ()
    folder: Path | None = None


@dataclass(frozen=True)
class Wish:
    """What is asked for. `confirmed`: a person has looked that no name is in the pixels."""

    folder: Path
    identity: Identity  # the study, for the audit
    deidentify: bool = False
    confirmed: bool = False


def export_dicom(
    paths: Sequence[Path], wish: Wish, audit: AuditLog, stop: Stop = never
) -> Iterator[Exported]:
    """Copies of these files with a DICOMDIR; byte for byte, or without identity.

    Raises ExportRefused (the folder is taken, nothing may be exported, pixels may hold a name),
    StorageProblem, DiskFull, Cancelled; FileProblem for a file that cannot be read.
    """
    clean = Deidentifier() if wish.deidentify else None
    notices: dict[str, None] = {}
    with _growing(wish) as growing:
        entries: list[Entry] = []
        left_out = 0
        places = _Places()
        for count, path in enumerate(paths, 1):
            _stopped(stop)
            header = _read(path, pixels=clean is not None)
            if clean is not None and "Rows" not in header:
                left_out += 1
                notices[
                    "Only images are exported without identity; other objects are left out."
                ] = None
                continue
            if clean is not None:
                _require_unmarked(header, wish)
                if shows_face(header):
                    notices["Faces can be computed from images of heads; this was not undone."] = (
                        None
                    )
                with gathered():
                    header = clean(header)
            parts = places.of(header)
            _write(growing, parts, path, header if clean is not None else None)
            entries.append(Entry(_without_pixels(header), parts))
            if not kind_of(header):
                notices["An object has no place in a DICOMDIR; its file is there."] = None
            yield Exported(count, len(paths), left_out)
        _require_something(entries)
        with gathered():
            _write_bytes(growing / "DICOMDIR", build_dicomdir(entries))
        _finish(growing, wish, audit, len(entries), "dicomdir")
    yield Exported(len(paths), len(paths), left_out, tuple(notices), wish.folder)


def export_pictures(
    frames: Sequence[ImageFrame],
    wish: Wish,
    audit: AuditLog,
    *,
    look: Look | None = None,
    stop: Stop = never,
) -> Iterator[Exported]:
    """A PNG for each frame, one pixel for each stored one, in a folder for each series.

    `look` says how a frame is to be seen (window, inversion, orientation); without it, as its file
    says. No text is drawn. Raises as `export_dicom` does.
    """
    with _growing(wish) as growing:
        series: dict[str, int] = {}
        counts: dict[str, int] = {}
        for count, frame in enumerate(frames, 1):
            _stopped(stop)
            if wish.deidentify:
                _require_unmarked(frame.header, wish)
            uid = frame.identity.series
            number = series.setdefault(uid, len(series) + 1)
            counts[uid] = counts.get(uid, 0) + 1
            folder = growing / f"SE{number:06d}"
            _make(folder)
            picture = picture_of(frame, look(frame) if look is not None else None)
            write_png(folder / f"IM{counts[uid]:06d}.png", picture)
            yield Exported(count, len(frames))
        _require_something(frames)
        _finish(growing, wish, audit, len(frames), "png")
    face = wish.deidentify and any(shows_face(frame.header) for frame in frames)
    told = ("Faces can be computed from images of heads; this was not undone.",) if face else ()
    yield Exported(len(frames), len(frames), notices=told, folder=wish.folder)


def picture_of(frame: ImageFrame, seen: Presentation | None = None) -> NDArray[np.uint8]:
    """The frame as a presentation shows it, turned and mirrored; raises FileProblem.

    Of a slide the finest level of at most 4096 pixels a side.
    """
    if frame.pyramid is not None:
        picture = to_srgb(frame, whole(frame.pyramid, SLIDE_SIDE))
        return picture if seen is None else turned(picture, seen.orientation)
    if seen is None:
        return render(frame, frame.stored())
    greys = greys_of(seen, frame)
    invert = greys.inverts and frame.is_colour  # of greys the shape says it
    stored, shape = frame.stored(), greys.shape
    picture = render(frame, stored, greys.window, invert, shape=shape, curve=greys.curve)
    return turned(picture, seen.orientation)


def turned(picture: NDArray[np.uint8], orientation: Orientation) -> NDArray[np.uint8]:
    """Mirrored left to right, then turned clockwise."""
    if orientation.mirrored:
        picture = picture[:, ::-1]
    return np.ascontiguousarray(np.rot90(picture, -orientation.quarters))


class _Places:
    """File names of at most eight characters a part: patient, study, series, file."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, ...], int] = {}
        self._counts: dict[tuple[str, ...], int] = {}

    def of(self, header: Dataset) -> tuple[str, ...]:
        names = [str(header.get(key) or "") for key in (
            "PatientID", "StudyInstanceUID", "SeriesInstanceUID")]  # fmt: skip
        parts = [
            f"{letters}{self._number(tuple(names[: depth + 1])):06d}"
            for depth, letters in enumerate(("PT", "ST", "SE"))
        ]
        key = tuple(names)
        self._counts[key] = count = self._counts.get(key, 0) + 1
        return (*parts, f"IM{count:06d}")

    def _number(self, key: tuple[str, ...]) -> int:
        """The place of a folder among its neighbours."""
        if key not in self._numbers:
            siblings = [
                one for one in self._numbers if one[:-1] == key[:-1] and len(one) == len(key)
            ]
            self._numbers[key] = len(siblings) + 1
        return self._numbers[key]


class _growing:
    """The folder that is being filled, under another name; gone again unless it was finished."""

    def __init__(self, wish: Wish) -> None:
        self._target = Path(wish.folder).absolute()
        self._folder = self._target.parent / f".{self._target.name}-{uuid.uuid4().hex[:8]}.part"

    def __enter__(self) -> Path:
        target = self._target
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise ExportRefused(
                f"{target} exists already and is not empty. Choose a new folder; nothing was "
                "exported."
            )
        if not target.parent.is_dir():
            raise ExportRefused(f"The folder {target.parent} does not exist. Make it, or choose "
                                "another one.")  # fmt: skip
        _make(self._folder)
        return self._folder

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


def _finish(growing: Path, wish: Wish, audit: AuditLog, count: int, form: str) -> None:
    """Write the audit, then give the folder its name."""
    audit.record(
        Event.EXPORTED,
        wish.identity.of_study(),
        form=form,
        objects=count,
        deidentified="yes" if wish.deidentify else "no",
        to=str(wish.folder),
    )
    target = Path(wish.folder).absolute()
    try:
        if target.is_dir():
            target.rmdir()
        os.rename(growing, target)
    except OSError as error:
        raise storage_problem(error, target) from error


def _write(growing: Path, parts: tuple[str, ...], source: Path, clean: Dataset | None) -> None:
    folder = growing.joinpath(*parts[:-1])
    _make(folder)
    target = folder / parts[-1]
    try:
        if clean is None:
            shutil.copyfile(source, target)
            return
        with gathered(), target.open("wb") as file:
            clean.save_as(file, enforce_file_format=True)
    except OSError as error:
        raise storage_problem(error, target) from error


def _write_bytes(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise storage_problem(error, path) from error


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_problem(error, folder) from error


def _read(path: Path, *, pixels: bool) -> Dataset:
    try:
        with gathered():
            header = dcmread(path, stop_before_pixels=not pixels)
    except (OSError, InvalidDicomError, ValueError, EOFError) as error:
        raise FileProblem(
            f"{path.name} cannot be read ({error}); nothing was exported.", path
        ) from error
    return header


def _without_pixels(header: Dataset) -> Dataset:
    bare = Dataset()
    bare.update({tag: header.get_item(tag) for tag in header.keys() if tag.group < 0x7F00})
    bare.file_meta = header.file_meta
    bare.set_original_encoding(*header.original_encoding)
    return bare


def _require_unmarked(header: Dataset, wish: Wish) -> None:
    reason = "" if wish.confirmed else burned_in(header)
    if reason:
        raise ExportRefused(
            f"{reason} Look at every image; when none shows a name, say so and export again. "
            "Nothing was exported."
        )


def _require_something(found: Sequence[object]) -> None:
    if not found:
        raise ExportRefused("Nothing in this study can be exported in this way.")


def _stopped(stop: Stop) -> None:
    if stop():
        raise Cancelled("Stopped. Nothing was exported.")
