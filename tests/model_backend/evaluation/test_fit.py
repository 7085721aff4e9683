"""Calibration: what is too sure is brought back, and what cannot be fitted is refused."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from model_backend.evaluation.fit import main
from model_backend.folder import EMBEDDED, ModelFolder, write_model
from model_backend.models import load
from model_backend.request import CHOICE, Answer, ImageInput, Request
from tests.chat_server import chat_model, chat_server, say
from tests.model_backend.evaluation.conftest import Asked, OwnSet

TOO_SURE = 0.1  # a temperature that turns every doubt into certainty


def drawn(own_set: OwnSet, name: str = "drawn.jsonl") -> Path:
    """Right answers drawn from the model's own probabilities: its calibration is then right."""
    chance = np.random.default_rng(2)
    return own_set.write(name, lambda one: "yes" if chance.random() < one.yes else "no")


def calibration(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((path / "model.json").read_text())["calibration"]
    return content


def put_calibration(path: Path, table: dict[str, Any]) -> None:
    content = json.loads((path / "model.json").read_text())
    content["calibration"] = table
    (path / "model.json").write_text(json.dumps(content))


def test_a_model_that_is_too_sure_is_brought_back(
    own_set: OwnSet, demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    right = calibration(EMBEDDED)["choice"]["temperature"]
    kept = {"is it?": {"temperature": 3.0}}
    put_calibration(demo, {"choice": {"temperature": TOO_SURE}, "questions": kept})

    code = main([str(demo), str(drawn(own_set)), "--json", "--precision", "fp32"])

    (fitted,) = json.loads(capsys.readouterr().out)["fitted"]
    table = calibration(demo)
    low, high = fitted["interval"]
    assert code == 0 and low < right < high
    assert fitted["before"]["temperature"] == TOO_SURE
    assert fitted["log_loss"][1] < fitted["log_loss"][0]
    assert fitted["error"][1] < fitted["error"][0]
    assert fitted["cases"] >= 50 and fitted["left_out"] >= 20
    assert fitted["cases"] + fitted["left_out"] == len(own_set.asked)
    assert table["choice"]["temperature"] == fitted["temperature"] and table["questions"] == kept
    assert ModelFolder.read(demo).calibration == table


def test_what_is_right_already_is_left_as_it_is(
    own_set: OwnSet, demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labelled = drawn(own_set)
    main([str(demo), str(labelled), "--precision", "fp32"])
    first = (demo / "model.json").read_bytes()
    capsys.readouterr()

    assert main([str(demo), str(labelled), "--precision", "fp32"]) == 0

    printed = capsys.readouterr().out
    assert (demo / "model.json").read_bytes() == first
    assert "no better" in printed and "left as it is" in printed


def test_a_question_asked_often_is_fitted_alone_with_a_shift(
    own_set: OwnSet, demo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put_calibration(demo, {})
    chance = np.random.default_rng(4)
    answers = ["yes" if chance.random() < 0.3 else "no" for _ in own_set.asked]
    rows = [
        {**one.row(answer), "question": "Is it sick?"}
        for one, answer in zip(own_set.asked, answers, strict=True)
    ]
    path = own_set.folder / "often.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    assert main([str(demo), str(path)]) == 0

    (question,) = calibration(demo)["questions"]
    assert question == "is it sick?" and "choice" not in calibration(demo)
    assert calibration(demo)["questions"][question]["shift"] < -0.3
    assert "is it sick?" in capsys.readouterr().out
    table = calibration(demo)["questions"][question]
    (raw,), (shown,) = (asked(path, own_set) for path in (EMBEDDED, demo))
    assert shown.calibrated and raw.probabilities and shown.probabilities
    cold = calibration(EMBEDDED)["choice"]["temperature"]
    odds = math.log(raw.probabilities[0] / raw.probabilities[1]) * cold
    expected = odds / table["temperature"] + table["shift"]
    assert math.log(shown.probabilities[0] / shown.probabilities[1]) == pytest.approx(
        expected, abs=1e-3
    )


def asked(path: Path, own_set: OwnSet) -> list[Answer]:
    """What the model of that folder answers to the question that was fitted alone."""
    with Image.open(own_set.folder / own_set.asked[0].image) as image:
        picture = ImageInput(np.asarray(image))
    request = Request(CHOICE, (picture,), "Is it  sick", ("yes", "no"))
    events = load(ModelFolder.read(path), "cpu", "fp32").answer([request], lambda: False)
    return [one for one in events if isinstance(one, Answer)]


def first(count: int, labelled: Path) -> list[str]:
    return labelled.read_text().splitlines()[:count]


@pytest.mark.parametrize(
    ("count", "answer", "reason"),
    [
        (30, "", "30 cases are too few"),
        (140, "no", "Every right answer is 'no'"),
        (140, "left", "none of the candidates"),
    ],
)
def test_too_little_to_fit_is_refused(
    own_set: OwnSet,
    demo: Path,
    capsys: pytest.CaptureFixture[str],
    count: int,
    answer: str,
    reason: str,
) -> None:
    def label(one: Asked) -> str:
        return answer or ("yes" if one.yes > 0.5 else "no")

    labelled = own_set.write("few.jsonl", label)
    labelled.write_text("\n".join(first(count, labelled)))
    before = (demo / "model.json").read_bytes()

    code = main([str(demo), str(labelled)])

    printed = capsys.readouterr()
    assert code == 1 and printed.out == "" and reason in printed.err
    assert (demo / "model.json").read_bytes() == before


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        ("summary", "gives no probabilities"),
        ("divination", "gives no probabilities"),
        ("entailment", "has not learnt the task"),
    ],
)
def test_a_task_without_probabilities_is_refused(
    own_set: OwnSet, demo: Path, capsys: pytest.CaptureFixture[str], task: str, reason: str
) -> None:
    assert main([str(demo), str(drawn(own_set)), "--task", task]) == 1
    assert reason in capsys.readouterr().err


def test_a_server_that_gives_no_scores_is_refused(
    own_set: OwnSet, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with chat_server() as server:
        server.replies = [say("yes")]
        folder = chat_model(tmp_path / "vlm", server.url)

        code = main([str(folder.path), str(drawn(own_set))])

    assert code == 1 and "gives no probabilities" in capsys.readouterr().err
    assert server.questions


def test_the_embedded_model_keeps_its_calibration(
    own_set: OwnSet, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (EMBEDDED / "model.json").read_bytes()

    assert main([str(EMBEDDED), str(drawn(own_set)), "--json"]) == 0

    assert json.loads(capsys.readouterr().out)["written"] is False
    assert (EMBEDDED / "model.json").read_bytes() == before


def test_any_task_with_candidates_has_a_temperature_of_its_own(
    tiny_folder: ModelFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "tiny"
    shutil.copytree(tiny_folder.path, path)
    write_model(replace(tiny_folder, path=path, tasks=("matching", "choice")))
    Image.new("L", (30, 30), 40).save(tmp_path / "one.png")
    chance = np.random.default_rng(6)
    rows = [
        {"image": "one.png", "patient": str(n), "text": f"film {n}", "answer": bool(yes)}
        for n, yes in enumerate(chance.random(110) < 0.25)
    ]
    (tmp_path / "set.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    assert main([str(path), str(tmp_path / "set.jsonl"), "--task", "matching", "--json"]) == 0

    (fitted,) = json.loads(capsys.readouterr().out)["fitted"]
    table = calibration(path)
    assert table.keys() == {"matching"} and table["matching"]["shift"] == fitted["shift"] != 0
    model = load(ModelFolder.read(path), "cpu", "fp32")
    picture = ImageInput(np.full((30, 30), 40, np.uint8))
    requests = [
        Request("matching", (picture,), "film 1"),
        Request(CHOICE, (picture,), "is it?", ("yes", "no")),
    ]
    answers = [one for one in model.answer(requests, lambda: False) if isinstance(one, Answer)]
    assert [one.calibrated for one in answers] == [True, False]
