"""An import is whole or is not there, and says where it came from."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from model_backend.folder import EMBEDDED, PRACTICE, ModelFolder, list_models
from model_backend.importing.known import known_lines, precision_on_disk, reported_of
from model_backend.importing.licence import acknowledgement
from model_backend.importing.problems import ImportProblem
from model_backend.importing.progress import Silent
from model_backend.importing.run import Imported, Wish, bring_in
from model_backend.request import BadCheckpoint
from tests.checkpoints import CHECKPOINT, Content
from tests.hub_server import COMMIT, Hub, running

Bring = Callable[..., Imported]


def test_a_model_says_what_it_is_and_where_it_came_from(bring: Bring, models: Path) -> None:
    folder = bring(CHECKPOINT, name="golden").folder

    assert folder == ModelFolder.read(models / "golden")
    folder.check()
    digest = hashlib.sha256(CHECKPOINT.read_bytes()).hexdigest()
    assert folder.origin == str(CHECKPOINT)
    assert folder.sources == (f"checkpoint.pt sha256:{digest}",)
    assert folder.use == "research only" and "no clinical use" in folder.licence
    assert folder.acknowledged.startswith("Dr Test, 20") and folder.acknowledged.endswith(" UTC")
    assert folder.answers[:2] == ("yes", "no") and folder.prompt_type == "prev_output"
    assert folder.size == "" and folder.preprocess is not None and folder.preprocess.size == 64
    assert precision_on_disk(folder) == "fp16"
    card = "\n".join(known_lines(folder))
    assert digest in card and "Dr Test" in card and "never" in card


def test_a_hubs_model_names_its_repository_and_commit(
    models: Path, theirs: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {path.name: path.read_bytes() for path in theirs("safetensors").iterdir()}
    with running(Hub(files, name="Lab/BiomedGPT-Pretrained")) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)

        done = bring_in(Wish("Lab/BiomedGPT-Pretrained", "Dr Test"), models, Silent)

    folder = done.folder
    assert folder.name == "BiomedGPT-Pretrained" and folder.manufacturer == "Lab"
    assert folder.origin == f"Lab/BiomedGPT-Pretrained@{COMMIT}"
    assert folder.model_version == COMMIT[:12] and "apache-2.0" in folder.licence
    assert "infill_text" in folder.tasks
    assert [path.name for path in models.iterdir()] == ["BiomedGPT-Pretrained"]


def test_what_was_fetched_is_kept_while_a_word_is_missing(
    models: Path, theirs: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {path.name: path.read_bytes() for path in theirs("safetensors").iterdir()}
    with running(Hub(files)) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        with pytest.raises(ImportProblem, match="--task"):
            bring_in(Wish("owner/model", "Dr Test"), models, Silent)
        assert list_models(models) == list_models(models / "absent")

        bring_in(Wish("owner/model", "Dr Test", tasks=("answer",)), models, Silent)

        assert len(hub.bodies("model.safetensors")) == 1
    assert [path.name for path in models.iterdir()] == ["model"]


def test_what_the_authors_report_stands_beside_what_the_name_claims(
    bring: Bring, models: Path
) -> None:
    folder = bring(CHECKPOINT, name="biomedgpt_vqa_rad").folder

    of_no_size = reported_of(folder)
    (reported,) = reported_of(replace(folder, size="base"))

    assert of_no_size == () and reported_of(replace(folder, name="a", size="base")) == ()
    assert reported.dataset == "vqa_rad" and reported.values["overall"] == 73.2
    assert "73.2" in "\n".join(known_lines(replace(folder, size="base")))


@pytest.mark.parametrize("name", ["", "  ", "a\x1b[2J", "x" * 200])
def test_nothing_is_imported_before_the_licence_is_acknowledged(models: Path, name: str) -> None:
    with pytest.raises(ImportProblem, match="--acknowledge"):
        bring_in(Wish(str(CHECKPOINT), name), models, Silent)

    assert list(models.iterdir()) == []


def test_an_acknowledgement_is_a_name_and_a_moment() -> None:
    assert acknowledgement("  Ada   Byron ").startswith("Ada Byron, 20")


def test_a_model_of_the_same_name_stays_unless_it_is_to_be_replaced(
    bring: Bring, models: Path, content: Content, write: Callable[[Content], Path]
) -> None:
    first = bring(CHECKPOINT, name="golden").folder
    content["model"]["encoder.layer_norm.bias"] += 1
    path = write(content)

    with pytest.raises(ImportProblem, match="--replace"):
        bring(path)
    assert ModelFolder.read(models / "golden").sha256 == first.sha256

    content["model"]["encoder.layer_norm.bias"].fill_(float("nan"))
    with pytest.raises(BadCheckpoint):
        bring(write(content), replace=True)
    assert ModelFolder.read(models / "golden").sha256 == first.sha256

    content["model"]["encoder.layer_norm.bias"].fill_(1)
    second = bring(write(content), replace=True).folder
    assert second.sha256 != first.sha256 and second.path == first.path
    assert [path.name for path in models.iterdir()] == ["golden"]


@pytest.mark.parametrize("name", ["../out", "a/b", ".hidden", "x" * 65, "two words", "-x"])
def test_a_name_stays_within_the_folder_of_models(bring: Bring, models: Path, name: str) -> None:
    with pytest.raises(ImportProblem, match="no name of a model"):
        bring(CHECKPOINT, name=name)

    assert list(models.iterdir()) == []


@pytest.mark.parametrize(
    ("folder", "file", "name"),
    [
        ("biomedgpt vqa (rad)", "checkpoint_best.pt", "biomedgpt-vqa-rad"),
        ("runs", "biomedgpt_base.pt", "biomedgpt_base"),
        ("\u00e4\u00f6", "checkpoint.pt", "model"),
    ],
)
def test_a_model_is_named_after_its_source(
    bring: Bring, tmp_path: Path, folder: str, file: str, name: str
) -> None:
    (tmp_path / folder).mkdir()
    path = tmp_path / folder / file
    path.write_bytes(CHECKPOINT.read_bytes())

    assert bring(path).folder.name == name


def test_an_import_under_way_is_no_model_and_an_old_one_is_swept(
    bring: Bring, models: Path
) -> None:
    fresh, stale = models / ".importing-fresh", models / ".importing-stale"
    done = bring(CHECKPOINT, name="golden").folder
    for path in (fresh, stale):
        path.mkdir()
        (path / "model.json").write_bytes((done.path / "model.json").read_bytes())
        (path / "weights.safetensors").write_bytes(b"")
    os.utime(stale, (0, 0))

    bring(CHECKPOINT, name="other")

    assert sorted(path.name for path in models.iterdir()) == [".importing-fresh", "golden", "other"]
    listed = [one.path for one in list_models(models)]
    assert listed == [
        models / "golden",
        models / "other",
        *(one.path for one in list_models(models / "absent")),
    ]
    assert {EMBEDDED, PRACTICE} >= {path for path in listed if path.parent != models}


def test_a_given_list_of_answers_takes_the_place_of_the_files(bring: Bring, tmp_path: Path) -> None:
    path = tmp_path / "answers.txt"
    path.write_text("left\nright\n")

    assert bring(CHECKPOINT, answers=path).folder.answers == ("left", "right")


def test_rows_that_a_file_lacks_and_that_were_drawn_are_told(
    bring: Bring, content: Content, write: Callable[[Content], Path]
) -> None:
    complete = bring(write(content), name="complete")
    table = content["model"]["decoder.embed_image_positions.weight"]
    content["model"]["decoder.embed_image_positions.weight"] = table[:-5]
    short = bring(write(content), name="short")

    assert complete.notes == ()
    (note,) = short.notes
    assert note.startswith("The file has 60 of the 65 rows of decoder.embed_image_positions.weight")
