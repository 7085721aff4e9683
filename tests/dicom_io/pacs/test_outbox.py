"""A signed report is never lost and never said to be stored when it is not."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import by pynetdicom
    BasicTextSRStorage,
    CTImageStorage,
)

from dicom_io.errors import (
    Cancelled,
    DiskFull,
    FormatTooNew,
    FormatUnreadable,
    NotVerified,
    ReportProblem,
)
from dicom_io.identity import Identity
from dicom_io.pacs import outbox as outbox_module
from dicom_io.pacs.archive import Archive
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.folder import FolderSource
from dicom_io.pacs.node import Node
from dicom_io.pacs.outbox import Item, Outbox, State
from dicom_io.source import Query, Stop, Stored, never
from tests.dicom_io.pacs.conftest import Listen, Pacs, Signed
from tests.servers import await_true, free_port

NODE = Node("hospital", "PACS", "127.0.0.1", 104)


@pytest.fixture
def film(samples: dict[str, Path]) -> Path:
    return samples["CT_small.dcm"]


@pytest.fixture
def report(film: Path, signed_report: Signed) -> Dataset:
    return signed_report(film)


@pytest.fixture
def identity(film: Path) -> Identity:
    return Identity.of(dcmread(film, stop_before_pixels=True))


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Archives that forget are found out at once."""
    monkeypatch.setattr(outbox_module, "PATIENCE", 0.0)


def states(items: Sequence[Item]) -> list[State]:
    return [item.state for item in items]


def test_a_report_is_queued_sent_and_verified(
    pacs: Pacs, outbox: Outbox, report: Dataset, identity: Identity, film: Path
) -> None:
    pacs.load([film])
    item = outbox.put(report, identity, pacs.source.node)

    passed = list(outbox.deliver(item, pacs.source))

    assert states([item, *passed]) == [State.QUEUED, State.SENT, State.VERIFIED]
    assert passed[-1].problem == "" and passed[-1].verified_at and passed[-1].is_stored
    assert outbox.waiting() == ()
    assert outbox.items() == (passed[-1],)
    (study,) = [event.study for event in pacs.source.find(Query()) if event.study]
    assert study.identity == identity.of_study()


def test_a_queued_report_is_there_after_a_restart(
    outbox: Outbox, report: Dataset, identity: Identity, tmp_path: Path
) -> None:
    item = outbox.put(report, identity, NODE)

    (again,) = Outbox(tmp_path / "outbox").items()

    assert again == item
    assert (again.node, again.address) == ("hospital", "PACS@127.0.0.1:104")
    assert dcmread(again.path) == report


def test_the_bytes_of_a_report_are_queued_as_they_are(
    outbox: Outbox, report: Dataset, identity: Identity, tmp_path: Path
) -> None:
    report.save_as(tmp_path / "report.dcm", enforce_file_format=True)
    content = (tmp_path / "report.dcm").read_bytes()

    item = outbox.put(content, identity, NODE)

    assert item.path.read_bytes() == content


def test_the_same_report_put_twice_is_queued_once(
    outbox: Outbox, report: Dataset, identity: Identity
) -> None:
    first = outbox.put(report, identity, NODE)

    assert outbox.put(report, identity, NODE) == first
    assert len(outbox.items()) == 1


def test_a_report_that_one_node_holds_is_not_taken_for_stored_at_another(
    pacs: Pacs, outbox: Outbox, report: Dataset, identity: Identity
) -> None:
    stored = list(outbox.deliver(outbox.put(report, identity, pacs.source.node), pacs.source))[-1]

    elsewhere = outbox.put(report, identity, NODE)

    assert stored.is_stored
    assert (elsewhere.state, elsewhere.address) == (State.QUEUED, NODE.address)
    assert outbox.waiting() == (elsewhere,)


def test_another_report_under_the_same_uid_is_refused(
    outbox: Outbox, report: Dataset, identity: Identity
) -> None:
    outbox.put(report, identity, NODE)
    report.SeriesDescription = "Something else"

    with pytest.raises(ReportProblem, match="another document with this UID"):
        outbox.put(report, identity, NODE)


@pytest.mark.parametrize("flag", ["UNVERIFIED", ""])
def test_an_unsigned_report_does_not_leave(
    flag: str, outbox: Outbox, report: Dataset, identity: Identity
) -> None:
    report.VerificationFlag = flag

    with pytest.raises(NotVerified, match="not signed"):
        outbox.put(report, identity, NODE)
    assert outbox.items() == ()


