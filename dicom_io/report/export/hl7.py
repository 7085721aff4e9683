"""A signed report as an HL7 v2.5.1 ORU^R01 message, one OBX a sentence.

Source: HL7 v2.5.1 chapters 2 (encoding, escapes), 3 (PID), 4 (OBR) and 7 (ORU, OBX).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime

from dicom_io.report import codes
from dicom_io.report.document import SectionKind
from dicom_io.report.export.letter import Letter

VERSION = "2.5.1"
SECTIONS = {kind: heading for kind, (heading, _) in codes.SECTIONS.items()}
_ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"}
_SENDER = "WETREAD"
_SEXES = {"M", "F", "O"}
_REPRESENTATIONS = ("A", "I", "P")  # of the groups of a DICOM name: letters, ideographs, sounds


def as_oru(letter: Letter, now: datetime | None = None, control: str = "") -> str:
    """The message in UTF-8, its segments ended by CR. `now` is when it is written, `control` its
    number (a new one without)."""
    moment = (now or datetime.now()).astimezone()
    number = control or uuid.uuid4().hex[:20]
    segments = [_msh(letter, moment, number), _pid(letter), _orc(letter), _obr(letter)]
    segments += _obx(letter)
    return "".join(f"{segment}\r" for segment in segments)


def _segment(name: str, *fields: str) -> str:
    return "|".join((name, *fields)).rstrip("|")


def escaped(text: str) -> str:
    """A text inside of a field: separators escaped, lines apart by \\.br\\."""
    plain = "".join(_ESCAPES.get(one, one) for one in text)
    return plain.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\.br\\")


def _time(moment: datetime) -> str:
    return moment.strftime("%Y%m%d%H%M%S%z")


def _msh(letter: Letter, moment: datetime, number: str) -> str:
    return _segment(
        "MSH",
        "^~\\&",
        _SENDER,
        escaped(letter.reader.organization),
        "",
        "",
        _time(moment),
        "",
        "ORU^R01^ORU_R01",
        number,
        "P",
        VERSION,
        *[""] * 5,
        "UNICODE UTF-8",
    )


def _pid(letter: Letter) -> str:
    identifier = f"{escaped(letter.patient_id)}^^^{escaped(letter.issuer)}^MR"
    names = letter.patient_name.split("=")
    written = [
        f"{_name(group, whole=True)}^^^{form}" if len(names) > 1 else _name(group)
        for group, form in zip(names, _REPRESENTATIONS, strict=False)
        if group.strip("^ ")
    ]
    return _segment(
        "PID",
        "1",
        "",
        identifier,
        "",
        "~".join(written),
        "",
        letter.birth_date,
        letter.sex if letter.sex in _SEXES else "U" if letter.sex else "",
    )


def _name(group: str, *, whole: bool = False) -> str:
    """A group of a DICOM name as XPN: family, given, middle, suffix, prefix; `whole` with the
    separators of what is empty at its end."""
    family, given, middle, prefix, suffix = (group.split("^") + [""] * 5)[:5]
    parts = (family, given, middle, suffix, prefix)
    written = "^".join(escaped(one.strip()) for one in parts)
    return written if whole else written.rstrip("^")


def _orc(letter: Letter) -> str:
    return _segment("ORC", "RE", "", escaped(letter.accession))


def _obr(letter: Letter) -> str:
    title = letter.title
    scheme = {"SCT": "SCT", "LN": "LN", "DCM": "DCM"}.get(title.scheme, "L")
    service = f"{escaped(title.value)}^{escaped(title.meaning)}^{scheme}"
    taken = f"{letter.study_date}{letter.study_time.split('.')[0]}"
    family, given = (letter.reader.name.split("=")[0].split("^") + [""] * 2)[:2]
    fields = [""] * 32
    fields[0] = "1"
    fields[2] = escaped(letter.accession)
    fields[3] = service
    fields[6] = taken + (letter.offset if len(taken) >= 12 else "")
    fields[15] = f"^{_name(letter.referring.split('=')[0])}" if letter.referring else ""
    fields[21] = _time(letter.signed_at)
    fields[23] = "RAD"
    fields[24] = "C" if letter.follows else "F"
    fields[31] = f"&{escaped(family)}&{escaped(given)}"
    return _segment("OBR", *fields)


def _obx(letter: Letter) -> Iterator[str]:
    number = 1
    status = "C" if letter.follows else "F"
    yield _observation(number, "ST", "113014^DICOM Study^DCM", "1", letter.study, status)
    for kind, texts in letter.sections():
        heading = SECTIONS[kind]
        observed = f"{heading.value}^{escaped(heading.meaning)}^LN"
        for line, text in enumerate(texts, 1):
            number += 1
            yield _observation(number, "TX", observed, str(line), escaped(text), status)
    notice = f"{SECTIONS[SectionKind.FINDINGS].value}^Findings^LN"
    yield _observation(number + 1, "TX", notice, "900", escaped(letter.notice()), status)


def _observation(number: int, kind: str, observed: str, sub: str, text: str, status: str) -> str:
    return _segment("OBX", str(number), kind, observed, sub, text, *[""] * 5, status)
