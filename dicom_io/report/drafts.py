"""Reports kept on this workstation as versioned JSON, one file each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dicom_io.errors import FormatUnreadable, NothingFound, StorageProblem
from dicom_io.identity import Identity
from dicom_io.report.document import (
    Algorithm,
    Asked,
    Decision,
    Link,
    Origin,
    Reader,
    Region,
    ReportDocument,
    ReportState,
    Section,
    SectionKind,
    Sentence,
)
from dicom_io.storage import read_versioned, storage_problem, write_versioned

VERSION = 3  # 2: addenda, 3: links
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


class Drafts:
    """The folder of drafts. A draft is found by its id or by its study."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, document: ReportDocument) -> Path:
        """Write the report, safely, over its former version. Raises StorageProblem."""
        path = self._path(document.id)
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise storage_problem(error, self.folder) from error
        write_versioned(path, VERSION, {"report": asdict(document)})
        return path

    def load(self, id: str) -> ReportDocument:
        """The report of that id.

        Raises NothingFound when there is none, FormatTooNew or FormatUnreadable for a file that a
        later Wetread wrote or that is damaged; the file is left as it is.
        """
        path = self._path(id)
        if not path.exists():
            raise NothingFound("There is no draft of that number. Choose one from the list.")
        return load_draft(path)

    def list(self) -> tuple[ReportDocument, ...]:
        """All reports that can be read, the one changed last first."""
        readable = (found for found in self._each() if isinstance(found, ReportDocument))
        return tuple(readable)

    def damaged(self) -> tuple[StorageProblem, ...]:
        """A problem for each draft that cannot be read; nothing is deleted."""
        return tuple(found for found in self._each() if isinstance(found, StorageProblem))

    def of_study(self, identity: Identity) -> tuple[ReportDocument, ...]:
        """The reports about that patient's study, the one changed last first."""
        return tuple(one for one in self.list() if one.identity.same_study(identity))

    def remove(self, id: str) -> None:
        """Delete the draft of that id; one that is not there is no problem."""
        path = self._path(id)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise storage_problem(error, path) from error

    def _path(self, id: str) -> Path:
        if not _ID.fullmatch(id):
            raise FormatUnreadable("This is not the number of a draft.", self.folder)
        return self.folder / f"{id}.json"

    def _each(self) -> Iterator[ReportDocument | StorageProblem]:
        files = [path for path in self.folder.glob("*.json") if not path.name.startswith(".")]
        for path in sorted(files, key=_changed, reverse=True):
            try:
                yield load_draft(path)
            except StorageProblem as problem:
                yield problem


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:  # removed since the folder was read
        return 0


def _as_it_is(former: dict[str, Any]) -> dict[str, Any]:
    """What is new since has a default."""
    return former


def load_draft(path: Path) -> ReportDocument:
    """The report in a draft's file. Raises FormatTooNew or FormatUnreadable."""
    content = read_versioned(path, "draft", VERSION, {1: _as_it_is, 2: _as_it_is})
    try:
        return _document(content["report"])
    except (KeyError, TypeError, ValueError) as error:
        raise FormatUnreadable(
            f"The draft {path.name} in {path.parent} is damaged. It was left as it is; "
            "move it away or ask for help with it.",
            path,
        ) from error


def _document(fields: dict[str, Any]) -> ReportDocument:
    return ReportDocument(
        **{
            **fields,
            "identity": Identity(**fields["identity"]),
            "sections": tuple(_section(one) for one in fields["sections"]),
            "evidence": tuple(Identity(**one) for one in fields["evidence"]),
            "asked": tuple(_asked(one) for one in fields["asked"]),
            "state": ReportState(fields["state"]),
            "locked": tuple(fields.get("locked", ())),
            "reader": Reader(**fields["reader"]) if fields["reader"] else None,
        }
    )


def _section(fields: dict[str, Any]) -> Section:
    sentences = tuple(_sentence(one) for one in fields["sentences"])
    return Section(SectionKind(fields["kind"]), sentences)


def _sentence(fields: dict[str, Any]) -> Sentence:
    return Sentence(
        **{
            **fields,
            "origin": Origin(fields["origin"]),
            "state": Decision(fields["state"]),
            "region": _region(fields["region"]),
            "links": tuple(
                Link(**{**one, "identity": Identity(**one["identity"])})
                for one in fields.get("links", ())
            ),
        }
    )


def _region(fields: dict[str, Any] | None) -> Region | None:
    return Region(**{**fields, "identity": Identity(**fields["identity"])}) if fields else None


def _asked(fields: dict[str, Any]) -> Asked:
    return Asked(
        **{
            **fields,
            "candidates": tuple(fields["candidates"]),
            "images": tuple(Identity(**one) for one in fields["images"]),
            "region": _region(fields["region"]),
            "parameters": tuple((name, value) for name, value in fields["parameters"]),
            "algorithm": Algorithm(**fields["algorithm"]) if fields["algorithm"] else None,
        }
    )