def test_a_report_of_another_study_than_the_film_is_refused(
    outbox: Outbox, report: Dataset, identity: Identity
) -> None:
    other = Identity("somebody else", "", identity.study)

    with pytest.raises(ReportProblem, match="another patient or study"):
        outbox.put(report, other, NODE)
    assert outbox.items() == ()


def test_what_is_no_report_is_refused(outbox: Outbox, identity: Identity) -> None:
    with pytest.raises(ReportProblem, match="no DICOM report"):
        outbox.put(b"Dear colleague", identity, NODE)


def test_a_full_disk_queues_nothing_and_says_so(
    outbox: Outbox,
    report: Dataset,
    identity: Identity,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(DiskFull, match="The disk is full"):
        outbox.put(report, identity, NODE)
    assert list((tmp_path / "outbox").iterdir()) == []


@pytest.mark.usefixtures("impatient")
def test_a_dead_node_leaves_the_report_queued_with_its_sentence(
    outbox: Outbox, report: Dataset, identity: Identity
) -> None:
    source = DimseSource(Node("x", "X", "127.0.0.1", free_port(), timeout=0.5))
    item = outbox.put(report, identity, source.node)

    (after,) = outbox.deliver(item, source)

    assert after.state is State.QUEUED
    assert "Nothing answers" in after.problem
    assert outbox.waiting() == (after,)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("status", "state"),
    [
        (0xA700, State.QUEUED),  # out of resources: later may help
        (0xA900, State.FAILED),
        (0xC000, State.FAILED),
        (0x0124, State.FAILED),
    ],
)
def test_a_refused_report_is_not_stored(
    status: int,
    state: State,
    listen: Listen,
    outbox: Outbox,
    report: Dataset,
    identity: Identity,
) -> None:
    node = listen([(evt.EVT_C_STORE, lambda event: status)], [build_context(BasicTextSRStorage)])
    item = outbox.put(report, identity, node)

    (after,) = outbox.deliver(item, DimseSource(node))

    assert after.state is state
    assert f"0x{status:04X}" in after.problem
    assert not after.is_stored


@pytest.mark.usefixtures("impatient")
def test_a_node_that_takes_no_reports_refuses_it(
    listen: Listen, outbox: Outbox, report: Dataset, identity: Identity
) -> None:
    node = listen([], [build_context(CTImageStorage)])
    item = outbox.put(report, identity, node)

    (after,) = outbox.deliver(item, DimseSource(node))

    assert not after.is_stored
    assert "offers none of the services" in after.problem


BASIC, ENHANCED = "1.2.840.10008.5.1.4.1.1.88.11", "1.2.840.10008.5.1.4.1.1.88.22"
COMPREHENSIVE = "1.2.840.10008.5.1.4.1.1.88.33"


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("taken", [ENHANCED, COMPREHENSIVE])
def test_a_class_that_a_node_does_not_take_is_found_out_by_negotiation_alone(
    taken: str, listen: Listen, outbox: Outbox, report: Dataset, identity: Identity
) -> None:
    arrived: list[str] = []

    def take(event: evt.Event) -> int:
        arrived.append(str(event.request.AffectedSOPClassUID))
        return 0

    node = listen([(evt.EVT_C_STORE, take)], [build_context(taken)])

    sent, *_ = outbox.deliver(outbox.put(report, identity, node), DimseSource(node))

    assert arrived == [taken]  # and no object of any other class was ever sent
    assert sent.state is State.SENT
    assert "takes no Basic Text SR; this was sent as" in sent.instead
    stored = dcmread(sent.path)
    assert stored.SOPClassUID == taken == stored.file_meta.MediaStorageSOPClassUID
    assert stored.SOPInstanceUID == report.SOPInstanceUID


@pytest.mark.usefixtures("impatient")
def test_at_the_end_of_the_chain_the_item_waits_in_its_own_class(
    listen: Listen, outbox: Outbox, report: Dataset, identity: Identity
) -> None:
    node = listen([], [build_context(CTImageStorage)])
    item = outbox.put(report, identity, node)

    (after,) = outbox.deliver(item, DimseSource(node))

    assert (after.state, after.instead) == (State.QUEUED, "")
    assert dcmread(after.path).SOPClassUID == BASIC


