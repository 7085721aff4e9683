"""Logging: set up once at start, with everything that could name a patient taken out.

The log is for developers. It never carries patient data at any level: UIDs become salted short
hashes (the same UID gives the same hash within one run, so that a story can be followed), person
names in DICOM form and long numbers become a mark. What the hospital must know is in the audit.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import secrets
from logging.handlers import RotatingFileHandler
from pathlib import Path

FORM = "%(asctime)s %(levelname)s %(name)s: %(message)s"
SIZE = 1_000_000  # bytes a file; three are kept
_SALT = secrets.token_bytes(16)  # of this run alone, and written nowhere
_UID = re.compile(r"(?<![\w.])\d+(?:\.\d+){4,}(?![\w.]*\.\d)")
_PERSON = re.compile(r"[^\s'\"=,;:()\[\]{}<>]*\^[^\s'\"=,;:()\[\]{}<>]*")
_NUMBER = re.compile(r"(?<![\w.#-])\d{6,}(?![\w.])")
_HOME = re.compile(re.escape(str(Path.home())) + r"(?=[/\\]|\b)")


def redact(text: str) -> str:
    """The text without UIDs, person names in DICOM form, long numbers and the home folder."""
    text = _UID.sub(lambda found: short_hash(found.group()), text)
    text = _PERSON.sub("[name]", text)
    text = _NUMBER.sub("[number]", text)
    if len(str(Path.home())) > 1:
        text = _HOME.sub("~", text)
    return text


def short_hash(uid: str) -> str:
    """A mark that is the same for the same UID within this run, and tells nothing about it."""
    return "#" + hashlib.blake2s(uid.encode(), key=_SALT, digest_size=4).hexdigest()


class Redacted(logging.Formatter):
    """A formatter whose finished lines, tracebacks included, are redacted."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def set_up(file: Path | None = None, level: int = logging.INFO) -> logging.Handler:
    """Send all records to `file` (mode 0600, turned over at 1 MB) or to standard error.

    Returns the handler, so that a caller can take it off again with `take_down`.
    """
    handler: logging.Handler
    if file is None:
        handler = logging.StreamHandler()
    else:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(file, os.O_CREAT | os.O_APPEND, 0o600))
        handler = RotatingFileHandler(file, maxBytes=SIZE, backupCount=2, encoding="utf-8")
    handler.setFormatter(Redacted(FORM))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(level)
    # These two write out whole data sets at lower levels.
    for name in ("pynetdicom", "pydicom"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    return handler


def take_down(handler: logging.Handler) -> None:
    """Take back what `set_up` did."""
    logging.captureWarnings(False)
    logging.getLogger().removeHandler(handler)
    handler.close()
