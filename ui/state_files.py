"""Presentation states and key images as files: read for the window, written into the outbox.

What runs here runs on pool threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import TypeVar

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from dicom_io.errors import FileProblem
from dicom_io.identity import Identity
from dicom_io.image.frame import ImageFrame
from dicom_io.image.gsps import is_presentation_state, read_state
from dicom_io.image.kept import Kept
from dicom_io.image.measure import dimensions, measured
from dicom_io.image.notices import gathered
from dicom_io.image.presentation import Presentation, PresentationState
from dicom_io.pacs.node import Node
from dicom_io.pacs.outbox import Item, Outbox
from dicom_io.report.key_objects import KeyObjects, is_key_objects, read_key_objects
from dicom_io.report.presentation_state import encoded
from dicom_io.report.saving import Saving, key_objects_of, states_of
from ui.language import tr
from ui.viewport.mark_words import text_of

Found = PresentationState | KeyObjects
One = TypeVar("One", PresentationState, KeyObjects)
LARGEST = 64 << 20  # bytes of a file that is read for what it presents


@dataclass(frozen=True)
class Given:
    """What was put into the outbox, and what it holds."""

    items: tuple[Item, ...]
    kept: Kept
    found: tuple[Found, ...]  # the same objects as they are read


def read_objects(paths: Sequence[Path], cancelled: Callable[[], bool]) -> Iterator[Found]:
    """The presentation states and key images among these files; others are passed over.

    A file that cannot be read is passed over too: whoever opened the study has told of it.
    """
    for path in paths:
        if cancelled():
            return
        found = _read(path)
        if found is not None:
            yield found


def _read(path: Path) -> Found | None:
    try:
        if path.stat().st_size > LARGEST:
            return None
        with gathered():
            return _found_in(dcmread(path))
    except (OSError, InvalidDicomError, ValueError, EOFError, AttributeError, KeyError, TypeError):
        return None  # what pydicom raises for a damaged file
    except RecursionError:
        return None  # a report that is nested too deeply for it


def _found_in(dataset: Dataset) -> Found | None:
    if is_presentation_state(dataset):
        return read_state(dataset)
    return read_key_objects(dataset) if is_key_objects(dataset) else None


def save(
    saving: Saving, outbox: Outbox, node: Node, cancelled: Callable[[], bool]
) -> Iterator[Given]:
    """States, and key images where these have changed, in the outbox for `node`.

    Raises ReportProblem, FileProblem, StorageProblem and DiskFull; what was put in before stays.
    """
    kept = saving.kept
    saving = replace(saving, texts=texts_of(saving))
    objects: list[Dataset] = list(states_of(saving))
    if kept.key_images_in_archive != kept.content_of_key_images():
        keys = key_objects_of(saving)
        objects += [keys] if keys is not None else []
    contents = [encoded(one) for one in objects]  # all of them are sound before one is queued
    items = tuple(outbox.put(content, kept.study, node) for content in contents)
    found = (one for content in contents if (one := _found_in(dcmread(BytesIO(content)))))
    yield Given(items, kept, tuple(found))


def texts_of(saving: Saving) -> dict[str, str]:
    """The values of each mark in the words of the window, by its id."""
    frames: dict[object, ImageFrame] = {frame.identity: frame for frame in saving.frames}
    texts = {}
    for mark in saving.kept.annotations:
        frame = frames.get(mark.identity)
        if frame is None:
            continue
        try:
            if frame.pyramid is not None:
                values = dimensions(mark, frame)
            else:
                values = measured(mark, frame, frame.stored())
        except FileProblem:  # its pixels cannot be had; lengths need none
            values = dimensions(mark, frame)
        texts[mark.id] = text_of(values)
    return texts


def newest(found: Iterable[One]) -> tuple[One, ...]:
    """The latest first."""
    return tuple(sorted(found, key=lambda one: one.created, reverse=True))


def newest_of_each_series(states: Sequence[PresentationState]) -> tuple[PresentationState, ...]:
    """Of states, the latest first, those about series that none before them is about."""
    chosen: list[PresentationState] = []
    known: set[str] = set()
    for state in states:
        series = {one.series for part in state.parts for one in part.images}
        if not series <= known:
            chosen.append(state)
            known |= series
    return tuple(chosen)


def says_of(
    states: Sequence[PresentationState],
) -> dict[Identity, tuple[PresentationState, Presentation]]:
    """What these states say of each image or frame; of two about one, the first."""
    says: dict[Identity, tuple[PresentationState, Presentation]] = {}
    for state in states:
        for part in state.parts:
            for image in part.images:
                says.setdefault(image, (state, part))
    return says


def title_of_state(state: PresentationState) -> str:
    """What a reader sees in the list: when, by whom, what for."""
    words = [state.created.replace("T", " "), _person(state.creator)]
    words += [state.description or state.label.capitalize()]
    words += [tr("ours")] if state.is_ours else []
    return " \N{MIDDLE DOT} ".join(one for one in words if one)


def title_of_keys(keys: KeyObjects) -> str:
    """The same for key images."""
    count = tr("Key images ({count})", count=len(keys.images))
    words = [keys.created.replace("T", " "), _person(keys.creator), count, keys.title]
    return " \N{MIDDLE DOT} ".join(one for one in words if one)


def _person(name: str) -> str:
    """A DICOM name as people write it."""
    family, _, given = name.split("=")[0].partition("^")
    return f"{given.replace('^', ' ').strip()} {family}".strip()
