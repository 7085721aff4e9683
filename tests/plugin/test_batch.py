"""A batch asks each item once, whatever interrupts it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dicom_io.errors import StorageProblem
from model_backend.client import ModelClient
from model_backend.folder import ModelFolder
from model_backend.request import Event, ModelDied, Request
from plugin._batch import BatchProblem, ask_batch, draft_batch


@pytest.fixture
def questions(tmp_path: Path, picture: Path) -> Path:
    """Four questions about one picture, one of them about a file that is not there."""
    path = tmp_path / "in.jsonl"
    lines: list[dict[str, Any]] = [
        {"id": "a", "image": picture.name, "question": "What is it?"},
        {"id": 7, "image": picture.name, "question": "Is it clear?"},
        {"id": "c", "image": "missing.png", "question": "Is it?"},
        {
            "id": "d",
            "image": str(picture),
            "question": "Which?",
            "choices": ["left", "right"],
            "box": [1, 2, 30, 20.5],
        },
    ]
    path.write_text("\n\n".join(json.dumps(line) for line in lines) + "\n")
    return path


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_echo_in_its_own_process_answers_every_line(
    echo: ModelClient, echo_folder: ModelFolder, questions: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"

    steps = list(ask_batch(questions, out, echo.ask, model=echo_folder))

    answers = lines_of(out)
    assert [step.number for step in steps] == [1, 2, 3, 4]
    assert [step.line for step in steps] == answers
    assert [line["id"] for line in answers] == ["a", 7, "c", "d"]
    assert answers[0]["answer"] == "What is it?" and answers[0]["probabilities"] is None
    assert answers[1]["probabilities"] is None  # nobody has calibrated the echo
    assert answers[1]["order"] == ["yes", "no"]
    assert "missing.png" in answers[2]["error"]
    assert answers[3]["answer"] == "left"
    assert answers[3]["refusal"] is None
    assert all(line["model"]["sha256"] == echo_folder.sha256 for line in answers)


def test_interrupted_batch_resumes_without_doing_items_twice(
    phrase_book: Any, questions: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    first = ask_batch(questions, out, phrase_book, model=phrase_book.folder)
    next(first)
    next(first)
    del first
    whole = out.read_bytes()
    out.write_bytes(whole + b'{"id": "c", "ans')  # the power went

    steps = list(ask_batch(questions, out, phrase_book, model=phrase_book.folder))

    assert [step.number for step in steps] == [3, 4]
    assert [line["id"] for line in lines_of(out)] == ["a", 7, "c", "d"]
    assert [request.text for request in phrase_book.asked] == [
        "What is it?",
        "Is it clear?",
        "Which?",
    ]
    assert list(ask_batch(questions, out, phrase_book, model=phrase_book.folder)) == []


def test_dying_model_ends_the_run_and_nothing_is_written_for_the_item(
    phrase_book: Any, questions: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"

    def dying(
        requests: Sequence[Request], stop: Callable[[], bool] = lambda: False
    ) -> Iterator[Event]:
        if requests[0].text == "Is it clear?":
            raise ModelDied("It died.")
        yield from phrase_book(requests, stop)

    with pytest.raises(ModelDied):
        list(ask_batch(questions, out, dying, model=phrase_book.folder))

    assert [line["id"] for line in lines_of(out)] == ["a"]


def test_stopped_batch_keeps_what_is_done(
    phrase_book: Any, questions: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    steps: list[object] = []

    for step in ask_batch(
        questions, out, phrase_book, model=phrase_book.folder, stop=lambda: len(steps) >= 2
    ):
        steps.append(step)

    assert [line["id"] for line in lines_of(out)] == ["a", 7]


def test_answers_of_another_model_are_not_mixed_in(
    phrase_book: Any, questions: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    list(ask_batch(questions, out, phrase_book, model=phrase_book.folder))
    before = out.read_bytes()
    other = replace(phrase_book.folder, model_version="2.0.0")

    with pytest.raises(BatchProblem, match="another model"):
        list(ask_batch(questions, out, phrase_book, model=other))

    assert out.read_bytes() == before


def test_file_that_is_no_batch_result_is_left_alone(
    phrase_book: Any, questions: Path, tmp_path: Path
) -> None:
    out = tmp_path / "thesis.txt"
    out.write_text("A thesis.\nTwo years of work")

    with pytest.raises(BatchProblem, match="no result of a batch"):
        list(ask_batch(questions, out, phrase_book, model=phrase_book.folder))

    assert out.read_text() == "A thesis.\nTwo years of work"


def test_folder_that_does_not_exist_is_told(
    phrase_book: Any, questions: Path, tmp_path: Path
) -> None:
    with pytest.raises(StorageProblem):
        list(
            ask_batch(
                questions, tmp_path / "no" / "out.jsonl", phrase_book, model=phrase_book.folder
            )
        )


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{", "Line 2"),
        ("[]", "no JSON object"),
        ('{"image": "a.png", "question": "Is it?"}', "no id"),
        ('{"id": true, "image": "a.png", "question": "Is it?"}', "no id"),
        ('{"id": 1, "question": "Is it?"}', "no image"),
        ('{"id": 1, "image": "a.png"}', "no question"),
        ('{"id": 1, "image": "a.png", "question": "Is it?", "box": [1, 2]}', "box"),
        ('{"id": 1, "image": "a.png", "question": "Is it?", "choices": "yes"}', "choices"),
        ('{"id": 1, "image": "a.png", "question": "Is it?", "choices": []}', "choices is empty"),
        ('{"id": 1, "image": "a.png", "question": "Is it?", "frame": "x"}', "frame"),
        ('{"id": "0", "image": "a.png", "question": "Is it?"}', "repeats the id"),
    ],
)
def test_bad_line_is_named_before_anything_is_asked(
    phrase_book: Any, tmp_path: Path, line: str, told: str
) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text('{"id": 0, "image": "a.png", "question": "Is it?"}\n' + line)

    with pytest.raises(BatchProblem, match=told) as problem:
        list(ask_batch(path, tmp_path / "out", phrase_book, model=phrase_book.folder))

    assert "Line 2" in str(problem.value)
    assert phrase_book.asked == []


def test_films_are_drafted_and_refusals_written(
    phrase_book: Any, film: Any, picture: Path, tmp_path: Path
) -> None:
    phrase_book.text = "No effusion."
    head = film(Modality="MR")
    path = tmp_path / "films.jsonl"
    path.write_text(
        json.dumps({"id": "png", "image": picture.name})
        + "\n"
        + json.dumps({"id": "mr", "image": head.path.name})
    )
    out = tmp_path / "out.jsonl"

    list(draft_batch(path, out, phrase_book, model=phrase_book.folder))

    first, second = lines_of(out)
    assert first["sections"]["Findings"][0]["text"] == "No effusion."
    assert first["sections"]["Findings"][0]["probability"] == 0.75
    assert first["refusal"] is None
    assert second["sections"] is None
    assert "modality MR" in second["refusal"]


def test_half_a_character_in_the_list_is_kept_and_asked(
    phrase_book: Any, picture: Path, tmp_path: Path
) -> None:
    questions, out = tmp_path / "odd.jsonl", tmp_path / "out.jsonl"
    line = {"id": "\ud800", "image": picture.name, "question": "Is \ud800 it?"}
    questions.write_text(json.dumps(line) + "\n")

    list(ask_batch(questions, out, phrase_book, model=phrase_book.folder))

    assert [one["id"] for one in lines_of(out)] == ["\ud800"]


def test_a_name_that_no_file_can_have_is_no_image(phrase_book: Any, tmp_path: Path) -> None:
    questions = tmp_path / "odd.jsonl"
    questions.write_text(json.dumps({"id": 1, "image": "a\0.png", "question": "Is it?"}) + "\n")

    with pytest.raises(BatchProblem, match="Line 1 .* no image"):
        list(ask_batch(questions, tmp_path / "o", phrase_book, model=phrase_book.folder))
