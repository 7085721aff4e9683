"""Floors are what not looking reaches, learnt on training cases and counted on these very ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from model_backend.datasets.row import Row
from model_backend.datasets.writing import DatasetWriter
from model_backend.evaluation.asked import Said
from model_backend.evaluation.blind import (
    ALWAYS,
    HINDSIGHT,
    LINEAR,
    SIMILAR,
    WORDS,
    Known,
    floors,
    question_floors,
)
from model_backend.evaluation.stored import Wanted, some_cases
from model_backend.request import ANSWER, CHOICE, CLASSIFY, ENTAILMENT, FINDINGS, SUMMARY
from tests.model_backend.evaluation.answers import YES_NO, said

BRIGHT, DARK = np.full((48, 48), 220, np.uint8), np.full((48, 48), 30, np.uint8)


def known(*cases: Said, small: NDArray[np.uint8] | None = None) -> list[Known]:
    return [Known(one.case, small) for one in cases]


def values(found: list[object]) -> dict[tuple[str, str], float]:
    return {(one.score, one.name): one.value for one in found}  # type: ignore[attr-defined]


def test_questions_have_the_commonest_answer_and_the_most_similar_question() -> None:
    learnt = known(
        said(ANSWER, "yes", "", text="is there a mass?"),
        said(ANSWER, "yes", "", text="is there a big mass?"),
        said(ANSWER, "no", "", text="is the heart enlarged?"),
    )
    cases = [
        said(ANSWER, "no", "no", text="is the heart enlarged?", line=1),
        said(ANSWER, "no", "no", text="is the heart normal?", line=2),
        said(ANSWER, "yes", "no", text="is there a mass here?", line=3),
    ]

    found = values(list(floors(cases, learnt)))

    assert found["overall", ALWAYS] == pytest.approx(100 / 3)
    assert found["overall", HINDSIGHT] == pytest.approx(200 / 3)
    assert found["overall", SIMILAR] == 100
    assert ("overall", WORDS) in found and ("closed", ALWAYS) not in found


def test_open_and_closed_questions_have_floors_of_their_own() -> None:
    learnt = known(
        *[said(ANSWER, "yes", "", text=f"is it {n}?") for n in range(3)],
        said(ANSWER, "left lung", "", text="where is it?"),
    )
    cases = [
        said(ANSWER, "no", "", text="is it big?", line=1),
        said(ANSWER, "left lung", "", text="where is it?", line=2),
    ]

    found = values(list(floors(cases, learnt)))

    assert found["closed", ALWAYS] == 0 and found["open", ALWAYS] == 100
    assert found["overall", ALWAYS] == 0 and found["open", SIMILAR] == 100


def test_without_a_training_part_only_hindsight_is_left() -> None:
    cases = [said(ANSWER, "yes", "", text="is it?", line=n) for n in range(3)]

    assert set(values(list(floors(cases, [])))) == {("overall", HINDSIGHT)}


def test_two_classes_of_films_have_a_linear_floor_that_looks_a_little() -> None:
    learnt = [*known(said(CLASSIFY, "bright", ""), small=BRIGHT)] * 3
    learnt += [*known(said(CLASSIFY, "dark", ""), small=DARK)] * 3
    cases = [
        Said(said(CLASSIFY, name, name, line=n).case, said(CLASSIFY, name, name).answer, small)
        for n, (name, small) in enumerate((("bright", BRIGHT), ("dark", DARK)))
    ]

    found = values(list(floors(cases, learnt)))

    assert found["overall", LINEAR] == 100 and found["overall", ALWAYS] == 50


def test_a_question_about_many_films_has_its_linear_floor() -> None:
    def film(right: str, small: NDArray[np.uint8], line: int) -> Said:
        one = said(
            CHOICE, right, right, text="is it?", shares=(0.5, 0.5), candidates=YES_NO, line=line
        )
        return Said(one.case, one.answer, small)

    learnt = [Known(film("yes", BRIGHT, 0).case, BRIGHT), Known(film("no", DARK, 1).case, DARK)] * 3
    cases = [film("yes", BRIGHT, 2), film("no", DARK, 3)]

    found = values(list(question_floors(cases, learnt)))

    assert found["auc", LINEAR] == 100 and found["overall", LINEAR] == 100


def test_text_against_text_has_a_floor_of_words_alone() -> None:
    learnt = known(
        *[said(ENTAILMENT, "entailed", "", text="fever is there") for _ in range(3)],
        *[said(ENTAILMENT, "contradicted", "", text="never seen") for _ in range(3)],
    )

    found = values(list(floors([said(ENTAILMENT, "contradicted", "", text="never seen")], learnt)))

    assert found["overall", "bag of words of the texts"] == 100


def test_captions_have_one_text_for_all_and_summaries_the_first_words() -> None:
    learnt = known(*[said(FINDINGS, "the lungs are clear", "") for _ in range(2)])
    caption = floors([said(FINDINGS, "the lungs are clear", "x")], learnt)
    summary = floors([said(SUMMARY, "fever and cough", "x", text="fever and cough for days")], [])

    assert values(list(caption))["rouge_l", "one text of the training part for all"] == 100
    assert 70 < values(list(summary))["rouge_1", "the first 20 words of the text"] < 100


def test_a_sample_of_a_stored_part_comes_from_all_over_it(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path / "set", name="many", source="a test", licence="") as writer:
        for place in range(600):
            writer.write(
                Row(f"{place}", "summary", "train", f"{place}", text=f"{place}", answer="short")
            )

    drawn = [int(one.text) for one in some_cases(tmp_path / "set", "train", Wanted(), 100)]

    assert len(set(drawn)) == 100 and min(drawn) < 150 and max(drawn) > 450
    assert drawn == [int(one.text) for one in some_cases(tmp_path / "set", "train", Wanted(), 100)]
    assert list(some_cases(tmp_path / "set", "train", Wanted("classify"), 100)) == []