def test_a_report_in_another_class_is_proved_like_any(
    archive: Archive, outbox: Outbox, report: Dataset, identity: Identity
) -> None:
    source = DimseSource(archive.node)

    def picky(paths: Sequence[Path], stop: Stop = never) -> Iterator[Stored]:
        if dcmread(paths[0]).SOPClassUID == BASIC:
            yield Stored(paths[0], report.SOPInstanceUID, 0x0122, "not taken")
        else:
            yield from source.store(paths, stop)

    item = outbox.put(report, identity, archive.node)

    *_, after = outbox.deliver(item, Faulty(source, picky))

    assert after.is_stored
    assert after.instead.endswith("this was sent as Enhanced SR.")
    assert outbox.put(report, identity, archive.node) == after  # put again, it is there


def test_items_of_the_former_version_are_read(
    outbox: Outbox, report: Dataset, identity: Identity
) -> None:
    item = outbox.put(report, identity, NODE)
    path = item.folder / "item.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["instead"], content["tried_at"], content["committed_at"], content["commitment"]
    path.write_text(json.dumps(content | {"version": 2}), encoding="utf-8")

    assert outbox.items() == (item,)


class Faulty:
    """A real archive's source that does one thing wrong."""

    def __init__(self, source: DimseSource, store: Callable[..., Iterator[Stored]]) -> None:
        self._source = source
        self.name = source.name
        self.find = source.find
        self.fetch = source.fetch
        self.store = store


@pytest.mark.usefixtures("impatient")
def test_an_archive_that_says_success_and_forgets_is_found_out(
    archive: Archive, outbox: Outbox, report: Dataset, identity: Identity
) -> None:
    def forget(paths: Sequence[Path], stop: Stop = never) -> Iterator[Stored]:
        yield Stored(paths[0], report.SOPInstanceUID, 0)

    source = Faulty(DimseSource(archive.node), forget)
    item = outbox.put(report, identity, archive.node)

    passed = list(outbox.deliver(item, source))

    assert states(passed) == [State.SENT, State.FAILED]
    assert "said success but does not hold the report" in passed[-1].problem
    assert outbox.waiting() == (passed[-1],)


def test_a_forgotten_report_can_be_sent_again(
    archive: Archive, outbox: Outbox, report: Dataset, identity: Identity
) -> None:
    source = DimseSource(archive.node)
    item = outbox.put(report, identity, archive.node)
    broken = DimseSource(Node("x", "X", "127.0.0.1", free_port(), timeout=0.5))
    list(outbox.deliver(item, broken))

    passed = list(outbox.deliver(item, source))

    assert states(passed) == [State.SENT, State.VERIFIED]
    assert (passed[-1].attempts, passed[-1].problem) == (2, "")


@pytest.mark.usefixtures("impatient")
def test_an_archive_that_changes_the_report_is_found_out(
    archive: Archive, outbox: Outbox, report: Dataset, identity: Identity, tmp_path: Path
) -> None:
    source = DimseSource(archive.node)

    def change(paths: Sequence[Path], stop: Stop = never) -> Iterator[Stored]:
        altered = dcmread(paths[0])
        altered.PatientID = "OTHER"
        altered.ContentSequence[-1].ContentSequence[0].TextValue = "The heart is enlarged."
        altered.save_as(tmp_path / "altered.dcm")
        yield from source.store([tmp_path / "altered.dcm"], stop)

    item = outbox.put(report, identity, archive.node)

    passed = list(outbox.deliver(item, Faulty(source, change)))

    assert states(passed) == [State.SENT, State.FAILED]
    assert "another report than the one that was signed" in passed[-1].problem
    assert "PatientID" in passed[-1].problem
    assert "OTHER" not in passed[-1].problem  # names attributes, quotes no patient data


def test_a_coerced_attribute_is_named(
    archive: Archive, outbox: Outbox, report: Dataset, identity: Identity, tmp_path: Path
) -> None:
    source = DimseSource(archive.node)

    def coerce(paths: Sequence[Path], stop: Stop = never) -> Iterator[Stored]:
        altered = dcmread(paths[0])
        altered.StudyDescription = "As the archive calls it"
        altered.save_as(tmp_path / "altered.dcm")
        yield from source.store([tmp_path / "altered.dcm"], stop)

    item = outbox.put(report, identity, archive.node)

    passed = list(outbox.deliver(item, Faulty(source, coerce)))

    assert passed[-1].state is State.VERIFIED
    assert any("StudyDescription" in sentence for sentence in passed[-1].coerced)


def test_a_stopped_delivery_keeps_the_item(
    archive: Archive, outbox: Outbox, report: Dataset, identity: Identity
) -> None:
    item = outbox.put(report, identity, archive.node)

    with pytest.raises(Cancelled):
        list(outbox.deliver(item, DimseSource(archive.node), stop=lambda: True))

    assert states(outbox.items()) == [State.QUEUED]


