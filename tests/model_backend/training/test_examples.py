"""What is learnt from a picture is what its labels support, in our wordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import model_backend.recipes
from model_backend.biomedgpt.tokenizer import EOS, PAD, UNK, Tokenizer
from model_backend.training.batches import Batches
from model_backend.training.cache import load_pixels
from model_backend.training.dictionary import choose_dictionary, network_config
from model_backend.training.encoding import Encoder
from model_backend.training.examples import ExampleMaker, all_texts
from model_backend.training.facts import Example
from model_backend.training.pictures import CHILD, VQA_RAD, Picture, RadQuestion, read_pictures
from model_backend.training.problems import TrainingProblem
from model_backend.training.recipe import NetworkSize, read_recipe
from model_backend.training.split import HELD_OUT, TRAINING, VALIDATION
from model_backend.training.teacher import Teacher
from model_backend.training.wordings import Wordings, read_wordings


@pytest.fixture(scope="module")
def wordings() -> Wordings:
    return read_wordings(Path(model_backend.recipes.__file__).with_name("wordings.toml"))


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        (
            {"normal": True, "pneumonia": False},
            "The chest radiograph is normal. The lungs are clear.",
        ),
        (
            {"normal": False, "pneumonia": True, "bacterial": True},
            "There is airspace opacity consistent with pneumonia. "
            "The pattern is more in keeping with a bacterial than a viral cause.",
        ),
        (
            {"normal": False, "effusion": True, "cardiomegaly": False, "mass": True},
            "There is a pleural effusion. There is a mass in the lungs.",
        ),
        ({"normal": False, "effusion": False}, "The chest radiograph is not normal."),
        (
            {"normal": True, "effusion": False, "mass": False},
            "The chest radiograph is normal. There is no pleural effusion.",
        ),
    ],
)
def test_findings_text_says_what_the_labels_support(
    wordings: Wordings, labels: dict[str, bool], text: str
) -> None:
    assert wordings.describe(labels) == text


@pytest.mark.parametrize(("share", "least", "most"), [(None, 10, 50), (0.0, 0, 0), (1.0, 200, 200)])
def test_a_stage_says_how_many_films_are_described(
    wordings: Wordings, share: float | None, least: int, most: int
) -> None:
    pictures = [Picture(CHILD, "a", "a", TRAINING, {"normal": True, "pneumonia": False})]
    maker = ExampleMaker(pictures, wordings)
    chance = np.random.default_rng(0)

    drawn = [one for _ in range(200) for one in maker.draw(0, chance, described=share)]

    assert least <= sum(one.text == wordings.prompt for one in drawn) <= most


def test_answers_turn_round_with_the_question(wordings: Wordings) -> None:
    pictures = [Picture(CHILD, "a", "a", TRAINING, {"normal": True, "pneumonia": False})]
    maker = ExampleMaker(pictures, wordings)
    chance = np.random.default_rng(0)

    answers = {
        (one.text, one.answer)
        for _ in range(300)
        for one in maker.draw(0, chance)
        if one.candidates
    }

    assert ("is this chest radiograph normal?", "yes") in answers
    assert ("is this image abnormal?", "no") in answers
    assert ("is there pneumonia?", "no") in answers and ("are the lungs clear?", "yes") in answers
    assert len({text for text, _ in answers}) == len(answers)


def test_wordings_name_their_faults(tmp_path: Path) -> None:
    path = tmp_path / "wordings.toml"

    path.write_text('[[finding]]\nname = "x"\nquestion = "x?"\npresent = "X."\n')
    with pytest.raises(TrainingProblem, match="x in .* lacks"):
        read_wordings(path)
    path.write_text("")
    with pytest.raises(TrainingProblem, match="no finding"):
        read_wordings(path)


def test_only_the_candidates_compete_for_a_closed_answer() -> None:
    config = network_config(NetworkSize(), choose_dictionary([" yes no left side kidney"], 0), 0, 0)
    tokenizer = Tokenizer(config)
    encoder = Encoder(tokenizer, config)
    example = Example(0, "Which side?", "left side", ("left side", "left kidney", "no"))

    encoded = encoder.encode([example], 0.0, np.random.default_rng(0))

    left, side, kidney, no = tokenizer.encode(" left side kidney no")
    allowed = [set(np.flatnonzero(place).tolist()) for place in encoded.allowed[0].numpy()]
    assert allowed == [{left, no}, {side, kidney}, {EOS}]
    assert encoded.target.tolist() == [[left, side, EOS]]
    assert encoded.previous.tolist() == [[0, left, side]]


def test_word_dropout_hides_words_and_nothing_else() -> None:
    config = network_config(NetworkSize(), choose_dictionary([" is it a yes?"], 0), 0, 0)
    encoder = Encoder(Tokenizer(config), config)
    examples = [Example(0, "is it a?", "yes"), Example(0, "is it?", "yes")]

    encoded = encoder.encode(examples, 1.0, np.random.default_rng(0))

    assert encoded.source.tolist() == [
        [0, UNK, UNK, UNK, UNK, EOS],
        [0, UNK, UNK, UNK, EOS, PAD],
    ]


def test_the_dictionary_covers_every_text_of_training() -> None:
    texts = [" hemidiaphragm", " is the cardiomediastinal silhouette enlarged?"]

    dictionary = choose_dictionary(texts, 50)

    config = network_config(NetworkSize(image_size=96), dictionary, 0.1, 0.1)
    tokenizer = Tokenizer(config)
    for text in texts:
        assert tokenizer.decode(tokenizer.encode(text)) == text
    assert config.image_bucket_size == 6 and len(dictionary) < 80


def rad_picture(number: int, part: str) -> Picture:
    yes = number % 2 == 0
    text = f"is there {'air' if yes else 'fluid'} in view {number}?"
    question = RadQuestion(text, "Yes" if yes else "No", True, "PRES")
    return Picture(VQA_RAD, f"{number}.jpg", f"{number}.jpg", part, {}, "CHEST", (question,))


def test_the_teacher_learns_from_the_training_part_alone() -> None:
    known = [rad_picture(number, TRAINING) for number in range(20)]
    others = [rad_picture(number, VALIDATION) for number in range(20, 60)]

    alone = Teacher(known)
    together = Teacher([*known, *others])

    asked = [("is there air?", "CHEST"), ("is there fluid?", "CHEST")]
    shares = alone.chance_of_yes(asked)
    assert shares[0] > 0.7 and shares[1] < 0.3
    assert np.array_equal(shares, together.chance_of_yes(asked))
    assert together.questions == alone.questions


def test_the_teacher_needs_both_answers() -> None:
    with pytest.raises(TrainingProblem, match="yes and no"):
        Teacher([rad_picture(number, TRAINING) for number in range(0, 20, 2)])


def test_a_batch_depends_on_its_step_alone(tiny_recipe: Path, drawn_data: Path) -> None:
    recipe = read_recipe(tiny_recipe)
    pictures = read_pictures(drawn_data, recipe.validation)
    pixels = load_pixels(pictures, drawn_data, 32, tiny_recipe.parent)
    words = read_wordings(recipe.wordings)

    def fresh() -> Batches:
        return Batches(pictures, pixels, recipe, ExampleMaker(pictures, words))

    walked = fresh()
    for step in range(4):
        walked.draw(step)
    again, first = walked.draw(4), fresh().draw(4)

    assert again.examples == first.examples
    assert again.images.equal(first.images) and again.image_of.equal(first.image_of)


def test_no_batch_shows_a_picture_of_another_part(tiny_recipe: Path, drawn_data: Path) -> None:
    recipe = read_recipe(tiny_recipe)
    pictures = read_pictures(drawn_data, recipe.validation)
    pixels = load_pixels(pictures, drawn_data, 32, tiny_recipe.parent)
    maker = ExampleMaker(pictures, read_wordings(recipe.wordings))
    batches = Batches(pictures, pixels, recipe, maker)

    seen = {int(index) for step in range(6) for index in batches.draw(step).pictures}

    training = {i for i, one in enumerate(pictures) if one.part == TRAINING}
    assert seen <= training
    assert {one.part for one in pictures} == {TRAINING, VALIDATION, HELD_OUT}
    children = {i for i in training if pictures[i].source == CHILD}
    assert children <= seen  # six steps of six films: each of them at least once


def test_no_text_of_the_held_out_part_shapes_the_dictionary(
    wordings: Wordings, drawn_data: Path
) -> None:
    pictures = read_pictures(drawn_data, (0, 60))
    held_out = [one for one in pictures if one.part == HELD_OUT]

    texts = all_texts([one for one in pictures if one.part != HELD_OUT], wordings)

    assert any(one.questions for one in held_out)
    assert len(texts) < len(all_texts(pictures, wordings))


def test_films_are_asked_what_they_are_only_where_a_stage_says_so(wordings: Wordings) -> None:
    pictures = [Picture(CHILD, "a", "a", TRAINING, {"normal": True, "pneumonia": False})]
    maker = ExampleMaker(pictures, wordings)

    def asked(facts: float) -> set[tuple[str, str]]:
        chance = np.random.default_rng(0)
        drawn = [one for _ in range(200) for one in maker.draw(0, chance, facts)]
        return {(one.text, one.answer) for one in drawn}

    assert ("what type of image is this?", "x-ray") not in asked(0.0)
    told = asked(1.0)
    assert ("what type of image is this?", "x-ray") in told
    assert ("is this an image of the chest?", "yes") in told
    assert ("is this an image of the head?", "no") in told
