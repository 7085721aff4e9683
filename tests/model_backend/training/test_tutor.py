"""The tutor learns in steps that can be taken up, and teaches what it sees in the same pictures."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import model_backend.training.tutor as module
from model_backend.training.augment import mirror
from model_backend.training.facts import ORGANS, modality_example, modality_of
from model_backend.training.learner import ADULT, as_network_input, label_tables
from model_backend.training.pictures import NIH, VQA_RAD, Picture, RadQuestion, read_pictures
from model_backend.training.problems import TrainingProblem
from model_backend.training.recipe import TutorPlan, read_recipe
from model_backend.training.run import LOG, Run
from model_backend.training.split import TRAINING
from model_backend.training.tutor import FILE, Tutor

LEARNT = """echoed = 0.5
shown = true
adults_apart = true
"""
TAUGHT = """
[tutor]
steps = 2
batch = 8

[[stage]]
name = "tower"
epochs = 1
steps = 2
child = 6
nih = 2
vqa = 1
tower_only = true
balanced = true
mirrored = 1.0

[[stage]]
name = "all"
"""


@pytest.fixture
def taught_recipe(tiny_recipe: Path) -> Path:
    """The tiny recipe with a tutor and a stage for the image tower alone."""
    text = tiny_recipe.read_text(encoding="utf-8")
    text = text.replace(
        "taught = 1\n", "taught = 1\nechoed = 0.5\nshown = true\nadults_apart = true\n"
    )
    tiny_recipe.write_text(text.replace('\n[[stage]]\nname = "all"\n', TAUGHT), encoding="utf-8")
    return tiny_recipe


def run_in(recipe: Path, data: Path, folder: Path) -> Run:
    return Run(read_recipe(recipe), data, folder, say=lambda line: None)


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / LOG).open(newline="", encoding="utf-8") as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def test_a_run_with_a_tutor_can_be_taken_up(
    taught_recipe: Path, drawn_data: Path, tmp_path: Path
) -> None:
    unbroken, broken = tmp_path / "unbroken", tmp_path / "broken"
    run_in(taught_recipe, drawn_data, unbroken).train(lambda progress: None)
    run_in(taught_recipe, drawn_data, broken).train(lambda progress: None, until=2)
    learnt = (broken / FILE).read_bytes()

    taken_up = run_in(taught_recipe, drawn_data, broken)
    taken_up.train(lambda progress: None)

    assert (broken / FILE).read_bytes() == learnt
    rows = rows_of(broken)
    assert rows == rows_of(unbroken) and len(rows) == 8
    assert all(float(row["tutor"]) > 0 for row in rows)
    assert [float(row["closed"]) > 0 for row in rows] == [False] * 2 + [True] * 6


def test_a_tutor_that_was_stopped_learns_on(
    drawn_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EVERY", 1)
    unbroken = tutor_of(drawn_data, 3)
    (tmp_path / "unbroken").mkdir()
    unbroken.learn(tmp_path / "unbroken", lambda line: None)

    def stop(line: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tutor_of(drawn_data, 3).learn(tmp_path, stop)
    taken_up = tutor_of(drawn_data, 3)
    taken_up.learn(tmp_path, lambda line: None)

    images = torch.rand(2, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    assert taken_up.look(images).odds.equal(unbroken.look(images).odds)
    with pytest.raises(TrainingProblem, match="another recipe"):
        tutor_of(drawn_data, 2).learn(tmp_path, lambda line: None)


def tutor_of(data: Path, steps: int) -> Tutor:
    pictures = read_pictures(data, (0, 60))
    pixels = np.random.default_rng(0).integers(0, 255, (len(pictures), 32, 32), np.uint8)
    labels, organs = label_tables(pictures, ["normal", "pneumonia", "bacterial"])
    return Tutor(TutorPlan(steps=steps, batch=8), pictures, pixels, labels, organs, 1)


def test_the_packaged_recipe_of_the_second_edition_has_a_tutor() -> None:
    recipe = read_recipe(Path("recipes/demo2.toml"))

    assert recipe.tutor is not None and recipe.tutor.steps == 450
    assert recipe.total_steps == 1710
    assert [stage.tower_only for stage in recipe.stages] == [True, False, False, False]


def test_adult_films_say_whether_there_is_pneumonia_only_where_a_recipe_asks(
    drawn_data: Path,
) -> None:
    def known(adults_too: bool) -> list[bool]:
        pictures = read_pictures(drawn_data, (0, 60), adults_too=adults_too)
        return [
            one.labels["pneumonia"]
            for one in pictures
            if one.source == NIH and "pneumonia" in one.labels
        ]

    assert known(False) == []
    assert known(True) == [False] * 10


def test_whether_an_adult_film_is_normal_can_be_a_label_of_its_own(drawn_data: Path) -> None:
    pictures = read_pictures(drawn_data, (0, 60))
    adults = torch.tensor([one.source == NIH for one in pictures])

    together, _ = label_tables(pictures, ["normal", "pneumonia"])
    apart, _ = label_tables(pictures, ["normal", "pneumonia", ADULT])

    assert (together[adults, 0] >= 0).all()
    assert (apart[adults, 0] == -1).all() and apart[adults, 2].equal(together[adults, 0])
    assert apart[~adults, 0].equal(together[~adults, 0]) and (apart[~adults, 2] == -1).all()


def test_the_tutor_shows_what_it_sees_in_the_whole_picture_and_at_each_place(
    drawn_data: Path,
) -> None:
    images = torch.rand(2, 1, 64, 64, generator=torch.Generator().manual_seed(0))

    opinion = tutor_of(drawn_data, 1).look(images)

    assert opinion.odds.shape == (2, 3)
    assert opinion.features.shape == (2, module.SHOWN)
    assert opinion.hints.shape == (2, module.HINTS, 4, 4)


def test_mean_and_spread_are_those_of_each_field() -> None:
    layer = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(0))

    mean, spread = module.mean_and_spread(layer, 2)

    corner = layer[..., :2, :2].flatten(2)
    assert torch.allclose(mean[..., 0, 0], corner.mean(2))
    assert torch.allclose(spread[..., 0, 0], corner.std(2, correction=0), atol=1e-5)


def test_the_encoder_begins_with_what_the_auxiliary_head_reads(
    taught_recipe: Path, drawn_data: Path, tmp_path: Path
) -> None:
    run = run_in(taught_recipe, drawn_data, tmp_path)
    learner, drawn = run.learner, run.batches.draw(0)

    learner.show_findings(drawn)

    with torch.no_grad():
        seen = as_network_input(drawn.images)
        pooled = learner.network.eval().image_features(seen).mean((2, 3))
        read = learner.head(pooled)
        shown = learner.network.encoder.image_proj(pooled)[:, : read.shape[1]]
    together = torch.corrcoef(torch.cat([read.T, shown.T])).diagonal(offset=read.shape[1])
    assert together.min() > 0.999
    kept = learner.averaged_network().encoder.image_proj.state_dict()
    assert kept["weight"].equal(learner.network.encoder.image_proj.state_dict()["weight"])


def test_without_its_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite_pytorch", None)

    with pytest.raises(TrainingProblem, match=r"wetread\[train\]"):
        module.imagenet_network()


def test_a_missing_kind_of_picture_is_named(drawn_data: Path) -> None:
    pictures = [one for one in read_pictures(drawn_data, (0, 60)) if one.source != VQA_RAD]

    with pytest.raises(TrainingProblem, match="no VQA-RAD picture"):
        module.pools_of(pictures)


def test_mirrored_pictures_change_sides() -> None:
    images = torch.arange(32.0).view(2, 1, 4, 4)
    generator = torch.Generator().manual_seed(0)

    assert mirror(images, 1.0, generator).equal(images.flip(3))
    assert mirror(images, 0.0, generator).equal(images)


@pytest.mark.parametrize(
    ("organ", "asked", "modality"),
    [
        ("HEAD", [("Is this a CT?", "Yes")], "ct"),
        ("HEAD", [("Is this a CT?", "No"), ("What is this?", "T2 weighted MRI")], "mri"),
        ("HEAD", [("Is there a mass?", "Yes")], ""),
        ("CHEST", [("Is there a mass?", "Yes")], "x-ray"),
        ("CHEST", [("Where is the hyperdensity?", "Left lung")], "ct"),
    ],
)
def test_words_give_away_how_a_picture_was_made(
    organ: str, asked: list[tuple[str, str]], modality: str
) -> None:
    questions = tuple(RadQuestion(text, answer, False, "OTHER") for text, answer in asked)

    assert organ in ORGANS
    assert modality_of(Picture(VQA_RAD, "a", "a", TRAINING, {}, organ, questions)) == modality


def test_questions_about_the_modality_have_true_answers() -> None:
    chance = np.random.default_rng(0)

    drawn = {
        (one.text, one.answer) for one in (modality_example(0, "ct", chance) for _ in range(200))
    }

    assert ("is this a ct?", "yes") in drawn and ("is this an mri?", "no") in drawn
    assert ("what modality is this?", "ct") in drawn
    assert ("is this a ct?", "no") not in drawn and ("is this an mri?", "yes") not in drawn
