"""Our own files: the data root, safe writing, and format versions."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dicom_io.errors import DiskFull, FormatTooNew, FormatUnreadable, StorageProblem

Migration = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class DataRoot:
    """The one folder that holds everything Wetread keeps, readable by its owner alone."""

    folder: Path

    @classmethod
    def choose(cls, home: Path | str | None = None) -> DataRoot:
        """`home` if given, else WETREAD_HOME, else the platform's place for application data."""
        chosen = home or os.environ.get("WETREAD_HOME")
        return cls(Path(chosen).expanduser().absolute() if chosen else _platform_place())

    def create(self) -> DataRoot:
        """Make the folders that are missing, mode 0700. Raises StorageProblem when it cannot."""
        rooms = (self.cache, self.drafts, self.outbox, self.audit, self.models, self.presentations)
        for folder in (self.folder, *rooms):
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                folder.chmod(0o700)
            except OSError as error:
                raise StorageProblem(
                    f"The data folder {folder} cannot be made ({error.strerror}). "
                    "Choose another with --home or WETREAD_HOME.",
                    folder,
                ) from error
        return self

    @property
    def settings(self) -> Path:
        return self.folder / "settings.toml"

    @property
    def index(self) -> Path:
        return self.folder / "index.sqlite"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    @property
    def drafts(self) -> Path:
        return self.folder / "drafts"

    @property
    def outbox(self) -> Path:
        return self.folder / "outbox"

    @property
    def ways(self) -> Path:
        """Which way studies come from each node."""
        return self.folder / "ways.json"

    @property
    def audit(self) -> Path:
        return self.folder / "audit"

    @property
    def presentations(self) -> Path:
        """Marks, key images and views of studies, one file each."""
        return self.folder / "presentations"

    @property
    def templates(self) -> Path:
        """Imported report templates, one HTML file each."""
        return self.folder / "templates"

    @property
    def macros(self) -> Path:
        """Macros of the editor, TOML files; beside them the reader's own words for spelling."""
        return self.folder / "macros"

    @property
    def models(self) -> Path:
        return self.folder / "models"


def _platform_place() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home()))) / "Wetread"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Wetread"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "wetread"


def write_safely(path: Path, content: bytes) -> None:
    """Write, sync and rename, so that `path` holds the old bytes or the new ones, never a part.

    Raises DiskFull or StorageProblem; the former file is then untouched.
    """
    import tempfile  # takes 2 ms, and the window's first look writes nothing

    temporary: Path | None = None
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
        temporary = Path(name)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        sync_folder(path.parent)
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()
        raise storage_problem(error, path) from error


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut, where the system offers that."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def storage_problem(error: OSError, path: Path) -> StorageProblem:
    """The known problem behind an operating system's error while writing `path`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(
            f"The disk is full: {path.name} could not be written in {path.parent}. "
            "Make room and try again; nothing was lost.",
            path,
        )
    return StorageProblem(
        f"{path.name} could not be written in {path.parent} ({error.strerror}). "
        "Check the folder's permissions and try again.",
        path,
    )


def read_versioned(
    path: Path,
    kind: str,
    version: int,
    migrations: Mapping[int, Migration] | None = None,
    opened: Callable[[bytes, Path], bytes] = lambda content, path: content,
) -> dict[str, Any]:
    """Read a JSON object of ours and bring it to `version`.

    `migrations[n]` turns an object of version n into one of n + 1; `opened` unseals what the file
    holds. Raises FormatTooNew for a file
    of a later version, FormatUnreadable for a damaged or foreign one.
    """
    try:
        content = json.loads(opened(path.read_bytes(), path).decode("utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise FormatUnreadable(
            f"The {kind} {path} cannot be read ({error}). Move it away and try again.", path
        ) from error
    if not isinstance(content, dict) or not isinstance(content.get("version"), int):
        raise FormatUnreadable(f"{path} is not a {kind} of Wetread's. Move it away.", path)
    while content["version"] < version:
        step = (migrations or {}).get(content["version"])
        if step is None:
            raise FormatUnreadable(
                f"The {kind} {path} has version {content['version']}, which cannot be brought to "
                f"{version}. Open it with the Wetread that wrote it.",
                path,
            )
        content = {**step(content), "version": content["version"] + 1}
    if content["version"] > version:
        raise FormatTooNew(
            f"The {kind} {path} was written by a later Wetread (version {content['version']}, "
            f"this one knows {version}). Update Wetread to open it.",
            path,
        )
    return content


def write_versioned(
    path: Path,
    version: int,
    content: Mapping[str, Any],
    sealed: Callable[[bytes], bytes] = lambda content: content,
) -> None:
    """Write a JSON object of ours with its version, safely. Raises StorageProblem."""
    body = json.dumps({"version": version, **content}, ensure_ascii=False, indent=1)
    write_safely(path, sealed(body.encode("utf-8")))
