"""Every request becomes the reference's ids, and what cannot be answered is told in a sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model_backend import request as names
from model_backend.biomedgpt.asking import MOST_CANDIDATES, Preparation
from model_backend.biomedgpt.config import OFAConfig
from model_backend.biomedgpt.tokenizer import BOS, Tokenizer
from model_backend.folder import ModelFolder, Preprocess
from model_backend.request import BadCheckpoint, BadRequest, Decoding, ImageInput, Place, Request
from model_backend.tasks import TASKS

GOLDENS = Path(__file__).resolve().parents[2] / "data" / "goldens"
EXAMPLES: dict[str, Any] = json.loads(
    (GOLDENS / "preprocess" / "task_examples.json").read_text(encoding="utf-8")
)
PRETRAINING = {
    row.get("task") or f"{row['row'][7]} {row['python_seed']}": row["examples"]
    for row in EXAMPLES["pretraining"]
}
PICTURE = ImageInput(np.zeros((90, 70), np.uint8))
FOLDER = ModelFolder(
    Path("nowhere"), "model", "1", "biomedgpt", tuple(TASKS), preprocess=Preprocess(256)
)
NOWHERE_TASKS = ("prophecy", *TASKS)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer(OFAConfig())


def preparation(tokenizer: Tokenizer, side: int = 256, **changes: Any) -> Preparation:
    config = replace(OFAConfig(), patch_image_size=side)
    return Preparation(replace(FOLDER, **changes), config, tokenizer)


def asked(task: str, text: str = "", text2: str = "", **changes: Any) -> Request:
    images = (PICTURE,) if TASKS[task].has_image else ()
    candidates = ("yes", "no") if TASKS[task].has_candidates else ()
    return replace(Request(task, images, text, candidates, text2=text2), **changes)


# --- the reference's ids ---


@pytest.mark.parametrize("golden", EXAMPLES["vqa"]["examples"], ids=lambda one: str(one["row"]))
@pytest.mark.parametrize("task", [names.CHOICE, names.ANSWER])
def test_questions_equal_the_reference(
    tokenizer: Tokenizer, task: str, golden: dict[str, Any]
) -> None:
    _, _, question, _, objects = golden["row"]
    prepare = preparation(
        tokenizer,
        prompt_type=golden["prompt_type"],
        config={"add_object": golden["add_object"], "max_source": {task: golden["max_src_length"]}},
    ).prepare
    if (task, golden["prompt_type"]) == (names.ANSWER, "src"):
        return  # a model of this kind does not have the task

    prepared = prepare(asked(task, question, objects))

    assert list(prepared.source) == golden["source"]
    assert list(prepared.prompt) == golden["decoder_prompt"]


@pytest.mark.parametrize("golden", EXAMPLES["vqa"]["examples"][:1])
def test_candidates_equal_the_reference(tokenizer: Tokenizer, golden: dict[str, Any]) -> None:
    answers = tuple(EXAMPLES["vqa"]["trie_answers"])

    prepared = preparation(tokenizer).prepare(asked(names.CHOICE, "Where?", candidates=answers))

    assert sorted({ids[0] for ids in prepared.answers}) == golden["constraint_allowed"][0]
    assert prepared.answers[2] == tuple(golden["target"][:-1])


@pytest.mark.parametrize("golden", EXAMPLES["nli"], ids=lambda one: str(one["row"]))
def test_entailment_equals_the_reference(tokenizer: Tokenizer, golden: dict[str, Any]) -> None:
    premise, hypothesis, label = golden["row"]

    prepared = preparation(tokenizer, prompt_type=golden["prompt_type"]).prepare(
        asked(names.ENTAILMENT, premise, hypothesis)
    )

    assert list(prepared.source) == golden["source"]
    assert list(prepared.prompt) == golden["prev_output_tokens"]
    assert prepared.candidates == ("entailed", "neutral", "contradicted")
    assert prepared.answers[(1, 0, 2)[int(label)]] == (golden["target"][-1],)


@pytest.mark.parametrize("task", [names.FINDINGS, names.CLASSIFY])
def test_captions_and_classes_equal_the_reference(tokenizer: Tokenizer, task: str) -> None:
    prepared = preparation(tokenizer).prepare(asked(task, "is not read"))

    assert list(prepared.source) == EXAMPLES["caption"][0]["source"]
    assert list(prepared.source) == EXAMPLES["image_classification"][0]["source"]


def test_class_name_equals_the_reference(tokenizer: Tokenizer) -> None:
    (golden,) = EXAMPLES["image_classification"]
    request = asked(names.CLASSIFY, candidates=(golden["label"],))

    prepared = preparation(tokenizer).prepare(request)

    assert prepared.answers == (tuple(golden["target"][:-1]),)


@pytest.mark.parametrize("golden", EXAMPLES["summary"], ids=lambda one: one["target_text"][:20])
def test_summaries_equal_the_reference(tokenizer: Tokenizer, golden: dict[str, Any]) -> None:
    config = {"max_source": {names.SUMMARY: golden["max_src_length"]}}

    prepared = preparation(tokenizer, config=config).prepare(
        asked(names.SUMMARY, golden["source_text"])
    )

    assert list(prepared.source) == golden["source"]


def test_pre_training_tasks_equal_the_reference(tokenizer: Tokenizer) -> None:
    prepare = preparation(tokenizer, side=48).prepare
    whole = Place(0, 0, 70, 90)
    requests = {
        "caption 1": (1, asked(names.MATCHING, "a dog runs")),
        "qa 1": (0, asked(names.ANSWER, "What ORGAN is shown?")),
        "visual_grounding 1": (0, asked(names.GROUNDING, "left lesion")),
        "visual_grounding 3": (1, asked(names.REGION, box=whole)),
        "image_infilling": (0, asked(names.INFILL_IMAGE)),
        "detection": (0, asked(names.DETECTION)),
    }

    for name, (number, request) in requests.items():
        assert list(prepare(request).source) == PRETRAINING[name][number]["source"], name


@pytest.mark.parametrize("golden", PRETRAINING["masked_text"])
def test_masks_in_a_text_are_the_references_symbol(
    tokenizer: Tokenizer, golden: dict[str, Any]
) -> None:
    written = tokenizer.decode(golden["source"][8:-3])  # " the<mask> chest pain …"
    assert "<mask>" in written

    for text in (written, written.replace("<mask>", " <mask>"), written.upper()):
        prepared = preparation(tokenizer).prepare(asked(names.INFILL_TEXT, text))

        assert list(prepared.source) == golden["source"]


def test_own_wordings_come_before_the_usual_ones(tokenizer: Tokenizer) -> None:
    prompts = {names.TRIAL: "match {text2} with {text}!", names.FINDINGS: " report:"}
    prepare = preparation(tokenizer, prompts=prompts).prepare

    trial = prepare(asked(names.TRIAL, "A {text2} patient", "Trial  7"))
    report = prepare(asked(names.FINDINGS))

    assert tokenizer.decode(trial.source) == " match trial 7 with a {text2} patient!"
    assert tokenizer.decode(report.source) == " report:"


@pytest.mark.parametrize("task", [names.TRIAL, names.MORTALITY, names.TREATMENT])
def test_text_classification_holds_its_texts_in_its_wording(
    tokenizer: Tokenizer, task: str
) -> None:
    prepared = preparation(tokenizer).prepare(asked(task, "Mr X,\n 80", "Trial OF  it"))

    said = tokenizer.decode(prepared.source)
    assert "mr x, 80" in said and ("trial of it" in said) == (task == names.TRIAL)
    assert prepared.candidates == (TASKS[task].candidates or ("yes", "no"))


def test_prompts_of_a_decoder_belong_to_questions_and_text_classes(tokenizer: Tokenizer) -> None:
    prepare = preparation(tokenizer, prompt_type="prev_output").prepare

    for task in TASKS:
        box = Place(0, 0, 5, 5) if TASKS[task].has_box else None
        prepared = prepare(asked(task, "a <mask> b", "c", box=box))

        prompted = {"answer", "choice", "entailment", "trial", "mortality", "treatment"}
        wanted = prepared.source[:-1] if task in prompted else (BOS,)
        assert prepared.prompt == wanted


# --- candidates ---


def test_list_of_the_fine_tuning_stands_where_no_candidates_are_given(
    tokenizer: Tokenizer,
) -> None:
    prepare = preparation(tokenizer, answers=("Left lung", "yes")).prepare

    prepared = prepare(asked(names.CHOICE, "Where?", candidates=()))
    given = prepare(asked(names.CHOICE, "Where?", candidates=("Left lung", "LEFT lung")))

    assert prepared.candidates == ("Left lung", "yes")
    assert prepared.answers[0] == tuple(tokenizer.encode(" Left lung"))  # as it was learnt
    assert given.answers[1] == tuple(tokenizer.encode(" left lung"))


def test_long_list_that_questions_share_becomes_symbols_once(
    tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = preparation(tokenizer)
    answers = tuple(f"answer {number}" for number in range(50))
    first = ready.prepare(asked(names.CHOICE, "Where?", candidates=answers))
    other = ready.prepare(asked(names.CHOICE, "Where?"))
    again = ready.prepare(asked(names.CHOICE, "Where?", candidates=answers))
    counted: list[str] = []
    monkeypatch.setattr(ready, "candidate_ids", counted.append)

    shared = ready.prepare(asked(names.CHOICE, "Who?", candidates=answers))

    assert shared.answers == first.answers == again.answers != other.answers
    assert not counted


def test_capitals_stay_where_the_model_learnt_them(tokenizer: Tokenizer) -> None:
    cased = preparation(tokenizer, config={"cased_answers": True})

    prepared = cased.prepare(asked(names.CLASSIFY, candidates=("MRI", " Chest  X-ray ")))

    assert prepared.answers == (
        tuple(tokenizer.encode(" MRI")),
        tuple(tokenizer.encode(" Chest X-ray")),
    )


# --- what cannot be answered ---

BOX = Place(1, 1, 5, 5)


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (asked(names.ENTAILMENT, "a"), "hypothesis has no words"),
        (asked(names.ENTAILMENT, "", "b"), "premise has no words"),
        (asked(names.TRIAL, "a", " \n"), "trial has no words"),
        (asked(names.SUMMARY, "\x00\x07"), "no words"),
        (asked(names.MATCHING, "!!"), "no words"),
        (asked(names.GROUNDING), "caption has no words"),
        (asked(names.INFILL_TEXT, "no gap"), "no <mask>"),
        (asked(names.SUMMARY, "a", images=(PICTURE,)), "texts alone"),
        (asked(names.ENTAILMENT, "a", "b", images=(PICTURE,)), "texts alone"),
        (asked(names.FINDINGS, images=()), "one picture, not at 0"),
        (asked(names.DETECTION, images=(PICTURE, PICTURE)), "one picture, not at 2"),
        (asked(names.REGION), "Draw one"),
        (asked(names.REGION, box=Place(80, 1, 90, 5)), "outside the image of 70 x 90"),
        (asked(names.REGION, box=Place(1, 1, 1, 5)), "empty"),
        (asked(names.REGION, box=Place(1, 1, float("nan"), 5)), "no number"),
        (asked(names.ENTAILMENT, "a", "b", candidates=("yes", "no")), "always chooses"),
        (asked(names.TREATMENT, "a", candidates=()), "nothing to choose"),
        (asked(names.CLASSIFY, candidates=("a", "b", "A")), "same to this model"),
        (
            asked(names.CLASSIFY, candidates=tuple(map(str, range(MOST_CANDIDATES + 1)))),
            "10000 are the most",
        ),
        (asked(names.CHOICE, "a", candidates=("x" * 10**5,)), "too long"),
        (asked(names.CHOICE, "a", candidates=("a " * 1023,)), "too long"),
        (asked(names.CHOICE, "a", candidates=("x" * 10**6,)), "1000000 letters together"),
        (asked(names.MORTALITY, "x1y2 " * 512), "longer than the 1022 symbols"),
        (asked(names.ENTAILMENT, "pleural-effusion " * 512, "b " * 512), "longer than the 1022"),
        (asked(names.INFILL_TEXT, "<mask> x1y2z3 " * 512), "longer than the 1022"),
        (asked(names.ANSWER, "a", decoding=Decoding(no_repeat_ngram=-1)), "n-grams"),
        (asked(names.ANSWER, "a", decoding=Decoding(length_penalty=float("nan"))), "penalty"),
        (asked(names.ANSWER, "a", decoding=Decoding(max_tokens=10**9)), "1 to 1022 tokens"),
        (asked(names.INFILL_IMAGE, decoding=Decoding(beam=33)), "1 to 32 beams"),
        (asked(names.GROUNDING, "a", decoding=Decoding(beam=0)), "1 to 32 beams"),
        (asked(names.CHOICE, "a", decoding=Decoding(by_trie=True, beam=99)), "1 to 32 beams"),
    ],
)
def test_impossible_requests_are_told(tokenizer: Tokenizer, request_: Request, told: str) -> None:
    with pytest.raises(BadRequest, match=told):
        preparation(tokenizer).prepare(request_)


def test_prompt_without_room_for_an_answer_is_told(tokenizer: Tokenizer) -> None:
    prepare = preparation(tokenizer, prompt_type="src").prepare

    def full(task: str) -> Request:
        frame = len(prepare(asked(task, "the", "the")).source) - 2
        return asked(task, "the " * 512, "the " * (1024 - frame - 512))

    with pytest.raises(BadRequest, match="no room to answer"):
        prepare(full(names.TRIAL))

    assert len(prepare(full(names.ENTAILMENT)).prompt) == 1024  # one label is no further symbol


@pytest.mark.parametrize(("least", "counted"), [(0, 0), (1, 1), (7, 7 + 4)])
def test_lengths_of_an_answer_do_not_count_its_prompt(
    tokenizer: Tokenizer, least: int, counted: int
) -> None:
    prepare = preparation(tokenizer, prompt_type="prev_output").prepare
    decoding = Decoding(
        beam=10,
        max_tokens=9,
        min_tokens=least,
        length_penalty=0.7,
        normalize=False,
        temperature=2.0,
        no_repeat_ngram=3,
    )

    prepared = prepare(asked(names.ANSWER, "is it normal?", decoding=decoding))

    assert len(prepared.prompt) == 1 + 4
    search = prepared.search
    assert search is not None
    assert (search.min_len, search.max_len_b) == (counted, 9 + 4)
    assert (search.beam, search.lenpen, search.temperature) == (10, 0.7, 2.0)
    assert search.unnormalized and search.no_repeat_ngram_size == 3


def test_no_beam_follows_a_prompt_that_ends(tokenizer: Tokenizer) -> None:
    prepare = preparation(tokenizer, prompt_type="src").prepare
    by_trie = Decoding(by_trie=True)

    with pytest.raises(BadRequest, match="by_trie off"):
        prepare(asked(names.CHOICE, "a", decoding=by_trie))

    assert prepare(asked(names.CLASSIFY, decoding=by_trie)).search is not None


def test_long_findings_lose_their_end_as_published(tokenizer: Tokenizer) -> None:
    prepared = preparation(tokenizer).prepare(asked(names.SUMMARY, "no effusion. " * 3000))

    assert len(prepared.source) == 514
    assert "?" not in tokenizer.decode(prepared.source)


def test_words_beyond_the_published_number_are_not_read(tokenizer: Tokenizer) -> None:
    prepare = preparation(tokenizer).prepare

    short = prepare(asked(names.CHOICE, "word " * 80))
    long = prepare(asked(names.CHOICE, "word " * 5000))

    assert long.source == short.source
    assert long.question == "word " * 79 + "word?"


@pytest.mark.parametrize("task", [names.CHOICE, names.SUMMARY, names.MATCHING, names.TRIAL])
def test_request_knows_whether_its_texts_are_read_to_their_end(
    tokenizer: Tokenizer, task: str
) -> None:
    prepare = preparation(tokenizer).prepare
    room = len(prepare(asked(names.SUMMARY, "a")).source) - 1  # what a summary's frame takes
    fitting = {names.CHOICE: 80, names.SUMMARY: 514 - room, names.MATCHING: 80, names.TRIAL: 512}

    fits = prepare(asked(task, " a" * fitting[task], "a" if task == names.TRIAL else ""))
    does_not = prepare(asked(task, " a" * (fitting[task] + 1), "a" if task == names.TRIAL else ""))

    assert fits.reads_whole
    assert not does_not.reads_whole


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"code_image_size": 128, "image_bucket_size": 8}, "code_image_size"),
        ({"code_image_size": 128, "max_positions": 256}, "code_image_size"),
        ({"code_image_size": 4}, "code_image_size"),
        ({"patch_image_size": 16, "num_bins": 8, "vocab_size": 59457 - 992}, "max_image_size"),
        ({"dict_lines": 100, "vocab_size": 59457 - 50160}, "config"),
    ],
)
def test_network_that_cannot_do_what_its_folder_says_is_refused(
    changes: dict[str, Any], key: str
) -> None:
    config = replace(OFAConfig(), **changes)

    with pytest.raises(BadCheckpoint) as refusal:
        Preparation(FOLDER, config, Tokenizer(config))

    assert refusal.value.key == key


@pytest.mark.parametrize("value", [5, {"prophecy": 5}, {"choice": "many"}, {"choice": 0}])
def test_lengths_that_are_none_are_refused(tokenizer: Tokenizer, value: object) -> None:
    with pytest.raises(BadCheckpoint, match="no table of lengths"):
        preparation(tokenizer, config={"max_source": value})


def test_unknown_tasks_of_a_folder_are_left_out(tokenizer: Tokenizer) -> None:
    assert preparation(tokenizer, tasks=NOWHERE_TASKS).tasks == tuple(TASKS)
