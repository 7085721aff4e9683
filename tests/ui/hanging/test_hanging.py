"""What hangs where: by protocol when a study is opened, and by the reader's own hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtCore import QMimeData, QPointF, Qt
from PyQt6.QtGui import QDragEnterEvent, QDropEvent
from PyQt6.QtWidgets import QApplication

from tests.plugin.desk import Desk
from tests.ui.hands import CTRL, SHIFT, click
from tests.ui.hanging.conftest import MakeDesk
from tests.ui.hanging.shelf import STUDY, write_image
from ui.viewport.dragging import as_drag

KEY = Qt.Key
AXIAL, CORONAL, SAGITTAL = [1, 0, 0, 0, 1, 0], [1, 0, 0, 0, 0, -1], [0, 1, 0, 0, 0, -1]


def hung(desk: Desk) -> list[str]:
    """Series and image in each pane: "2.1"; "" for an empty pane."""
    frames = [pane.selected_frame() for pane in desk.window.grid.panes()]
    return [
        one.identity.instance.removeprefix(one.identity.study + ".") if one is not None else ""
        for one in frames
    ]


def open_study(desk: Desk, number: int = 1) -> None:
    desk.wait(lambda: desk.window.hanging.protocols() != ())
    desk.open(f"{STUDY}{number}")


def protocol(desk: Desk) -> str:
    applied = desk.window.hanging.applied()
    return applied.name if applied is not None else ""


def drop(desk: Desk, number: int, pane: int) -> None:
    """Drag the thumbnail with that number (from 0) and let it go over a pane."""
    cell = desk.window.grid.cell(desk.window.grid.panes()[pane])
    entry = desk.window.worklist.thumbnails.entries()[number]
    carried, at = as_drag(entry.name), cell.rect().center()
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(at, Qt.DropAction.CopyAction, carried, left, none)
    QApplication.sendEvent(cell, enter)
    assert enter.isAccepted() and cell.is_target()
    event = QDropEvent(QPointF(at), Qt.DropAction.CopyAction, carried, left, none)
    QApplication.sendEvent(cell, event)
    assert not cell.is_target()


def write_four(shelf: Path, **header: Any) -> None:
    for series in (1, 2, 3, 4):
        write_image(shelf, 1, series, grey=40 * series, **header)


# --- protocols ---


def test_a_chest_film_hangs_left_of_its_lateral_whatever_came_first(
    shelf: Path, make_desk: MakeDesk
) -> None:
    write_image(shelf, 1, 1, ViewPosition="LL", BodyPartExamined="CHEST")
    write_image(shelf, 1, 2, ViewPosition="PA", BodyPartExamined="CHEST")
    desk = make_desk()

    open_study(desk)
    desk.wait(lambda: hung(desk) == ["2.1", "1.1"])

    assert protocol(desk) == "Chest film with lateral"


def test_a_chest_film_hangs_beside_the_one_before(shelf: Path, make_desk: MakeDesk) -> None:
    write_image(shelf, 1, BodyPartExamined="CHEST", ViewPosition="PA")
    write_image(shelf, 2, BodyPartExamined="CHEST", ViewPosition="PA", StudyDate="20200101")
    desk = make_desk()

    open_study(desk)
    desk.wait(lambda: hung(desk) == ["1.1", "1.1"])

    assert protocol(desk) == "Chest film with prior"
    texts = [desk.window.grid.cell(one).heading.text() for one in desk.window.grid.panes()]
    assert [text.split(",")[0] for text in texts] == ["CURRENT", "PRIOR"]
    assert desk.window.selected_frame() is not None  # the current one stays in hand


def test_a_chest_ct_hangs_twice_once_for_the_lungs_and_scrolls_together(
    shelf: Path, make_desk: MakeDesk
) -> None:
    for instance in (1, 2, 3):
        write_image(
            shelf, 1, 1, instance, Modality="CT", StudyDescription="CT Thorax",
            ImageOrientationPatient=AXIAL, ImagePositionPatient=[0, 0, 5.0 * instance],
            FrameOfReferenceUID="1.2.3", PixelSpacing=[1, 1],
        )  # fmt: skip
    desk = make_desk()

    open_study(desk)
    desk.wait(lambda: len(hung(desk)) == 2 and all(hung(desk)))

    windows = [pane.current_window() for pane in desk.window.grid.panes()]
    assert [(one.center, one.width) for one in windows if one] == [(-400, 1600), (40, 400)]
    assert desk.window.together.linking.is_on()
    desk.go_to_film()
    desk.key(KEY.Key_Down)
    desk.wait(lambda: len(set(hung(desk))) == 1 and desk.window.viewport.position() == 1)


def test_the_windows_of_a_protocol_are_not_kept_as_the_readers_own(
    shelf: Path, make_desk: MakeDesk
) -> None:
    for instance in (1, 2):
        write_image(
            shelf, 1, 1, instance, Modality="CT", StudyDescription="CT Thorax",
            ImageOrientationPatient=AXIAL, ImagePositionPatient=[0, 0, 5.0 * instance],
            FrameOfReferenceUID="1.2.3", PixelSpacing=[1, 1],
        )  # fmt: skip
    desk = make_desk()
    open_study(desk)
    desk.wait(lambda: len(hung(desk)) == 2 and all(hung(desk)))
    desk.go_to_film()
    desk.key(KEY.Key_H)
    keeping, frame = desk.window.keeping, desk.window.viewport.selected_frame()
    assert frame is not None
    desk.wait(lambda: bool(keeping.kept(frame.identity).views) and keeping.is_settled)
    assert keeping.kept(frame.identity).views[0].window is None
    desk.close()

    desk = make_desk()
    open_study(desk)
    desk.wait(lambda: len(hung(desk)) == 2 and all(hung(desk)))
    desk.wait(lambda: all(pane.orientation().mirrored for pane in desk.window.grid.panes()))

    windows = [pane.current_window() for pane in desk.window.grid.panes()]
    assert [(one.center, one.width) for one in windows if one] == [(-400, 1600), (40, 400)]


def test_a_head_ct_hangs_with_brain_and_bone(shelf: Path, make_desk: MakeDesk) -> None:
    head: dict[str, Any] = {"Modality": "CT", "BodyPartExamined": "HEAD"}
    scout = ["ORIGINAL", "PRIMARY", "LOCALIZER"]
    write_image(shelf, 1, 1, ImageType=scout, ImageOrientationPatient=CORONAL, **head)
    write_image(shelf, 1, 2, ImageOrientationPatient=AXIAL, **head)
    desk = make_desk()

    open_study(desk)
    desk.wait(lambda: hung(desk) == ["2.1", "2.1"])

    windows = [pane.current_window() for pane in desk.window.grid.panes()]
    assert [(one.center, one.width) for one in windows if one] == [(40, 80), (300, 1500)]


def test_a_brain_mr_hangs_by_sequence_and_the_rest_fills_up(
    shelf: Path, make_desk: MakeDesk
) -> None:
    names = ("T1 mprage", "T2 tse", "ADC", "T2 FLAIR", "DWI b1000")
    for series, name in enumerate(names, 1):
        write_image(shelf, 1, series, Modality="MR", SeriesDescription=name,
                    StudyDescription="Brain", ImageOrientationPatient=AXIAL)  # fmt: skip
    desk = make_desk()

    open_study(desk)
    desk.wait(lambda: hung(desk) == ["4.1", "5.1", "2.1", "1.1"])

    assert protocol(desk) == "MR brain"


def test_a_knee_mr_hangs_in_three_planes(shelf: Path, make_desk: MakeDesk) -> None:
    for series, lies in enumerate((AXIAL, CORONAL, SAGITTAL), 1):
        write_image(shelf, 1, series, Modality="MR", SeriesDescription="pd fs",
                    BodyPartExamined="KNEE", ImageOrientationPatient=lies)  # fmt: skip
    desk = make_desk()

    open_study(desk)
    desk.wait(lambda: hung(desk) == ["3.1", "2.1", "1.1"])

    assert desk.window.grid.shape() == (1, 3)


def test_a_mammogram_hangs_right_beside_left_though_all_four_are_one_series(
    shelf: Path, make_desk: MakeDesk
) -> None:
    views = (("L", "MLO"), ("R", "MLO"), ("L", "CC"), ("R", "CC"))
    for instance, (side, view) in enumerate(views, 1):
        write_image(shelf, 1, 1, instance, Modality="MG", ImageLaterality=side, ViewPosition=view)
    desk = make_desk()

    open_study(desk)
    desk.wait(lambda: hung(desk) == ["1.4", "1.3", "1.2", "1.1"])

    assert protocol(desk) == "Mammography, four views"


def test_an_ultrasound_clip_plays_when_it_is_opened(shelf: Path, make_desk: MakeDesk) -> None:
    write_image(shelf, 1, Modality="US", NumberOfFrames=5, CineRate=20)
    desk = make_desk()

    open_study(desk)

    desk.wait(lambda: desk.window.cines.active().is_playing)


def test_anything_else_hangs_its_first_image_alone_and_fitted(
    shelf: Path, make_desk: MakeDesk
) -> None:
    for instance in (1, 2, 3):
        write_image(shelf, 1, 1, instance, Modality="XA")
    desk = make_desk()

    open_study(desk)

    pane, place = desk.window.viewport, desk.window.viewport.placement()
    assert (desk.window.grid.shape(), hung(desk), protocol(desk)) == ((1, 1), ["1.1"], "")
    assert place == place.fitted()
    assert pane.current_window() is not None


def test_nothing_is_hung_anew_once_the_reader_is_at_work(shelf: Path, make_desk: MakeDesk) -> None:
    write_image(shelf, 1, 1, ViewPosition="PA", BodyPartExamined="CHEST")
    write_image(shelf, 1, 2, ViewPosition="LL", BodyPartExamined="CHEST")
    desk = make_desk()
    open_study(desk)
    desk.wait(lambda: hung(desk) == ["1.1", "2.1"])
    desk.go_to_film()

    desk.key(KEY.Key_1, CTRL)
    desk.window.hanging.loaded()
    assert desk.window.grid.shape() == (1, 1)
    desk.key(KEY.Key_L, CTRL)

    desk.wait(lambda: hung(desk) == ["1.1", "2.1"])


def test_a_layout_that_the_reader_saved_wins_the_next_time(
    shelf: Path, make_desk: MakeDesk
) -> None:
    for study in (1, 2):
        for series, view in ((1, "PA"), (2, "LL")):
            write_image(shelf, study, series, ViewPosition=view, BodyPartExamined="CHEST",
                        PatientID=f"P{study}")  # fmt: skip
    desk = make_desk()
    open_study(desk)
    desk.wait(lambda: hung(desk) == ["1.1", "2.1"])
    desk.go_to_film()
    drop(desk, 1, 0)
    drop(desk, 0, 1)
    desk.wait(lambda: hung(desk) == ["2.1", "1.1"])

    desk.key(KEY.Key_L)
    desk.key(KEY.Key_L, CTRL | SHIFT)
    desk.wait(lambda: "Saved as “My CR Chest”" in desk.window.report.said())
    desk.wait(lambda: any(one.is_own for one in desk.window.hanging.protocols()))
    open_study(desk, 2)

    desk.wait(lambda: hung(desk) == ["2.1", "1.1"])
    assert protocol(desk) == "My CR Chest"
    assert desk.window.together.linking.is_on()  # as it was when it was saved


def test_a_wrong_file_of_the_readers_is_one_sentence_and_the_built_in_ones_still_hang(
    shelf: Path, make_desk: MakeDesk, own_home: Path
) -> None:
    (own_home / "hanging").mkdir(parents=True)
    (own_home / "hanging" / "mine.toml").write_text("rows = 7\n[[place]]\n")
    write_image(shelf, 1, 1, ViewPosition="PA", BodyPartExamined="CHEST")
    write_image(shelf, 1, 2, ViewPosition="LL", BodyPartExamined="CHEST")
    desk = make_desk()

    desk.wait(lambda: "mine.toml" in desk.window.report.said())
    assert desk.window.report.said().count(". ") == 1  # what is wrong, and what to do
    open_study(desk)

    desk.wait(lambda: hung(desk) == ["1.1", "2.1"])


# --- by hand ---


def test_a_thumbnail_let_go_over_a_pane_is_shown_there_and_taken_in_hand(
    shelf: Path, make_desk: MakeDesk
) -> None:
    write_four(shelf, Modality="XA")
    desk = make_desk()
    open_study(desk)
    desk.go_to_film()
    desk.key(KEY.Key_4, CTRL)

    desk.window.worklist.studies.field.setFocus()
    drop(desk, 2, 3)
    desk.wait(lambda: hung(desk) == ["1.1", "", "", "3.1"])

    assert desk.window.viewport is desk.window.grid.panes()[3]
    assert desk.window.viewport.hasFocus()  # keys go where the hand went
    desk.key(KEY.Key_1, CTRL)
    assert desk.window.viewport.hasFocus()  # and stay when other panes go
    desk.key(KEY.Key_4, CTRL)
    tiles = desk.window.worklist.thumbnails
    names = [tiles.button(number).accessibleName() for number in range(4)]
    assert [name.rsplit(", ", 1)[1] for name in names] == ["pane 1", "1 image", "pane 4", "1 image"]
    assert tiles.button(2).isChecked()


def test_a_click_on_a_thumbnail_shows_it_in_the_pane_in_hand_alone(
    shelf: Path, make_desk: MakeDesk
) -> None:
    write_four(shelf, Modality="XA")
    desk = make_desk()
    open_study(desk)
    desk.go_to_film()
    desk.key(KEY.Key_2, CTRL)
    click(desk.window.grid.panes()[1], (40, 40))

    desk.click(desk.window.worklist.thumbnails.button(3))

    desk.wait(lambda: hung(desk) == ["1.1", "4.1"])


def test_keys_go_to_the_next_series_and_stop_at_the_last(shelf: Path, make_desk: MakeDesk) -> None:
    write_four(shelf, Modality="XA")
    desk = make_desk()
    open_study(desk)
    desk.go_to_film()

    for wanted in ("2.1", "3.1", "4.1"):
        desk.key(KEY.Key_PageDown, SHIFT)
        desk.wait(lambda wanted=wanted: hung(desk) == [wanted])
    desk.key(KEY.Key_PageDown, SHIFT)
    assert desk.window.report.said() == "This is the last series."
    desk.key(KEY.Key_PageUp, SHIFT)
    desk.wait(lambda: hung(desk) == ["3.1"])


def test_what_is_dragged_from_elsewhere_is_not_taken(shelf: Path, make_desk: MakeDesk) -> None:
    write_four(shelf, Modality="XA")
    desk = make_desk()
    open_study(desk)
    cell = desk.window.grid.cell(desk.window.viewport)
    for kind, content in (("text/plain", b"x"), ("application/x-wetread-series", b"{")):
        carried = QMimeData()
        carried.setData(kind, content)
        event = QDragEnterEvent(
            cell.rect().center(),
            Qt.DropAction.CopyAction,
            carried,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        event.ignore()
        QApplication.sendEvent(cell, event)
        assert not event.isAccepted()


def test_m_lets_one_pane_of_several_fill_the_grid_and_of_one_hides_the_sides(
    shelf: Path, make_desk: MakeDesk
) -> None:
    write_four(shelf, Modality="XA")
    desk = make_desk()
    open_study(desk)
    window = desk.window

    def seen() -> tuple[int, bool]:
        panes = [pane for pane in window.grid.panes() if pane.isVisible()]
        return len(panes), window.worklist.isVisible()

    desk.go_to_film()
    desk.key(KEY.Key_M)
    assert seen() == (1, False)
    desk.key(KEY.Key_M)
    desk.key(KEY.Key_4, CTRL)
    assert seen() == (4, True)
    desk.key(KEY.Key_M)
    assert seen() == (1, True)
    desk.key(KEY.Key_F11)
    assert seen() == (1, False)
    desk.key(KEY.Key_Escape)
    assert seen() == (4, False)
    desk.key(KEY.Key_F11)
    assert seen() == (4, True)


@pytest.mark.parametrize("key", [KEY.Key_F4, None])
def test_the_layout_is_picked_by_key_or_by_its_button(
    shelf: Path, make_desk: MakeDesk, key: Qt.Key | None
) -> None:
    desk = make_desk()

    if key is not None:
        desk.key(key)
    else:
        button = desk.window.top.button("layout.pick")
        assert button is not None
        desk.click(button)
    picker = QApplication.activePopupWidget()
    assert picker is not None
    for which in (KEY.Key_Down, KEY.Key_Right, KEY.Key_Return):
        desk.key(which, widget=picker)

    assert desk.window.grid.shape() == (2, 2)
    assert desk.window.table.entry("layout.pick").iconText() == "Panes 2 × 2"
