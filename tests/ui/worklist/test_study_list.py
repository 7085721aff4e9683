"""The study list: what it finds, what it says, and how a study is chosen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from dicom_io.errors import NodeUnreachable
from dicom_io.identity import Identity
from dicom_io.source import Fetched, Found, Query, Source, Stop, Stored, never
from dicom_io.study import Study
from tests.ui.hands import KEYS, double_click
from ui.jobs import Jobs
from ui.worklist.study_list import START, StudyList
from ui.worklist.study_rows import STUDY, Listed, Mark

Make = Callable[..., StudyList]


def study(number: int, name: str = "Curie^Marie") -> Study:
    return Study(Identity(f"ID{number}", "", f"1.2.{number}"), name, date="20240131")


class Shelf:
    """A source of studies in memory, which can be made to wait or to fail."""

    def __init__(self, *studies: Study, problem: Exception | None = None) -> None:
        self.studies = studies
        self.problem = problem
        self.queries: list[Query] = []
        self.gate = threading.Event()
        self.gate.set()

    @property
    def name(self) -> str:
        return "SHELF"

    def find(self, query: Query, stop: Stop = never) -> Iterator[Found]:
        self.queries.append(query)
        while not self.gate.wait(0.01):
            if stop():
                return
        if self.problem is not None:
            raise self.problem
        for count, one in enumerate(self.studies, 1):
            yield Found(one, count)

    def fetch(
        self, study: str, into: Path, stop: Stop = never, instances: Sequence[Identity] = ()
    ) -> Iterator[Fetched]:
        yield from ()

    def store(self, paths: Sequence[Path], stop: Stop = never) -> Iterator[Stored]:
        yield from ()


@pytest.fixture
def make(jobs: Jobs, qtbot: QtBot) -> Iterator[Make]:
    """Makes a list on sources and on studies of the disk, shown and active."""
    kept: list[StudyList] = []

    def make_list(sources: Sequence[Source], on_disk: Sequence[Study] = ()) -> StudyList:
        studies = StudyList(jobs, sources, lambda: on_disk)
        kept.append(studies)
        qtbot.addWidget(studies)
        studies.resize(272, 500)
        studies.show()
        studies.activateWindow()
        qtbot.waitUntil(studies.isActiveWindow, timeout=5000)
        return studies

    yield make_list


def search(studies: StudyList, text: str, qtbot: QtBot) -> None:
    studies.field.setFocus()
    KEYS.keyClicks(studies.field, text)
    KEYS.keyClick(studies.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not studies.is_searching, timeout=5000)


def test_the_first_screen_says_what_to_do(make: Make, qtbot: QtBot) -> None:
    studies = make([Shelf()])

    assert studies.message == START


def test_studies_of_the_disk_are_listed_before_any_search(make: Make, qtbot: QtBot) -> None:
    studies = make([Shelf()], [study(1)])

    qtbot.waitUntil(lambda: studies.rows.rowCount() == 1, timeout=5000)

    assert studies.rows.listed(0) == Listed(study(1), "", on_disk=True)


def test_a_study_of_disk_and_pacs_is_one_row(make: Make, qtbot: QtBot) -> None:
    studies = make([Shelf(study(1), study(2))], [study(1)])

    search(studies, "", qtbot)
    whole = Listed(study(1), "SHELF", on_disk=True)
    qtbot.waitUntil(lambda: whole in (studies.rows.listed(0), studies.rows.listed(1)))

    assert studies.rows.rowCount() == 2


def test_what_is_typed_is_searched_for_after_a_pause(make: Make, qtbot: QtBot) -> None:
    shelf = Shelf(study(1))
    studies = make([shelf])
    studies.field.setFocus()

    KEYS.keyClicks(studies.field, "Curie")

    qtbot.waitUntil(lambda: studies.rows.rowCount() == 1, timeout=5000)
    assert [query.text for query in shelf.queries] == ["Curie"]


def test_nothing_found_is_said_with_what_was_typed(make: Make, qtbot: QtBot) -> None:
    studies = make([Shelf()])

    search(studies, "Nobody", qtbot)

    assert "“Nobody”" in studies.message


def test_an_unreachable_pacs_is_one_sentence_and_the_rest_is_listed(
    make: Make, qtbot: QtBot
) -> None:
    broken = Shelf(problem=NodeUnreachable("PACS does not answer. Check the network.", "PACS"))
    studies = make([broken, Shelf(study(1))])

    search(studies, "", qtbot)
    qtbot.waitUntil(lambda: studies.rows.rowCount() == 1, timeout=5000)

    assert studies.message == "PACS does not answer. Check the network."


def test_a_new_search_gives_up_the_one_before(make: Make, qtbot: QtBot) -> None:
    slow = Shelf(study(1))
    slow.gate.clear()
    studies = make([slow])
    studies.field.setFocus()
    KEYS.keyClick(studies.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(slow.queries) == 1, timeout=5000)
    assert "Searching" in studies.message

    slow.studies = (study(2),)
    KEYS.keyClick(studies.field, Qt.Key.Key_Return)
    slow.gate.set()
    qtbot.waitUntil(lambda: not studies.is_searching, timeout=5000)

    assert [studies.rows.row_of(uid) for uid in ("1.2.1", "1.2.2")] == [-1, 0]


@pytest.mark.parametrize("way", ["double click", "Enter"])
def test_a_study_is_chosen(way: str, make: Make, qtbot: QtBot) -> None:
    studies = make([Shelf(study(1), study(2))])
    search(studies, "", qtbot)

    with qtbot.waitSignal(studies.study_chosen, timeout=5000) as chosen:
        if way == "Enter":
            KEYS.keyClick(studies.field, Qt.Key.Key_Down)
            assert studies.list.hasFocus()
            KEYS.keyClick(studies.list, Qt.Key.Key_Down)
            KEYS.keyClick(studies.list, Qt.Key.Key_Return)
        else:
            place = studies.list.visualRect(studies.rows.index(1)).center()
            pane = studies.list.viewport()
            assert pane is not None
            double_click(pane, (place.x(), place.y()))

    assert chosen.args == [Listed(study(2), "SHELF")]


def test_a_row_says_who_what_when_and_what_became_of_the_report(make: Make, qtbot: QtBot) -> None:
    studies = make([Shelf(study(1, "山田^太郎"), study(2, ""))])
    search(studies, "", qtbot)

    studies.show_marks({"1.2.1": Mark("not stored, 1 waiting", "alarm")})

    rows = studies.rows
    assert rows.data(rows.index(0)).startswith("山田, 太郎, No description · ")
    assert rows.data(rows.index(1)).startswith("–, ")
    assert rows.data(rows.index(0), STUDY).study == study(1, "山田^太郎")
    assert rows.mark("1.2.1") == Mark("not stored, 1 waiting", "alarm")
    assert studies.grab().width() == 272  # it is drawn without a fault
