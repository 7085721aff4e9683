"""Several archives answer one search: each study once, and a dead or slow one is only named."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.presentation import build_context

from dicom_io.errors import Cancelled, NodeUnreachable
from dicom_io.pacs.archive import Archive
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.node import Node
from dicom_io.pacs.search import FIND
from dicom_io.pacs.together import find_together
from dicom_io.source import Query
from tests.dicom_io.pacs.conftest import Listen
from tests.servers import Server, free_port


@pytest.fixture
def silent() -> Iterator[Node]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = int(server.getsockname()[1])
        yield Node("silent", "PACS", "127.0.0.1", port, timeout=3, answer_timeout=3)


def test_a_study_at_two_archives_is_one_with_both_named(
    dcmqrscp: Server, orthanc: Server, samples: dict[str, Path]
) -> None:
    shared, own = samples["CT_small.dcm"], samples["693_UNCI.dcm"]
    dcmqrscp.load([shared])
    orthanc.load([shared, own])
    first = DimseSource(replace(dcmqrscp.node, name="first"))
    second = DimseSource(replace(orthanc.node, name="second"))

    answers = list(find_together([first, second], Query()))

    last = {one.study.identity.study: one.sources for one in answers if one.study is not None}
    uid = str(dcmread(shared, stop_before_pixels=True).StudyInstanceUID)
    assert set(last[uid]) == {"first", "second"}
    assert len(last) == 2 == answers[-1].count


def test_a_dead_and_a_silent_archive_are_named_and_hold_nobody_up(
    dcmqrscp: Server, samples: dict[str, Path], silent: Node
) -> None:
    dcmqrscp.load([samples["CT_small.dcm"]])
    dead = DimseSource(Node("dead", "PACS", "127.0.0.1", free_port()))
    began = time.monotonic()
    came = 0.0
    problems: list[str] = []

    for answer in find_together([DimseSource(silent), dead, dcmqrscp.source], Query()):
        if answer.study is not None:
            came = time.monotonic() - began
        if answer.problem:
            problems.append(answer.source)

    assert 0 < came < 2 < time.monotonic() - began
    assert problems == ["dead", "silent"]


def test_alone_it_fails_as_it_does_alone() -> None:
    dead = DimseSource(Node("dead", "PACS", "127.0.0.1", free_port()))

    with pytest.raises(NodeUnreachable):
        list(find_together([dead], Query()))


def test_it_stops_at_once(silent: Node) -> None:
    began = time.monotonic()

    with pytest.raises(Cancelled):
        list(find_together([DimseSource(silent)], Query(), lambda: time.monotonic() > began + 0.2))

    assert time.monotonic() - began < 1.5


def test_names_are_read_in_the_set_that_the_node_is_known_for(listen: Listen) -> None:
    name = "Müller^Jörg"

    def find(event: evt.Event) -> Iterator[tuple[int, Dataset]]:
        answer = Dataset()
        answer.QueryRetrieveLevel, answer.StudyInstanceUID = "STUDY", "1.2.3"
        answer.SpecificCharacterSet = "ISO_IR 144"  # wrong: the bytes are Latin-1
        answer.PatientName = name.encode("latin-1").decode("iso8859_5")
        yield 0xFF00, answer

    node = listen([(evt.EVT_C_FIND, find)], [build_context(FIND)])
    query = Query(patient_name="müller*")

    (found,) = DimseSource(replace(node, charset="ISO_IR 100")).find(query)

    assert found.study is not None and found.study.patient_name == name
    assert list(DimseSource(node).find(query)) == []


def test_the_archive_of_the_demo_answers_beside_another(archive: Archive, dcmqrscp: Server) -> None:
    sources = [DimseSource(archive.node), dcmqrscp.source]

    assert [one for one in find_together(sources, Query()) if one.problem] == []
