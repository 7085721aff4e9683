"""The question field: what was typed becomes a question or another task of the model."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from dicom_io.identity import Identity
from dicom_io.report.document import Region
from model_backend.tasks import TASKS
from plugin._ask_box import ANY, AskBox, Question, found_words, hints
from plugin._reply import Found, Reply
from tests.ui.hands import KEYS

FILM = Identity("7", "", "1.2", "1.2.3", "1.2.3.4", 1)


@pytest.fixture
def box(qtbot: QtBot) -> AskBox:
    box = AskBox()
    qtbot.addWidget(box)
    box.show()
    return box


def asked_by_enter(box: AskBox, task: str, first: str, second: str = "") -> Question:
    """Choose the task, fill in what its fields are for, press Enter."""
    given: list[Question] = []
    box.asked.connect(given.append)
    box.tasks.setCurrentIndex(box.tasks.findData(task))
    KEYS.keyClicks(box.question, first)
    KEYS.keyClicks(box.second, second)
    KEYS.keyClick(box.question, Qt.Key.Key_Return)
    box.asked.disconnect(given.append)
    (question,) = given
    return question


def test_without_other_tasks_there_is_nothing_to_choose(box: AskBox) -> None:
    assert box.tasks.isHidden() and box.second.isHidden()
    assert box.question.placeholderText() == ANY


@pytest.mark.parametrize(
    ("task", "first", "second", "expected"),
    [
        ("", "Which side? | left, right", "", Question("Which side?", ("left", "right"))),
        ("grounding", " the heart ", "", Question("the heart", (), "grounding")),
        ("entailment", "a", "b", Question("a", (), "entailment", "b")),
        ("treatment", "a man", "x, y", Question("a man", ("x", "y"), "treatment")),
        ("classify", "x, y", "", Question("", ("x", "y"), "classify")),
        ("matching", "a, b", "", Question("a, b", (), "matching")),
        ("region", "", "", Question("", (), "region")),
    ],
)
def test_the_fields_are_read_as_the_task_needs_them(
    box: AskBox, task: str, first: str, second: str, expected: Question
) -> None:
    box.offer_tasks(("classify", "matching", "region", "grounding", "entailment", "treatment"))

    assert asked_by_enter(box, task, first, second) == expected


@pytest.mark.parametrize("task", TASKS)
def test_a_field_is_there_exactly_where_a_task_reads_something(box: AskBox, task: str) -> None:
    box.offer_tasks(tuple(TASKS))
    box.tasks.setCurrentIndex(box.tasks.findData(task))

    needed = len(TASKS[task].texts) + TASKS[task].has_candidates
    assert box.question.isReadOnly() is (needed == 0)
    assert box.second.isHidden() is (needed < 2)
    assert box.crop.isHidden() is not TASKS[task].has_image
    assert [bool(hint) for hint in hints(task)] == [needed > 0, needed > 1]


def test_the_task_in_hand_stays_when_the_models_change(box: AskBox) -> None:
    box.offer_tasks(("grounding", "summary"))
    box.tasks.setCurrentIndex(box.tasks.findData("grounding"))

    box.offer_tasks(("region", "grounding"))
    assert box.task() == "grounding"
    box.offer_tasks(())
    assert (box.task(), box.tasks.isHidden()) == ("", True)


def test_an_uncalibrated_answer_has_an_order_and_no_number(box: AskBox) -> None:
    scores = tuple((f"answer {place}", 0.2 - place / 100) for place in range(9))
    reply = Reply("q", None, "answer 0", True, scores, note="not calibrated")

    box.show_reply(reply, 0.25)

    assert (
        box.order()
        == "In order: answer 0, answer 1, answer 2, answer 3, answer 4, answer 5 and 3 more"
    )
    assert box.said() == "not calibrated · 250 ms"
    box.show_reply(Reply("q", None, "yes", True, (("yes", 0.8), ("no", 0.2)), calibrated=True), 0.1)
    assert box.order() == ""


def test_what_was_found_is_named() -> None:
    places = (Found(Region(FILM, 0, 0, 1, 1), "heart"), Found(Region(FILM, 0, 0, 1, 1), ""))

    assert found_words(Reply("", None, is_final=True, places=places)) == "heart, here"
    assert found_words(Reply("", None, is_final=True)) == "Nothing was found."
    assert found_words(Reply("", None)) == ""
    assert found_words(Reply("", None, is_final=True, codes=(1, 2))) == "2 codes"
