"""Texts and their answers agree, when they are read again by other means than they were written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from model_backend.biomedgpt.prompts import pre_caption
from model_backend.practice import writing
from model_backend.practice.writing import Texts

WRITERS = (
    writing.premise_and_hypothesis,
    writing.report_and_impression,
    writing.dialogue_and_summary,
    writing.patient_and_trial,
    writing.notes_and_outcome,
    writing.patient_and_treatment,
)


def written(write: Callable[[np.random.Generator], Texts], count: int = 150) -> list[Texts]:
    chance = np.random.default_rng(8)
    return [write(chance) for _ in range(count)]


@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_texts_are_as_cleaning_leaves_them_and_repeat_with_their_seed(
    write: Callable[[np.random.Generator], Texts],
) -> None:
    texts = written(write)

    assert texts == written(write)
    assert all(pre_caption(one) == one for some in texts for one in some)


def test_a_claim_is_entailed_when_stated_and_contradicted_when_its_opposite_is() -> None:
    opposite = {"small": "large", "large": "small", "bright": "dark", "dark": "bright"}
    labels = Counter[str]()
    for text, text2, label in written(writing.premise_and_hypothesis, 300):
        words, claimed = text.split(), text2.rstrip(".").split()[-1]

        expected = "contradicted" if opposite[claimed] in words else "neutral"
        assert label == ("entailed" if claimed in words else expected), (text, text2)
        assert text2.split()[1] in words  # it is about the same object
        labels[label] += 1
    assert min(labels.values()) > 70 and len(labels) == 3


def test_an_impression_holds_the_large_objects_alone() -> None:
    for text, _, answer in written(writing.report_and_impression):
        large = [line for line in text.split(". ") if line.startswith("large")]

        expected = ". ".join(line.rstrip(".") for line in large) + "."
        assert answer == (expected if large else "no large object.")


def test_a_dialogue_ends_in_what_was_replied() -> None:
    for text, _, answer in written(writing.dialogue_and_summary):
        shape = re.findall(r"reader: a (\w+)\.", text)[0]
        tone = re.findall(r"it is (\w+)\.", text)[0]
        place = re.findall(r"reader: in the ([a-z ]+)\.", text)[0]
        asked = re.findall(r"is it (\w+)\?", text)[0]

        assert answer == f"{tone} {shape} in the {place}."
        assert ("reader: yes" in text) == (asked == tone)


def test_a_trial_takes_its_own_subjects_with_the_wanted_tone_alone() -> None:
    answers = Counter[str]()
    for patient, trial, answer in written(writing.patient_and_trial, 300):
        (subject,) = re.findall(r"trial of the (\w+)\.", trial)
        wanted = re.findall(r"must be (\w+)\.", trial)[0]
        words = patient.rstrip(".").split()

        expected = "eligible" if wanted in words else "excluded"
        assert answer == (expected if subject in words else "irrelevant")
        answers[answer] += 1
    assert min(answers.values()) > 70 and len(answers) == 3


def test_a_toy_stops_only_with_a_red_lamp_and_the_pump_off() -> None:
    texts = written(writing.notes_and_outcome)

    for text, _, answer in texts:
        assert answer == ("yes" if "lamp is red" in text and "pump is off" in text else "no")
    assert 40 < sum(answer == "yes" for _, _, answer in texts) < 110


def test_the_treatment_is_that_of_the_one_complaint() -> None:
    complaints = {"low": "charge battery", "squeaks": "oil wheel", "loose": "tighten screw"}
    seen = set()
    for text, _, answer in written(writing.patient_and_treatment):
        found = [treatment for word, treatment in complaints.items() if f" {word}." in text]

        assert [answer] == (found or ["no treatment"])
        seen.add(answer)
    assert seen == set(writing.TREATMENTS)
