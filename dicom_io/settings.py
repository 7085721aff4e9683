"""Settings: one TOML file, one frozen dataclass for each part, defaults in the dataclass.

version = 1

[nodes.hospital]        # any number of them; the name is for people
aet = "PACS"
host = "192.168.1.10"
port = 104
calling_aet = "WETREAD"
listen = 0              # our port to which it sends where it has no C-GET; 0: C-MOVE is not used
web = "https://192.168.1.10/dicom-web"  # its DICOMweb service; a node may have this alone
user = "reader"         # of DICOMweb; without one the secret is a bearer token
authority = ""          # PEM file of the authority behind its certificate; "": the system's
tls = false             # true: DICOM associations are encrypted (https says it for DICOMweb)
certificate = ""        # PEM file of our own certificate and its key, where it asks for one

[reader]                # who signs, as DICOM writes names: Family^Given
name = "Roentgen^Wilhelm"
organization = "Wuerzburg"

[model]
name = ""               # "" is the embedded demo model
answers = ""            # the model for questions about an image; "" is the one above
reports = ""            # the model for drafts and captions
summaries = ""          # the model for summaries and for checking texts against each other
threads = 0             # 0 leaves the number to the model process
device = "auto"         # auto, cpu, cuda, mps
precision = "auto"      # auto, fp32, bf16, int8
on_open = false         # true: draft when a study opens; hidden until it is asked for
memory = 0              # MiB that all loaded models may take together; 0: half of the memory
python = ""             # the interpreter of another environment for the model process

[window]
font_size = 14          # pixels, 12 to 20
language = "auto"       # auto (the desktop's), en, de
theme = "dark"          # dark, high contrast, light room

[mouse]
profile = "wetread"     # wetread, ohif, weasis, left-scroll
reverse_window = false  # true: a window drag to the left widens, down lowers the centre
[mouse.bindings]        # what differs from the profile
"Shift+left" = "pan"

[keys]
profile = "wetread"
[keys.bindings]
"view.fit" = ["F"]

[viewer]
corners = "full"        # full, minimal, none
memory = 0              # MiB that decoded images may take; 0: a quarter of the memory
[[viewer.presets]]      # windows of the reader's own
name = "Liver"
modality = "CT"
center = 60.0
width = 160.0

[presentations]
apply_own = true        # apply the newest states of ours when a study is opened for the first time

What is wrong in mouse, keys and viewer is told in one sentence, and the profile stands: nobody is
kept from reading by a wrong key.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from dicom_io.appearance import LANGUAGES, THEMES, WindowSettings
from dicom_io.errors import BadNode, FormatTooNew, FormatUnreadable
from dicom_io.hands import KeySettings, MouseSettings, ViewerSettings, read_value
from dicom_io.pacs.node import Node, checked_node
from dicom_io.storage import write_safely

__all__ = ["LANGUAGES", "THEMES", "Settings", "WindowSettings"]

VERSION = 1

Migration = Callable[[dict[str, Any]], dict[str, Any]]

# MIGRATIONS[n] turns settings of version n into those of n + 1.
MIGRATIONS: Mapping[int, Migration] = {}

Part = TypeVar("Part")

DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("auto", "fp32", "bf16", "int8")
MOST_THREADS = 1024


@dataclass(frozen=True, slots=True)
class ReaderSettings:
    """Who signs on this workstation."""

    name: str = ""  # DICOM form, Family^Given
    organization: str = ""


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Which model is asked."""

    name: str = ""  # "" is the embedded one
    answers: str = ""  # for questions about an image; "" is `name`
    reports: str = ""  # for drafts and captions
    summaries: str = ""  # for summaries, and texts checked against each other
    threads: int = 0  # 0: the model process chooses
    device: str = "auto"  # auto, cpu, cuda, mps
    precision: str = "auto"  # auto, fp32, bf16, int8
    memory: int = 0  # MiB for all loaded models together; 0: half of the machine's
    python: str = ""  # the model process's interpreter; "" is our own
    least_kept: float = 0.0  # share of suggestions that readers must keep, or it drafts no more
    kept_after: int = 50  # decided sentences before that rule holds
    on_open: bool = False  # draft when a study opens; hidden until it is asked for

    def fault(self) -> str:
        """What is wrong with the values, as the end of a sentence that begins "model."; ""."""
        for key, value, allowed in (
            ("device", self.device, DEVICES),
            ("precision", self.precision, PRECISIONS),
        ):
            if value not in allowed:
                return f"{key} must be one of {', '.join(allowed)}, not {value[:40]!r}"
        if not 0 <= self.threads <= MOST_THREADS:
            return f"threads must be from 0 to {MOST_THREADS}, not {self.threads}"
        if not 0 <= self.least_kept <= 1:
            return f"least_kept must be from 0 to 1, not {self.least_kept}"
        if self.kept_after < 1:
            return f"kept_after must be a number of sentences, not {self.kept_after}"
        if self.memory < 0:
            return f"memory must be 0 or a number of MiB, not {self.memory}"
        return ""


