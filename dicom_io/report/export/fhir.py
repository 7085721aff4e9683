"""A signed report as a FHIR R4 DiagnosticReport, with patient, reader and study inside it.

Source: HL7 FHIR R4 (4.0.1), DiagnosticReport, ImagingStudy; DICOM identifiers as urn:oid.
"""

from __future__ import annotations

import base64
import json
from html import escape
from typing import Any

from dicom_io.report.document import SectionKind
from dicom_io.report.export.letter import Letter
from dicom_io.report.plain import as_text

SYSTEMS = {
    "LN": "http://loinc.org",
    "SCT": "http://snomed.info/sct",
    "DCM": "http://dicom.nema.org/resources/ontology/DCM",
}
GENDERS = {"M": "male", "F": "female", "O": "other"}
_SECTION = "http://terminology.hl7.org/CodeSystem/v2-0074"
_IDENTIFIERS = "http://terminology.hl7.org/CodeSystem/v2-0203"
_XHTML = "http://www.w3.org/1999/xhtml"
_UIDS = "urn:dicom:uid"


def as_fhir(letter: Letter) -> dict[str, Any]:
    """The resource, ready for JSON."""
    impression = dict(letter.sections()).get(SectionKind.IMPRESSION, ())
    resource = {
        "resourceType": "DiagnosticReport",
        "language": letter.document.language or "en",
        "text": {"status": "generated", "div": _narrative(letter)},
        "contained": [_patient(letter), _reader(letter), _organization(letter), _study(letter)],
        "identifier": [{"system": _UIDS, "value": f"urn:oid:{letter.uid}"}],
        "basedOn": _request(letter),
        "status": "amended" if letter.follows else "final",
        "category": [{"coding": [{"system": _SECTION, "code": "RAD", "display": "Radiology"}]}],
        "code": _code(letter),
        "subject": {"reference": "#patient"},
        "effectiveDateTime": _day(letter.study_date),
        "issued": letter.signed_at.isoformat(timespec="seconds"),
        "performer": [{"reference": "#organization"}],
        "resultsInterpreter": [{"reference": "#reader"}],
        "imagingStudy": [{"reference": "#study"}],
        "conclusion": " ".join(impression),
        "presentedForm": [_plain(letter)],
    }
    return {key: one for key, one in _filled(resource).items()}


def as_json(letter: Letter) -> str:
    """The same as a file's text."""
    return json.dumps(as_fhir(letter), ensure_ascii=False, indent=2) + "\n"


def _patient(letter: Letter) -> dict[str, Any]:
    identifier: dict[str, Any] = {
        "type": {"coding": [{"system": _IDENTIFIERS, "code": "MR"}]},
        "value": letter.patient_id,
    }
    if letter.issuer:
        identifier["assigner"] = {"display": letter.issuer}
    return {
        "resourceType": "Patient",
        "id": "patient",
        "identifier": [identifier] if letter.patient_id else [],
        "name": _names(letter.patient_name),
        "gender": GENDERS.get(letter.sex, "unknown" if letter.sex else ""),
        "birthDate": _day(letter.birth_date),
    }


def _reader(letter: Letter) -> dict[str, Any]:
    return {"resourceType": "Practitioner", "id": "reader", "name": _names(letter.reader.name)}


def _organization(letter: Letter) -> dict[str, Any]:
    return {
        "resourceType": "Organization",
        "id": "organization",
        "name": letter.reader.organization or "not stated",
    }


def _study(letter: Letter) -> dict[str, Any]:
    study = {
        "resourceType": "ImagingStudy",
        "id": "study",
        "identifier": [{"system": _UIDS, "value": f"urn:oid:{letter.study}"}],
        "status": "available",
        "subject": {"reference": "#patient"},
        "started": _day(letter.study_date),
        "description": letter.study_description,
    }
    if letter.referring:
        study["referrer"] = {"display": " ".join(_one_name(letter.referring).values_in_order())}
    return study


def _request(letter: Letter) -> list[dict[str, Any]]:
    """The order, by its accession number."""
    if not letter.accession:
        return []
    kind = {"coding": [{"system": _IDENTIFIERS, "code": "ACSN"}]}
    identifier = {"type": kind, "value": letter.accession}
    return [{"type": "ServiceRequest", "identifier": identifier}]


def _code(letter: Letter) -> dict[str, Any]:
    title = letter.title
    coding = {"system": SYSTEMS.get(title.scheme, ""), "code": title.value}
    coding["display"] = title.meaning
    return {"coding": [coding] if title.value else [], "text": title.meaning}


class _Name(dict[str, Any]):
    """A HumanName."""

    def values_in_order(self) -> list[str]:
        """Prefix, given names, family, suffix."""
        return [
            *self.get("prefix", []),
            *self.get("given", []),
            *([self["family"]] if self.get("family") else []),
            *self.get("suffix", []),
        ]


def _names(name: str) -> list[dict[str, Any]]:
    """Each group of a DICOM name as a name of its own; the first is the one to use."""
    return [dict(_one_name(group)) for group in name.split("=") if group.strip("^ ")]


def _one_name(group: str) -> _Name:
    family, given, middle, prefix, suffix = (group.split("=")[0].split("^") + [""] * 5)[:5]
    name = _Name(
        text=" ".join(one for one in (prefix, given, middle, family, suffix) if one.strip()),
        family=family.strip(),
        given=[one.strip() for one in (given, middle) if one.strip()],
        prefix=[prefix.strip()] if prefix.strip() else [],
        suffix=[suffix.strip()] if suffix.strip() else [],
    )
    return _Name({key: value for key, value in name.items() if value})


def _day(date: str) -> str:
    """A DICOM date as FHIR writes it; "" for none."""
    if len(date) != 8 or not date.isdigit():
        return ""
    return f"{date[:4]}-{date[4:6]}-{date[6:]}"


def _narrative(letter: Letter) -> str:
    """The report as XHTML: headings and paragraphs, nothing else."""
    parts = [f"<h1>{escape(letter.title.meaning)}</h1>", f"<p>{escape(letter.notice())}</p>"]
    for kind, texts in letter.sections():
        parts.append(f"<h2>{escape(kind.value)}</h2>")
        parts += [f"<p>{escape(text)}</p>" for text in texts]
    return f'<div xmlns="{_XHTML}">{"".join(parts)}</div>'


def _plain(letter: Letter) -> dict[str, Any]:
    content = as_text(letter.document).encode("utf-8")
    return {
        "contentType": "text/plain; charset=utf-8",
        "language": letter.document.language or "en",
        "data": base64.b64encode(content).decode("ascii"),
        "title": letter.title.meaning,
        "creation": letter.signed_at.isoformat(timespec="seconds"),
    }


def _filled(value: Any) -> Any:
    """The same without empty texts, lists and objects, which FHIR does not allow."""
    if isinstance(value, dict):
        kept = {key: _filled(one) for key, one in value.items()}
        return {key: one for key, one in kept.items() if one not in ("", [], {}, None)}
    if isinstance(value, list):
        return [one for one in (_filled(item) for item in value) if one not in ("", [], {}, None)]
    return value
