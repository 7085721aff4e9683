"""`ask`: the embedded model on a real film, lists that survive being killed, and bad questions."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.data import get_testdata_file

from dicom_io.image.frame import open_frames
from dicom_io.image.render import render
from dicom_io.pacs.samples import chest_film
from model_backend import folder as model_folder
from model_backend.folder import write_model
from tests.commands import Ran, Wetread
from tests.plugin.commands.conftest import ECHO
from tests.servers import await_true


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The chest film as DICOM, PNG and JPEG."""
    folder = tmp_path_factory.mktemp("films")
    frame = open_frames(chest_film())[0]
    grey = Image.fromarray(render(frame, frame.stored()))
    grey.save(folder / "film.png")
    grey.save(folder / "film.jpg", quality=95)
    return {"dicom": chest_film(), "png": folder / "film.png", "jpeg": folder / "film.jpg"}


def answer_of(ran: Ran) -> dict[str, object]:
    assert ran.code == 0, ran.err
    (answer,) = ran.objects
    return answer


# --- the embedded model ---


@pytest.mark.usefixtures("embedded")
@pytest.mark.parametrize("kind", ["dicom", "png", "jpeg"])
def test_a_closed_question_gets_a_probability_for_each_answer(
    wetread: Wetread, pictures: dict[str, Path], kind: str
) -> None:
    answer = answer_of(wetread("ask", pictures[kind], "is there pneumonia?", "--json"))

    shares = answer["probabilities"]
    assert isinstance(shares, dict) and set(shares) == {"yes", "no"}
    assert answer["answer"] == max(shares, key=lambda name: shares[name])
    assert sum(shares.values()) == pytest.approx(1)
    assert answer["refusal"] is None


@pytest.mark.usefixtures("embedded")
def test_choices_are_the_only_answers(wetread: Wetread, pictures: dict[str, Path]) -> None:
    words = ("ask", pictures["dicom"], "which organ is it?", "--choices", "lung, heart,brain")

    answer = answer_of(wetread(*words, "--json"))

    assert isinstance(answer["probabilities"], dict)
    assert list(answer["probabilities"]) == ["lung", "heart", "brain"]
    assert answer["answer"] in answer["probabilities"]


@pytest.mark.usefixtures("embedded")
def test_an_open_question_gets_words(wetread: Wetread, pictures: dict[str, Path]) -> None:
    ran = wetread("ask", pictures["dicom"], "what is shown in this image?")

    assert ran.code == 0
    assert ran.out.strip()
    assert "wetread-demo" in ran.err


@pytest.mark.usefixtures("embedded")
def test_a_box_changes_what_the_model_sees(wetread: Wetread, pictures: dict[str, Path]) -> None:
    whole, corner, reversed_ = (
        answer_of(wetread("ask", pictures["dicom"], "is there pneumonia?", *box, "--json"))
        for box in ([], ["--box", "0,0,300,300"], ["--box", "300,300,0,0"])
    )

    assert whole["probabilities"] != corner["probabilities"]
    assert corner["probabilities"] == reversed_["probabilities"]


# --- the command, with a model that answers at once ---


@pytest.mark.usefixtures("echo_home")
def test_a_frame_is_named_from_1(wetread: Wetread) -> None:
    path = get_testdata_file("color3d_jpeg_baseline.dcm") or get_testdata_file("rtdose.dcm")

    last = wetread("ask", path, "what?", "--frame", len(open_frames(Path(str(path)))))
    beyond = wetread("ask", path, "what?", "--frame", len(open_frames(Path(str(path)))) + 1)

    assert last.code == 0
    assert beyond.code == 2 and beyond.err.count("\n") == 1


