"""A model's folder is read whole or refused with a sentence that names what is wrong."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from model_backend import folder as folders
from model_backend.folder import (
    Finding,
    ModelFolder,
    Preprocess,
    find_model,
    list_models,
    sha256_of,
    write_model,
)
from model_backend.request import BadCheckpoint, NoModel

WEIGHTS = b"some weights"


def made(path: Path, name: str = "chest") -> ModelFolder:
    path.mkdir(parents=True)
    (path / "weights.safetensors").write_bytes(WEIGHTS)
    folder = ModelFolder(
        path=path,
        name=name,
        model_version="1.0.0",
        backend="biomedgpt",
        tasks=("choice", "findings"),
        config={"d_model": 32},
        weights="weights.safetensors",
        sha256=hashlib.sha256(WEIGHTS).hexdigest(),
        preprocess=Preprocess(128, std=(0.2, 0.3, 0.4)),
        prompt_type="src",
        prompts={"findings": "what is seen?"},
        use="research only",
        calibration={"choice": {"temperature": 1.5}},
        findings=(Finding("effusion", "Is there an effusion?", "An effusion.", "No effusion."),),
        licence="CC0",
        sources=("VQA-RAD", "NIH"),
        manufacturer="Wetread",
    )
    write_model(folder)
    return folder


def test_written_model_is_read_back_equal(tmp_path: Path) -> None:
    folder = made(tmp_path / "chest")

    assert ModelFolder.read(folder.path) == folder
    folder.check()
    assert folder.identity("cuda").sha256 == hashlib.sha256(WEIGHTS).hexdigest()


def test_other_weights_than_named_are_refused(tmp_path: Path) -> None:
    folder = made(tmp_path / "chest")
    folder.check()

    folder.weights_path.write_bytes(WEIGHTS + b"!")

    with pytest.raises(BadCheckpoint, match="SHA-256"):
        folder.check()


def test_hash_is_taken_again_only_when_the_file_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "weights"
    file.write_bytes(WEIGHTS)
    first = sha256_of(file)
    monkeypatch.setattr(hashlib, "file_digest", None)

    assert sha256_of(file) == first


def test_missing_weights_are_named(tmp_path: Path) -> None:
    folder = made(tmp_path / "chest")
    folder.weights_path.unlink()

    with pytest.raises(BadCheckpoint, match="weights.safetensors is missing"):
        ModelFolder.read(folder.path)


def test_empty_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(NoModel, match="model.json is missing"):
        ModelFolder.read(tmp_path)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"version": 2}, "later Wetread"),
        ({"version": 0}, "never was"),
        ({"version": "1"}, "does not describe"),
        ({"name": "../escape"}, '"name"'),
        ({"name": None}, '"name"'),
        ({"name": 5}, '"name"'),
        ({"model_version": None}, '"model_version"'),
        ({"backend": "os.path"}, '"backend"'),
        ({"backend": "../models/echo"}, '"backend"'),
        ({"backend": "x" * 5000}, '"backend"'),
        ({"weights": "../../etc/passwd"}, '"weights"'),
        ({"weights": "/etc/passwd"}, '"weights"'),
        ({"weights": ".."}, "weights"),
        ({"weights": "c:\\weights"}, '"weights"'),
        ({"sha256": "A" * 64}, '"sha256"'),
        ({"sha256": None}, '"sha256"'),
        ({"tasks": "choice"}, '"tasks"'),
        ({"tasks": [1]}, '"tasks"'),
        ({"config": []}, '"config"'),
        ({"calibration": 1.5}, '"calibration"'),
        ({"prompts": {"findings": 1}}, '"prompts"'),
        ({"prompt_type": 1}, '"prompt_type"'),
        ({"sources": {}}, '"sources"'),
        ({"findings": [{"name": "x"}]}, '"findings"'),
        ({"preprocess": {"size": 10**9}}, "preprocess.size"),
        ({"preprocess": {"size": True}}, "preprocess.size"),
        ({"preprocess": {"size": 64, "mean": "half"}}, "preprocess.mean"),
        ({"preprocess": {"size": 64, "std": 0}}, "preprocess.std"),
        ({"preprocess": {"size": 64, "std": [1, 2]}}, "preprocess.std"),
        ({"preprocess": {"size": 64, "mean": float("nan")}}, "preprocess.mean"),
    ],
)
def test_hostile_descriptions_are_refused_with_the_entry_named(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    folder = made(tmp_path / "chest")
    content = json.loads((folder.path / "model.json").read_text()) | changes
    (folder.path / "model.json").write_text(json.dumps(content))

    with pytest.raises(BadCheckpoint, match=told) as refusal:
        ModelFolder.read(folder.path)

    assert len(str(refusal.value)) < 500


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[]", b"{", b"[" * 100_000, b"1"])
def test_unreadable_descriptions_are_refused(tmp_path: Path, body: bytes) -> None:
    folder = made(tmp_path / "chest")
    (folder.path / "model.json").write_bytes(body)

    with pytest.raises(BadCheckpoint, match="Install the model again"):
        ModelFolder.read(folder.path)


def test_values_that_cannot_be_read_again_are_not_written(tmp_path: Path) -> None:
    folder = made(tmp_path / "chest")
    before = (folder.path / "model.json").read_bytes()

    with pytest.raises(BadCheckpoint, match="backend"):
        write_model(replace(folder, backend="no backend"))

    assert (folder.path / "model.json").read_bytes() == before


def test_models_are_found_by_name_and_the_embedded_one_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "EMBEDDED", made(tmp_path / "package" / "demo", "demo").path)
    monkeypatch.setattr(folders, "PRACTICE", made(tmp_path / "package" / "model", "phantom").path)
    root = tmp_path / "models"
    made(root / "chest")
    made(root / "broken", "broken").weights_path.unlink()

    assert find_model("", root).name == "demo"
    assert find_model("demo", root).name == "demo"
    assert find_model("chest", root).path == root / "chest"
    assert find_model("phantom", root).name == "phantom"
    assert [folder.name for folder in list_models(root)] == ["chest", "demo", "phantom"]
    with pytest.raises(BadCheckpoint, match="lacks its weights"):
        find_model("broken", root)
    with pytest.raises(NoModel, match="embedded model demo"):
        find_model("lungs", root)
    with pytest.raises(NoModel, match="no name"):
        find_model("chest model", root)


def test_model_is_found_by_its_path_too(tmp_path: Path) -> None:
    folder = made(tmp_path / "elsewhere")

    assert find_model(str(folder.path), tmp_path / "models") == folder
    with pytest.raises(NoModel, match="model.json is missing"):
        find_model(str(tmp_path / "nothing"), tmp_path / "models")


def test_card_is_what_lies_beside_the_description(tmp_path: Path) -> None:
    folder = made(tmp_path / "chest")
    assert folder.card() == {}

    (folder.path / "card.json").write_text('{"auc": 0.9}')

    assert folder.card() == {"auc": 0.9}


def test_without_any_model_the_sentence_says_where_to_put_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "EMBEDDED", tmp_path / "nothing")
    monkeypatch.setattr(folders, "PRACTICE", tmp_path / "nothing")

    assert list_models(tmp_path) == ()
    with pytest.raises(NoModel, match="No model is installed. Put a folder"):
        find_model("", tmp_path)
