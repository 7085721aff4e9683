"""What comes late never appears on another patient's screen (product.md, trap T6)."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from PyQt6.QtGui import QPaintEvent
from pytestqt.qtbot import QtBot

from dicom_io.identity import Identity
from dicom_io.image import frame as frames
from dicom_io.image.decode import Decoded, decode_file
from dicom_io.pacs.folder import FolderSource
from dicom_io.report.document import Decision, Origin, ReportDocument, Sentence
from dicom_io.source import Fetched, Found, Query, Stop, Stored, never
from dicom_io.storage import DataRoot
from tests.plugin.desk import KEY, Desk, write_echo, write_films
from tests.ui.hands import SHIFT
from ui.viewport.viewport import Viewport
from ui.worklist.study_rows import Listed

STUDIES = 5
SWITCHES = 300
LONGEST = 0.015  # s; every delay is a random part of it


class LateSource:
    """A folder whose answers take a random time."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self._source = FolderSource(folder)
        self._chance = chance

    @property
    def name(self) -> str:
        return "LATE"

    def find(self, query: Query, stop: Stop = never) -> Iterator[Found]:
        for found in self._source.find(query, stop):
            self._wait()
            yield found

    def fetch(
        self, study: str, into: Path, stop: Stop = never, instances: Sequence[Identity] = ()
    ) -> Iterator[Fetched]:
        for fetched in self._source.fetch(study, into, stop, instances):
            self._wait()
            yield fetched

    def store(self, paths: Sequence[Path], stop: Stop = never) -> Iterator[Stored]:
        yield from self._source.store(paths, stop)

    def _wait(self) -> None:
        threading.Event().wait(self._chance.random() * LONGEST)


@pytest.fixture
def patients(tmp_path: Path) -> Path:
    """A folder with one chest film of each of some patients."""
    return write_films(tmp_path / "patients", STUDIES)


class Watch:
    """Looks at the whole window whenever the film is painted."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.paints = 0
        self.faults: list[str] = []
        self.drafts: set[str] = set()

    def look(self) -> None:
        window, document = self.desk.window, self.desk.report()
        self.paints += 1
        listed = self.desk.viewer.session.reading.study
        names = {"list": listed.identity.study if listed else ""}
        if window.viewport.painted.picture is not None:
            names["film"] = window.viewport.painted.picture.study
        banner = window.banner.identity()
        if banner is not None:
            names["banner"] = banner.study
        if document is not None:
            names["report"] = document.identity.study
            names |= self.of_report(document)
        if len(set(names.values())) > 1:
            self.faults.append(str(names))

    def of_report(self, document: ReportDocument) -> dict[str, str]:
        """Whose images the requests behind the sentences were about."""
        asked = {
            image.study for request in document.asked for image in request.images if image.study
        }
        if document.sentences():
            self.drafts.add(document.identity.study)
        return {f"asked {study}": study for study in asked}


@pytest.fixture
def desk(
    qtbot: QtBot, own_home: Path, patients: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """A window on the late source, with a slow model and slow decoding, watched at every paint."""
    chance = random.Random(6)

    def late(*arguments: object) -> Decoded:
        threading.Event().wait(chance.random() * LONGEST)
        return decode_file(*arguments)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(frames, "decode_file", late)
    model = write_echo(DataRoot(own_home).create(), pause=0.002)
    desk = Desk(qtbot, own_home, [LateSource(patients, chance)], model)
    desk.search("")
    yield desk
    desk.close()


def test_nothing_late_appears_in_another_study(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    watch = Watch(desk)
    paint = Viewport.paintEvent

    def watched(viewport: Viewport, event: QPaintEvent | None) -> None:
        paint(viewport, event)
        watch.look()

    monkeypatch.setattr(Viewport, "paintEvent", watched)
    chance = random.Random(20)
    rows = desk.window.worklist.studies.rows
    assert rows.rowCount() == STUDIES

    for _ in range(SWITCHES):
        listed = rows.listed(chance.randrange(STUDIES))
        assert isinstance(listed, Listed)
        uid = listed.study.identity.study
        desk.open_row(uid)
        waits = chance.random() < 0.6
        if waits:
            desk.wait(partial(desk.is_open, uid))
        desk.key(KEY.Key_E, SHIFT, desk.window.viewport)
        if waits and chance.random() < 0.15:
            desk.wait(lambda: desk.sentences() != ())
        qtbot.wait(chance.randrange(30))
        if chance.random() < 0.3:
            desk.key(KEY.Key_Escape, widget=desk.window.viewport)
    qtbot.waitUntil(lambda: not desk.viewer.session.reading.is_loading, timeout=20_000)
    desk.window.viewport.repaint()

    assert watch.faults == []
    assert watch.paints > SWITCHES
    assert len(watch.drafts) == STUDIES  # or the test would have shown nothing


def test_a_suggestion_for_a_study_that_is_not_open_is_dropped_and_audited(desk: Desk) -> None:
    desk.open("1.2.826.1")
    other = Identity("ID2", "", "1.2.826.2", "1.2.826.2.1", "1.2.826.2.1.1", 1)
    late = Sentence("late", "The heart is enlarged.", Origin.AI, Decision.SUGGESTED)
    host = desk.viewer.host

    taken = host.propose([late], other)
    same_number = host.propose([late], replace(other, study="1.2.826.1"))

    assert (taken, same_number) == (False, False)
    assert desk.sentences() == ()
    desk.wait(lambda: desk.viewer.session.trail.is_settled)
    lines = [
        json.loads(line)
        for file in desk.root.audit.glob("*.jsonl")
        for line in file.read_text("utf-8").splitlines()
    ]
    dropped = [one for one in lines if "not open any more" in one["details"].get("reason", "")]
    assert [one["identity"]["study"] for one in dropped] == ["1.2.826.2", "1.2.826.1"]
