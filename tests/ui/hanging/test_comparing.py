"""A prior beside the current study: of the right patient, of the right part, never mixed up."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from dicom_io.image.window import Window
from dicom_io.pacs.archive import Archive
from dicom_io.pacs.dimse import DimseSource
from dicom_io.report.document import ReportState
from tests.plugin.desk import Desk
from tests.ui.hands import CTRL, SHIFT, click
from tests.ui.hanging.conftest import MakeDesk
from tests.ui.hanging.shelf import STUDY, write_image

KEY = Qt.Key
CHEST: dict[str, Any] = {"Modality": "XA", "BodyPartExamined": "CHEST"}  # no protocol hangs it


def open_current(desk: Desk) -> None:
    desk.open(f"{STUDY}1")
    desk.go_to_film()


def compare(desk: Desk) -> None:
    """X, and wait for the prior."""
    desk.key(KEY.Key_X)
    desk.wait(lambda: len(shown(desk)) == 2)


def shown(desk: Desk) -> list[str]:
    """The study in each pane that shows an image, by the last number of its UID."""
    frames = [pane.selected_frame() for pane in desk.window.grid.panes()]
    return [one.identity.study.removeprefix(STUDY) for one in frames if one is not None]


def headings(desk: Desk) -> list[str]:
    grid = desk.window.grid
    return [grid.cell(pane).heading.text().split(",")[0] for pane in grid.panes()]


def test_x_brings_the_newest_prior_of_the_same_part_beside_the_study_and_takes_it_away(
    shelf: Path, make_desk: MakeDesk
) -> None:
    write_image(shelf, 1, **CHEST)
    write_image(shelf, 2, StudyDate="20200101", **CHEST)
    write_image(shelf, 3, StudyDate="20230101", **CHEST)
    write_image(shelf, 4, StudyDate="20240101", BodyPartExamined="KNEE", StudyDescription="KNEE")
    write_image(shelf, 5, StudyDate="20250101", **CHEST)  # later than the study that is read
    desk = make_desk()
    open_current(desk)

    compare(desk)

    assert desk.window.grid.shape() == (1, 2)
    assert shown(desk) == ["1", "3"]
    assert headings(desk) == ["CURRENT", "PRIOR"]
    assert desk.window.viewport is desk.window.grid.panes()[0]  # nothing changes hands by itself
    desk.key(KEY.Key_X)
    assert desk.window.grid.shape() == (1, 1)
    assert shown(desk) == ["1"]
    assert headings(desk) == [""]


def test_the_series_most_like_the_one_on_the_screen_is_put_beside_it(
    shelf: Path, make_desk: MakeDesk
) -> None:
    axial, sagittal = [1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, -1]
    head: dict[str, Any] = {"Modality": "MR", "BodyPartExamined": "KNEE"}
    write_image(shelf, 1, 1, ImageOrientationPatient=sagittal, SeriesDescription="pd fs", **head)
    for number, lies, name in ((1, axial, "pd fs"), (2, sagittal, "t1"), (3, sagittal, "pd fs")):
        write_image(
            shelf, 2, number, StudyDate="20210101", ImageOrientationPatient=lies,
            SeriesDescription=name, **head,
        )  # fmt: skip
    desk = make_desk()
    open_current(desk)

    compare(desk)
    desk.wait(lambda: desk.window.grid.panes()[1].frames()[0].identity.series == f"{STUDY}2.3")


def test_a_prior_ct_begins_where_the_reader_is_and_under_the_same_window(
    shelf: Path, make_desk: MakeDesk
) -> None:
    ct: dict[str, Any] = {"Modality": "CT", "BodyPartExamined": "ABDOMEN", "PixelSpacing": [1, 1]}
    for study, count in ((1, 5), (2, 9)):
        for number in range(count):
            write_image(
                shelf, study, 1, number + 1, StudyDate=f"202{3 - study}0101",
                ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
                ImagePositionPatient=[0, 0, 5.0 * number],
                FrameOfReferenceUID=f"1.2.{study}", **ct,
            )  # fmt: skip
    desk = make_desk()
    open_current(desk)
    desk.key(KEY.Key_Down)
    desk.key(KEY.Key_Down)
    desk.window.viewport.set_window(Window(60, 160))

    compare(desk)
    desk.wait(lambda: desk.window.grid.panes()[1].position() == 4)

    window = desk.window.grid.panes()[1].current_window()
    assert window is not None and (window.center, window.width) == (60, 160)


def test_a_series_of_two_echoes_comes_as_one_of_them(shelf: Path, make_desk: MakeDesk) -> None:
    head: dict[str, Any] = {"Modality": "MR", "BodyPartExamined": "ANKLE"}
    write_image(shelf, 1, **head)
    for echo in (1, 2):
        for place in (1, 2, 3):
            write_image(
                shelf, 2, 1, 10 * echo + place, StudyDate="20200101", EchoNumbers=echo,
                ImageOrientationPatient=[1, 0, 0, 0, 1, 0], EchoTime=10 * echo,
                ImagePositionPatient=[0, 0, 5.0 * place], FrameOfReferenceUID="1.2.3", **head,
            )  # fmt: skip
    desk = make_desk()
    open_current(desk)

    compare(desk)
    desk.wait(lambda: len(desk.window.grid.panes()[1].frames()) == 3)

    echoes = {int(one.header.EchoNumbers) for one in desk.window.grid.panes()[1].frames()}
    assert len(echoes) == 1
    desk.key(KEY.Key_Right, CTRL)
    desk.key(KEY.Key_PageDown, SHIFT)
    desk.wait(
        lambda: {int(one.header.EchoNumbers) for one in desk.window.viewport.frames()} != echoes
    )


def test_a_study_of_another_issuer_of_the_same_number_is_no_prior(
    shelf: Path, make_desk: MakeDesk
) -> None:
    write_image(shelf, 1, IssuerOfPatientID="EAST", **CHEST)
    write_image(shelf, 2, StudyDate="20200101", IssuerOfPatientID="WEST", **CHEST)
    desk = make_desk()
    open_current(desk)

    desk.key(KEY.Key_X)
    desk.wait(lambda: "No other study" in desk.window.report.said())

    assert desk.window.grid.shape() == (1, 1)
    assert shown(desk) == ["1"]


def test_a_prior_with_another_birth_date_is_not_taken_by_itself_and_the_list_says_why(
    shelf: Path, make_desk: MakeDesk
) -> None:
    write_image(shelf, 1, **CHEST)
    write_image(shelf, 2, StudyDate="20200101", PatientBirthDate="19510101", **CHEST)
    desk = make_desk()
    open_current(desk)

    desk.key(KEY.Key_X)
    desk.wait(lambda: "No earlier study of the same part" in desk.window.report.said())
    desk.key(KEY.Key_X, SHIFT)
    desk.wait(lambda: desk.window.comparing.menu is not None)

    menu = desk.window.comparing.menu
    assert menu is not None
    (entry,) = menu.actions()
    assert "another birth date" in entry.text()
    entry.trigger()
    menu.close()
    desk.wait(lambda: shown(desk) == ["1", "2"])


def test_the_report_and_the_model_stay_with_the_current_study_while_a_prior_is_in_hand(
    shelf: Path, make_desk: MakeDesk
) -> None:
    write_image(shelf, 1, **CHEST)
    write_image(shelf, 2, StudyDate="20200101", **CHEST)
    desk = make_desk()
    open_current(desk)
    told: list[object] = []
    desk.viewer.host.frame_selected.connect(told.append)
    compare(desk)
    current, prior = desk.window.grid.panes()

    click(prior, (40, 40))

    assert desk.viewer.host.selected_frame() is None  # so nothing can be drafted or asked
    assert told == [None]
    assert "shows a prior" in desk.window.report.said()
    banner = desk.window.banner.identity()
    assert banner is not None and banner.study == f"{STUDY}2"
    report = desk.report()
    assert report is not None and report.state is ReportState.DRAFT
    assert {one.study for one in (report.identity, *report.evidence)} == {f"{STUDY}1"}
    click(current, (40, 40))
    assert told[-1] is current.selected_frame()
    assert desk.window.report.said() == ""


def test_a_study_made_later_is_not_called_a_prior(shelf: Path, make_desk: MakeDesk) -> None:
    write_image(shelf, 1, **CHEST)
    write_image(shelf, 2, StudyDate="20250101", **CHEST)
    desk = make_desk()
    open_current(desk)

    desk.key(KEY.Key_X, SHIFT)
    desk.wait(lambda: desk.window.comparing.menu is not None)
    menu = desk.window.comparing.menu
    assert menu is not None
    menu.actions()[0].trigger()
    menu.close()
    desk.wait(lambda: shown(desk) == ["1", "2"])

    assert headings(desk) == ["CURRENT", "LATER STUDY"]


def test_opening_another_study_takes_the_prior_away(shelf: Path, make_desk: MakeDesk) -> None:
    write_image(shelf, 1, **CHEST)
    write_image(shelf, 2, StudyDate="20200101", **CHEST)
    write_image(shelf, 3, PatientID="P3")
    desk = make_desk()
    open_current(desk)
    compare(desk)

    desk.open(f"{STUDY}3")

    assert shown(desk) == ["3"]
    assert desk.window.grid.shape() == (1, 1)
    assert all(
        frame.identity.patient_id == "P3"
        for pane in desk.window.grid.all_panes()
        for frame in pane.frames()
    )


def test_a_prior_that_was_looked_at_is_on_the_record(shelf: Path, make_desk: MakeDesk) -> None:
    write_image(shelf, 1, **CHEST)
    write_image(shelf, 2, StudyDate="20200101", **CHEST)
    desk = make_desk()
    open_current(desk)
    compare(desk)
    desk.wait(lambda: desk.viewer.session.is_settled)

    record = "".join(path.read_text() for path in desk.root.audit.rglob("*") if path.is_file())

    assert f"{STUDY}2" in record


def test_a_prior_is_fetched_from_the_pacs_and_its_part_is_asked_of_its_series(
    qtbot: QtBot, own_home: Path, shelf: Path, tmp_path: Path
) -> None:
    """Neither study has a description; only the series say which part of the body it is."""
    write_image(shelf, 1, BodyPartExamined="HAND", IssuerOfPatientID="EAST")
    write_image(shelf, 2, BodyPartExamined="HAND", IssuerOfPatientID="EAST", StudyDate="20200101")
    write_image(shelf, 3, BodyPartExamined="ELBOW", IssuerOfPatientID="EAST", StudyDate="20220101")
    with Archive(tmp_path / "archive") as archive:
        archive.add(sorted(shelf.iterdir()))
        desk = Desk(qtbot, own_home, [DimseSource(archive.node)], plugins=())
        desk.search("P1")
        open_current(desk)

        compare(desk)

        assert shown(desk) == ["1", "2"]
        (prior,) = desk.window.grid.panes()[1].frames()
        assert prior.path.is_relative_to(own_home)  # it is on this disk now
        desk.close()


def test_a_source_that_is_gone_is_one_sentence_and_the_study_stays(
    shelf: Path, make_desk: MakeDesk
) -> None:
    write_image(shelf, 1, Modality="XA")
    desk = make_desk()
    open_current(desk)
    shutil.rmtree(shelf)

    desk.key(KEY.Key_X)
    desk.wait(lambda: "could not be looked for" in desk.window.report.said())

    assert "does not exist" in desk.window.report.said()
    assert shown(desk) == ["1"]


def test_files_that_name_another_issuer_than_the_search_are_not_shown(
    shelf: Path, make_desk: MakeDesk
) -> None:
    """The search says nothing of the issuer; the file that comes does, and it is another one."""
    write_image(shelf, 1, 1, IssuerOfPatientID="EAST", **CHEST)
    write_image(shelf, 2, 1, StudyDate="20200101", **CHEST)
    write_image(shelf, 2, 2, StudyDate="20200101", IssuerOfPatientID="WEST", **CHEST)
    desk = make_desk()
    open_current(desk)

    desk.key(KEY.Key_X)
    desk.wait(lambda: "may be another person's" in desk.window.report.said())

    prior = desk.window.grid.panes()[1]
    assert prior.frames() == ()
    assert "another person's" in prior.accessibleDescription()
    assert shown(desk) == ["1"]


def test_a_study_without_a_patient_id_has_no_priors(shelf: Path, make_desk: MakeDesk) -> None:
    write_image(shelf, 1, PatientID="", **CHEST)
    write_image(shelf, 2, PatientID="", StudyDate="20200101", **CHEST)
    desk = make_desk()
    open_current(desk)

    desk.key(KEY.Key_X)

    assert "no patient ID" in desk.window.report.said()
    assert shown(desk) == ["1"]


def test_while_identity_is_hidden_the_mark_of_a_prior_stays_and_its_date_goes(
    shelf: Path, make_desk: MakeDesk
) -> None:
    write_image(shelf, 1, **CHEST)
    write_image(shelf, 2, StudyDate="20200101", **CHEST)
    desk = make_desk()
    open_current(desk)
    compare(desk)
    grid = desk.window.grid
    dated = [grid.cell(pane).heading.text() for pane in grid.panes()]

    desk.window.preferences.toggle_identity()
    hidden = [grid.cell(pane).heading.text() for pane in grid.panes()]
    desk.window.preferences.toggle_identity()

    assert hidden == ["CURRENT", "PRIOR"]
    assert [grid.cell(pane).heading.text() for pane in grid.panes()] == dated != hidden


def test_another_prior_of_the_list_takes_the_place_of_the_first(
    shelf: Path, make_desk: MakeDesk
) -> None:
    write_image(shelf, 1, **CHEST)
    write_image(shelf, 2, StudyDate="20200101", **CHEST)
    write_image(shelf, 3, StudyDate="20230101", **CHEST)
    desk = make_desk()
    open_current(desk)
    compare(desk)
    assert shown(desk) == ["1", "3"]

    desk.key(KEY.Key_X, SHIFT)
    desk.wait(lambda: desk.window.comparing.menu is not None)
    menu = desk.window.comparing.menu
    assert menu is not None
    menu.actions()[1].trigger()
    menu.close()

    desk.wait(lambda: shown(desk) == ["1", "2"])
    assert desk.window.grid.shape() == (1, 2)


def test_only_what_stands_on_the_screen_becomes_evidence(shelf: Path, make_desk: MakeDesk) -> None:
    for series in (1, 2):
        write_image(shelf, 1, series, Modality="XA")
    desk = make_desk()
    open_current(desk)
    desk.key(KEY.Key_2, CTRL)
    desk.key(KEY.Key_1, CTRL)
    hidden = desk.window.grid.all_panes()[1]

    def evidence() -> list[str]:
        report = desk.report()
        assert report is not None
        return [one.series.removeprefix(f"{STUDY}1.") for one in report.evidence]

    desk.window.grid.show_series(hidden, desk.window.worklist.thumbnails.entries()[1].frames, None)
    desk.wait(lambda: hidden.selected_frame() is not None)
    assert evidence() == ["1"]
    desk.key(KEY.Key_2, CTRL)
    assert evidence() == ["1", "2"]