def test_a_report_can_be_delivered_into_a_folder(
    outbox: Outbox, report: Dataset, identity: Identity, film: Path, tmp_path: Path
) -> None:
    source = FolderSource(tmp_path / "export")
    (tmp_path / "export").mkdir()
    item = outbox.put(report, identity, NODE)

    passed = list(outbox.deliver(item, source))

    assert states(passed) == [State.SENT, State.VERIFIED]


def test_only_a_verified_item_may_be_forgotten(
    archive: Archive, outbox: Outbox, report: Dataset, identity: Identity
) -> None:
    item = outbox.put(report, identity, archive.node)
    with pytest.raises(ValueError, match="verified"):
        outbox.forget(item)

    list(outbox.deliver(item, DimseSource(archive.node)))
    outbox.forget(item)

    assert outbox.items() == ()


def test_an_item_of_a_later_version_is_refused(
    outbox: Outbox, report: Dataset, identity: Identity
) -> None:
    item = outbox.put(report, identity, NODE)
    content = json.loads((item.folder / "item.json").read_text())
    (item.folder / "item.json").write_text(json.dumps({**content, "version": 99}))

    with pytest.raises(FormatTooNew, match="later Wetread"):
        outbox.items()


@pytest.mark.parametrize("damage", ['{"version": 1}', "", '{"version": 1, "state": "lost"}'])
def test_a_damaged_item_is_told_and_its_report_kept(
    damage: str, outbox: Outbox, report: Dataset, identity: Identity
) -> None:
    item = outbox.put(report, identity, NODE)
    (item.folder / "item.json").write_text(damage)

    with pytest.raises(FormatUnreadable):
        outbox.items()
    assert dcmread(item.path) == report


CHILD = """
import sys
from pathlib import Path
from pydicom import dcmread
from dicom_io.identity import Identity
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.node import parse_node
from dicom_io.pacs.outbox import Outbox

folder, report, address, until = sys.argv[1:]
node = parse_node(address)
outbox = Outbox(Path(folder))
dataset = dcmread(report)
item = outbox.put(dataset, Identity.of(dataset), node)
print(item.state, flush=True)
if until == "queued":
    sys.stdin.read()
for after in outbox.deliver(item, DimseSource(node)):
    print(after.state, flush=True)
    if after.state == until:
        sys.stdin.read()  # until it is killed
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the operating system has no SIGKILL")
@pytest.mark.parametrize("until", ["queued", "sent"])
def test_a_killed_process_loses_nothing_and_doubles_nothing(
    until: str,
    archive: Archive,
    report: Dataset,
    identity: Identity,
    tmp_path: Path,
    root: Path,
) -> None:
    report.save_as(tmp_path / "report.dcm", enforce_file_format=True)
    folder = tmp_path / "outbox"
    arguments = [str(folder), str(tmp_path / "report.dcm"), archive.node.address, until]
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, *arguments],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        while child.stdout.readline().strip() != until:
            assert child.poll() is None
        os.kill(child.pid, signal.SIGKILL)

    outbox = Outbox(folder)
    (item,) = outbox.items()
    passed = list(outbox.deliver(item, DimseSource(archive.node)))

    assert item.state == until
    assert passed[-1].state is State.VERIFIED
    series = DimseSource(archive.node).series(identity.study)
    assert [one.modality for one in series] == ["SR"]
    assert sum(one.instance_count for one in series) == 1


def test_a_crash_before_the_rename_leaves_no_item(
    outbox: Outbox,
    report: Dataset,
    identity: Identity,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def crash(source: object, target: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "rename", crash)
    with pytest.raises(KeyboardInterrupt):
        outbox.put(report, identity, NODE)
    monkeypatch.undo()

    assert outbox.items() == ()
    assert outbox.put(report, identity, NODE).state is State.QUEUED


def test_two_reports_of_a_study_are_two_items_in_the_order_of_queueing(
    archive: Archive, outbox: Outbox, film: Path, signed_report: Signed, identity: Identity
) -> None:
    first = outbox.put(signed_report(film, "First."), identity, archive.node)
    second = outbox.put(signed_report(film, "Second."), identity, archive.node)
    source = DimseSource(archive.node)

    for item in (second, first):
        list(outbox.deliver(item, source))

    assert [item.uid for item in outbox.items()] == [first.uid, second.uid]
    assert states(outbox.items()) == [State.VERIFIED, State.VERIFIED]
    await_true(lambda: len(source.series(identity.study)) == 2, "both reports in their own series")