@pytest.mark.usefixtures("echo_home")
@pytest.mark.parametrize(
    "words",
    [
        [],
        [chest_film()],
        [chest_film(), ""],
        [chest_film(), "  "],
        [chest_film(), "where?", "--choices", ""],
        [chest_film(), "where?", "--choices", "left,,right"],
        [chest_film(), "where?", "--box", "1,2,3"],
        [chest_film(), "where?", "--box", "a,b,c,d"],
        [chest_film(), "where?", "--box", "nan,1,2,3"],
        [chest_film(), "where?", "--box", "1e400,1,2,3"],
        [chest_film(), "where?", "--box", "5,5,5,9"],
        [chest_film(), "where?", "--box", "90000,90000,90001,90001"],
        [chest_film(), "where?", "--frame", "0"],
        [chest_film(), "where?", "--frame", "9" * 40],
        [chest_film(), "where?", "--frame", "first"],
        ["no-such-film.dcm", "where?"],
        [".", "where?"],
        ["", "where?"],
        ["--batch", "no-such-list.jsonl", "--out", "out.jsonl"],
        ["--batch", ".", "--out", "out.jsonl"],
        ["--batch", "no-such-list.jsonl"],
        ["--batch", "no-such-list.jsonl", "--out", "no-such-folder/out.jsonl"],
        ["--batch", "no-such-list.jsonl", "--out", "."],
    ],
)
def test_what_cannot_be_asked_is_one_sentence(wetread: Wetread, words: list[object]) -> None:
    ran = wetread("ask", *words)

    assert ran.code in (1, 2)
    assert ran.err.splitlines()[-1].startswith("wetread: ")
    assert len([line for line in ran.err.splitlines() if not line.startswith("Asking")]) == 1
    assert ran.out == ""


def test_without_any_model_the_sentence_says_where_one_goes(
    wetread: Wetread, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, own_home: Path
) -> None:
    monkeypatch.setattr(model_folder, "EMBEDDED", tmp_path / "nothing")

    for words in (["ask", chest_film(), "what?"], ["draft", chest_film()], ["model", "card"]):
        ran = wetread(*words)

        assert ran.code == 1
        assert ran.err.count("\n") == 1 and str(own_home / "models") in ran.err


@pytest.mark.usefixtures("echo_home")
def test_without_calibration_there_is_an_order_and_no_number(wetread: Wetread) -> None:
    words = ("ask", chest_film(), "is it?")

    ran = wetread(*words)
    answer = answer_of(wetread(*words, "--json"))

    assert ran.out.splitlines()[:3] == ["yes", "  1. yes", "  2. no"]
    assert "not calibrated" in ran.out and "0." not in ran.out
    assert (answer["probabilities"], answer["order"]) == (None, ["yes", "no"])


# --- lists ---


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """Six questions about one picture, the fourth about a file that is not there."""
    Image.fromarray(np.full((30, 40), 90, np.uint8)).save(tmp_path / "film.png")
    lines = [{"id": n, "image": "film.png", "question": f"what is number {n}"} for n in range(6)]
    lines[3]["image"] = "gone.png"
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def lines_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.usefixtures("echo_home")
def test_a_list_tells_how_many_were_done_and_how_many_went_wrong(
    wetread: Wetread, questions: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"

    first = wetread("ask", "--batch", questions, "--out", out, "--json")
    second = wetread("ask", "--batch", questions, "--out", out, "--json")

    assert first.objects == [{"out": str(out), "done": 6, "failed": 1}]
    assert second.objects == [{"out": str(out), "done": 0, "failed": 0}]
    assert [line["id"] for line in lines_of(out)] == list(range(6))


def test_a_list_goes_on_after_it_was_killed(
    own_home: Path,
    questions: Path,
    tmp_path: Path,
    child: Callable[..., subprocess.Popen[str]],
) -> None:
    slow = own_home / "models" / "slow"
    slow.mkdir(parents=True)
    write_model(replace(ECHO, path=slow, name="slow", config={"pause": 0.1}))
    (own_home / "settings.toml").write_text("[model]\nname = 'slow'\n")
    out = tmp_path / "out.jsonl"
    words = ("ask", "--batch", questions, "--out", out)

    killed = child(*words)
    await_true(lambda: out.exists() and len(lines_of(out)) >= 2, "two answers", 30)
    killed.send_signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
    killed.wait(10)
    before = lines_of(out)
    again = child(*words)
    again.communicate(timeout=60)

    assert len(before) < 6
    assert again.returncode == 0
    assert lines_of(out)[: len(before)] == before
    assert [line["id"] for line in lines_of(out)] == list(range(6))
