"""Rows become the examples that the reference makes of them (goldens/preprocess)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.prompts import Prompter
from model_backend.biomedgpt.tokenizer import EOS, Tokenizer
from model_backend.datasets.row import LabelledBox, Row
from model_backend.tuning.objectives import BadRow, Item, Objectives, Seen
from model_backend.tuning.recipe import Source

EXAMPLES = Path(__file__).resolve().parents[2] / "data/goldens/preprocess/task_examples.json"
GOLDENS: dict[str, Any] = json.loads(EXAMPLES.read_text(encoding="utf-8"))
CONFIG = OFAConfig(patch_image_size=256)
PLAIN = Source("set", constrained=True)


@pytest.fixture(scope="module")
def objectives() -> Objectives:
    return Objectives(CONFIG, Prompter(Tokenizer(CONFIG)))


def seen(row: Row, source: Source = PLAIN, **more: Any) -> Seen:
    values: dict[str, Any] = {
        "boxes": row.boxes,
        "size": 256,
        "others": (),
        "answers": (),
        "chance": np.random.default_rng(1),
        **more,
    }
    return Seen(row=row, source=source, **values)


def same(item: Item, golden: Mapping[str, Any]) -> bool:
    example = item.example
    found = [list(one) for one in (example.source, example.target, example.previous)]
    return found == [golden[name] for name in ("source", "target", "prev_output_tokens")]


def test_a_caption_and_its_matching_example(objectives: Objectives) -> None:
    golden = GOLDENS["pretraining"][0]["examples"]
    row = Row("1", "findings", "train", "1", answer="Axial CT shows: a Mass")
    other = replace(row, answer="a wrong one")
    text = Tokenizer(CONFIG).decode(golden[1]["source"])
    wrong = replace(row, answer=text.split('"')[1].strip())

    assert same(objectives.of(seen(row), "caption"), golden[0])
    matches = [
        objectives.of(seen(row, others=(wrong,), chance=np.random.default_rng(seed)), "matching")
        for seed in range(12)
    ]
    assert any(same(item, golden[1]) for item in matches)  # those that set the wrong text
    assert {item.example.target for item in matches} == {(4420, EOS), (117, EOS)}
    assert objectives.of(seen(row, others=(other,)), "matching").allowed is not None


def test_a_question_of_pre_training_and_its_answer_matching(objectives: Objectives) -> None:
    golden = GOLDENS["pretraining"][2]["examples"]
    row = Row("2", "answer", "train", "2", text="What ORGAN is shown?", answer="liver")

    assert same(objectives.of(seen(row), "question"), golden[0])
    matches = [
        objectives.of(
            seen(row, answers=("liver", "what"), chance=np.random.default_rng(seed)),
            "answer_matching",
        )
        for seed in range(12)
    ]
    assert {item.example.target for item in matches} == {(4420, EOS), (117, EOS)}
    head = golden[1]["source"][:14]
    assert all(list(item.example.source[:14]) == head for item in matches)


@pytest.mark.parametrize("golden", GOLDENS["vqa"]["examples"], ids=str)
def test_a_question_with_its_list(golden: Mapping[str, Any]) -> None:
    objectives = Objectives(CONFIG, Prompter(Tokenizer(CONFIG), golden["prompt_type"]))
    _, _, question, answers, objects = golden["row"]
    weights = {
        text: float(weight) for weight, text in (one.split("|!+") for one in answers.split("&&"))
    }
    row = Row(
        "7",
        "answer",
        "train",
        "7",
        text=question,
        answer=max(weights, key=lambda text: weights[text]),
        references=weights,
        attributes={"objects": objects},
    )
    words, lists = golden["max_src_length"], tuple(GOLDENS["vqa"]["trie_answers"])
    source = replace(PLAIN, answers=True, objects=golden["add_object"], max_words=words)

    item = objectives.of(seen(row, source, answers=lists), "auto")

    assert same(item, golden)
    assert item.conf == golden["conf"][0]
    assert item.allowed is not None
    allowed = [sorted(place) for place in item.allowed]
    prompt = len(allowed) - len([one for one in golden["constraint_allowed"] if one])
    assert allowed[prompt:] == [sorted(one) for one in golden["constraint_allowed"] if one]


@pytest.mark.parametrize("golden", GOLDENS["nli"], ids=str)
def test_text_against_text(golden: Mapping[str, Any]) -> None:
    objectives = Objectives(CONFIG, Prompter(Tokenizer(CONFIG), golden["prompt_type"]))
    premise, hypothesis, label = golden["row"]
    answer = ("neutral", "entailed", "contradicted")[int(label)]

    item = objectives.of(
        seen(Row("1", "entailment", "train", "1", text=premise, text2=hypothesis, answer=answer)),
        "auto",
    )

    assert same(item, golden)
    assert item.allowed is not None and sorted(item.allowed[-1]) == [117, 2085, 4420]


def test_boxes_are_counted_as_the_network_sees_them(objectives: Objectives) -> None:
    boxes = (LabelledBox(10, 12, 40, 50, "nodule"),)
    row = Row("3", "detection", "train", "3", boxes=boxes)
    tokenizer = Tokenizer(CONFIG)

    item = objectives.of(seen(row), "auto")

    bins = [one - tokenizer.first_bin for one in item.example.target[:4]]
    assert bins == [round(one / 512 * 999) for one in (10, 12, 40, 50)]
    assert tokenizer.decode(item.example.target[4:]) == " nodule"
    nothing = objectives.of(seen(replace(row, boxes=())), "auto")
    assert nothing.example.target == (EOS,)


def test_grounding_says_places_alone(objectives: Objectives) -> None:
    row = Row("3", "grounding", "train", "3", text="nodule", boxes=(LabelledBox(1, 2, 30, 40),))
    first = Tokenizer(CONFIG).first_bin

    item = objectives.of(seen(row), "auto")

    assert item.allowed is not None
    assert item.allowed[0] == (0, 1, 2, 3, *range(first, first + 1000))


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (Row("1", "answer", "train", "1", text="is it?"), "empty answer"),
        (Row("1", "answer", "train", "1", answer="yes"), "no question"),
        (Row("1", "entailment", "train", "1", text="a", text2="b", answer="so"), "wrong label"),
        (Row("1", "matching", "train", "1", text="a", answer="perhaps"), "wrong label"),
        (Row("1", "grounding", "train", "1", text="a"), "no box"),
        (Row("1", "infill_image", "train", "1"), "no codes"),
        (Row("1", "infill_image", "train", "1", codes=(1, 2)), "codes of another tokenizer"),
        (Row("1", "findings", "train", "1", answer=" .,! "), "empty answer"),
        (Row("1", "poetry", "train", "1"), "no such task"),
        (
            Row("1", "trial", "train", "1", text="word " * 2000, answer="eligible"),
            "longer than the network's positions",
        ),
    ],
)
def test_rows_that_say_nothing_are_refused_with_a_reason(
    row: Row, why: str, objectives: Objectives
) -> None:
    source = replace(PLAIN, max_words=3000)

    with pytest.raises(BadRow, match=why):
        objectives.of(seen(row, source), "auto")
