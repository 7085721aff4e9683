"""What waits is tried again when its time has come, or as soon as its node takes something."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pytestqt.qtbot import QtBot

from dicom_io.identity import Identity
from dicom_io.pacs.archive import Archive
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.node import Node
from dicom_io.pacs.outbox import Item, Outbox, State
from dicom_io.report import sr
from dicom_io.report.document import human_sentence
from dicom_io.report.header import Software
from dicom_io.report.signing import Readers
from tests import reports
from tests.servers import free_port
from ui.jobs import Jobs
from ui.report.filing import Filing


def report() -> Dataset:
    film = reports.film()
    document = reports.signed(reports.draft(film, human_sentence("The heart is not enlarged.")))
    return sr.build(document, [film], Software.installed())


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox")


def queued(outbox: Outbox, node: Node) -> Item:
    """A report that was tried once, in vain."""
    one = report()
    dead = replace(node, port=free_port(), timeout=0.5)
    *_, item = outbox.deliver(outbox.put(one, Identity.of(one), node), DimseSource(dead))
    assert item.state is State.QUEUED
    return item


def filing(jobs: Jobs, outbox: Outbox, archive: Archive, tmp_path: Path) -> Filing:
    return Filing(jobs, outbox, Readers(tmp_path / "readers"), [DimseSource(archive.node)])


def test_what_waits_follows_as_soon_as_its_node_takes_something(
    archive: Archive, outbox: Outbox, jobs: Jobs, qtbot: QtBot, tmp_path: Path
) -> None:
    waiting = queued(outbox, archive.node)
    other = report()
    new = outbox.put(other, Identity.of(other), archive.node)
    desk = filing(jobs, outbox, archive, tmp_path)
    desk._items[waiting.uid] = waiting  # as after a try in this run

    desk.take_in(new)

    qtbot.waitUntil(lambda: not desk.waiting(), timeout=10_000)
    assert len(desk.items()) == 2
    qtbot.waitUntil(lambda: not desk.is_delivering, timeout=5000)


def test_an_item_is_tried_by_itself_only_when_its_pause_is_over(
    archive: Archive,
    outbox: Outbox,
    jobs: Jobs,
    qtbot: QtBot,
    tmp_path: Path,
) -> None:
    waiting = queued(outbox, archive.node)
    desk = filing(jobs, outbox, archive, tmp_path)
    desk._items[waiting.uid] = waiting

    desk.retry_later()
    assert not desk.is_delivering

    earlier = datetime.now().astimezone() - timedelta(minutes=2)
    desk._items[waiting.uid] = replace(waiting, tried_at=earlier.isoformat())
    desk.retry_later()
    qtbot.waitUntil(lambda: not desk.waiting(), timeout=10_000)
    qtbot.waitUntil(lambda: not desk.is_delivering, timeout=5000)


def test_what_a_node_refused_for_good_waits_for_a_person(
    archive: Archive, outbox: Outbox, jobs: Jobs, tmp_path: Path
) -> None:
    failed = replace(queued(outbox, archive.node), state=State.FAILED, tried_at="")
    desk = filing(jobs, outbox, archive, tmp_path)
    desk._items[failed.uid] = failed

    desk.retry_later()

    assert not desk.is_delivering
