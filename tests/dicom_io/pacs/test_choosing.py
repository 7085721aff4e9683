"""The way that studies come by is found by trying, told, remembered, and left when it fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import dcmread

from bench.made_series import STUDY, write_series
from dicom_io.errors import NodeProblem
from dicom_io.identity import Identity
from dicom_io.pacs.choosing import Choice, KeptChoice, Ways
from dicom_io.pacs.combined import CombinedSource
from dicom_io.pacs.connect import source_for
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.fetching import Fetching, Retriever
from dicom_io.pacs.http import Web
from dicom_io.pacs.intake import Intake
from dicom_io.pacs.node import Node
from dicom_io.pacs.retrieval import Retrieval
from dicom_io.pacs.search import searching
from dicom_io.pacs.wado import WadoRetrieval
from dicom_io.pacs.web import WebSource
from dicom_io.source import Fetched, Query
from dicom_io.study import Instance, Series
from tests.servers import Server, free_port


def both(server: Server, web: str = "") -> CombinedSource:
    """The server by its two doors; `web` is another address for the one."""
    node = replace(server.node, web=web or server.web.node.web, user="wetread")
    choice = KeptChoice(node)
    return CombinedSource(
        WebSource(node, lambda: server.password), DimseSource(node, choice), choice
    )


def study_of(film: Path) -> str:
    return str(dcmread(film, stop_before_pixels=True).StudyInstanceUID)


def test_dicomweb_is_picked_and_the_reason_told(
    dicomweb: Server, samples: dict[str, Path], tmp_path: Path
) -> None:
    film = samples["CT_small.dcm"]
    dicomweb.load([film])
    source = both(dicomweb)

    (event,) = source.fetch(study_of(film), tmp_path)

    assert event.path is not None
    assert (source.way, source.why) == (
        "DICOMweb",
        "one stream brings a series, and no port of ours is needed",
    )


def test_without_dicomweb_the_study_is_found_and_comes_by_get(
    dicomweb: Server, samples: dict[str, Path], tmp_path: Path
) -> None:
    film = samples["CT_small.dcm"]
    dicomweb.load([film])
    source = both(dicomweb, web=f"http://127.0.0.1:{free_port()}/dicom-web")

    found = [one.study for one in source.find(Query()) if one.study is not None]
    (event,) = source.fetch(study_of(film), tmp_path)

    assert [one.identity.study for one in found] == [study_of(film)]
    assert event.path is not None and source.echo() > 0
    assert source.way == "C-GET" and "DICOMweb failed: Nothing answers" in source.why


def test_what_worked_is_remembered_for_the_node(tmp_path: Path) -> None:
    node = Node("n", "PACS", "127.0.0.1", 104, web="https://pacs.example/dicom-web", listen=11112)
    file = tmp_path / "ways.json"
    KeptChoice(node, file).set(Choice("C-MOVE", "the others failed"))

    again = KeptChoice(node, file).get()
    elsewhere = KeptChoice(replace(node, host="127.0.0.2"), file).get()
    closed = KeptChoice(replace(node, listen=0), file).get()

    assert again == Choice("C-MOVE", "the others failed")
    assert elsewhere.way == closed.way == "DICOMweb"
    file.write_text("damaged")
    assert source_for(node, file).way == "DICOMweb"


def test_when_all_fail_one_sentence_names_each(tmp_path: Path) -> None:
    port, web = free_port(), f"http://127.0.0.1:{free_port()}/dicom-web"
    source = source_for(Node("gone", "PACS", "127.0.0.1", port, web=web, timeout=0.5))

    with pytest.raises(NodeProblem) as told:
        list(source.fetch("1.2.3", tmp_path))

    assert "DICOMweb: Nothing answers" in str(told.value)
    assert "DICOM: Nothing answers" in str(told.value)


class BreaksOff:
    """A way that brings three objects and then loses its connection."""

    def __init__(self, web: Web, intake: Intake, wanted: list[Instance]) -> None:
        self.wado = WadoRetrieval(web, intake)
        self.wanted = wanted
        self.asked = 0

    def whole(self, series: Series) -> list[str]:
        self.asked += 1
        self.wado.get(series, self.wanted[:3], whole=False)
        raise NodeProblem("The line broke.", "test")

    def get(self, series: Series, wanted: Sequence[Instance], *, whole: bool) -> list[str]:
        self.asked += 1
        raise NodeProblem("The line broke.", "test")

    def close(self) -> None:
        self.wado.close()


def test_when_a_way_fails_in_the_middle_the_next_brings_what_is_missing(
    dicomweb: Server, tmp_path: Path
) -> None:
    (tmp_path / "made").mkdir()
    paths = write_series(tmp_path / "made", 8, "1.2.840.10008.1.2.1")
    dicomweb.load(paths)
    source = both(dicomweb)
    (series,) = source.series(STUDY)
    listed = list(source.instances(STUDY, series.identity.series))
    events: list[Fetched] = []
    with source._web.opened() as web:
        broken: list[BreaksOff] = []

        def ways(intake: Intake) -> Retriever:
            broken.append(BreaksOff(web, intake, listed))
            doors: list[tuple[str, Retriever]] = [
                ("DICOMweb", broken[0]),
                ("C-GET", Retrieval(dicomweb.node, intake)),
            ]
            return Ways(source.node, intake, doors, source._choice)

        fetching = Fetching(
            "test", STUDY, tmp_path / "in", events.append, lambda: searching(dicomweb.node), ways
        )
        fetching.run()

    assert sorted(one.identity.instance for one in events) == sorted(
        one.identity.instance for one in listed
    )
    assert all(one.path is not None for one in events) and events[-1].failed == 0
    assert source.way == "C-GET" and "The line broke." in source.why
    assert broken[0].asked == 1


def test_an_interrupted_retrieval_asks_only_for_what_is_missing(
    dicomweb: Server, tmp_path: Path
) -> None:
    (tmp_path / "made").mkdir()
    paths = write_series(tmp_path / "made", 6, "1.2.840.10008.1.2.1")
    dicomweb.load(paths)
    source, into = both(dicomweb), tmp_path / "in"
    identities = [Identity.of(dcmread(path, stop_before_pixels=True)) for path in paths]
    first = [one.path for one in source.fetch(STUDY, into, instances=identities[:4])]
    before = {path: path.stat().st_mtime_ns for path in first if path is not None}

    events = list(source.fetch(STUDY, into))

    assert len(before) == 4 and len(events) == 6 and events[-1].failed == 0
    assert {path: path.stat().st_mtime_ns for path in before} == before
