"""`wetread model import` and `remove`: through the real process, audited, nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dicom_io.audit import AuditLog
from model_backend.client import ModelClient
from model_backend.folder import EMBEDDED, ModelFolder, write_model
from model_backend.request import CHOICE, Answer, ImageInput, Request
from tests.commands import Wetread
from tests.hub_server import COMMIT, Hub, running
from tests.plugin.commands.conftest import PROGRAM

CHECKPOINT = Path(__file__).resolve().parents[2] / "data" / "goldens" / "tiny" / "checkpoint.pt"
Child = Callable[..., "subprocess.Popen[str]"]


def audited(home: Path) -> list[tuple[str, str]]:
    """What the audit says of models: the change, and the model or the person."""
    found = []
    for entry in AuditLog(home / "audit").entries():
        details = dict(entry.details)
        if entry.event == "MODELS_CHANGED":
            found.append((details["change"], details.get("model") or details["person"]))
    return found


def test_a_checkpoint_comes_in_answers_and_goes_again(wetread: Wetread, own_home: Path) -> None:
    ran = wetread(
        "model", "import", CHECKPOINT, "--name", "gold", "--acknowledge", "Dr A", "--json"
    )
    (said,) = ran.objects
    assert ran.code == 0 and ran.err == ""
    assert said["name"] == "gold" and said["tasks"] == ["answer", "choice"]

    folder = ModelFolder.read(own_home / "models" / "gold")
    picture = ImageInput(np.zeros((64, 64), dtype=np.uint8))
    asked = Request(CHOICE, (picture,), "is the heart normal?", candidates=("yes", "no"))
    with ModelClient(folder) as client:
        (answer,) = client.ask([asked])
    assert isinstance(answer, Answer) and answer.model.sha256 == folder.sha256 == said["sha256"]

    listed = wetread("model", "list", "--json").objects[0]
    assert listed["name"] == "gold" and listed["precision"] == "fp16"
    assert listed["acknowledged"].startswith("Dr A") and listed["acceptance"] == []
    assert "not checked" in wetread("model", "list").out
    card = wetread("model", "card", "gold").out
    assert "Dr A" in card and str(CHECKPOINT) in card and "sha256:" in card

    removed = wetread("model", "remove", "gold", "--yes")
    assert removed.code == 0 and "5 MB" in removed.out
    assert list((own_home / "models").iterdir()) == []
    assert audited(own_home) == [
        ("licence acknowledged", "Dr A"),
        ("imported", "gold"),
        ("removed", "gold"),
    ]


def test_the_list_and_the_card_tell_how_a_model_was_measured(
    wetread: Wetread, own_home: Path
) -> None:
    path = own_home / "models" / "vqa_rad"
    path.mkdir(parents=True)
    (path / "weights.safetensors").write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    score = {"value": 33.4, "low": 29.0, "high": 38.0, "cases": 451, "floor": None}
    measured = {
        "set": "vqa_rad",
        "split": "",
        "task": "answer",
        "cases": 451,
        "scores": {"overall": score},
        "published": [{"values": {"overall": 73.2}, "kind": "fine-tuned"}],
        "passed": False,
        "verdict": "This file is not what its name says.",
        "date": "2026-11-23T10:00:00+00:00",
        "precision": "fp32",
        "device": "cpu",
    }
    folder = ModelFolder(
        path=path,
        name="vqa_rad",
        model_version="imported",
        backend="biomedgpt",
        tasks=("answer", "choice"),
        weights="weights.safetensors",
        size="base",
        origin="vqa_rad.pt",
        acceptance=(measured,),
    )
    write_model(folder)

    listed, card = wetread("model", "list").out, wetread("model", "card", "vqa_rad").out

    assert "NOT WHAT ITS NAME SAYS" in listed.splitlines()[0]
    assert "33.4 % (29.0 to 38.0); the authors report 73.2" in card
    assert "reported      vqa_rad: overall 73.2" in card
    assert wetread("model", "card", "vqa_rad", "--json").objects[0]["acceptance"] == [measured]

    write_model(replace(folder, acceptance=({"passed": False},)))
    ran = wetread("model", "card", "vqa_rad")
    assert ran.code == 1 and "damaged" in ran.err and ran.err.count("\n") == 1


def test_what_the_process_refuses_is_one_sentence(
    wetread: Wetread, own_home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "page.pt"
    path.write_text("<!doctype html>")

    ran = wetread("model", "import", path, "--acknowledge", "Dr A")

    assert ran.code == 1 and ran.out == ""
    assert ran.err == (
        "wetread: page.pt is a web page, not a checkpoint: the download was refused or needs a "
        "login. Fetch it again.\n"
    )
    assert list((own_home / "models").iterdir()) == []
    assert audited(own_home) == [("licence acknowledged", "Dr A")]


def test_a_hubs_token_is_told_to_nobody_and_kept_nowhere(
    wetread: Wetread,
    child: Child,
    own_home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret, path = "hf_secretsecretsecret", tmp_path / "token"
    path.write_text(secret)
    words = ["model", "import", "owner/model@v1", "--token-file", path, "--acknowledge", "Dr A"]
    with running(Hub({"golden.pt": CHECKPOINT.read_bytes()}, token=secret)) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        process = child(*words)
        out, err = process.communicate(timeout=60)
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        offline = wetread(*words, "--name", "again")

    assert process.returncode == 0
    assert "golden.pt: 100 %" in err and "weights: 100 %" in err
    assert offline.code == 1 and "HF_HUB_OFFLINE" in offline.err
    printed = out + err + offline.out + offline.err
    kept = [one.read_bytes() for one in own_home.rglob("*") if one.is_file()]
    assert secret not in printed and not any(secret.encode() in body for body in kept)
    assert ModelFolder.read(own_home / "models" / "model").origin == f"owner/model@{COMMIT}"


@pytest.mark.parametrize(
    "words",
    [
        ["import"],
        ["import", CHECKPOINT],
        ["import", CHECKPOINT, "--acknowledge", " "],
        ["remove"],
        ["remove", "gold"],
        ["remove", ""],
        ["remove", "..", "--yes"],
        ["remove", "../models", "--yes"],
        ["remove", "absent", "--yes"],
        ["remove", "wetread-demo", "--yes"],
        ["remove", str(EMBEDDED), "--yes"],
    ],
)
def test_what_is_not_allowed_is_one_sentence_and_changes_nothing(
    wetread: Wetread, own_home: Path, words: list[str]
) -> None:
    gold = own_home / "models" / "gold"
    gold.mkdir(parents=True)
    (gold / "model.json").write_text("{")

    ran = wetread("model", *words)

    assert ran.code in (1, 2) and ran.out == ""
    assert ran.err.startswith("wetread: ") and ran.err.count("\n") == 1
    assert (gold / "model.json").exists() and (EMBEDDED / "model.json").exists()
    assert audited(own_home) == []


def test_a_damaged_model_and_a_link_can_be_removed(
    wetread: Wetread, own_home: Path, tmp_path: Path
) -> None:
    elsewhere, models = tmp_path / "elsewhere", own_home / "models"
    elsewhere.mkdir()
    (elsewhere / "model.json").write_text("{")
    models.mkdir(parents=True)
    (models / "linked").symlink_to(elsewhere)

    assert wetread("model", "remove", "linked", "--yes").code == 0

    assert list(models.iterdir()) == [] and (elsewhere / "model.json").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="the operating system has no terminals")
@pytest.mark.parametrize(("typed", "is_imported"), [("Dr B\n", True), ("\n", False)])
def test_the_licence_is_shown_and_acknowledged_at_a_terminal(
    root: Path, own_home: Path, typed: str, is_imported: bool
) -> None:
    ours, theirs = os.openpty()
    words = ["model", "import", str(CHECKPOINT), "--name", "gold"]
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=root,
        env={**os.environ, "WETREAD_HOME": str(own_home)},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    shown = _read_until(ours, "to stop: ")
    os.write(ours, typed.encode())
    shown += _read_until(ours, "")
    os.close(ours)

    assert (process.wait(60) == 0) is is_imported
    assert "academic research alone" in shown
    assert (own_home / "models" / "gold" / "model.json").exists() is is_imported
    assert ("100 %" in shown) is is_imported
    assert bool(audited(own_home)) is is_imported


def _read_until(terminal: int, word: str) -> str:
    """What the terminal shows up to that word, or to the end."""
    shown = ""
    while not word or word not in shown:
        try:
            body = os.read(terminal, 4096)
        except OSError:  # the program has ended
            break
        shown += body.decode("utf-8", "replace")
    return shown


@pytest.mark.skipif(sys.platform == "win32", reason="the operating system has no such files")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_import_that_is_stopped_or_dies_leaves_nothing(
    child: Child, own_home: Path, tmp_path: Path, number: signal.Signals
) -> None:
    path = tmp_path / "list.txt"
    os.mkfifo(path)  # the import waits here for as long as it takes
    process = child(
        *("model", "import", CHECKPOINT, "--acknowledge", "Dr A", "--answers", path, "--json")
    )
    with path.open("w"):  # opens when the import has begun to read
        (own,) = _children(process.pid)
        if number == signal.SIGINT:  # as a terminal does for the whole group
            process.send_signal(number)
        os.kill(own, number)
        out, err = process.communicate(timeout=60)

    assert process.returncode == (130 if number == signal.SIGINT else 1)
    sentence = json.loads(out)["error"]
    assert number == signal.SIGINT or "ended unexpectedly" in sentence
    assert "Traceback" not in err and list((own_home / "models").iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="the operating system has no such files")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_imported_once_nobody_is_left_to_audit_it(
    child: Child, own_home: Path, tmp_path: Path, number: signal.Signals
) -> None:
    path = tmp_path / "list.txt"
    os.mkfifo(path)
    process = child("model", "import", CHECKPOINT, "--acknowledge", "Dr A", "--answers", path)
    with path.open("w"):  # opens when the import has begun to read
        process.send_signal(number)
        _, err = process.communicate(timeout=60)  # to the end of both processes' streams

    assert "Traceback" not in err and list(own_home.glob("models/*")) == []


def _children(pid: int) -> list[int]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(number) for number in path.read_text().split()]
