"""Models are chosen in the window, take effect at once, and the bottom line says who answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dicom_io.pacs.folder import FolderSource
from dicom_io.settings import ModelSettings, Settings
from dicom_io.storage import DataRoot
from model_backend import footprint
from model_backend.folder import ModelFolder, write_model
from model_backend.request import ModelIdentity
from plugin._choosing import acceptance_words, changed, doubts, offers
from plugin._models_dialog import ModelsDialog
from plugin._shown import explained, identity_words, server_words, show_identity
from tests.chat_server import ChatServer, say
from tests.plugin.desk import KEY, Desk, write_echo, write_films, write_served
from tests.ui.hands import CTRL, KEYS

Open = Callable[..., Desk]
BASE = ModelIdentity("base", "1.0", "abcdef" + "0" * 58, device="cpu", precision="bf16")


@pytest.fixture
def root(own_home: Path) -> DataRoot:
    """A data root with two models: one repeats what it is asked, one only sums up."""
    root = DataRoot(own_home).create()
    write_echo(root)
    path = root.models / "sums"
    path.mkdir()
    passed = {"dataset": "VQA-RAD", "scores": {"closed": {"value": 71.6}}, "passed": True}
    write_model(
        ModelFolder(
            path,
            "sums",
            "2.0.0",
            "echo",
            ("summary", "entailment"),
            licence="MIT",
            acceptance=(passed,),
        )
    )
    return root


@pytest.fixture
def open_desk(qtbot: QtBot, root: DataRoot, tmp_path: Path) -> Iterator[Open]:
    desks: list[Desk] = []
    films = write_films(tmp_path / "films", 2)

    def open_one(**chosen: object) -> Desk:
        settings = ModelSettings(**chosen)  # type: ignore[arg-type]  # named as they are there
        desks.append(Desk(qtbot, root.folder, [FolderSource(films)], chosen=settings))
        return desks[-1]

    yield open_one
    for desk in desks:
        desk.close()


def dialog_of(desk: Desk) -> ModelsDialog:
    """Ctrl+, and the dialogue."""
    desk.key(KEY.Key_Comma, CTRL)
    found: list[ModelsDialog] = []

    def look() -> bool:
        found[:] = [
            one
            for one in QApplication.topLevelWidgets()
            if isinstance(one, ModelsDialog) and one.isVisible()
        ]
        return found != []

    desk.wait(look)
    return found[0]


def choose(dialog: ModelsDialog, role: str, name: str) -> None:
    box = dialog.roles[role]  # type: ignore[index]  # one of the roles
    box.setFocus()
    box.setCurrentIndex(box.findData(name))


# --- the dialogue ---


def test_a_model_chosen_by_key_is_saved_and_asked_at_once(
    open_desk: Open, root: DataRoot, chat: ChatServer
) -> None:
    write_served(root, chat.url, chat.models[0])
    chat.replies = [say("Cardiomegaly.")]
    desk = open_desk(name="echo")
    desk.wait(lambda: desk.window.status.text("model").startswith("echo 1.0.0"))

    dialog = dialog_of(desk)
    assert dialog.facts()["Tasks"].startswith("Question about the image")
    choose(dialog, "summaries", "sums")
    assert dialog.facts()["Licence"] == "MIT"
    assert dialog.facts()["Measured"] == "VQA-RAD, closed 71.6 %, passed"
    choose(dialog, "summaries", "served")
    dialog.memory.setValue(2048)
    KEYS.keyClick(dialog.memory, KEY.Key_Return)
    desk.wait(lambda: desk.viewer.host.settings(ModelSettings).summaries == "served")

    expected = ModelSettings(name="echo", summaries="served", memory=2048)
    assert Settings.read(root.settings).model == expected
    write_findings(desk)
    desk.window.table.perform("report.summarise")
    desk.wait(lambda: [one.text for one in desk.undecided()] == ["Cardiomegaly."])
    report = desk.report()
    assert report is not None and [one.task for one in report.asked] == ["summary"]
    assert report.asked[0].algorithm is not None
    assert report.asked[0].algorithm.name == "served"
    assert "served (SERVER) loaded" in desk.window.status.text("model-news")
    assert desk.window.status.text("model").startswith("served ")


def write_findings(desk: Desk, text: str = "The heart is large.") -> None:
    """Open a film and write one finding."""
    desk.search("")
    desk.open("1.2.826.0")
    field = desk.window.report.panel.field_of("Findings")
    desk.click(field)
    KEYS.keyClicks(field, text)
    desk.key(KEY.Key_Return)


def test_escape_changes_nothing(open_desk: Open, root: DataRoot) -> None:
    desk = open_desk(name="echo")
    dialog = dialog_of(desk)
    choose(dialog, "reports", "sums")

    KEYS.keyClick(dialog, KEY.Key_Escape)
    desk.wait(lambda: not dialog.isVisible())

    assert desk.viewer.host.settings(ModelSettings) == ModelSettings(name="echo")
    assert not root.settings.exists()


def test_a_model_that_is_let_go_is_told(open_desk: Open) -> None:
    desk = open_desk(name="echo")
    desk.search("")
    desk.open("1.2.826.0")
    desk.ask("what is it")
    desk.viewer.host.change_settings(ModelSettings(name="sums"))

    desk.wait(lambda: "echo unloaded" in desk.window.status.text("model-news"))


def test_the_dialogue_says_what_a_choice_means(qtbot: QtBot, root: DataRoot) -> None:
    settings = ModelSettings(name="echo", memory=100)
    dialog = ModelsDialog(offers(root, settings), settings)
    qtbot.addWidget(dialog)

    assert dialog.said() == "echo has no task of summaries: those are refused."
    choose(dialog, "summaries", "sums")
    assert dialog.said() == "They do not fit into the memory together, so they take turns in it."
    dialog.memory.setValue(20)
    assert dialog.said().startswith("echo takes about 0.1 GB, more than")
    dialog.memory.setValue(0)
    assert dialog.said() == ""


# --- plain functions ---


def test_a_chosen_model_that_is_missing_is_offered_with_the_reason(root: DataRoot) -> None:
    offered = offers(root, ModelSettings(name="echo", reports="gone"))

    gone = offered.named("gone")
    assert offered.chosen == {"answers": "echo", "reports": "gone", "summaries": ""}
    assert gone is not None and gone.lines[0][1].startswith("The model gone is not installed.")


def test_what_is_chosen_is_what_is_offered_again(root: DataRoot) -> None:
    settings = changed(
        ModelSettings(threads=3),
        {"answers": "echo", "reports": "echo", "summaries": "sums"},
        precision="bf16",
    )

    assert settings == ModelSettings("echo", summaries="sums", threads=3, precision="bf16")
    assert offers(root, settings).chosen == {
        "answers": "echo",
        "reports": "",
        "summaries": "sums",
    }


def test_a_wrong_value_and_a_distant_server_need_the_reader(root: DataRoot) -> None:
    write_served(root, "https://gpu.hospital.example/v1", "large", "distant")
    settings = ModelSettings(name="distant")
    offered = offers(root, settings)

    told = doubts(offered, settings)
    wrong = doubts(offered, replace(settings, device="gpu"))

    assert told.words == "Images leave this computer: gpu.hospital.example." and told.needs_reader
    assert "device must be one of" in wrong.words and wrong.needs_reader


def test_a_result_of_a_check_is_told_beside_what_was_reported() -> None:
    entry = {
        "set": "test.jsonl",
        "dataset": "SLAKE",
        "scores": {"macro_f1": {"value": None}, "overall": {"value": 33.4}},
        "published": [{"values": {"overall": 71.6}}],
        "passed": False,
    }

    assert acceptance_words(entry) == "SLAKE, overall 33.4 % (reported 71.6 %), failed"
    assert acceptance_words({"set": "own.jsonl"}) == "own.jsonl"


# --- the bottom line ---


def test_precision_and_device_stand_beside_name_and_hash() -> None:
    assert identity_words(BASE) == "base 1.0 · sha256 abcdef… · CPU bf16"


def test_several_models_are_told_by_role() -> None:
    other = replace(BASE, name="large", device="")

    assert (
        explained({"answers": BASE, "reports": BASE}) == "The model that drafts and answers here."
    )
    assert explained({"answers": BASE, "reports": other}) == (
        "answers: base 1.0 · sha256 abcdef… · CPU bf16\nreports: large 1.0 · sha256 abcdef… · bf16"
    )


@pytest.mark.parametrize(
    ("addresses", "text", "state"),
    [
        (("", ""), "", "quiet"),
        (("", "http://127.0.0.1:8000"), "answers from http://127.0.0.1:8000", "ai"),
        (
            ("http://127.0.0.1:8000", "https://gpu.hospital:443"),
            "Images leave this computer: gpu.hospital",
            "alarm",
        ),
    ],
)
def test_answers_from_elsewhere_are_marked(
    addresses: tuple[str, ...], text: str, state: str
) -> None:
    said = server_words(tuple(replace(BASE, address=one) for one in addresses))

    assert said[:2] == (text, state)


def test_a_server_is_marked_for_as_long_as_it_is_chosen(
    open_desk: Open, root: DataRoot, chat: ChatServer
) -> None:
    write_served(root, chat.url, chat.models[0])
    desk = open_desk(name="echo", reports="served")
    mark = f"answers from http://127.0.0.1:{chat.port}"

    desk.wait(lambda: desk.window.status.text("server") == mark)
    desk.viewer.host.change_settings(ModelSettings(name="echo"))

    desk.wait(lambda: desk.window.status.text("server") == "")


def test_a_missing_model_for_summaries_is_told_and_the_others_are_shown(open_desk: Open) -> None:
    desk = open_desk(name="echo", summaries="gone")

    desk.wait(lambda: desk.window.report.said().startswith("The model gone is not installed."))

    assert desk.window.status.text("model").startswith("echo 1.0.0")


def test_a_note_on_how_the_model_runs_stays_in_sight(open_desk: Open) -> None:
    desk = open_desk(name="echo")
    desk.wait(lambda: desk.window.status.text("model").startswith("echo"))
    host = desk.viewer.host

    show_identity(host, replace(BASE, note="It left the graphics card."))
    assert desk.window.status.text("model-note") == "It left the graphics card."
    show_identity(host, replace(BASE, note="It left the card " * 20))

    assert len(desk.window.status.text("model-note")) == 48
    assert desk.window.status.text("model") == "base 1.0 · sha256 abcdef… · CPU bf16"


def test_the_memory_of_this_machine_is_offered(root: DataRoot) -> None:
    assert offers(root, ModelSettings()).machine == footprint.of_machine()


def test_a_model_that_cannot_be_loaded_is_not_said_to_be_loading(
    open_desk: Open, root: DataRoot
) -> None:
    folder = ModelFolder.read(root.models / "sums")
    write_model(replace(folder, backend="none_such"))
    desk = open_desk(name="echo", summaries="sums")
    write_findings(desk)

    desk.key(KEY.Key_I, CTRL)
    desk.wait(lambda: "backend none_such" in desk.window.report.said())

    desk.wait(lambda: desk.window.status.text("model-news") == "sums unloaded")
