"""Whether a value matches a key of a query; the same rules for our archive and for others' answers.

Source: DICOM PS3.4 section C.2.2.2 (single value, list of UIDs, universal, wildcard and range
matching). Names match without regard to case, accents kept; ideographic and phonetic parts of a
name match as the alphabetic one does.
"""

from __future__ import annotations

import re
import unicodedata

from dicom_io.source import Query
from dicom_io.study import Study


def matches_text(pattern: str, value: str) -> bool:
    """Single value, or wildcard with `*` and `?`; upper and lower case count; spaces at the
    ends do not. An empty pattern matches everything."""
    return _matches(pattern, value, 0)


def matches_name(pattern: str, value: str) -> bool:
    """As `matches_text` without regard to case, against the whole name or one of its groups."""
    pattern = _plain(pattern)
    whole = _plain(value)
    groups = [whole, *whole.split("=")]
    return any(_matches(pattern.rstrip("^="), group.rstrip("^="), 0) for group in groups)


def matches_uid(pattern: str, value: str) -> bool:
    """One UID, or a list of them parted by backslashes."""
    wanted = [uid.strip() for uid in pattern.split("\\") if uid.strip()]
    return not wanted or value in wanted


def matches_range(pattern: str, value: str) -> bool:
    """A date or time, or a range with `-` between them that may be open at either end."""
    pattern = pattern.strip()
    if not pattern or pattern == "*":
        return True
    if not value:
        return False
    if "-" not in pattern:
        return value.startswith(pattern)
    first, _, last = pattern.partition("-")
    return (not first or value >= first) and (
        not last or value[: len(last)] <= last or value <= last
    )


def matches_query(query: Query, study: Study) -> bool:
    """True when the study is one that the query asks for, whatever the node thought."""
    return (
        matches_name(query.patient_name, study.patient_name)
        and matches_text(query.patient_id, study.identity.patient_id)
        and matches_text(query.accession, study.accession)
        and matches_uid(query.study, study.identity.study)
        and matches_range(query.date, study.date)
        and (not query.modality or not study.modalities or query.modality in study.modalities)
        and matches_typed(query.text, study)
    )


def matches_typed(text: str, study: Study) -> bool:
    """True when what a person typed stands in the name, the patient ID or the accession number."""
    if not text.strip():
        return True
    return (
        matches_name(name_pattern(text), study.patient_name)
        or _matches(around(text), study.identity.patient_id, re.IGNORECASE)
        or _matches(around(text), study.accession, re.IGNORECASE)
    )


def around(text: str) -> str:
    """What was typed, to be found anywhere in a value; wildcards that were typed stay."""
    return f"*{text.strip().strip('*')}*"


def name_pattern(text: str) -> str:
    """What was typed, to be found in a name: blanks and commas may stand for its `^`."""
    return "*" + re.sub(r"[\s,^*]+", "*", text.strip()).strip("*") + "*"


def _matches(pattern: str, value: str, flags: int) -> bool:
    pattern = pattern.strip()
    if not pattern or not pattern.strip("*"):
        return True
    expression = "".join(
        ".*" if letter == "*" else "." if letter == "?" else re.escape(letter) for letter in pattern
    )
    return re.fullmatch(expression, value.strip(), flags | re.DOTALL) is not None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()
