"""A node is asked to answer for what it holds; what it declines is not stored."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import by pynetdicom
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
)

from dicom_io.errors import Cancelled, NodeRefused, NodeTimedOut, OperationFailed
from dicom_io.identity import Identity
from dicom_io.pacs import commitment
from dicom_io.pacs.archive import Archive
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.node import Node
from dicom_io.pacs.outbox import Outbox, State
from dicom_io.source import Commitment, Stop, never
from tests.dicom_io.pacs.conftest import Listen, Signed
from tests.servers import Server, free_port, start_orthanc, stop

CONTEXTS = [build_context(StorageCommitmentPushModel)]
FILM = ("1.2.840.10008.5.1.4.1.1.2", "1.2.3.4")


@pytest.fixture
def film(samples: dict[str, Path]) -> Path:
    return samples["CT_small.dcm"]


@pytest.fixture
def caller(tmp_path: Path) -> Iterator[DimseSource]:
    """Orthanc that knows us, and calls us back on a port of ours."""
    port = free_port()
    server = start_orthanc(
        tmp_path / "orthanc", DicomModalities={"wetread": ["WETREAD", "127.0.0.1", port]}
    )
    node = server.node
    yield DimseSource(Node(node.name, node.aet, node.host, node.port, listen=port))
    stop(server.process)


def pair(path: Path) -> tuple[str, str]:
    header = dcmread(path, stop_before_pixels=True)
    return str(header.SOPClassUID), str(header.SOPInstanceUID)


def test_the_archive_answers_on_the_same_association(archive: Archive, film: Path) -> None:
    archive.add([film])

    answer = DimseSource(archive.node).commit([pair(film), FILM])

    assert answer.committed == {pair(film)[1]}
    assert answer.failed == {FILM[1]: "it holds no such object (status 0x0112)"}


def test_an_object_of_another_class_is_not_answered_for(archive: Archive, film: Path) -> None:
    archive.add([film])
    uid = pair(film)[1]

    answer = DimseSource(archive.node).commit([("1.2.840.10008.5.1.4.1.1.4", uid)])

    assert answer.committed == frozenset()
    assert answer.failed == {uid: "it holds the object as one of another class (status 0x0119)"}


def test_orthanc_calls_back_with_its_answer(caller: DimseSource, film: Path) -> None:
    assert [one.status for one in caller.store([film])] == [0]

    answer = caller.commit([pair(film), FILM])

    assert answer.committed == {pair(film)[1]}
    assert list(answer.failed) == [FILM[1]]


def test_dcmqrscp_offers_none(dcmqrscp: Server) -> None:
    with pytest.raises(NodeRefused):
        dcmqrscp.source.commit([FILM])


def test_a_refused_request_is_told(listen: Listen) -> None:
    node = listen([(evt.EVT_N_ACTION, lambda event: (0x0110, None))], CONTEXTS)

    with pytest.raises(OperationFailed, match="takes no storage commitment from us"):
        DimseSource(node).commit([FILM])


def test_a_node_that_never_answers_is_given_up(
    listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commitment, "SAME", 0.2)
    node = listen([(evt.EVT_N_ACTION, lambda event: (0, None))], CONTEXTS)

    with pytest.raises(NodeTimedOut, match="port of ours"):
        DimseSource(node).commit([FILM])


def test_waiting_for_an_answer_can_be_stopped(listen: Listen) -> None:
    asked = threading.Event()

    def take(event: evt.Event) -> tuple[int, None]:
        asked.set()
        return 0, None

    node = listen([(evt.EVT_N_ACTION, take)], CONTEXTS)

    with pytest.raises(Cancelled):
        DimseSource(node).commit([FILM], asked.is_set)


def test_a_result_of_another_request_is_not_taken(
    listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commitment, "SAME", 0.5)
    answers: list[int] = []

    def report(event: evt.Event) -> None:
        told = Dataset()
        told.TransactionUID = "1.2.3"
        told.ReferencedSOPSequence = event.action_information.ReferencedSOPSequence
        answer, _ = event.assoc.send_n_event_report(
            told, 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
        )
        answers.append(answer.Status)

    def take(event: evt.Event) -> tuple[int, None]:
        threading.Thread(target=report, args=(event,), daemon=True).start()
        return 0, None

    node = listen([(evt.EVT_N_ACTION, take)], CONTEXTS)

    with pytest.raises(NodeTimedOut):
        DimseSource(node).commit([FILM])
    assert answers == [0x0115]


def test_a_stored_report_is_committed(
    archive: Archive, film: Path, signed_report: Signed, tmp_path: Path
) -> None:
    outbox = Outbox(tmp_path / "outbox")
    report = signed_report(film)
    item = outbox.put(report, Identity.of(report), archive.node)

    *_, last = outbox.deliver(item, DimseSource(archive.node))

    assert last.is_committed and last.commitment == ""
    assert outbox.items() == (last,)


def test_a_failed_commitment_is_not_stored(
    archive: Archive,
    film: Path,
    signed_report: Signed,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    outbox = Outbox(tmp_path / "outbox")
    report = signed_report(film)
    item = outbox.put(report, Identity.of(report), archive.node)

    with monkeypatch.context() as declining:  # it gives objects back, and answers for none
        declining.setattr(Archive, "_class_of", lambda archive, uid: "")
        passed = list(outbox.deliver(item, DimseSource(archive.node)))

    assert [one.state for one in passed] == [State.SENT, State.FAILED]
    assert passed[-1].problem == (
        "demo does not answer for it: it holds no such object (status 0x0112). Send it again."
    )
    assert outbox.waiting() == (passed[-1],)
    *_, again = outbox.deliver(passed[-1], DimseSource(archive.node))
    assert again.is_committed


def test_a_node_that_says_nothing_leaves_a_verified_report_and_a_note(
    archive: Archive, film: Path, signed_report: Signed, tmp_path: Path
) -> None:
    class Silent(DimseSource):
        def commit(self, objects: Sequence[tuple[str, str]], stop: Stop = never) -> Commitment:
            raise NodeTimedOut("It did not say in time.", "demo")

    outbox = Outbox(tmp_path / "outbox")
    report = signed_report(film)
    item = outbox.put(report, Identity.of(report), archive.node)

    *_, last = outbox.deliver(item, Silent(archive.node))

    assert last.is_stored and not last.is_committed
    assert last.commitment == "It did not say in time."
