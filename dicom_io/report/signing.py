"""Who may sign, and the act of signing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import threading
import time
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from dicom_io.errors import (
    FormatUnreadable,
    ReportProblem,
    SigningProblem,
    UndecidedSentences,
)
from dicom_io.report.document import (
    Decision,
    Reader,
    ReportDocument,
    ReportState,
    Section,
    Sentence,
)
from dicom_io.report.header import zoned
from dicom_io.report.observers import models_behind
from dicom_io.report.text import clean
from dicom_io.storage import read_versioned, storage_problem, write_versioned

VERSION = 1
FREE_TRIES = 5
FIRST_WAIT = 30.0  # seconds after the fifth wrong try; each further one doubles it
LONGEST_WAIT = 3600.0
SHORTEST_CREDENTIAL = 4  # characters

_COST = {"n": 1 << 14, "r": 8, "p": 1}  # 16 MiB and some 50 ms a try (RFC 7914)
_NAME = re.compile(r"[^\^=\\\s][^\^=\\]*\^[^\^=\\\s][^=\\]*")


def sign(document: ReportDocument, reader: Reader, now: datetime | None = None) -> ReportDocument:
    """The report as signed by the reader; the credential was verified before (`Readers.verify`).

    Texts are cleaned, so that what is signed is what is written. Rejected sentences stay in the
    value and never reach an object. `now` is the moment of signing.

    Raises UndecidedSentences when a suggestion is neither accepted nor rejected, ReportProblem for
    an empty or already signed report, SigningProblem for a reader whose name or organisation is
    incomplete, InvalidReport for a sentence by AI that names no model, UnusableText for a text
    that DICOM cannot hold.
    """
    whole = _decided(document, reader)
    return replace(
        whole,
        state=ReportState.SIGNED,
        reader=reader,
        signed_at=zoned(now).isoformat(timespec="seconds"),
    )


def release(document: ReportDocument, reader: Reader) -> ReportDocument:
    """The report as the reader lets it be seen before it is signed: preliminary, in the reader's
    name. Raises as `sign` does; every sentence must be decided, since the text counts as whole."""
    return replace(_decided(document, reader), state=ReportState.PRELIMINARY, reader=reader)


def _decided(document: ReportDocument, reader: Reader) -> ReportDocument:
    """The report with clean texts and no empty section, once a reader may answer for it."""
    require_reader(reader)
    if document.state is ReportState.SIGNED:
        raise ReportProblem("The report is signed already. Write an addendum instead.")
    undecided = document.undecided()
    if undecided:
        count = "1 sentence is" if len(undecided) == 1 else f"{len(undecided)} sentences are"
        raise UndecidedSentences(
            f"{count} neither accepted nor rejected. Decide on each, then sign again."
        )
    sections = tuple(Section(one.kind, _cleaned(one)) for one in document.sections)
    if not any(s.state is Decision.ACCEPTED for one in sections for s in one.sentences):
        raise ReportProblem("The report says nothing yet. Write or accept a sentence, then sign.")
    models_behind(document, [s for s in document.sentences() if s.state is Decision.ACCEPTED])
    return replace(document, sections=tuple(one for one in sections if one.sentences))


def _cleaned(section: Section) -> tuple[Sentence, ...]:
    return tuple(
        one if one.state is Decision.REJECTED else replace(one, text=clean(one.text))
        for one in section.sentences
    )


def require_reader(reader: Reader) -> None:
    """Raise SigningProblem unless the name is Family^Given and the organisation is named.

    A component group holds at most 64 characters, an organisation too (PS3.5 6.2, PN and LO).
    """
    if not _NAME.fullmatch(reader.name) or len(reader.name) > 64 or not reader.name.isprintable():
        raise SigningProblem(
            "The reader's name must have the form Family^Given, at most 64 characters."
        )
    organization = reader.organization
    if not organization.strip() or len(organization) > 64 or "\\" in organization:
        raise SigningProblem(
            "The reader's organisation must have 1 to 64 characters and no backslash."
        )
    if not organization.isprintable():
        raise SigningProblem("The reader's organisation holds a control character.")


class Readers:
    """The people who may sign here, with salted hashes of their credentials (scrypt).

    One versioned file, readable by its owner alone. Wrong tries are counted in the file before
    the credential is looked at, so that ending the program gives nobody a further try.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self.path = path
        self._clock = clock
        self._lock = threading.Lock()

    def readers(self) -> tuple[Reader, ...]:
        """All who are enrolled, in the order of enrolment. Raises StorageProblem."""
        entries = self._load()
        return tuple(Reader(name, entry["organization"]) for name, entry in entries.items())

    def enroll(self, name: str, organization: str, credential: str) -> Reader:
        """Add a reader; the same name, organisation and credential again change nothing.

        Raises SigningProblem for an incomplete name, a credential under four characters, or a name
        that is enrolled with another credential or organisation; StorageProblem.
        """
        reader = Reader(_composed(name), _composed(organization))
        require_reader(reader)
        if len(_composed(credential)) < SHORTEST_CREDENTIAL:
            raise SigningProblem(
                f"The credential is too short. Choose at least {SHORTEST_CREDENTIAL} characters."
            )
        if reader.name in self._load():
            if self.verify(reader.name, credential) != reader:
                raise SigningProblem("That name is enrolled with another organisation.")
            return reader
        with self._lock:
            entries = self._load()
            entries[reader.name] = {"organization": reader.organization, **_hashed(credential)}
            self._save(entries)
        return reader

    def verify(self, name: str, credential: str) -> Reader:
        """The reader, when the credential is right.

        After five wrong tries in a row each next one must wait: 30 s, then twice as long each
        time, an hour at most. Raises SigningProblem; StorageProblem when tries cannot be counted.
        """
        with self._lock:
            entries = self._load()
            entry = entries.get(_composed(name))
            if entry is None:
                _hashed(credential)  # as slow as a wrong credential: names cannot be tried out
                raise SigningProblem("The name or the credential is not right. Try again.")
            self._count_try(entries, entry)
            if not _matches(entry, credential):
                raise SigningProblem("The name or the credential is not right. Try again.")
            entry["tries"], entry["last"] = 0, 0.0
            self._save(entries)
            return Reader(_composed(name), entry["organization"])

    def change(self, name: str, credential: str, new: str) -> None:
        """Give a reader a new credential. Raises as `verify` and `enroll` do."""
        reader = self.verify(name, credential)
        if len(_composed(new)) < SHORTEST_CREDENTIAL:
            raise SigningProblem(
                f"The credential is too short. Choose at least {SHORTEST_CREDENTIAL} characters."
            )
        with self._lock:
            entries = self._load()
            entries[reader.name] = {"organization": reader.organization, **_hashed(new)}
            self._save(entries)

    def _count_try(self, entries: dict[str, dict[str, Any]], entry: dict[str, Any]) -> None:
        now = self._clock()
        wait = _wait(entry["tries"])
        left = entry["last"] + wait - now
        if 0 < left <= wait:  # more than the whole wait means that the clock was set back
            raise SigningProblem(
                f"Too many wrong tries. Wait {int(left) + 1} seconds, then try again."
            )
        entry["tries"] += 1
        entry["last"] = now
        self._save(entries)

    def _load(self) -> dict[str, dict[str, Any]]:
        if not self.path.exists():
            return {}
        content = read_versioned(self.path, "list of readers", VERSION)
        entries = content.get("readers")
        if not isinstance(entries, dict) or not all(_is_entry(one) for one in entries.values()):
            raise FormatUnreadable(
                f"The list of readers {self.path} is damaged. Move it away and enrol again.",
                self.path,
            )
        return entries

    def _save(self, entries: dict[str, dict[str, Any]]) -> None:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise storage_problem(error, self.path) from error
        write_versioned(self.path, VERSION, {"readers": entries})


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, dict):
        return False
    texts = (entry.get(name) for name in ("organization", "salt", "hash"))
    numbers = (entry.get(name) for name in ("tries", "last"))
    return all(isinstance(one, str) for one in texts) and all(
        isinstance(one, int | float) for one in numbers
    )


def _wait(tries: int) -> float:
    """Seconds to wait before the next try, after that many wrong ones."""
    if tries < FREE_TRIES:
        return 0.0
    return float(min(FIRST_WAIT * 2.0 ** min(tries - FREE_TRIES, 20), LONGEST_WAIT))


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def _digest(credential: str, salt: bytes) -> bytes:
    return hashlib.scrypt(_composed(credential).encode("utf-8", "replace"), salt=salt, **_COST)


def _hashed(credential: str) -> dict[str, Any]:
    salt = os.urandom(16)
    digest = _digest(credential, salt)
    return {
        "salt": base64.b64encode(salt).decode("ascii"),
        "hash": base64.b64encode(digest).decode("ascii"),
        "tries": 0,
        "last": 0.0,
    }


def _matches(entry: dict[str, Any], credential: str) -> bool:
    digest = _digest(credential, base64.b64decode(entry["salt"]))
    return hmac.compare_digest(digest, base64.b64decode(entry["hash"]))
