"""Nodes that refuse, keep silent, run full or break off: each gives one clear sentence."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.config import IGNORE, settings
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext, build_context
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import by pynetdicom
    CTImageStorage,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    Verification,
)

from dicom_io.errors import (
    Cancelled,
    DiskFull,
    NodeProblem,
    NodeRefused,
    NodeTimedOut,
    NodeUnreachable,
    OperationFailed,
)
from dicom_io.identity import Identity
from dicom_io.pacs.archive import Archive
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.intake import Intake
from dicom_io.pacs.node import Node
from dicom_io.source import Query
from tests.dicom_io.pacs.conftest import Listen
from tests.servers import Server, await_true, free_port

FIND = StudyRootQueryRetrieveInformationModelFind
GET = StudyRootQueryRetrieveInformationModelGet


def node_at(port: int, aet: str = "NOBODY") -> Node:
    """An impatient node on loopback."""
    return Node("test", aet, "127.0.0.1", port, timeout=0.5, answer_timeout=0.5)


def everything(node: Node, film: Path, into: Path) -> list[Callable[[], object]]:
    """Each operation on the node, as a thing to call."""
    source = DimseSource(node)
    return [
        source.echo,
        lambda: list(source.find(Query())),
        lambda: list(source.fetch("1.2.3", into)),
        lambda: list(source.store([film])),
        lambda: source.series("1.2.3"),
    ]


@pytest.mark.parametrize("operation", range(5))
def test_a_dead_port_is_unreachable(
    operation: int, samples: dict[str, Path], tmp_path: Path
) -> None:
    node = node_at(free_port())

    with pytest.raises(NodeUnreachable) as raised:
        everything(node, samples["CT_small.dcm"], tmp_path)[operation]()

    assert raised.value.node == "test"
    assert f"Nothing answers at test ({node.address})" in str(raised.value)


def test_an_unknown_host_is_unreachable() -> None:
    node = Node("test", "PACS", "no-such-host.invalid", 104, timeout=0.5)

    with pytest.raises(NodeUnreachable, match=r"no-such-host\.invalid .* is not known"):
        DimseSource(node).echo()


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that accepts connections and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        yield int(listener.getsockname()[1])


@pytest.mark.parametrize("operation", range(5))
def test_a_server_that_keeps_silent_times_out(
    operation: int, silent_port: int, samples: dict[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(NodeTimedOut) as raised:
        everything(node_at(silent_port), samples["CT_small.dcm"], tmp_path)[operation]()

    assert "did not answer" in str(raised.value)


def test_a_search_of_a_silent_server_can_be_stopped_at_once(silent_port: int) -> None:
    node = Node("test", "PACS", "127.0.0.1", silent_port, timeout=1.5)
    began = time.monotonic()

    with pytest.raises(Cancelled):
        list(DimseSource(node).find(Query(), stop=lambda: True))

    assert time.monotonic() - began < 0.5


def test_a_server_that_speaks_something_else_refuses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=answer_as_web_server, args=(listener,), daemon=True).start()

        with pytest.raises(NodeProblem, match="Check that the port is its DICOM port"):
            DimseSource(node_at(int(listener.getsockname()[1]))).echo()


def answer_as_web_server(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def test_orthanc_refuses_a_wrong_called_title(orthanc: Server) -> None:
    node = node_at(orthanc.node.port, "WRONG")

    with pytest.raises(NodeRefused, match="not called WRONG"):
        DimseSource(node).echo()


def test_an_unknown_calling_title_is_told_with_the_title_to_add(listen: Listen) -> None:
    contexts = [build_context(Verification)]
    node = listen([], contexts, require_calling_aet=["SOMEBODY"])

    with pytest.raises(NodeRefused, match="ask its administrator to add WETREAD"):
        DimseSource(node).echo()


def test_a_busy_node_asks_for_patience(listen: Listen) -> None:
    node = listen([], [build_context(Verification)], maximum_associations=1)
    entity = AE("FIRST")
    entity.add_requested_context(Verification)
    first = entity.associate(node.host, node.port, ae_title=node.aet)
    assert first.is_established

    with pytest.raises(NodeRefused, match="too many connections; try again"):
        DimseSource(node).echo()
    first.release()


def test_a_node_without_a_service_is_told(listen: Listen, tmp_path: Path) -> None:
    node = listen([], [build_context(Verification)])

    with pytest.raises(NodeRefused, match="offers none of the services"):
        list(DimseSource(node).find(Query()))


def find_one(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
    """A C-FIND handler that knows one CT image at every level."""
    answer = Dataset()
    for keyword, value in {
        "QueryRetrieveLevel": event.identifier.QueryRetrieveLevel,
        "StudyInstanceUID": "1.2.3",
        "SeriesInstanceUID": "1.2.3.4",
        "SOPInstanceUID": "1.2.3.4.5",
        "SOPClassUID": CTImageStorage,
        "Modality": "CT",
        "PatientID": "P1",
    }.items():
        setattr(answer, keyword, value)
    yield 0xFF00, answer


def archive_contexts() -> list[PresentationContext]:
    ct = build_context(CTImageStorage)
    ct.scu_role = ct.scp_role = True
    return [build_context(FIND), build_context(GET), ct]


def test_a_node_that_finds_but_does_not_give_is_told(listen: Listen, tmp_path: Path) -> None:
    contexts = [build_context(FIND), archive_contexts()[2]]
    node = listen([(evt.EVT_C_FIND, find_one)], contexts)

    with pytest.raises(NodeRefused, match="does not offer retrieving by C-GET"):
        list(DimseSource(node).fetch("1.2.3", tmp_path))


def test_a_failed_search_gives_the_status_as_a_sentence(listen: Listen) -> None:
    def out_of_resources(event: evt.Event) -> Iterator[tuple[int, None]]:
        yield 0xA700, None

    node = listen([(evt.EVT_C_FIND, out_of_resources)], [build_context(FIND)])

    with pytest.raises(OperationFailed, match="no room or resources left") as raised:
        list(DimseSource(node).find(Query()))
    assert raised.value.status == 0xA700


def test_a_search_that_hangs_in_the_middle_times_out(listen: Listen) -> None:
    over = threading.Event()

    def hang(event: evt.Event) -> Iterator[tuple[int, Dataset]]:
        yield 0xFF00, next(find_one(event))[1] or Dataset()
        over.wait(10)

    node = listen([(evt.EVT_C_FIND, hang)], [build_context(FIND)])
    events = DimseSource(node).find(Query())

    assert next(events).count == 1
    with pytest.raises(NodeTimedOut, match="while searching"):
        next(events)
    over.set()


def test_an_endless_answer_is_cut_at_the_limit(listen: Listen) -> None:
    ended = threading.Event()

    def endless(event: evt.Event) -> Iterator[tuple[int, Dataset]]:
        number = 0
        try:
            while event.assoc.is_established and not event.is_cancelled:
                number += 1
                answer = Dataset()
                answer.StudyInstanceUID = f"1.2.{number}"
                answer.PatientID = str(number)
                yield 0xFF00, answer
        finally:
            ended.set()  # by our cancel, or by the abort where the cancel was not read in time

    node = listen([(evt.EVT_C_FIND, endless)], [build_context(FIND)])
    began = time.monotonic()

    events = list(DimseSource(node).find(Query(limit=5)))

    assert [event.study is not None for event in events] == [True] * 5 + [False]
    assert time.monotonic() - began < 5
    assert ended.wait(10)


def test_a_search_at_its_limit_sends_a_cancel(listen: Listen) -> None:
    cancelled = threading.Event()

    def patient(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        for number in range(1, 7):
            answer = Dataset()
            answer.StudyInstanceUID = f"1.2.{number}"
            answer.PatientID = str(number)
            yield 0xFF00, answer
        await_true(lambda: event.is_cancelled, "a cancel", 5)  # true once only
        cancelled.set()
        yield 0xFE00, None

    node = listen([(evt.EVT_C_FIND, patient)], [build_context(FIND)])

    events = list(DimseSource(node).find(Query(limit=5)))

    assert [event.study is not None for event in events] == [True] * 5 + [False]
    assert cancelled.wait(5)


def test_a_stopped_search_sends_a_cancel(listen: Listen) -> None:
    cancelled = threading.Event()

    def slow(event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        yield from find_one(event)
        await_true(lambda: event.is_cancelled, "a cancel", 5)  # true once only
        cancelled.set()
        yield 0xFE00, None

    node = listen([(evt.EVT_C_FIND, slow)], [build_context(FIND)])
    seen: list[object] = []

    with pytest.raises(Cancelled):
        for event in DimseSource(node).find(Query(), stop=lambda: bool(seen)):
            seen.append(event)

    assert cancelled.wait(5)


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0xA700, "no room or resources left"),
        (0xA900, "does not match its class"),
        (0xC000, "could not process"),
        (0x0122, "does not accept this class"),
        (0x0124, "does not allow us"),
        (0x0110, "it failed"),
    ],
)
def test_a_refused_object_gives_the_status_as_a_sentence(
    status: int, words: str, listen: Listen, samples: dict[str, Path]
) -> None:
    node = listen([(evt.EVT_C_STORE, lambda event: status)], [build_context(CTImageStorage)])

    (outcome,) = DimseSource(node).store([samples["CT_small.dcm"]])

    assert outcome.status == status
    assert words in outcome.problem
    assert "did not store it" in outcome.problem


def test_a_warning_is_reported_and_is_no_failure(listen: Listen, samples: dict[str, Path]) -> None:
    node = listen([(evt.EVT_C_STORE, lambda event: 0xB000)], [build_context(CTImageStorage)])

    (outcome,) = DimseSource(node).store([samples["CT_small.dcm"]])

    assert outcome.status == 0xB000
    assert "warns: it changed attributes" in outcome.problem


def test_a_server_that_breaks_off_while_storing_is_told(
    listen: Listen, samples: dict[str, Path]
) -> None:
    def break_off(event: evt.Event) -> int:
        event.assoc.abort()
        return 0

    node = listen([(evt.EVT_C_STORE, break_off)], [build_context(CTImageStorage)])

    with pytest.raises(NodeUnreachable, match="broke off the connection"):
        list(DimseSource(node).store([samples["CT_small.dcm"]]))


@pytest.fixture
def ct(samples: dict[str, Path]) -> Dataset:
    """The image that `find_one` knows."""
    dataset = dcmread(samples["CT_small.dcm"])
    dataset.StudyInstanceUID = "1.2.3"
    dataset.SeriesInstanceUID = "1.2.3.4"
    dataset.SOPInstanceUID = "1.2.3.4.5"
    return dataset


def test_a_server_that_breaks_off_in_the_middle_of_an_object_leaves_no_file(
    listen: Listen, ct: Dataset, tmp_path: Path
) -> None:
    ct.PixelData = bytes(4 << 20)

    def give(event: evt.Event) -> Iterator[int | tuple[int, Dataset]]:
        yield 1
        cut_after(event.assoc, 1 << 20)
        yield 0xFF00, ct

    node = listen([(evt.EVT_C_FIND, find_one), (evt.EVT_C_GET, give)], archive_contexts())

    with pytest.raises(NodeUnreachable, match="broke off the connection"):
        list(DimseSource(node).fetch("1.2.3", tmp_path / "here"))
    assert list((tmp_path / "here").iterdir()) == []


def cut_after(association: Association, count: int) -> None:
    """Make the server's connection end after `count` more bytes."""
    transport = association.dul.socket
    assert transport is not None
    plain, left = transport.send, [count]

    def send(content: bytes) -> None:
        left[0] -= len(content)
        if left[0] > 0:
            plain(content)
        elif transport.socket is not None:
            with contextlib.suppress(OSError):  # it was cut already
                transport.socket.shutdown(socket.SHUT_RDWR)

    transport.send = send  # type: ignore[method-assign, assignment]  # the fault that is tested


