"""Every task's prompt and target, against the reference's ids."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.constraints import Trie
from model_backend.biomedgpt.prompts import (
    NLI_LABELS,
    Example,
    Prompter,
    allowed_symbols,
    answer_matching_text,
    caption_target,
    matching_text,
    pre_caption,
    pre_question,
    references_target,
)
from model_backend.biomedgpt.tokenizer import Tokenizer
from model_backend.request import BadRequest

GOLDENS = Path(__file__).resolve().parents[2] / "data" / "goldens"
TASKS: dict[str, Any] = json.loads(
    (GOLDENS / "preprocess" / "task_examples.json").read_text(encoding="utf-8")
)
CLEANED = json.loads((GOLDENS / "tokenizer.json").read_text(encoding="utf-8"))["pre_clean"]
PRETRAINING = {
    row.get("task") or f"{row['row'][7]} {row['python_seed']}": row["examples"]
    for row in TASKS["pretraining"]
    if row.get("torch_seed", 0) == 0
}


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer(OFAConfig())


@pytest.fixture(scope="module")
def prompter(tokenizer: Tokenizer) -> Prompter:
    return Prompter(tokenizer)


def assert_equal(built: Example, golden: dict[str, Any]) -> None:
    assert list(built.source) == golden["source"]
    assert list(built.target) == golden["target"]
    assert list(built.previous) == golden["prev_output_tokens"]
    if "code_mask" in golden:
        assert [built.is_code] == golden["code_mask"]


@pytest.mark.parametrize("case", CLEANED, ids=lambda case: repr(case["input"]))
def test_questions_and_captions_are_cleaned_as_in_the_reference(case: dict[str, Any]) -> None:
    assert pre_question(case["input"], case["max_words"]) == case["pre_question"]
    assert pre_caption(case["input"], case["max_words"]) == case["pre_caption"]


@pytest.mark.parametrize("number", range(len(TASKS["vqa"]["examples"])))
def test_questions_equal_the_reference(tokenizer: Tokenizer, number: int) -> None:
    golden = TASKS["vqa"]["examples"][number]
    _, _, question, answers, objects = golden["row"]
    weights = {
        text: float(weight) for weight, text in (one.split("|!+") for one in answers.split("&&"))
    }
    answer = max(weights, key=weights.__getitem__)
    trie = Trie([tokenizer.encode(f" {one}") for one in TASKS["vqa"]["trie_answers"]])

    built = Prompter(tokenizer, golden["prompt_type"]).question(
        question,
        answer,
        objects=objects if golden["add_object"] else None,
        max_words=golden["max_src_length"],
    )

    assert_equal(built, golden)
    assert list(built.prompt) == golden["decoder_prompt"]
    assert weights == golden["ref_dict"] and [weights[answer]] == golden["conf"]
    assert allowed_symbols(trie, built) == golden["constraint_allowed"]


@pytest.mark.parametrize("golden", TASKS["caption"], ids=lambda one: one["caption"][:20])
def test_captions_equal_the_reference(prompter: Prompter, golden: dict[str, Any]) -> None:
    if golden["split"] == "train":
        target = caption_target(golden["caption"], golden["max_tgt_length"])
    else:
        target = references_target(golden["caption"])

    assert_equal(prompter.describe(target), golden)


@pytest.mark.parametrize("golden", TASKS["summary"], ids=lambda one: one["target_text"][:20])
def test_summaries_equal_the_reference(prompter: Prompter, golden: dict[str, Any]) -> None:
    built = prompter.summary(
        golden["source_text"], golden["target_text"], golden["max_src_length"], 128
    )

    assert_equal(built, golden)


@pytest.mark.parametrize(
    "golden", TASKS["nli"], ids=lambda one: f"{one['prompt_type']} {one['row']}"
)
def test_entailment_equals_the_reference(tokenizer: Tokenizer, golden: dict[str, Any]) -> None:
    premise, hypothesis, label = golden["row"]
    trie = Trie([tokenizer.encode(f" {one}") for one in NLI_LABELS])

    built = Prompter(tokenizer, golden["prompt_type"]).entailment(premise, hypothesis, int(label))

    assert_equal(built, golden)
    assert allowed_symbols(trie, built) == golden["constraint_allowed"]


def test_class_names_equal_the_reference(prompter: Prompter) -> None:
    for golden in TASKS["image_classification"]:
        assert_equal(prompter.describe(f" {golden['label']}"), golden)


@pytest.mark.parametrize("seed", [1, 3])
def test_pre_training_texts_equal_the_reference(prompter: Prompter, seed: int) -> None:
    caption, mismatch = PRETRAINING[f"caption {seed}"]
    question, wrong_answer = PRETRAINING[f"qa {seed}"]
    asked = pre_question("What ORGAN is shown?", 80)

    assert_equal(prompter.describe(" " + pre_caption("Axial CT shows: a Mass", 30)), caption)
    assert_equal(prompter.text_target(matching_text("a dog runs"), " no"), mismatch)
    assert_equal(prompter.text_target(f" {asked}", " liver"), question)
    assert_equal(prompter.text_target(answer_matching_text(asked, "cat"), " no"), wrong_answer)


@pytest.mark.parametrize("seed", [1, 3])
def test_grounding_and_region_captions_equal_the_reference(prompter: Prompter, seed: int) -> None:
    where, what = PRETRAINING[f"visual_grounding {seed}"]

    assert_equal(prompter.grounding("left lesion", [0, 0, 94, 94]), where)
    assert_equal(prompter.region_caption([0, 0, 94, 94], "left lesion"), what)


def test_infilling_equals_the_reference(prompter: Prompter) -> None:
    codes = [37 * place for place in range(16)]

    assert_equal(prompter.infilling(codes), PRETRAINING["image_infilling"][0])


def test_detection_equals_the_reference(prompter: Prompter) -> None:
    objects = [((20, 0, 125, 122), "bone"), ((9, 0, 65, 33), "soft tissue")]

    assert_equal(prompter.detection(objects), PRETRAINING["detection"][0])


def test_masked_text_has_the_references_frame(prompter: Prompter, tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode(" the patient was admitted with chest pain and shortness of breath .")
    for golden in PRETRAINING["masked_text"]:
        # Where the masks fall is random; everything around them is compared.
        masked = golden["source"][8:-3]

        assert tokenizer.mask in masked
        assert_equal(prompter.masked(ids, masked), golden)


def test_an_unknown_prompt_type_is_named(tokenizer: Tokenizer) -> None:
    with pytest.raises(BadRequest, match="'prefix'"):
        Prompter(tokenizer, "prefix")
