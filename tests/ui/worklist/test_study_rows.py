"""The rows of the study list: found at once, filtered at once, given to views a page at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest
from PyQt6.QtCore import QModelIndex
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from dicom_io.identity import Identity
from dicom_io.study import Study
from ui.worklist.study_rows import PAGE, Listed, StudyRows

MANY = 3 * PAGE + 7


def study(number: int, name: str = "Curie^Marie") -> Study:
    return Study(Identity(f"P{number:05d}", "", f"1.2.{number}"), name, accession=f"A{number}")


@pytest.fixture
def rows(qtbot: QtBot) -> StudyRows:
    made = StudyRows()
    made.add_all(Listed(study(number), "PACS") for number in range(MANY))
    return made


def test_a_view_gets_a_page_and_asks_for_more(rows: StudyRows) -> None:
    assert (rows.rowCount(), rows.count()) == (PAGE, MANY)

    while rows.canFetchMore(QModelIndex()):
        rows.fetchMore(QModelIndex())

    assert rows.rowCount() == MANY


def test_the_row_of_any_study_can_be_shown(rows: StudyRows) -> None:
    last = f"1.2.{MANY - 1}"

    row = rows.row_of(last)

    assert row == MANY - 1 < rows.rowCount()
    assert rows.listed(row) == Listed(study(MANY - 1), "PACS")
    assert rows.row_of("1.2.999999") == -1


def test_the_next_study_is_the_one_below(rows: StudyRows) -> None:
    assert rows.following("1.2.41") == Listed(study(42), "PACS")
    assert rows.following(f"1.2.{MANY - 1}") is None
    assert rows.rowCount() == PAGE


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("p00042", 1),
        ("A42", 11),
        ("CURIE, M", MANY),
        ("curie^m", MANY),
        ("*curie*", MANY),
        ("x", 0),
    ],
)
def test_a_filter_looks_at_name_id_and_accession(rows: StudyRows, typed: str, left: int) -> None:
    rows.filter(typed)

    assert rows.count() == left


def test_typing_on_and_taking_letters_back_give_what_each_text_alone_gives(rows: StudyRows) -> None:
    for typed in ("p", "p0", "p00", "p001", "p0012", "p001", "p0", "a7", ""):
        fresh = StudyRows()
        fresh.add_all(Listed(study(number), "PACS") for number in range(MANY))
        fresh.filter(typed)

        rows.filter(typed)

        assert rows.count() == fresh.count()
        assert rows.listed(rows.count() - 1) == fresh.listed(fresh.count() - 1)


def test_what_comes_in_while_a_filter_holds_obeys_it(rows: StudyRows) -> None:
    rows.filter("müller")

    rows.add_all([Listed(study(90001, "Müller^Eva")), Listed(study(90002, "Meier^Eva"))])

    assert [rows.listed(0), rows.listed(1)] == [Listed(study(90001, "Müller^Eva")), None]
    rows.filter("")
    assert rows.count() == MANY + 2


def test_one_study_of_two_places_is_one_row_and_the_source_prevails(rows: StudyRows) -> None:
    rows.add_all([Listed(study(7, "Old^Name"), on_disk=True), Listed(study(7, "New^Name"), "RIS")])

    listed = rows.listed(rows.row_of("1.2.7"))

    assert rows.count() == MANY
    assert listed == Listed(study(7, "New^Name"), "PACS", on_disk=True)
    rows.filter("new, name")
    assert rows.count() == 1


def test_qt_finds_no_fault_with_the_model(qtmodeltester: ModelTester) -> None:
    rows = StudyRows()  # of less than a page: the tester itself fetches in the middle of a reset
    rows.add_all(Listed(study(number), "PACS") for number in range(60))
    check = cast(Callable[..., None], qtmodeltester.check)  # its types are missing
    check(rows, force_py=True)  # it goes on looking at every change

    rows.filter("A4")
    rows.add(Listed(study(4242424)))
    rows.filter("")
    rows.show_open("1.2.3")
    rows.clear()


def test_qt_finds_no_fault_with_a_page_of_many(rows: StudyRows, qtmodeltester: ModelTester) -> None:
    cast(Callable[..., None], qtmodeltester.check)(rows, force_py=True)
