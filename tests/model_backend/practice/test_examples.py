"""Cases ask what the picture can answer, and become the symbols that the specification names."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from model_backend import request as names
from model_backend.biomedgpt.locations import place_of
from model_backend.biomedgpt.prompts import Asked, Prompter
from model_backend.biomedgpt.tokenizer import BOS, EOS, UNK
from model_backend.practice.drawing import SIDE, Phantom
from model_backend.practice.examine import fresh_cases
from model_backend.practice.examples import MASK, Case, cases_of
from model_backend.practice.mixture import GROUPS, Mixture
from model_backend.practice.symbols import CaseEncoder
from model_backend.practice.train import practice_config
from model_backend.request import Place
from model_backend.tasks import TASKS


@pytest.fixture(scope="module")
def encoder() -> CaseEncoder:
    return CaseEncoder(practice_config())


def some(task: str, count: int = 80) -> list[Case]:
    return list(islice(cases_of(task, np.random.default_rng(11)), count))


def drawn(case: Case) -> Phantom:
    assert case.phantom
    return case.phantom


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_cases_that_its_own_dictionary_can_say(
    task: str, encoder: CaseEncoder
) -> None:
    for case in some(task):
        example = encoder.encode(case)
        request = case.request()

        assert UNK not in example.source and UNK not in example.target
        assert encoder.tokenizer.mask not in example.target
        assert bool(request.images) == TASKS[task].has_image
        assert (request.box is not None) == TASKS[task].has_box
        texts = [text for text in (request.text, request.text2) if text]
        assert len(texts) == len(TASKS[task].texts)
        candidates = request.candidates or TASKS[task].candidates
        assert not candidates or case.answer in candidates


@pytest.mark.parametrize("task", TASKS)
def test_a_case_reads_as_a_request_does(task: str, encoder: CaseEncoder) -> None:
    prompter = Prompter(encoder.tokenizer)
    for case in some(task, 10):
        bins = encoder.bins_of(case.box) if case.box else ()

        source = prompter.source_of(Asked(task, case.text, case.text2, bins))

        example = encoder.encode(case)
        assert example.source == source
        assert example.previous == (BOS, *example.target[:-1])
        assert (example.target[-1] == EOS) == (task != names.ENTAILMENT)
        assert example.is_code == (task == names.INFILL_IMAGE)


def test_answers_about_a_picture_are_those_of_its_labels() -> None:
    for case in some(names.ANSWER):
        phantom, words = drawn(case), case.text.rstrip("?").split()
        if words[0] == "where":
            thing = phantom.thing(words[-1])
            assert thing and thing.place == case.answer
        elif words[0] == "how":
            assert case.answer == ("none", "one", "two")[len(phantom.things)]
        else:
            found = phantom.at(" ".join(words[-2:]))
            assert case.answer == (found.shape if found else "nothing")


def test_closed_answers_are_those_of_the_labels() -> None:
    for case in some(names.CHOICE):
        shape = next(word for word in case.text.rstrip("?").split()[2:] if word != "a")
        thing = drawn(case).thing(shape)
        if case.candidates == ("yes", "no"):
            assert case.answer == ("yes" if thing else "no")
        else:
            assert thing and case.answer in (thing.size, thing.tone)


def test_a_caption_matches_only_when_every_word_is_right() -> None:
    cases = some(names.MATCHING)
    for case in cases:
        things = drawn(case).things
        right = [f"{thing.tone} {thing.shape} in the {thing.place}" for thing in things]
        assert case.answer == ("yes" if case.text in right else "no")
    assert 20 < sum(case.answer == "yes" for case in cases) < 60


def test_boxes_are_those_of_what_they_name() -> None:
    for case in some(names.GROUNDING) + some(names.DETECTION):
        for box, label in case.boxes:
            thing = drawn(case).thing(label.split()[-1])
            assert thing and thing.box == box
    for case in some(names.REGION):
        looks = {thing.look for thing in drawn(case).things if thing.box == case.box}
        assert case.answer in (looks or {"nothing"})


def test_a_lost_word_stands_in_the_text_a_second_time() -> None:
    for case in some(names.INFILL_TEXT):
        assert MASK in case.text
        pieces = case.text.split(MASK)
        place = 0
        for piece in pieces:  # what is left are pieces of the whole, in their order
            place = case.answer.index(piece.strip(" "), place) + len(piece.strip(" "))
        lost = set(case.answer.replace(".", "").split()) - set(case.text.replace(".", "").split())
        assert lost <= {"in", "the", "and", "lies", "is"}


def test_location_symbols_come_back_as_the_very_box(encoder: CaseEncoder) -> None:
    for case in some(names.GROUNDING):
        (box, _) = case.boxes[0]
        bins = encoder.bins_of(box)

        first = encoder.tokenizer.first_bin
        assert encoder.encode(case).target == (*[first + number for number in bins], EOS)
        assert place_of(bins, SIDE, SIDE, encoder.config) == Place(*box)


def test_a_step_draws_the_same_batch_again_and_another_step_another(encoder: CaseEncoder) -> None:
    mixture = Mixture(encoder, 5)
    first, again, other = mixture.draw(3), Mixture(encoder, 5).draw(3), mixture.draw(4)

    assert first.images.equal(again.images) and first.looks.equal(again.looks)
    assert not first.images.equal(other.images)
    for one, two in zip(first.groups, again.groups, strict=True):
        assert one.source.equal(two.source) and one.target.equal(two.target)
    asked = {case.task for group in first.groups for case in group.cases}
    assert asked == set(TASKS) == set().union(*GROUPS)


def test_classes_compete_among_themselves_alone(encoder: CaseEncoder) -> None:
    batch = Mixture(encoder, 5).draw(0)

    for group in batch.groups:
        for row, case in enumerate(group.cases):
            kept = group.target[row] != 1
            assert group.allowed[row, kept].gather(1, group.target[row, kept][:, None]).all()
            first = int(group.allowed[row, 0].sum())
            assert (first <= 4) == (case.task == names.CLASSIFY)


def test_fresh_cases_are_the_same_each_time() -> None:
    first, again = (fresh_cases(names.FINDINGS, 5) for _ in range(2))

    assert [case.answer for case in first] == [case.answer for case in again]