@dataclass(frozen=True, slots=True)
class ScreenSettings:
    """Where windows stand."""

    films: str = ""  # the window of films on a second monitor: x, y, width, height


@dataclass(frozen=True, slots=True)
class PresentationSettings:
    """What becomes of presentation states."""

    apply_own: bool = True  # the newest of ours, where nothing is kept on this workstation


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. `unknown` names the keys in the file that no part knows; they are kept.

    `faults` are sentences about values of mouse, keys and viewer that are not used.
    """

    nodes: tuple[Node, ...] = ()
    reader: ReaderSettings = field(default_factory=ReaderSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    window: WindowSettings = field(default_factory=WindowSettings)
    unknown: tuple[str, ...] = ()
    mouse: MouseSettings = field(default_factory=MouseSettings)
    keys: KeySettings = field(default_factory=KeySettings)
    viewer: ViewerSettings = field(default_factory=ViewerSettings)
    faults: tuple[str, ...] = ()
    presentations: PresentationSettings = field(default_factory=PresentationSettings)
    screens: ScreenSettings = field(default_factory=ScreenSettings)

    @classmethod
    def read(cls, path: Path) -> Settings:
        """The settings in a file; the defaults when there is none.

        Raises FormatTooNew, FormatUnreadable (naming the key at fault) or BadNode.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return cls()
        except (OSError, UnicodeDecodeError) as error:
            raise _unreadable(path, str(error)) from error
        try:
            content = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise _unreadable(path, str(error)) from error
        return _settings(path, _migrated(path, content))

    def write(self, path: Path) -> None:
        """Write the settings; comments and unknown keys of an existing file stay.

        A part that stands at its defaults and is not in the file is left out. Raises
        StorageProblem, or FormatUnreadable when the existing file is damaged, which then stays.
        """
        from dicom_io.settings_writing import written  # tomlkit is needed for nothing else

        parts = {name: getattr(self, name) for name in _PARTS}
        try:
            content = written(path, VERSION, parts, self.nodes, _NODE_KEYS)
        except ValueError as error:
            raise _unreadable(path, str(error)) from error
        write_safely(path, content)


_PARTS: Mapping[str, type[Any]] = {
    "reader": ReaderSettings,
    "model": ModelSettings,
    "window": WindowSettings,
    "mouse": MouseSettings,
    "keys": KeySettings,
    "viewer": ViewerSettings,
    "presentations": PresentationSettings,
    "screens": ScreenSettings,
}
_LENIENT = ("mouse", "keys", "viewer")  # faults there are told, and the defaults hold
_NODE_KEYS = tuple(one.name for one in fields(Node) if one.name != "name")


def _unreadable(path: Path, reason: str) -> FormatUnreadable:
    return FormatUnreadable(
        f"The settings {path} cannot be read: {reason.rstrip('.')}. "
        "Correct the file or move it away.",
        path,
    )


