"""Hanging protocols as data: which studies one is for, and what goes into which pane.

A protocol is a TOML file:

    version = 1
    name = "CT head"
    rows = 1
    columns = 2
    link = true                  # scroll the panes together

    [when]                       # all that is said must hold
    modality = ["CT"]
    region = ["HEAD"]            # see dicom_io/anatomy.py
    series = [1, 9]              # at least, at most; 0 for no limit
    prior = true                 # only with an earlier study to compare with

    [[place]]                    # one for each pane, row by row
    study = "current"            # or "prior"
    modality = ["CT"]
    words = ["brain", "soft"]    # one of them in what the series or image is called
    without = ["scout"]          # none of them
    view = ["PA", "AP"]          # ViewPosition
    side = "L"                   # ImageLaterality or Laterality
    plane = "axial"              # or coronal, sagittal
    window = [40, 80]            # centre, width; else the image's own
    again = true                 # may show what another pane shows already
    cine = true                  # a clip starts to play
    needed = true                # without it the protocol does not fit
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

import tomlkit

from dicom_io.errors import FormatTooNew, FormatUnreadable
from dicom_io.storage import write_safely

VERSION = 1
PLANES = ("axial", "coronal", "sagittal")
STUDIES = ("current", "prior")
MOST = 3  # rows, and columns


@dataclass(frozen=True)
class When:
    """What a study must be like; an empty field asks for nothing."""

    modality: tuple[str, ...] = ()
    region: tuple[str, ...] = ()
    series: tuple[int, ...] = ()  # at least, at most (0: any number)
    prior: bool = False


@dataclass(frozen=True)
class Place:
    """What one pane shows."""

    study: str = "current"
    modality: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    view: tuple[str, ...] = ()
    side: str = ""
    plane: str = ""
    window: tuple[float, ...] = ()  # centre, width
    again: bool = False
    cine: bool = False
    needed: bool = False


@dataclass(frozen=True)
class Protocol:
    """A layout with its places, and when it fits."""

    name: str
    rows: int = 1
    columns: int = 1
    link: bool = False
    when: When = field(default_factory=When)
    places: tuple[Place, ...] = ()
    is_own: bool = False  # the reader's; it wins over a built-in one


Part = TypeVar("Part", When, Place)


def read_protocol(path: Path, *, is_own: bool = False) -> Protocol:
    """The protocol in a file. Raises FormatTooNew or FormatUnreadable with one sentence."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise unreadable(path, str(error)) from error
    version = content.pop("version", VERSION)
    if isinstance(version, int) and not isinstance(version, bool) and version > VERSION:
        raise FormatTooNew(
            f"The layout {path} was written by a later Wetread (version {version}, this one knows "
            f"{VERSION}). Update Wetread to use it.",
            path,
        )
    if version != VERSION:
        raise unreadable(path, "version is not one of ours")
    when = _part(path, "when", When, content.pop("when", {}))
    listed = content.pop("place", [])
    if not isinstance(listed, list):
        raise unreadable(path, "place is not a list; write [[place]]")
    places = tuple(_part(path, f"place {n}", Place, one) for n, one in enumerate(listed, 1))
    known = {"name": str, "rows": int, "columns": int, "link": bool}
    for key, value in content.items():
        if key not in known:
            raise unreadable(path, f"{key} is not known")
        if type(value) is not known[key]:
            raise unreadable(path, f"{key} has the wrong kind of value")
    content.setdefault("name", path.stem)
    protocol = Protocol(**content, when=when, places=places, is_own=is_own)
    _check(path, protocol)
    return protocol


def write_protocol(path: Path, protocol: Protocol) -> None:
    """Write a protocol; what stands at its default is left out. Raises StorageProblem."""
    document = tomlkit.document()
    document["version"] = VERSION
    document["name"] = protocol.name
    document["rows"], document["columns"] = protocol.rows, protocol.columns
    if protocol.link:
        document["link"] = True
    document["when"] = _table(protocol.when)
    places = tomlkit.aot()
    for place in protocol.places:
        places.append(_table(place))
    document["place"] = places
    write_safely(path, tomlkit.dumps(document).encode("utf-8"))


def read_folder(
    folder: Path, *, is_own: bool = False
) -> tuple[tuple[Protocol, ...], tuple[FormatUnreadable | FormatTooNew, ...]]:
    """All protocols of a folder, and what is wrong with those that cannot be read."""
    good: list[Protocol] = []
    bad: list[FormatUnreadable | FormatTooNew] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            good.append(read_protocol(path, is_own=is_own))
        except (FormatUnreadable, FormatTooNew) as error:
            bad.append(error)
    return tuple(good), tuple(bad)


def unreadable(path: Path, reason: str) -> FormatUnreadable:
    return FormatUnreadable(
        f"The layout {path} cannot be read: {reason.rstrip('.')}. Correct the file or move it "
        "away.",
        path,
    )


def _part(path: Path, name: str, kind: type[Part], table: object) -> Part:
    """A table of the file as its dataclass; every value of the kind that its field has."""
    if not isinstance(table, Mapping):
        raise unreadable(path, f"{name} is not a table")
    known = {one.name: one for one in fields(kind)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise unreadable(path, f"{key} in {name} is not known")
        default = known[key].default
        assert default is not MISSING
        if isinstance(default, tuple):
            allowed = {"series": (int,), "window": (int, float)}.get(key, (str,))
            if not isinstance(value, list) or not all(_is(one, allowed) for one in value):
                raise unreadable(path, f"{key} in {name} has the wrong kind of value")
            values[key] = tuple(value)
        elif type(value) is not type(default):
            raise unreadable(path, f"{key} in {name} has the wrong kind of value")
        else:
            values[key] = value
    return kind(**values)


def _is(value: object, kinds: tuple[type, ...]) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)


def _check(path: Path, protocol: Protocol) -> None:
    """What no single value can say."""
    rows, columns, when = protocol.rows, protocol.columns, protocol.when
    faults = [
        (not (1 <= rows <= MOST and 1 <= columns <= MOST), f"{rows} x {columns} is not offered"),
        (len(protocol.places) > rows * columns, "it has more places than panes"),
        (not protocol.places, "it has no place"),
        (len(when.series) not in (0, 2), "series takes two numbers, least and most"),
    ]
    for place in protocol.places:
        faults += [
            (place.study not in STUDIES, f"study must be one of {', '.join(STUDIES)}"),
            (place.plane not in ("", *PLANES), f"plane must be one of {', '.join(PLANES)}"),
            (len(place.window) not in (0, 2), "window takes two numbers, centre and width"),
            (len(place.window) == 2 and not place.window[1] > 0, "a window has a width above 0"),
        ]
    for wrong, words in faults:
        if wrong:
            raise unreadable(path, words)


def _table(part: When | Place) -> tomlkit.items.Table:
    table = tomlkit.table()
    for one in fields(part):
        value = getattr(part, one.name)
        if value != one.default:
            table[one.name] = list(value) if isinstance(value, tuple) else value
    return table


def ordered(protocols: Iterable[Protocol]) -> tuple[Protocol, ...]:
    """The reader's own first, then by name."""
    return tuple(sorted(protocols, key=lambda one: (not one.is_own, one.name)))
