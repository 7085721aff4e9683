"""`wetread audit`: lines, JSON and DICOM messages; reading it is an entry too."""

from __future__ import annotations

import xml.etree.ElementTree as Xml
from pathlib import Path

from dicom_io.audit import AuditLog, Event
from dicom_io.identity import Identity
from dicom_io.storage import DataRoot
from tests.commands import Wetread


def test_the_audit_is_printed_and_the_reading_recorded(wetread: Wetread, own_home: Path) -> None:
    log = AuditLog(DataRoot(own_home).audit)
    log.record(Event.ACCESSED, Identity("P1", "", "1.2.3"), user="Reader^One")

    lines = wetread("audit").out.splitlines()
    (first, second) = wetread("audit", "--json").objects
    messages = wetread("audit", "--xml").out.splitlines()

    assert len(lines) == 1 and "ACCESSED" in lines[0] and "P1 1.2.3" in lines[0]
    assert (first["event"], first["study"]) == ("ACCESSED", "1.2.3")
    assert second["event"] == "AUDIT_READ"
    assert [Xml.fromstring(one).tag for one in messages] == ["AuditMessage"] * 3
    assert wetread("audit", "--since", "2999-01-01").out == ""
