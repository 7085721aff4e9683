"""The whole loop by mouse and keys alone: search, open, draft, decide, sign, proved in the PACS."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread
from pytestqt.qtbot import QtBot

from dicom_io.identity import Identity
from dicom_io.pacs.archive import Archive
from dicom_io.pacs.dimse import DimseSource
from dicom_io.pacs.node import Node
from dicom_io.pacs.outbox import FINDINGS
from dicom_io.pacs.samples import sample_files
from dicom_io.report.document import Decision, Origin
from dicom_io.report.pages.reading import read_page
from dicom_io.report.sr import read
from dicom_io.storage import DataRoot
from model_backend.folder import EMBEDDED
from tests.plugin.desk import KEY, Desk, write_echo
from tests.plugin.pulse import Pulse
from tests.servers import Server
from tests.ui.hands import KEYS

BASIC_TEXT = "1.2.840.10008.5.1.4.1.1.88.11"


@pytest.fixture
def samples() -> tuple[Path, ...]:
    """A chest film and two other studies."""
    return sample_files()[:3]


@pytest.fixture
def film(samples: tuple[Path, ...]) -> Identity:
    return Identity.of(dcmread(samples[0], stop_before_pixels=True))


@pytest.fixture
def model(own_home: Path) -> str:
    """The embedded model where there is one, else the echo."""
    if (EMBEDDED / "model.json").is_file():
        return ""
    return write_echo(DataRoot(own_home).create())


@pytest.fixture
def echo(own_home: Path) -> str:
    return write_echo(DataRoot(own_home).create())


@pytest.fixture
def pacs(tmp_path: Path, samples: tuple[Path, ...]) -> Iterator[Archive]:
    """The embedded archive with the samples."""
    with Archive(tmp_path / "archive") as archive:
        archive.add(samples)
        yield archive


def stored(node: Node, study: str, into: Path) -> list[Path]:
    """All structured reports of a study, fetched anew."""
    source = DimseSource(node)
    paths = [event.path for event in source.fetch(study, into) if event.path is not None]
    return [path for path in paths if dcmread(path).Modality == "SR"]


def read_a_film(desk: Desk, film: Identity) -> None:
    """What a reader does, from the search to the verified badge."""
    desk.search(film.patient_id)
    desk.open(film.study)
    window = desk.window

    before = window.current_window()
    desk.drag_film(60, -40)
    assert window.current_window() != before

    desk.draft()
    assert window.report.panel.standing() == "draft, unsigned"
    desk.draw_box()
    for question in ("Is there a mass here?", "Is this a rib?", "Is there a line in the box?"):
        desk.ask(question)
        desk.insert_answer()
    first, second, third, *rest = desk.undecided()
    assert any(one.region is not None for one in desk.undecided())

    desk.go_to_film()
    desk.accept()
    row = window.report.panel.row(second.id)
    assert row is not None
    desk.click(row)
    desk.key(KEY.Key_Delete)
    desk.key(KEY.Key_F2)
    desk.type("No pleural effusion.")
    desk.key(KEY.Key_Return)
    for _ in rest:
        desk.accept()

    states = {one.id: one for one in desk.sentences()}
    assert states[first.id].state is Decision.ACCEPTED
    assert states[second.id].state is Decision.REJECTED
    assert (states[third.id].text, states[third.id].origin) == (
        "No pleural effusion.",
        Origin.AI_EDITED,
    )
    assert desk.undecided() == []

    desk.sign("Demo, Reader", "DEMONSTRATION", "correct horse")
    desk.wait(lambda: desk.standing().startswith("In PACS, verified"))


def check_stored(node: Node, film: Identity, desk: Desk, into: Path) -> None:
    """The archive holds exactly one report: the reader's words, in the film's study."""
    desk.wait(lambda: not desk.viewer.session.filing.waiting())
    reports = stored(node, film.study, into)
    (report,) = [read(dcmread(one)) for one in reports if dcmread(one).SOPClassUID == BASIC_TEXT]
    check_findings(reports, desk)
    kept = [one for one in desk.sentences() if one.state is Decision.ACCEPTED]
    assert [one.text for one in report.sentences()] == [one.text for one in kept]
    assert [one.origin for one in report.sentences()] == [one.origin for one in kept]
    assert report.identity.same_study(film)
    assert report.reader is not None
    assert (report.reader.name, report.reader.organization) == ("Demo^Reader", "DEMONSTRATION")
    assert report.algorithms()


def check_findings(reports: list[Path], desk: Desk) -> None:
    """Beside it the same findings as data: those of the model that the reader let stand."""
    (page,) = [read_page(one) for one in reports if dcmread(one).SOPClassUID == FINDINGS]
    by_model = [one for one in desk.sentences() if one.origin is not Origin.HUMAN]
    kept = [one.text for one in by_model if one.state is Decision.ACCEPTED]
    said = [line.value for line in page.lines if line.name and line.name.meaning == "Comment"]
    assert said[1:] == kept  # the first says research use only
    assert page.standing == "verified"
    assert any(link.shapes for link in page.links().values())  # the box that was asked about


@pytest.fixture
def fresh_heap() -> Iterator[None]:
    """Hides from the collector what thousands of earlier tests left behind: it would walk through
    all of it on the Qt thread, and a reader's program holds none of it."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("fresh_heap")
def test_a_film_is_read_by_clicks_against_the_embedded_archive(
    qtbot: QtBot, own_home: Path, pacs: Archive, film: Identity, model: str, tmp_path: Path
) -> None:
    desk = Desk(qtbot, own_home, [DimseSource(pacs.node)], model)
    pulse = Pulse()

    read_a_film(desk, film)

    assert pulse.beats > 100
    assert pulse.longest < 0.05  # s of work on the Qt thread at a time
    check_stored(pacs.node, film, desk, tmp_path / "back")
    desk.close()


def test_a_film_is_read_by_clicks_against_orthanc(
    qtbot: QtBot,
    own_home: Path,
    orthanc: Server,
    samples: tuple[Path, ...],
    film: Identity,
    echo: str,
    tmp_path: Path,
) -> None:
    orthanc.load(samples)
    desk = Desk(qtbot, own_home, [orthanc.source], echo)

    read_a_film(desk, film)

    check_stored(orthanc.node, film, desk, tmp_path / "back")
    desk.close()


def test_letters_typed_in_the_report_never_reach_the_film(
    qtbot: QtBot, own_home: Path, pacs: Archive, film: Identity, echo: str
) -> None:
    desk = Desk(qtbot, own_home, [DimseSource(pacs.node)], echo)
    desk.search(film.patient_id)
    desk.open(film.study)
    window = desk.window
    tool, inverted = window.viewport.tool(), window.viewport.is_inverted()
    field = window.report.panel.field_of("Findings")

    desk.click(field)
    KEYS.keyClicks(field, "wetzsbfoiEI +-1234 Keys")
    typed = field.words()
    desk.key(KEY.Key_Return)

    assert typed == "wetzsbfoiEI +-1234 Keys"
    assert desk.findings() == [typed]
    assert (window.viewport.tool(), window.viewport.is_inverted()) == (tool, inverted)
    assert window.report.said() == ""
    desk.close()
