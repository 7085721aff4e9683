"""Every word that is shown in training has a symbol, as it is shown."""

from __future__ import annotations

from pathlib import Path

from model_backend.biomedgpt.tokenizer import UNK, Tokenizer
from model_backend.training.dictionary import choose_dictionary, network_config
from model_backend.training.encoding import source_ids
from model_backend.training.examples import all_texts
from model_backend.training.facts import FILM_FACTS, YES_NO
from model_backend.training.pictures import read_pictures
from model_backend.training.recipe import PACKAGED, NetworkSize
from model_backend.training.split import HELD_OUT
from model_backend.training.wordings import read_wordings


def test_words_are_known_behind_a_space() -> None:
    dictionary = choose_dictionary(["yes", "hemidiaphragm"], 0)

    tokenizer = Tokenizer(network_config(NetworkSize(), dictionary, 0.1, 0.1))

    assert UNK not in tokenizer.encode(" yes hemidiaphragm")
    assert UNK in tokenizer.encode("yes")


def test_nothing_that_is_asked_or_answered_in_training_is_unknown(shared: Path) -> None:
    wordings = read_wordings(PACKAGED / "wordings.toml")
    pictures = read_pictures(shared / "data", (0, 26))
    known = [one for one in pictures if one.part != HELD_OUT and one.questions]

    dictionary = choose_dictionary(all_texts(known, wordings), 2000)

    tokenizer = Tokenizer(network_config(NetworkSize(), dictionary, 0.1, 0.1))
    facts = [text for fact in FILM_FACTS for text in fact]
    answers = [question.answer.lower() for one in known for question in one.questions]
    for answer in {*answers, *YES_NO, *facts}:
        assert UNK not in tokenizer.encode(" " + answer), answer
    for question in {question.text for one in known for question in one.questions}:
        assert UNK not in source_ids(tokenizer, question), question
    for finding in wordings.findings:
        assert UNK not in tokenizer.encode(f" {finding.present} {finding.absent}")
        assert UNK not in source_ids(tokenizer, finding.question)
