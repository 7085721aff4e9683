"""What a reader left on a study (marks, key images, how its series were seen), as a file of ours.

One versioned JSON file for each study in the data root, written whole or not at all.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from dicom_io.errors import FormatUnreadable
from dicom_io.identity import Identity
from dicom_io.image.annotation import Annotation, Kind
from dicom_io.image.drawn import is_whole
from dicom_io.image.lut import LookUpTable
from dicom_io.image.presentation import Orientation, Presentation, Sizing
from dicom_io.image.window import Window
from dicom_io.storage import read_versioned, storage_problem, write_versioned

VERSION = 1
_KIND = "file of marks"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one study.

    `views` has one presentation for each series that the reader changed: `images` names the series
    (no instance), `frame` the image that was on the screen. `in_archive` is `mark_of_content` of
    what a PACS was last asked to store, "" when it never was.
    """

    study: Identity
    annotations: tuple[Annotation, ...] = ()
    key_images: tuple[Identity, ...] = ()
    views: tuple[Presentation, ...] = ()
    in_archive: str = ""
    key_images_in_archive: str = ""

    @property
    def is_empty(self) -> bool:
        """True when there is nothing that would be missed."""
        return not (self.annotations or self.key_images or self.views)

    def content(self) -> str:
        """A text that is equal for equal marks and views, whatever was saved when."""
        views = [_view_fields(view) for view in self.views]
        marks = [asdict(mark) for mark in self.annotations]
        return hashlib.sha256(repr((marks, views)).encode()).hexdigest()

    def content_of_key_images(self) -> str:
        """The same for the key images; "" when there are none."""
        if not self.key_images:
            return ""
        keys = sorted(image.key() for image in self.key_images)
        return hashlib.sha256("\n".join(keys).encode()).hexdigest()


class Keeper:
    """The folder of these files; a file is found by its study."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, study: Identity) -> Path:
        """Where a study's file lies; its name tells nothing of the patient."""
        digest = hashlib.sha256(study.of_study().key().encode()).hexdigest()
        return self.folder / f"{digest[:40]}.json"

    def save(self, kept: Kept) -> Path:
        """Write it over the study's former file; one that cannot be read is moved aside first.

        Raises FormatTooNew for a file of a later Wetread, which stays, DiskFull, StorageProblem.
        """
        path = self.path(kept.study)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                self.load(kept.study)
            except FormatUnreadable:
                path.replace(path.with_suffix(".unreadable"))
        except OSError as error:
            raise storage_problem(error, path) from error
        write_versioned(path, VERSION, _fields(kept))
        return path

    def load(self, study: Identity) -> Kept | None:
        """What is kept of that patient's study; None when nothing is.

        Raises FormatTooNew, or FormatUnreadable for a damaged file, which is left as it is.
        """
        path = self.path(study)
        if not path.exists():
            return None
        content = read_versioned(path, _KIND, VERSION)
        try:
            kept = _kept(content)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise FormatUnreadable(
                f"The {_KIND} {path.name} in {path.parent} is damaged. It was left as it is; "
                "what you draw now is kept in a new one.",
                path,
            ) from error
        return kept if kept.study == study.of_study() else None


def _fields(kept: Kept) -> dict[str, Any]:
    return {
        "study": asdict(kept.study.of_study()),
        "annotations": [{**asdict(mark), "kind": mark.kind.name} for mark in kept.annotations],
        "key_images": [asdict(image) for image in kept.key_images],
        "views": [_view_fields(view) for view in kept.views],
        "in_archive": kept.in_archive,
        "key_images_in_archive": kept.key_images_in_archive,
    }


def _kept(fields: Mapping[str, Any]) -> Kept:
    return Kept(
        Identity(**fields["study"]),
        tuple(_annotation(one) for one in fields["annotations"]),
        tuple(Identity(**one) for one in fields["key_images"]),
        tuple(_view(one) for one in fields["views"]),
        str(fields["in_archive"]),
        str(fields["key_images_in_archive"]),
    )


def _annotation(fields: Mapping[str, Any]) -> Annotation:
    points = tuple((float(x), float(y)) for x, y in fields["points"])
    kind = Kind[fields["kind"]]
    if not is_whole(kind, points):
        raise ValueError("a mark lacks points")
    where = fields.get("label_at")
    return Annotation(
        str(fields["id"]),
        Identity(**fields["identity"]),
        kind,
        points,
        str(fields["text"]),
        (float(where[0]), float(where[1])) if where else None,
    )


def _view_fields(view: Presentation) -> dict[str, Any]:
    return {
        "images": [asdict(image) for image in view.images],
        "frame": asdict(view.frame) if view.frame is not None else None,
        "window": _window_fields(view.window),
        "shape": view.shape,
        "mirrored": view.orientation.mirrored,
        "quarters": view.orientation.quarters,
        "displayed": list(view.displayed) if view.displayed is not None else None,
        "sizing": view.sizing.name,
        "magnification": view.magnification,
    }


def _view(fields: Mapping[str, Any]) -> Presentation:
    area = fields["displayed"]
    left, top, right, bottom = area if area is not None else (0.0, 0.0, 0.0, 0.0)
    return Presentation(
        images=tuple(Identity(**one) for one in fields["images"]),
        frame=Identity(**fields["frame"]) if fields["frame"] else None,
        window=_window(fields["window"]),
        shape=str(fields["shape"]),
        orientation=Orientation(bool(fields["mirrored"]), int(fields["quarters"]) % 4),
        displayed=(left, top, right, bottom) if area is not None else None,
        sizing=Sizing[fields["sizing"]],
        magnification=float(fields["magnification"]),
    )


def _window_fields(window: Window | None) -> dict[str, Any] | None:
    if window is None:
        return None
    fields = asdict(replace(window, lut=None))
    if window.lut is not None:
        packed = base64.b64encode(window.lut.packed).decode("ascii")
        fields["lut"] = {**asdict(window.lut), "packed": packed}
    return fields


def _window(fields: Mapping[str, Any] | None) -> Window | None:
    if fields is None:
        return None
    table = fields["lut"]
    if table is not None:
        table = LookUpTable(**{**table, "packed": base64.b64decode(table["packed"])})
    window = Window(**{**fields, "lut": table})
    if window.problem():
        raise ValueError("a window makes no sense")
    return window
