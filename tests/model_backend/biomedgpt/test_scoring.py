"""Closed lists score as the reference scores them (goldens/tiny/scoring.json)."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from model_backend.biomedgpt.constraints import Trie
from model_backend.biomedgpt.network import BiomedGPT
from model_backend.biomedgpt.scoring import Question, label_logits, score_candidates
from model_backend.biomedgpt.search import Search, generate

GOLDENS = Path(__file__).resolve().parents[2] / "data" / "goldens" / "tiny"
SCORING: dict[str, Any] = json.loads((GOLDENS / "scoring.json").read_text())
VQA = SCORING["vqa_all_candidates"]
KINDS = ["none", "prev_output", "src"]


def without_pads(row: list[int]) -> list[int]:
    return [symbol for symbol in row if symbol != 1]


def prompt_of(kind: str, source: list[int]) -> tuple[int, ...]:
    """Spec 8: bos; bos + source; bos + source + eos."""
    return tuple({"none": [0], "prev_output": source[:-1], "src": source}[kind])


def questions(kind: str, sources: list[list[int]], answers: list[list[int]]) -> list[Question]:
    given = tuple(tuple(answer) for answer in answers)
    return [
        Question(row, prompt_of(kind, without_pads(source)), given)
        for row, source in enumerate(sources)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_every_candidate_scores_as_published(
    kind: str, tiny: BiomedGPT, inputs: dict[str, Tensor]
) -> None:
    asked = questions(kind, inputs["src_tokens"].tolist(), VQA["answer_token_ids"])

    with torch.no_grad():
        encoder = tiny.encode(inputs["src_tokens"], inputs["patch_images"], inputs["patch_masks"])
        scores = score_candidates(tiny, encoder, asked)

    for mine, theirs in zip(scores, VQA[kind]["scores"], strict=True):
        assert mine == pytest.approx(theirs, abs=1e-4)
    best = [VQA["answers"][row.index(max(row))] for row in scores]
    assert best == VQA[kind]["answer"]


def test_a_beam_over_the_trie_agrees_with_scoring_the_list(
    tiny: BiomedGPT, inputs: dict[str, Tensor]
) -> None:
    asked = questions("none", inputs["src_tokens"].tolist(), VQA["answer_token_ids"])
    wide = Search(beam=len(VQA["answers"]) + 3, max_len_b=10, unnormalized=True)

    with torch.no_grad():
        encoder = tiny.encode(inputs["src_tokens"], inputs["patch_images"], inputs["patch_masks"])
        scores = score_candidates(tiny, encoder, asked)
        found = generate(tiny, encoder, wide, trie=Trie(VQA["answer_token_ids"]))

    for row, hypotheses in zip(scores, found, strict=True):
        best = VQA["answer_token_ids"][row.index(max(row))]
        assert list(hypotheses[0].tokens[:-1]) == best
        assert hypotheses[0].score == pytest.approx(max(row), abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_inference_labels_have_the_published_logits(kind: str, tiny: BiomedGPT) -> None:
    golden = SCORING["nli"][kind]
    sources = torch.tensor(golden["src_tokens"])
    labels = {"maybe": [2085], "yes": [4420], "no": [117]}

    with torch.no_grad():
        encoder = tiny.encode(sources)
        prompts = [without_pads(row) for row in golden["prev_output_tokens"]]
        logits = label_logits(tiny, encoder, prompts, list(labels.values()))

    names = list(labels)
    for column, name in enumerate(names):
        assert logits[:, column].tolist() == pytest.approx(golden["label_logits"][name], abs=1e-4)
    assert [names[int(row.argmax())] for row in logits] == golden["predicted"]


def test_classes_score_as_published(tiny: BiomedGPT, inputs: dict[str, Tensor]) -> None:
    golden = SCORING["image_classification"]
    sources = torch.tensor([golden["src_tokens"]] * len(golden["scores"]))
    asked = questions("none", sources.tolist(), golden["label_token_ids"])

    with torch.no_grad():
        encoder = tiny.encode(sources, inputs["patch_images"], None)
        scores = score_candidates(tiny, encoder, asked)

    for mine, theirs in zip(scores, golden["scores"], strict=True):
        assert mine == pytest.approx(theirs, abs=1e-4)


def test_long_lists_are_scored_in_parts_and_uneven_ones_apart(
    tiny: BiomedGPT, inputs: dict[str, Tensor]
) -> None:
    many = tuple((5 + number, 900 + number % 7) for number in range(150))
    asked = [Question(0, (0,), many), Question(1, (0,), many[:2]), Question(2, (0,), many[:2])]
    calls: list[int] = []

    encoder = tiny.encode(inputs["src_tokens"], inputs["patch_images"], inputs["patch_masks"])
    together = score_candidates(tiny, encoder, asked)
    (alone,) = score_candidates(tiny, encoder, asked[2:])

    def stop() -> bool:
        calls.append(1)
        return len(calls) > 2

    part = score_candidates(tiny, encoder, asked, stop)

    assert [len(row) for row in together] == [150, 2, 2]
    assert together[2] == pytest.approx(alone, abs=1e-4)
    assert sum(map(math.exp, together[0])) == pytest.approx(1.0, abs=1e-3)
    assert [len(row) for row in part] == [128, 0, 0]