def _migrated(path: Path, content: dict[str, Any]) -> dict[str, Any]:
    version = content.get("version", VERSION)
    if not isinstance(version, int) or isinstance(version, bool):
        raise _unreadable(path, "version is not a whole number")
    if version > VERSION:
        raise FormatTooNew(
            f"The settings {path} were written by a later Wetread (version {version}, this one "
            f"knows {VERSION}). Update Wetread to use them.",
            path,
        )
    while version < VERSION:
        step = MIGRATIONS.get(version)
        if step is None:
            raise _unreadable(path, f"version {version} is not one of ours")
        content = step(content)
        version += 1
    return content


def _settings(path: Path, content: dict[str, Any]) -> Settings:
    unknown = [key for key in content if key not in (*_PARTS, "nodes", "version")]
    parts: dict[str, Any] = {}
    faults: list[str] = []
    for name, kind in _PARTS.items():
        known = {one.name: one for one in fields(kind)}
        try:
            table = _table(path, content, name)
            unknown += [f"{name}.{key}" for key in table if key not in known]
            parts[name] = _part(path, name, table, known, faults)
        except FormatUnreadable as problem:
            if name not in _LENIENT:
                raise
            faults.append(str(problem))
            parts[name] = kind()
    nodes = tuple(_nodes(path, _table(path, content, "nodes"), unknown))
    return Settings(nodes=nodes, unknown=tuple(unknown), faults=tuple(faults), **parts)


def _part(
    path: Path,
    name: str,
    table: Mapping[str, Any],
    known: Mapping[str, Field[Any]],
    faults: list[str],
) -> Any:
    """One part from its table; a lenient one leaves out what is wrong and tells `faults`."""
    kind = _PARTS[name]
    part = kind()
    for key, value in table.items():
        if key not in known:
            continue
        try:
            taken = _checked(path, f"{name}.{key}", known[key], value)
            changed = replace(part, **{key: taken})
            _require_sound(path, name, changed)
            part = changed
        except FormatUnreadable as problem:
            if name not in _LENIENT:
                raise
            faults.append(str(problem))
    return part


def _require_sound(path: Path, name: str, part: Any) -> None:
    fault = part.fault() if hasattr(part, "fault") else ""
    if fault:
        raise _unreadable(path, f"{name}.{fault}")


def _nodes(path: Path, table: Mapping[str, Any], unknown: list[str]) -> Iterator[Node]:
    known = {one.name: one for one in fields(Node)}
    for name, entry in table.items():
        if not isinstance(entry, dict):
            raise _unreadable(path, f"nodes.{name} is not a table; write [nodes.{name}]")
        unknown += [f"nodes.{name}.{key}" for key in entry if key not in _NODE_KEYS]
        values = {key: value for key, value in entry.items() if key in _NODE_KEYS}
        for key, value in values.items():
            _checked(path, f"nodes.{name}.{key}", known[key], value)
        missing = [key for key in ("aet", "host", "port") if key not in values]
        if missing and not (values.get("web") and len(missing) == 3):
            raise BadNode(f"The node {name} in {path} lacks {' and '.join(missing)}.", name)
        yield checked_node(Node(name=name, **values))


def _table(path: Path, content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = content.get(name, {})
    if not isinstance(table, dict):
        raise _unreadable(path, f"{name} is not a table; write [{name}]")
    return table


_KINDS: Mapping[str, tuple[tuple[type, ...], str]] = {
    "str": ((str,), "a text in quotation marks"),
    "int": ((int,), "a whole number"),
    "float": ((int, float), "a number"),
    "bool": ((bool,), "true or false"),
}


def _checked(path: Path, name: str, known: Field[Any], value: object) -> object:
    """The value as its field keeps it, once it has the kind that the field has."""
    kind = str(known.type)
    if kind not in _KINDS:
        try:
            return read_value(kind, value)
        except ValueError as fault:
            raise _unreadable(path, f"{name} {fault}") from None
    types, words = _KINDS[kind]
    if not isinstance(value, types) or (isinstance(value, bool) and kind != "bool"):
        raise _unreadable(path, f"{name} must be {words}")
    return value
