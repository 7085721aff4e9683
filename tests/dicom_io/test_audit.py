"""The audit keeps every event, in order, for its owner alone, and says when it cannot."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from dicom_io.audit import AuditLog, Event, Outcome
from dicom_io.errors import FormatTooNew, FormatUnreadable, StorageProblem
from dicom_io.identity import Identity

STUDY = Identity("P-17", "HOSPITAL", "2.25.3")


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    return AuditLog(tmp_path / "audit")


def test_an_event_comes_back_with_who_what_and_how_it_ended(log: AuditLog) -> None:
    log.record(
        Event.ACCESSED_BY_MODEL,
        STUDY,
        user="Demo^Reader",
        outcome=Outcome.MINOR_FAILURE,
        model="wetread-demo 1.0.0",
        images=2,
    )

    (entry,) = log.entries()
    assert (entry.event, entry.user, entry.identity) == ("ACCESSED_BY_MODEL", "Demo^Reader", STUDY)
    assert entry.outcome == 4
    assert dict(entry.details) == {"model": "wetread-demo 1.0.0", "images": "2"}
    assert datetime.fromisoformat(entry.time).tzinfo is not None


@pytest.mark.parametrize("event", list(Event))
def test_every_event_carries_the_standards_code(log: AuditLog, event: Event) -> None:
    log.record(event)

    (path,) = log.folder.iterdir()
    line = json.loads(path.read_text(encoding="utf-8"))
    assert line["code"].isdigit() and len(line["code"]) == 6
    assert line["action"] in "CRUDE"
    assert (line["event"], line["version"]) == (event.name, 1)


def test_events_stay_in_order_and_in_the_file_of_their_month(tmp_path: Path) -> None:
    moments = iter(
        datetime(2026, month, 1, tzinfo=timezone(timedelta(hours=2))) for month in (1, 1, 2)
    )
    log = AuditLog(tmp_path, lambda: next(moments).astimezone())

    for event in (Event.APPLICATION_START, Event.QUERY, Event.APPLICATION_STOP):
        log.record(event)

    names = [entry.event for entry in log.entries()]
    assert names == ["APPLICATION_START", "QUERY", "APPLICATION_STOP"]
    assert len(list(tmp_path.iterdir())) == 2


def test_an_earlier_line_is_never_touched(log: AuditLog) -> None:
    log.record(Event.QUERY, user="one")
    (path,) = log.folder.iterdir()
    before = path.read_bytes()

    log.record(Event.QUERY, user="two")

    assert path.read_bytes().startswith(before)


@pytest.mark.skipif(sys.platform == "win32", reason="the operating system has no modes")
def test_the_audit_is_its_owners_alone(log: AuditLog) -> None:
    log.record(Event.QUERY)

    (path,) = log.folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.folder.stat().st_mode) == 0o700


def test_any_text_stays_on_one_line(log: AuditLog) -> None:
    log.record(Event.QUERY, user="a\nb\u2028c 山", query='"}\n{')

    (entry,) = log.entries()
    assert entry.user == "a\nb\u2028c 山"
    assert dict(entry.details) == {"query": '"}\n{'}


def test_threads_and_processes_write_whole_lines(log: AuditLog, root: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from dicom_io.audit import AuditLog, Event\n"
        "log = AuditLog(Path(sys.argv[1]))\n"
        "for n in range(50): log.record(Event.QUERY, user='x' * 500, n=n)\n"
    )
    other = subprocess.Popen([sys.executable, "-c", program, str(log.folder)], cwd=root)

    def send() -> None:
        for number in range(25):
            log.record(Event.SENT, n=number)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert other.wait(30) == 0
    events = [entry.event for entry in log.entries()]
    assert (events.count("SENT"), events.count("QUERY")) == (100, 50)


def test_a_line_cut_short_spoils_no_later_one(log: AuditLog) -> None:
    log.record(Event.QUERY)
    (path,) = log.folder.iterdir()
    with path.open("ab") as file:
        file.write(b'{"version": 1, "ti')

    log.record(Event.SENT)

    lines = path.read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[-1])["event"] == "SENT"
    with pytest.raises(FormatUnreadable, match="Line 2"):
        list(log.entries())


def test_a_line_of_a_later_version_is_refused(log: AuditLog) -> None:
    log.folder.mkdir()
    (log.folder / "audit-2030-01.jsonl").write_text('{"version": 2}\n')

    with pytest.raises(FormatTooNew):
        list(log.entries())


@pytest.mark.parametrize("line", ["[]", "3", "{}", '{"version": "x"}', '{"version": 1}'])
def test_a_foreign_line_is_reported(log: AuditLog, line: str) -> None:
    log.folder.mkdir()
    (log.folder / "audit-2020-01.jsonl").write_text(line + "\n")

    with pytest.raises(FormatUnreadable, match="Line 1"):
        list(log.entries())


def test_an_event_that_cannot_be_written_is_a_known_problem(tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("in the way")

    with pytest.raises(StorageProblem):
        AuditLog(tmp_path / "audit").record(Event.VERIFIED, STUDY)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the operating system has no /dev/full")
def test_a_full_disk_is_a_known_problem(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    moment = datetime.now().astimezone()
    (tmp_path / f"audit-{moment:%Y-%m}.jsonl").symlink_to("/dev/full")

    with pytest.raises(StorageProblem, match="full"):
        log.record(Event.VERIFIED, STUDY)
