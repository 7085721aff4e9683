"""`wetread model connect`: what is asked first, what is written, and what is refused."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from dicom_io.audit import AuditLog
from dicom_io.image.frame import open_frames
from dicom_io.image.picture import write_png
from dicom_io.pacs.samples import chest_film
from dicom_io.report.check import check
from model_backend.chat.wording import TASKS
from model_backend.folder import Finding, ModelFolder, find_model, write_model
from plugin._model import close_models
from tests.chat_server import (
    MODEL,
    Certificates,
    ChatServer,
    Received,
    chat_model,
    chat_server,
    first_token,
    say,
    status,
)
from tests.commands import Wetread


def written(home: Path, name: str) -> dict[str, Any]:
    content = json.loads((home / "models" / name / "model.json").read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def test_only_model_of_a_server_is_connected_and_asked(
    wetread: Wetread, own_home: Path, chat: ChatServer, picture: Path
) -> None:
    ran = wetread("model", "connect", f"http://127.0.0.1:{chat.port}")

    assert ran.code == 0, ran.err
    assert MODEL in ran.out and "Not sent: anything of the patient" in ran.out
    assert "leave this computer" not in ran.out
    content = written(own_home, MODEL)
    assert content["config"] == {"url": chat.url, "model": MODEL}
    assert content["tasks"] == list(TASKS)
    assert (content["weights"], content["acknowledged"]) == ("", "")
    folder = find_model(MODEL, own_home / "models")
    assert (folder.backend, folder.model_version, folder.origin) == ("chat", MODEL, chat.url)
    assert [one.picture.std() for one in chat.questions] == [0, 0]  # nobody's pictures

    (own_home / "settings.toml").write_text(f"version = 1\n[model]\nname = '{MODEL}'\n")
    chat.replies = [say("A chest.")]
    asked = wetread("ask", picture, "what is shown?", "--json")

    assert asked.code == 0, asked.err
    (answer,) = asked.objects
    assert answer["answer"] == "A chest."
    assert answer["model"]["version"] == MODEL
    listed = wetread("model", "list")
    assert MODEL in listed.out


@pytest.mark.parametrize(
    "reply", [say("white"), say("nothing"), status(500, {"error": {"message": "no mmproj"}})]
)
def test_model_that_sees_nothing_is_asked_about_texts_only(
    wetread: Wetread, own_home: Path, chat: ChatServer, picture: Path, reply: Any
) -> None:
    chat.sees, chat.replies = False, [reply]

    ran = wetread("model", "connect", chat.url, "--name", "blind", "--json")
    chat.replies = [say("A chest.")]
    (own_home / "settings.toml").write_text("version = 1\n[model]\nname = 'blind'\n")
    asked = wetread("ask", picture, "what is shown?", "--json")

    assert ran.code == 0, ran.err
    assert ran.objects[0]["sees"] is False
    assert set(ran.objects[0]["tasks"]) == {
        *("entailment", "summary", "trial", "mortality", "treatment")
    }
    assert asked.objects[0]["refusal"]


def test_model_has_to_be_named_where_there_are_several(
    wetread: Wetread, own_home: Path, chat: ChatServer
) -> None:
    chat.models = ("llava:7b", "hub/Gemma 3 4B.gguf")

    unnamed = wetread("model", "connect", chat.url)
    wrong = wetread("model", "connect", chat.url, "--model", "llava")
    right = wetread("model", "connect", chat.url, "--model", "hub/Gemma 3 4B.gguf", "--json")

    assert (unnamed.code, wrong.code, right.code) == (2, 2, 0)
    assert "llava:7b, hub/Gemma 3 4B.gguf" in unnamed.err
    assert "llava:7b" in wrong.err
    assert right.objects[0]["name"] == "Gemma-3-4B"
    assert written(own_home, "Gemma-3-4B")["model_version"] == "hub/Gemma 3 4B.gguf"


def test_connecting_again_replaces_and_another_model_is_kept(
    wetread: Wetread, own_home: Path, chat: ChatServer
) -> None:
    models = own_home / "models"
    (models / "echo").mkdir(parents=True)
    write_model(ModelFolder(models / "echo", "echo", "1", "echo", ("answer",)))

    first = wetread("model", "connect", chat.url, "--name", "site")
    chat.models = ("newer",)
    again = wetread("model", "connect", chat.url, "--name", "site")
    taken = wetread("model", "connect", chat.url, "--name", "echo")

    assert (first.code, again.code, taken.code) == (0, 0, 2)
    assert written(own_home, "site")["model_version"] == "newer"
    assert written(own_home, "echo")["backend"] == "echo"


@pytest.mark.parametrize("name", ["../up", "a b", ".hidden", "x" * 65, "a/b"])
def test_name_that_is_no_folder_is_refused(
    wetread: Wetread, own_home: Path, chat: ChatServer, name: str
) -> None:
    ran = wetread("model", "connect", chat.url, "--name", name)

    assert ran.code == 2
    assert not list(own_home.glob("models/*"))


@pytest.mark.parametrize(
    "words",
    [
        ("http://192.0.2.1:8000",),
        ("https://192.0.2.1",),
        ("https://gpu.hospital/v1",),
    ],
)
def test_server_elsewhere_needs_an_acknowledgement(
    wetread: Wetread, own_home: Path, words: tuple[str, ...]
) -> None:
    ran = wetread("model", "connect", *words)

    assert ran.code == 2
    assert "--acknowledge-export" in ran.err and "Not sent" in ran.err
    assert ("has to speak https" in ran.err) is words[0].startswith("http:")
    assert not list(own_home.glob("models/*"))


def test_plain_http_to_another_computer_is_refused_even_then(
    wetread: Wetread, own_home: Path
) -> None:
    ran = wetread("model", "connect", "http://192.0.2.1:8000", "--acknowledge-export")

    assert ran.code == 1
    assert "over https only" in ran.err
    assert not list(own_home.glob("models/*"))


def test_model_in_the_cloud_behind_loopback_needs_one_too(
    wetread: Wetread, own_home: Path, chat: ChatServer
) -> None:
    chat.models = ("glm-5.2:cloud",)

    refused = wetread("model", "connect", chat.url)
    taken = wetread("model", "connect", chat.url, "--name", "glm", "--acknowledge-export")

    assert refused.code == 2 and "cloud" in refused.err
    assert taken.code == 0
    assert "leave this computer, to https://ollama.com" in taken.out
    (entry,) = AuditLog(own_home / "audit").entries()
    assert entry.event == "MODELS_CHANGED"
    assert ("address", "https://ollama.com") in entry.details
    assert written(own_home, "glm")["acknowledged"]


def test_key_and_certificates_are_kept_by_their_place(
    wetread: Wetread, own_home: Path, tmp_path: Path, certificates: Certificates
) -> None:
    key = tmp_path / "key"
    key.write_text("sk-secret-key")

    with chat_server(certificates.trusted) as chat:
        ran = wetread(
            *("model", "connect", chat.url, "--name", "site", "--key-file", key),
            *("--ca-file", certificates.authority),
        )

    assert ran.code == 0, ran.err
    assert chat.received[0].headers["authorization"] == "Bearer sk-secret-key"
    config = written(own_home, "site")["config"]
    assert config["key_file"] == str(key)
    assert config["ca_file"] == str(certificates.authority)
    assert "sk-secret" not in json.dumps(written(own_home, "site")) + ran.out + ran.err


def test_findings_of_another_model_are_taken_without_its_tuning(
    wetread: Wetread, own_home: Path, chat: ChatServer
) -> None:
    models = own_home / "models"
    (models / "tuned").mkdir(parents=True)
    finding = Finding("heart", "is it large?", "Large.", "Normal.", drafted=False, threshold=0.9)
    write_model(
        ModelFolder(models / "tuned", "tuned", "1", "echo", ("choice",), findings=(finding,))
    )

    ran = wetread("model", "connect", chat.url, "--name", "site", "--findings", "tuned")
    none = wetread("model", "connect", chat.url, "--name", "site", "--findings", "site2")

    assert (ran.code, none.code) == (0, 1)
    (taken,) = find_model("site", models).findings
    assert taken == Finding("heart", "is it large?", "Large.", "Normal.")


@pytest.mark.parametrize(
    ("listing", "told"),
    [
        (status(401, {"error": "Unauthorized"}), "wants a key"),
        (status(404, {}), "no such API"),
        (status(200, {"data": []}), "has no model"),
        (status(200, "models"), "does not list its models"),
    ],
)
def test_server_that_lists_nothing_is_told_in_a_sentence(
    wetread: Wetread, own_home: Path, chat: ChatServer, listing: Any, told: str
) -> None:
    chat.listing = listing

    ran = wetread("model", "connect", chat.url)

    assert ran.code != 0
    assert told in ran.err and "Traceback" not in ran.err
    assert not list(own_home.glob("models/*"))


def test_address_of_nothing_is_told(wetread: Wetread, own_home: Path) -> None:
    for url in ("http://127.0.0.1:1", "gpu:8000", "ftp://gpu"):
        ran = wetread("model", "connect", url)

        assert ran.code == 1
        assert "Traceback" not in ran.err
        assert not list(own_home.glob("models/*"))


def test_connected_model_drafts_a_report_that_is_signed_in_its_name(
    wetread: Wetread, own_home: Path, chat: ChatServer, echo_folder: Path, tmp_path: Path
) -> None:
    chat.models = (r"C:\models\Radiology VLM 7B.gguf",)
    wetread("model", "connect", chat.url, "--name", "site", "--findings", echo_folder)
    (own_home / "settings.toml").write_text("version = 1\n[model]\nname = 'site'\n")
    chat.replies = [say("The lungs are clear."), say("Yes."), say("No")]
    out = tmp_path / "report.dcm"

    drafted = wetread("draft", chest_film(), "--json")
    reader = ("--reader", "Doe^Jane", "--organization", "Hospital", "--credential-from-stdin")
    (draft,) = drafted.objects
    signed = wetread(
        *("sign", draft["draft"], "--accept", "all", "--out", out, *reader), stdin="correct horse\n"
    )

    assert signed.code == 0, signed.err
    sentences = {one["text"]: one["probability"] for one in draft["sentences"]}
    assert sentences == {"The lungs are clear.": None, "It is normal.": None}
    report = pydicom.dcmread(out)
    assert check(report, [open_frames(chest_film())[0].header]) == ()
    text = str(report)
    assert "site C: models Radiology VLM 7B.gguf" in text
    assert f"server=http://127.0.0.1:{chat.port}" in text
    assert "sha256" not in text
    assert "Probability" not in text


def test_labelled_set_makes_the_shares_of_a_server_probabilities(
    wetread: Wetread, own_home: Path, chat: ChatServer, tmp_path: Path
) -> None:
    rows = []
    for number in range(90):
        tone = 200 if number % 2 else 50
        write_png(tmp_path / f"{number}.png", np.full((8, 8), tone, np.uint8))
        right = "yes" if (tone == 200) != (number % 10 in (0, 1)) else "no"  # one in five is wrong
        rows.append({"image": f"{number}.png", "question": "is it bright?", "answer": right})
    labelled = tmp_path / "bright.jsonl"
    common = {"task": "choice", "candidates": ["yes", "no"]}
    labelled.write_text("\n".join(json.dumps({**row, **common}) for row in rows))
    chat.replies = [sure_of_itself]
    (own_home / "models").mkdir(parents=True)
    (own_home / "settings.toml").write_text("version = 1\n[model]\nname = 'site'\n")
    asking = ("ask", tmp_path / "1.png", "Is it bright?", "--json")

    wetread("model", "connect", chat.url, "--name", "site")
    before = wetread(*asking).objects[0]
    close_models()  # the process that was asked keeps the model.json that it read
    fitted = wetread("model", "calibrate", "site", labelled)
    after = wetread(*asking).objects[0]

    assert fitted.code == 0
    assert (before["answer"], before["calibrated"], before["probabilities"]) == ("yes", False, None)
    assert after["calibrated"]
    assert 0.6 < after["probabilities"]["yes"] < 0.95  # it said 0.999 and is right in four of five


def sure_of_itself(sock: Any, request: Received) -> None:
    """Yes for a bright picture and no for a dark one, with 99.9 % each."""
    words = ("Yes", "No") if request.picture.mean() > 127 else ("No", "Yes")
    scored = first_token((words[0], math.log(0.999)), (words[1], math.log(0.001)))
    say(words[0], logprobs=scored)(sock, request)


def test_labelled_set_that_goes_to_another_computer_is_audited(
    wetread: Wetread, own_home: Path, tmp_path: Path
) -> None:
    far = chat_model(own_home / "models" / "far", "https://192.0.2.1")
    (tmp_path / "set.jsonl").write_text("{}")

    ran = wetread("model", "check", "far", tmp_path / "set.jsonl")

    assert ran.code != 0
    (entry,) = AuditLog(own_home / "audit").entries()
    assert entry.event == "EXPORTED_TO_MODEL"
    assert dict(entry.details)["address"] == far.identity().address
