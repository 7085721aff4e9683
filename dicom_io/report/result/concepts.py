"""Codes of findings, measurements and units, read from the table beside this file."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from dicom_io.report.codes import CLINICAL_FINDING, Code


@cache
def _table() -> dict[str, dict[str, list[str] | str]]:
    text = (files(__package__) / "concepts.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def finding(name: str) -> Code:
    """The code of a finding; "Clinical finding" for a name that has none."""
    return _coded("findings", name.strip().casefold()) or CLINICAL_FINDING


def measurement(name: str) -> Code | None:
    """The code of something measured; None for what is not written as a measurement."""
    return _coded("measurements", name)


def unit(ucum: str) -> Code | None:
    """A UCUM unit with its meaning; None for one that we do not write."""
    meaning = _table()["units"].get(ucum)
    return Code(ucum, "UCUM", str(meaning)) if meaning else None


def _coded(part: str, name: str) -> Code | None:
    found = _table()[part].get(name)
    return Code(found[0], "SCT", found[1]) if isinstance(found, list) else None
