"""A node that fails in every way (trap T8): each ends in a sentence and an item that waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import (  # type: ignore[attr-defined]  # made at import by pynetdicom
    BasicTextSRStorage,
    CTImageStorage,
    StorageCommitmentPushModel,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
)

from dicom_io.identity import Identity
from dicom_io.pacs import outbox as outbox_module
from dicom_io.pacs.archive import Archive
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.node import Node
from dicom_io.pacs.outbox import Item, Outbox, State
from tests.cutting import cutting
from tests.dicom_io.pacs.conftest import Listen, Pacs, Signed

STALL = 20.0  # seconds that the node of T8 keeps silent; the node's time-out shortens the wait
SERVICES = [
    build_context(BasicTextSRStorage),
    build_context(StudyRootQueryRetrieveInformationModelFind),
    build_context(StudyRootQueryRetrieveInformationModelGet),
    build_context(StorageCommitmentPushModel),
]


@pytest.fixture
def report(samples: dict[str, Path], signed_report: Signed) -> Dataset:
    return signed_report(samples["CT_small.dcm"])


@pytest.fixture
def outbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Outbox:
    monkeypatch.setattr(outbox_module, "PATIENCE", 0.0)
    return Outbox(tmp_path / "outbox")


def delivered(outbox: Outbox, report: Dataset, node: Node) -> Item:
    """The item after one try, which the outbox must hold as not stored."""
    item = outbox.put(report, Identity.of(report), node)
    passed = list(outbox.deliver(item, DimseSource(node)))
    assert not any(one.is_stored for one in passed)
    assert outbox.waiting() == (passed[-1],)
    return passed[-1]


Handler = Callable[[evt.Event], int]


def answering(code: int) -> Handler:
    return lambda event: code


@pytest.mark.parametrize(
    ("code", "state", "said"),
    [
        (0xA700, State.QUEUED, "no room or resources left"),
        (0xA900, State.FAILED, "does not match its class"),
        (0xC000, State.FAILED, "could not process"),
        (0x0124, State.FAILED, "does not allow us"),
        (0xB000, State.FAILED, "does not hold the report"),  # a warning is proved like a success
        (0x0000, State.FAILED, "does not hold the report"),  # accepts, then forgets
    ],
)
def test_each_status_ends_as_not_stored(
    code: int, state: State, said: str, listen: Listen, outbox: Outbox, report: Dataset
) -> None:
    def nothing(event: evt.Event) -> tuple[int, None]:
        return 0, None

    handlers = [
        (evt.EVT_C_STORE, answering(code)),
        (evt.EVT_C_FIND, lambda event: iter(())),
        (evt.EVT_C_GET, lambda event: iter([0])),
        (evt.EVT_N_ACTION, nothing),
    ]

    item = delivered(outbox, report, listen(handlers, SERVICES))

    assert item.state is state
    assert said in item.problem, item.problem


def test_a_node_that_aborts_leaves_a_queued_item(
    listen: Listen, outbox: Outbox, report: Dataset
) -> None:
    def abort(event: evt.Event) -> int:
        event.assoc.abort()
        return 0

    item = delivered(outbox, report, listen([(evt.EVT_C_STORE, abort)], SERVICES))

    assert item.state is State.QUEUED and "broke off the connection" in item.problem


@pytest.mark.parametrize("limit", [600, 1_500, 3_000])
def test_a_break_in_the_middle_of_the_data_set_leaves_a_queued_item(
    limit: int, archive: Archive, outbox: Outbox, report: Dataset
) -> None:
    with cutting(archive.node) as relay:
        relay.limit = limit
        item = delivered(outbox, report, relay.node)

    assert item.state is State.QUEUED and item.problem


def test_a_node_that_takes_no_reports_is_told_before_anything_is_sent(
    listen: Listen, outbox: Outbox, report: Dataset
) -> None:
    stored: list[evt.Event] = []

    def store(event: evt.Event) -> int:
        stored.append(event)
        return 0

    node = listen([(evt.EVT_C_STORE, store)], [build_context(CTImageStorage)])
    item = delivered(outbox, report, node)

    assert item.state is State.QUEUED and not stored
    assert "administrator" in item.problem


def test_a_node_that_stalls_is_given_up_and_tried_again(
    listen: Listen, outbox: Outbox, report: Dataset
) -> None:
    began = time.monotonic()

    def stall(event: evt.Event) -> int:
        while time.monotonic() < began + STALL and event.assoc.is_established:
            time.sleep(0.02)
        return 0

    node = replace(listen([(evt.EVT_C_STORE, stall)], SERVICES), answer_timeout=0.5)
    item = delivered(outbox, report, node)

    assert time.monotonic() - began < STALL / 2
    assert item.state is State.QUEUED and "did not answer" in item.problem


def test_a_connection_that_is_half_open_is_given_up(
    archive: Archive, outbox: Outbox, report: Dataset
) -> None:
    with cutting(archive.node) as relay:
        relay.limit, relay.silent = 0, True  # it is accepted, and nothing ever comes
        item = delivered(outbox, report, replace(relay.node, timeout=0.5, answer_timeout=0.5))

    assert item.state is State.QUEUED and "did not answer" in item.problem


def test_after_all_of_it_the_item_is_stored_once(
    archive: Archive, listen: Listen, outbox: Outbox, report: Dataset
) -> None:
    for code in (0xA700, 0xC000, 0x0000):
        node = listen([(evt.EVT_C_STORE, answering(code))], SERVICES)
        item = outbox.put(report, Identity.of(report), archive.node)
        *_, item = outbox.deliver(item, DimseSource(node))
        assert not item.is_stored

    *_, item = outbox.deliver(item, DimseSource(archive.node))
    if not item.is_stored:  # what the last one claimed to hold was looked for here, in vain
        *_, item = outbox.deliver(item, DimseSource(archive.node))

    assert item.is_stored and len(outbox.items()) == 1
    (series,) = DimseSource(archive.node).series(item.identity.study)
    assert series.instance_count == 1


def test_another_object_under_the_same_uid_is_never_taken_for_ours(
    pacs: Pacs, outbox: Outbox, report: Dataset, tmp_path: Path
) -> None:
    """Orthanc answers success, keeps the former object and says nothing."""
    item = outbox.put(report, Identity.of(report), pacs.source.node)
    report.SeriesDescription = "Something else"
    report.save_as(tmp_path / "other.dcm", enforce_file_format=True)
    pacs.load([tmp_path / "other.dcm"])

    *_, last = outbox.deliver(item, pacs.source)

    if pacs.kind == "dcmqrscp":  # it takes the newer one in the place of the former
        assert last.is_stored
        return
    assert last.state is State.FAILED
    assert "holds another report than the one that was signed" in last.problem
    assert outbox.waiting() == (last,)
