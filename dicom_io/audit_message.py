"""An entry of the audit as the XML message of DICOM PS3.15 A.5, for a site's audit repository."""

from __future__ import annotations

import base64
import xml.etree.ElementTree as Xml

from dicom_io.audit import Entry, Event

OURS = "99WETREAD"
_MEANINGS = {
    "110100": "Application Activity",
    "110101": "Audit Log Used",
    "110102": "Begin Transferring DICOM Instances",
    "110103": "DICOM Instances Accessed",
    "110104": "DICOM Instances Transferred",
    "110106": "Export",
    "110107": "Import",
    "110112": "Query",
    "110113": "Security Alert",
    "110114": "User Authentication",
    "110120": "Application Start",
    "110121": "Application Stop",
    "110122": "Login",
    "110123": "Logout",
    "110128": "Network Configuration",
    "110131": "Software Configuration",
}
_APPLICATION = ("110150", "Application")
_SOURCE, _DESTINATION = ("110153", "Source Role ID"), ("110152", "Destination Role ID")
_FROM_US = frozenset({Event.SENT, Event.QUERY, Event.EXPORTED, Event.EXPORTED_TO_MODEL})
_IP_ADDRESS = "2"  # NetworkAccessPointTypeCode


def message_of(entry: Entry) -> str:
    """The message, one line of XML. Raises ValueError for an event that this version lacks."""
    try:
        event = Event[entry.event]
    except KeyError as error:
        raise ValueError(f"This version knows no event {entry.event[:40]}.") from error
    details = dict(entry.details)
    root = Xml.Element("AuditMessage")
    _put_event(root, event, entry)
    _put_people(root, event, entry.user, details)
    Xml.SubElement(root, "AuditSourceIdentification", AuditSourceID="Wetread")
    _put_objects(root, entry, details)
    return Xml.tostring(root, encoding="unicode")


def _put_event(root: Xml.Element, event: Event, entry: Entry) -> None:
    what = Xml.SubElement(
        root,
        "EventIdentification",
        EventActionCode=event.action,
        EventDateTime=entry.time,
        EventOutcomeIndicator=str(entry.outcome),
    )
    _put_code(what, "EventID", event.code, _MEANINGS[event.code])
    if event.type:
        scheme, _, value = event.type.rpartition(":")
        _put_code(what, "EventTypeCode", value, _MEANINGS.get(value, value), scheme or "DCM")


def _put_people(root: Xml.Element, event: Event, user: str, details: dict[str, str]) -> None:
    """The person and this program, the other node, and the model where one looked."""
    is_ours = event in _FROM_US
    us = _participant(root, user or "Wetread", is_requestor=not details.get("address"))
    _put_role(us, _SOURCE if is_ours else _APPLICATION)
    if node := details.get("node"):
        them = _participant(root, node, is_requestor=bool(details.get("address")))
        if address := details.get("address"):
            them.set("NetworkAccessPointID", address)
            them.set("NetworkAccessPointTypeCode", _IP_ADDRESS)
        _put_role(them, _DESTINATION if is_ours else _SOURCE)
    if model := details.get("model"):
        _put_role(_participant(root, model, is_requestor=False), _APPLICATION)


def _put_objects(root: Xml.Element, entry: Entry, details: dict[str, str]) -> None:
    """The study, the patient, and the short facts that stand beside them."""
    facts = [(k, v) for k, v in details.items() if k not in ("node", "address")]
    identity = entry.identity
    if identity is None:
        if facts:
            _put_facts(_object(root, "Wetread", "2", "13", ("12", "URI", "RFC-3881")), facts)
        return
    study_code = ("110180", "Study Instance UID", "DCM")
    study = _object(root, identity.study or "unknown", "2", "3", study_code)
    _put_facts(study, facts)
    if identity.instance:
        described = Xml.SubElement(study, "ParticipantObjectDescription")
        described.text = f"SOP Instance UID {identity.instance}"
    if identity.patient_id:
        number = "^^^".join(part for part in (identity.patient_id, identity.issuer) if part)
        _object(root, number, "1", "1", ("2", "Patient Number", "RFC-3881"))


def _participant(root: Xml.Element, user: str, *, is_requestor: bool) -> Xml.Element:
    return Xml.SubElement(
        root,
        "ActiveParticipant",
        UserID=_clean(user),
        UserIsRequestor="true" if is_requestor else "false",
    )


def _object(
    root: Xml.Element, uid: str, kind: str, role: str, code: tuple[str, str, str]
) -> Xml.Element:
    described = Xml.SubElement(
        root,
        "ParticipantObjectIdentification",
        ParticipantObjectID=_clean(uid),
        ParticipantObjectTypeCode=kind,
        ParticipantObjectTypeCodeRole=role,
    )
    _put_code(described, "ParticipantObjectIDTypeCode", *code)
    return described


def _put_facts(described: Xml.Element, facts: list[tuple[str, str]]) -> None:
    for name, value in facts:
        encoded = base64.b64encode(value.encode("utf-8", "replace")).decode("ascii")
        Xml.SubElement(described, "ParticipantObjectDetail", type=_clean(name), value=encoded)


def _put_role(participant: Xml.Element, role: tuple[str, str]) -> None:
    _put_code(participant, "RoleIDCode", *role)


def _put_code(above: Xml.Element, name: str, value: str, meaning: str, scheme: str = "DCM") -> None:
    Xml.SubElement(
        above, name, attrib={"csd-code": value, "codeSystemName": scheme, "originalText": meaning}
    )


def _clean(text: str) -> str:
    """Without what XML 1.0 cannot hold."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
