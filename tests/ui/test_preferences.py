"""What a reader sets in the window holds at once, everywhere, and is there the next time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QInputDialog, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from dicom_io.hands import KeySettings, MouseSettings, Preset, ViewerSettings
from dicom_io.settings import Settings, WindowSettings
from dicom_io.storage import DataRoot
from tests.plugin.desk import Desk
from tests.ui import hands
from tests.ui.films import sample
from ui import language, theme
from ui.actions import shortcuts_of
from ui.app import build_window
from ui.application import application
from ui.keys_dialog import KeysDialog
from ui.profile import profiles
from ui.settings_dialog import SettingsDialog
from ui.settings_pages.keys_page import KeysPage, bind
from ui.settings_pages.mouse_page import MousePage
from ui.settings_pages.viewer_page import ViewerPage

KEY = Qt.Key


@pytest.fixture
def desk(qtbot: QtBot, own_home: Path) -> Iterator[Desk]:
    opened = Desk(qtbot, own_home, [], plugins=())
    yield opened
    opened.close()
    opened.window.deleteLater()  # or the next window dresses this one too


def kept(desk: Desk) -> Settings:
    return Settings.read(desk.root.settings)


def in_front(desk: Desk) -> QWidget:
    """The dialogue that has come up; without a window manager it must be told that it is active."""
    dialog = QApplication.activeModalWidget()
    assert dialog is not None
    dialog.activateWindow()
    desk.wait(dialog.isActiveWindow)
    return dialog


def go_back(desk: Desk) -> None:
    """To the film, after a dialogue."""
    desk.wait(lambda: QApplication.activeModalWidget() is None)
    desk.window.activateWindow()
    desk.wait(desk.window.isActiveWindow)
    desk.window.viewport.setFocus()


def settings_of(desk: Desk) -> SettingsDialog:
    desk.go_to_film()
    desk.key(KEY.Key_P, hands.CTRL | hands.SHIFT)
    dialog = in_front(desk)
    assert isinstance(dialog, SettingsDialog)
    return dialog


def page_of(dialog: SettingsDialog, kind: type) -> QWidget:
    return next(page for page in dialog.pages if isinstance(page, kind))


def dialog_of(page: QWidget) -> QWidget:
    dialog = page.window()
    assert dialog is not None
    return dialog


def keys_page(desk: Desk) -> KeysPage:
    page = page_of(settings_of(desk), KeysPage)
    assert isinstance(page, KeysPage)
    return page


def keys_of(desk: Desk, name: str) -> tuple[str, ...]:
    return next(shortcuts_of(one) for one in desk.window.table.actions() if one.name == name)


def show(desk: Desk, name: str = "CT_small.dcm") -> None:
    frames = sample(name)[:1]
    desk.window.viewport.show_series(frames)
    desk.wait(lambda: desk.window.viewport.selected_frame() is frames[0])


def test_a_new_key_is_pressed_and_works_at_once_and_the_next_time(desk: Desk) -> None:
    show(desk)
    page = keys_page(desk)
    page.select("view.right")

    desk.click(page.set)
    desk.key(KEY.Key_F12, hands.CTRL)

    assert page.keys_of("view.right") == "Ctrl+F12"
    dialog_of(page).close()
    go_back(desk)
    desk.key(KEY.Key_F12, hands.CTRL)
    assert desk.window.viewport.orientation().quarters == 1
    desk.key(KEY.Key_R)
    assert desk.window.viewport.orientation().quarters == 1
    desk.wait(lambda: kept(desk).keys == KeySettings(bindings=(("view.right", ("Ctrl+F12",)),)))


def test_a_key_that_somebody_holds_is_named_and_may_be_taken_away(desk: Desk) -> None:
    page = keys_page(desk)
    page.select("view.invert")
    desk.click(page.set)
    desk.key(KEY.Key_R)

    assert page.said() == "R belongs to Turn right."
    assert keys_of(desk, "view.invert") == ("Shift+I",)
    desk.click(page.take)

    assert keys_of(desk, "view.invert") == ("R",)
    assert keys_of(desk, "view.right") == ()
    desk.wait(lambda: dict(kept(desk).keys.bindings).get("view.right") == ())
    dialog_of(page).close()


def test_a_conflict_can_be_left_and_esc_hears_nothing(desk: Desk) -> None:
    page = keys_page(desk)
    page.select("view.invert")

    desk.click(page.set)
    desk.key(KEY.Key_R)
    desk.click(page.leave)
    desk.click(page.set)
    desk.key(KEY.Key_Escape)

    assert dialog_of(page).isVisible()
    assert keys_of(desk, "view.invert") == ("Shift+I",)
    assert keys_of(desk, "view.right") == ("R",)
    dialog_of(page).close()


def test_esc_itself_stays_with_stepping_back(desk: Desk) -> None:
    page = keys_page(desk)

    page.select("edit.back")

    assert not page.set.isEnabled()
    assert page.said() == "This key cannot be changed."
    dialog_of(page).close()


def test_a_second_key_no_key_and_the_profiles_key_again(desk: Desk) -> None:
    page = keys_page(desk)
    page.select("view.fit")

    desk.click(page.add)
    desk.key(KEY.Key_0, hands.CTRL)
    assert keys_of(desk, "view.fit") == ("F", "Ctrl+0")
    desk.click(page.remove)
    assert keys_of(desk, "view.fit") == ()
    desk.click(page.reset)
    assert keys_of(desk, "view.fit") == ("F",)
    desk.wait(lambda: kept(desk).keys == KeySettings())
    dialog_of(page).close()


def test_actions_are_found_by_name_and_by_key(desk: Desk) -> None:
    page = keys_page(desk)

    page.search.setText("flip")
    assert set(page.shown()) == {"view.flip-across", "view.flip-down"}
    page.search.setText("f7")
    assert page.shown() == ("view.worklist",)
    dialog_of(page).close()


@pytest.mark.parametrize("profile", [one.name for one in profiles()])
def test_no_profile_gives_one_key_to_two_actions_or_leaves_one_without(
    desk: Desk, profile: str
) -> None:
    table = desk.window.table
    usual = {one.name for one in table.actions() if shortcuts_of(one)}
    assert usual

    assert bind(table, KeySettings(profile)) == ()

    named = next(one for one in profiles() if one.name == profile).keys
    assert set(named) <= {one.name for one in table.actions()}
    left_without = usual - {one.name for one in table.actions() if shortcuts_of(one)}
    assert left_without == set()


def test_another_profile_holds_at_once(desk: Desk) -> None:
    show(desk)
    dialog = settings_of(desk)
    keys, mouse = page_of(dialog, KeysPage), page_of(dialog, MousePage)
    assert isinstance(keys, KeysPage) and isinstance(mouse, MousePage)

    keys.profile.setCurrentIndex(keys.profile.findData("ohif"))
    mouse.profile.setCurrentIndex(mouse.profile.findData("left-scroll"))
    dialog.close()
    go_back(desk)

    desk.key(KEY.Key_L)
    assert desk.window.viewport.orientation().quarters == 3
    assert desk.window.viewport.tool().name == "SCROLL"
    desk.wait(
        lambda: (kept(desk).keys.profile, kept(desk).mouse.profile) == ("ohif", "left-scroll")
    )


def test_every_gesture_can_be_bound_in_the_window(desk: Desk) -> None:
    show(desk)
    dialog = settings_of(desk)
    mouse = page_of(dialog, MousePage)
    assert isinstance(mouse, MousePage)
    before = desk.window.viewport.placement()

    mouse.select("Alt+right")
    mouse.choose("pan")
    mouse.reverse.setChecked(True)
    assert mouse.text_of("Alt+right") == "Pan"
    dialog.close()
    hands.drag(
        desk.window.viewport,
        [(100, 100), (130, 100)],
        hands.RIGHT,
        Qt.KeyboardModifier.AltModifier,
    )

    assert desk.window.viewport.placement().x == before.x + 30
    expected = MouseSettings(reverse_window=True, bindings=(("Alt+right", "pan"),))
    desk.wait(lambda: kept(desk).mouse == expected)


def test_nobody_is_left_without_a_hand_in_silence(desk: Desk) -> None:
    dialog = settings_of(desk)
    mouse = page_of(dialog, MousePage)
    assert isinstance(mouse, MousePage)

    mouse.select("left")
    mouse.choose("pan")
    assert "No button holds the tool in hand" in mouse.said()
    mouse.reset.click()
    assert "No button" not in mouse.said()
    dialog.close()


def test_wrong_settings_are_one_sentence_and_the_profile_stands(
    qtbot: QtBot, own_home: Path
) -> None:
    own_home.mkdir(parents=True)
    (own_home / "settings.toml").write_text("[mouse.bindings]\nleft = 'ask'\n")
    read = Settings.read(own_home / "settings.toml")

    assert read.faults == ()  # the words of a gesture are the window's business
    opened = Desk(qtbot, own_home, [], plugins=())
    try:
        opened.window.preferences.habits.take_mouse(read.mouse)
        assert opened.window.preferences.habits.mouse.bindings["left"] == "hand"
        assert len(opened.window.preferences.habits.faults) == 1
    finally:
        opened.close()


def test_a_window_is_saved_under_a_name_for_its_modality_alone(desk: Desk) -> None:
    show(desk)
    viewport = desk.window.viewport
    hands.drag(viewport, [(100, 100), (140, 90)])
    window = viewport.current_window()
    assert window is not None
    desk.go_to_film()

    desk.key(KEY.Key_W, hands.CTRL | Qt.KeyboardModifier.AltModifier)
    question = in_front(desk)
    assert isinstance(question, QInputDialog)
    desk.type("Liver")
    desk.key(KEY.Key_Return)

    offered = viewport.window_offers()
    assert [offer.name for offer in offered][-2:] == ["CT angio", "Liver"]
    assert (offered[-1].window.center, offered[-1].window.width) == (window.center, window.width)
    viewport.reset()
    go_back(desk)
    desk.key(KEY(KEY.Key_0.value + len(offered)))
    assert viewport.current_window() == offered[-1].window
    expected = (Preset("Liver", "CT", window.center, window.width),)
    desk.wait(lambda: kept(desk).viewer.presets == expected)
    show(desk, "MR_small.dcm")
    assert "Liver" not in [offer.name for offer in viewport.window_offers()]


def test_windows_of_ones_own_are_added_changed_and_removed(desk: Desk) -> None:
    dialog = settings_of(desk)
    page = page_of(dialog, ViewerPage)
    assert isinstance(page, ViewerPage)
    page.name.setText("T2")
    page.add.click()
    assert "needs a name, a modality" in page.said()
    page.modality.setText("mr")
    page.center.setValue(300)
    page.width_box.setValue(500)

    page.add.click()
    habits = desk.window.preferences.habits
    assert list(habits.presets) == [Preset("T2", "MR", 300, 500)]
    page.width_box.setValue(450)
    page.change.click()
    assert list(habits.presets) == [Preset("T2", "MR", 300, 450)]
    page.remove.click()
    assert list(habits.presets) == []
    dialog.close()


@pytest.mark.parametrize("key", [KEY.Key_F1, "?"])
def test_the_sheet_of_keys_shows_the_binding_in_use(desk: Desk, key: object) -> None:
    bind(desk.window.table, KeySettings(bindings=(("view.fit", ("Ctrl+0",)),)))
    desk.window.preferences.habits.take_mouse(MouseSettings(bindings=(("Alt+left", "zoom"),)))
    desk.go_to_film()

    hands.KEYS.keyClick(desk.focus(), key)
    sheet = in_front(desk)
    assert isinstance(sheet, KeysDialog)

    lines = sheet.shown()
    assert "Fit to pane: Ctrl+0" in lines
    assert "Zoom: Alt + left drag" in lines
    assert not any("ask" in line.lower() and "click" in line for line in lines)
    for action in desk.window.table.actions():
        if action.shortcut:
            assert any(line.startswith(f"{action.text}: ") for line in lines)
    sheet.search.setText("fit to")
    assert sheet.shown() == ("Fit to pane: Ctrl+0",)
    desk.key(KEY.Key_Escape)
    desk.wait(lambda: not sheet.isVisible())


def test_the_menu_names_the_keys_in_use(desk: Desk) -> None:
    show(desk)
    bind(desk.window.table, KeySettings(bindings=(("window.2", ("F12",)),)))

    menu = desk.window.viewport.open_menu(desk.window.mapToGlobal(desk.window.rect().center()))

    texts = [entry.text() for entry in menu.actions()]
    assert texts[1].endswith("\tF12")
    assert "C -400 · W 1600" in texts[1]
    menu.close()


def test_panes_that_come_later_have_the_same_habits(desk: Desk) -> None:
    desk.window.preferences.habits.take_mouse(MouseSettings("left-scroll"))

    desk.window.grid.set_layout(1, 2)

    assert [pane.tool().name for pane in desk.window.grid.panes()] == ["SCROLL", "SCROLL"]


def test_the_top_line_names_the_keys_in_use_and_the_menu_has_a_key_of_its_own(desk: Desk) -> None:
    assert desk.window.table.entry("help.keys").iconText() == "Keys  F1"
    assert keys_of(desk, "app.menu") == ("Alt+W",)

    bind(desk.window.table, KeySettings(bindings=(("help.keys", ("Ctrl+F1",)),)))

    assert desk.window.table.entry("help.keys").iconText() == "Keys  Ctrl+F1"


def test_no_line_of_the_sheet_is_cut_off_in_german_and_large_words(
    qtbot: QtBot, own_home: Path
) -> None:
    app = application()
    language.use("de")
    theme.dress(app, font_size=20)
    settings = Settings(window=WindowSettings(language="de", font_size=20))
    viewer = build_window((), DataRoot(own_home).create(), settings, ())
    try:
        viewer.window.resize(1920, 1080)
        viewer.window.show()
        viewer.window.table.perform("help.keys")
        sheet = QApplication.activeModalWidget()
        assert isinstance(sheet, KeysDialog)
        area = sheet.findChild(QScrollArea)
        bar = area.horizontalScrollBar() if area is not None else None

        assert "Verschieben: Umschalt + links ziehen" in sheet.shown()
        assert "Tasten: F1 oder ?" in sheet.shown()
        assert bar is not None and bar.maximum() == 0
        sheet.close()
        viewer.window.close()
        qtbot.waitUntil(lambda: not viewer.window.isVisible())
        viewer.close()
        viewer.window.deleteLater()
    finally:
        language.use("en")
        theme.dress(app)


def test_what_is_changed_is_always_an_action_that_the_search_shows(desk: Desk) -> None:
    page = KeysPage(desk.window.table, KeySettings())
    desk.qtbot.addWidget(page)

    page.search.setText("length")
    assert page.field.text() == "D"  # and not the key of the action that was chosen before
    page.search.setText("no such action")
    assert page.list.currentItem() is None and page.field.text() == ""


def test_no_key_of_the_list_is_cut_off(desk: Desk) -> None:
    page = KeysPage(desk.window.table, KeySettings())
    desk.qtbot.addWidget(page)
    page.resize(900, 500)
    page.show()

    wide = page.list.columnWidth(1)

    metrics = page.list.fontMetrics()
    assert all(metrics.horizontalAdvance(page.keys_of(name)) < wide for name in page.shown())


def test_a_window_of_ones_own_is_written_without_empty_decimals(desk: Desk) -> None:
    page = ViewerPage(ViewerSettings(presets=(Preset("Fine", "MR", 40.5, 1600),)))
    desk.qtbot.addWidget(page)

    page.list.setCurrentRow(0)

    assert (page.center.text(), page.width_box.text()) == ("40.5", "1600")
