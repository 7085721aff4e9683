"""Archives to ask, each with its own habits, and signed reports to send."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom import AE
from pynetdicom.events import EventHandlerType
from pynetdicom.presentation import PresentationContext

from dicom_io.identity import Identity
from dicom_io.pacs.archive import Archive
from dicom_io.pacs.connect import NodeSource
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.listener import Listener
from dicom_io.pacs.node import Node
from dicom_io.pacs.samples import sample_files
from dicom_io.report import sr
from dicom_io.report.document import (
    Reader,
    ReportDocument,
    Section,
    SectionKind,
    human_sentence,
)
from dicom_io.report.header import Software
from dicom_io.report.signing import sign
from tests.servers import Server


@dataclass(frozen=True)
class Pacs:
    """An archive to test against."""

    kind: str
    source: NodeSource
    load: Callable[[Sequence[Path]], None]


@pytest.fixture(params=["archive", "orthanc", "dcmqrscp", "dicomweb"])
def pacs(request: pytest.FixtureRequest) -> Pacs:
    """The embedded archive, Orthanc, dcmqrscp and Orthanc over DICOMweb in turn, each empty."""
    running = request.getfixturevalue(request.param)
    if isinstance(running, Archive):
        return Pacs(request.param, DimseSource(running.node), lambda paths: _add(running, paths))
    assert isinstance(running, Server)
    source = running.web if request.param == "dicomweb" else running.source
    return Pacs(request.param, source, running.load)


def _add(archive: Archive, paths: Sequence[Path]) -> None:
    archive.add(paths)


@pytest.fixture(scope="session")
def samples() -> dict[str, Path]:
    """The demo's sample files by name."""
    return {path.name: path for path in sample_files()}


Listen = Callable[..., Node]


@pytest.fixture
def listen() -> Iterator[Listen]:
    """A function that starts a DICOM server with handlers of the test's own on loopback."""
    servers: list[Any] = []

    def start(
        handlers: Sequence[EventHandlerType],
        contexts: Sequence[PresentationContext],
        **settings: object,
    ) -> Node:
        entity = AE(ae_title="FAULTY")
        for context in contexts:
            entity.add_supported_context(
                str(context.abstract_syntax),
                context.transfer_syntax,
                scu_role=context.scu_role,
                scp_role=context.scp_role,
            )
        for name, value in settings.items():
            setattr(entity, name, value)
        server = entity.make_server(
            ("127.0.0.1", 0), evt_handlers=list(handlers), server_class=Listener
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        port = int(server.server_address[1])
        return Node("faulty", "FAULTY", "127.0.0.1", port, timeout=1.0, answer_timeout=1.0)

    yield start
    for server in servers:
        server.shutdown()


class Signed(Protocol):
    """Makes a signed report about the film in a file, as a person would sign it."""

    def __call__(self, film: Path, text: str = ...) -> Dataset: ...


@pytest.fixture(scope="session")
def signed_report() -> Signed:
    """A function from a film's file to a signed report about it."""

    def make(film: Path, text: str = "The heart is not enlarged (≤ 50 %).") -> Dataset:
        header = dcmread(film, stop_before_pixels=True)
        identity = Identity.of(header)
        findings = Section(SectionKind.FINDINGS, (human_sentence(text),))
        document = ReportDocument(identity, sections=(findings,), evidence=(identity,))
        signed = sign(document, Reader("Demo^Reader", "DEMONSTRATION"))
        return sr.build(signed, [header], Software.installed())

    return make