def test_a_server_that_says_done_and_sends_nothing_is_told(listen: Listen, tmp_path: Path) -> None:
    def give_nothing(event: evt.Event) -> Iterator[int]:
        yield 0

    node = listen([(evt.EVT_C_FIND, find_one), (evt.EVT_C_GET, give_nothing)], archive_contexts())

    (event,) = DimseSource(node).fetch("1.2.3", tmp_path)

    assert (event.path, event.failed, event.remaining) == (None, 1, 0)
    assert "did not send this object" in event.problem


@pytest.mark.parametrize("uid", ["../../etc/passwd", "1.2.3/4", "not a uid"])
def test_an_object_with_a_malicious_uid_is_not_kept(
    uid: str, listen: Listen, ct: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for mode in ("reading_validation_mode", "writing_validation_mode"):  # the server is malicious
        monkeypatch.setattr(settings, mode, IGNORE)
    ct["SOPInstanceUID"] = DataElement("SOPInstanceUID", "UI", uid, validation_mode=IGNORE)
    said: list[int] = []

    def give(event: evt.Event) -> Iterator[int]:
        said.append(event.assoc.send_c_store(ct).Status)
        yield 0

    node = listen([(evt.EVT_C_FIND, find_one), (evt.EVT_C_GET, give)], archive_contexts())

    events = list(DimseSource(node).fetch("1.2.3", tmp_path / "here"))

    assert set(said) == {0xC000}  # refused each time that it is offered
    assert [event.path for event in events] == [None]
    assert list((tmp_path / "here").iterdir()) == []


def test_an_object_of_another_study_is_not_kept(
    listen: Listen, ct: Dataset, tmp_path: Path
) -> None:
    ct.StudyInstanceUID = "9.9.9"

    def give(event: evt.Event) -> Iterator[int | tuple[int, Dataset]]:
        yield 1
        yield 0xFF00, ct

    node = listen([(evt.EVT_C_FIND, find_one), (evt.EVT_C_GET, give)], archive_contexts())

    events = list(DimseSource(node).fetch("1.2.3", tmp_path / "here"))

    assert [event.path for event in events] == [None]
    assert list((tmp_path / "here").iterdir()) == []


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the operating system has no /dev/full")
def test_a_full_disk_ends_a_retrieval_with_one_sentence(
    archive: Archive, samples: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    archive.add([samples["CT_small.dcm"]])
    study = Identity.of(dcmread(samples["CT_small.dcm"])).study

    full = tmp_path / "full.part"
    full.symlink_to("/dev/full")
    monkeypatch.setattr(Intake, "temporary", lambda _: full)

    with pytest.raises(DiskFull, match="The disk is full"):
        list(DimseSource(archive.node).fetch(study, tmp_path / "here"))


def test_an_answer_in_utf8_without_a_character_set_is_read(listen: Listen) -> None:
    def find(event: evt.Event) -> Iterator[tuple[int, Dataset]]:
        answer = Dataset()
        answer.StudyInstanceUID = "1.2.3"
        answer.add_new("PatientName", "PN", "Müller^Änne".encode())
        yield 0xFF00, answer

    node = listen([(evt.EVT_C_FIND, find)], [build_context(FIND)])

    (event,) = DimseSource(node).find(Query())

    assert event.study is not None and event.study.patient_name == "Müller^Änne"


def test_an_answer_without_a_study_uid_is_left_out(listen: Listen) -> None:
    def find(event: evt.Event) -> Iterator[tuple[int, Dataset]]:
        answer = Dataset()
        answer.PatientName = "Nobody"
        yield 0xFF00, answer

    node = listen([(evt.EVT_C_FIND, find)], [build_context(FIND)])

    assert list(DimseSource(node).find(Query())) == []


def test_a_peer_that_claims_a_huge_pdu_is_cut_off() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=claim_four_gigabytes, args=(listener,), daemon=True).start()

        with pytest.raises(NodeProblem):
            DimseSource(node_at(int(listener.getsockname()[1]))).echo()


def claim_four_gigabytes(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(struct.pack(">BBI", 2, 0, 0xFFFFFFFF) + bytes(8192))
        connection.settimeout(5)
        while receive(connection):
            pass


def receive(connection: socket.socket) -> bytes:
    try:
        return connection.recv(4096)
    except OSError:
        return b""


def test_no_log_holds_patient_data(
    archive: Archive,
    samples: dict[str, Path],
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    film = samples["RG1_UNCR.dcm"]
    source = DimseSource(archive.node)

    with caplog.at_level(logging.NOTSET):
        list(source.store([film]))
        study = next(source.find(Query(text="CompressedSamples"))).study
        assert study is not None
        list(source.fetch(study.identity.study, tmp_path))

    written = caplog.text
    for secret in ("CompressedSamples", "9RG1", "19400305", study.identity.study):
        assert secret not in written


def test_threads_and_sockets_are_given_back(archive: Archive, samples: dict[str, Path]) -> None:
    source = DimseSource(archive.node)
    before = set(threading.enumerate())

    for _ in range(3):
        list(source.store([samples["CT_small.dcm"]]))
        list(source.find(Query()))

    def none_left() -> bool:
        return not {thread for thread in threading.enumerate() if thread.is_alive()} - before

    await_true(none_left, "the threads of ended associations", 5)


def test_a_time_out_of_one_operation_does_not_spoil_the_next(
    silent_port: int, archive: Archive
) -> None:
    with pytest.raises(NodeTimedOut):
        DimseSource(node_at(silent_port)).echo()

    assert DimseSource(archive.node).echo() > 0
