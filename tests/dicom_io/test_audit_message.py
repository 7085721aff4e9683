"""Audit messages in the form of DICOM PS3.15 A.5."""

from __future__ import annotations

import base64
import xml.etree.ElementTree as Xml
from pathlib import Path

import pytest

from dicom_io.audit import AuditLog, Entry, Event, Outcome
from dicom_io.audit_message import message_of
from dicom_io.identity import Identity

STUDY = Identity("P1", "CLINIC", "1.2.3", "1.2.3.4", "1.2.3.4.5")


def written(
    tmp_path: Path, event: Event, identity: Identity | None = STUDY, **given: str
) -> Xml.Element:
    log = AuditLog(tmp_path / "audit")
    log.record(event, identity, user="Reader^One", outcome=Outcome.MINOR_FAILURE, **given)
    (entry,) = log.entries()
    return Xml.fromstring(message_of(entry))


@pytest.mark.parametrize("event", list(Event))
def test_every_event_has_a_message_in_the_order_of_the_schema(tmp_path: Path, event: Event) -> None:
    message = written(tmp_path, event, node="PACS", model="demo")

    names = [one.tag for one in message]
    assert names == sorted(names, key=["EventIdentification", "ActiveParticipant",
        "AuditSourceIdentification", "ParticipantObjectIdentification"].index)  # fmt: skip
    what = message[0]
    assert what.attrib["EventActionCode"] == event.action
    assert what.attrib["EventOutcomeIndicator"] == "4"
    assert what.attrib["EventDateTime"][-6] in "+-"
    code = what.find("EventID")
    assert code is not None and code.attrib["csd-code"] == event.code
    assert code.attrib["codeSystemName"] == "DCM" and code.attrib["originalText"]


def test_a_signature_names_reader_study_and_patient_and_our_own_scheme(tmp_path: Path) -> None:
    message = written(tmp_path, Event.VERIFIED, draft="d1")

    kind = message.find("EventIdentification/EventTypeCode")
    assert kind is not None
    assert (kind.attrib["csd-code"], kind.attrib["codeSystemName"]) == ("verify", "99WETREAD")
    assert [one.attrib["UserID"] for one in message.iter("ActiveParticipant")] == ["Reader^One"]
    study, patient = message.iter("ParticipantObjectIdentification")
    assert study.attrib["ParticipantObjectID"] == "1.2.3"
    assert patient.attrib["ParticipantObjectID"] == "P1^^^CLINIC"
    (fact,) = study.iter("ParticipantObjectDetail")
    assert fact.attrib["type"] == "draft" and base64.b64decode(fact.attrib["value"]) == b"d1"


def test_what_came_in_has_the_other_node_as_its_source(tmp_path: Path) -> None:
    message = written(tmp_path, Event.RECEIVED, node="CT1", address="192.0.2.20")

    _, them = message.iter("ActiveParticipant")
    assert them.attrib["UserID"] == "CT1" and them.attrib["UserIsRequestor"] == "true"
    assert them.attrib["NetworkAccessPointID"] == "192.0.2.20"
    role = them.find("RoleIDCode")
    assert role is not None and role.attrib["csd-code"] == "110153"


def test_text_that_xml_cannot_hold_does_not_break_the_message(tmp_path: Path) -> None:
    message = written(tmp_path, Event.QUERY, Identity("P\x01<&>", "", "1.2"), node="A\x00B\n\"'")

    assert "P\N{REPLACEMENT CHARACTER}<&>" in Xml.tostring(message, "unicode").replace(
        "&lt;", "<"
    ).replace("&gt;", ">").replace("&amp;", "&")


def test_an_event_of_another_version_is_told() -> None:
    with pytest.raises(ValueError, match="NEW_ONE"):
        message_of(Entry("2026-01-01T00:00:00+00:00", "NEW_ONE", 0, "", None, ()))
