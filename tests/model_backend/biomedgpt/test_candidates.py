"""A list scored along its tree scores as each answer alone does, with far less to compute."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from model_backend.biomedgpt.candidates import SYMBOLS, deepest, partings, score_list
from model_backend.biomedgpt.network import BiomedGPT, EncoderOutput
from model_backend.biomedgpt.scoring import Question, score_candidates, select
from model_backend.request import BadRequest

GOLDENS = Path(__file__).resolve().parents[2] / "data" / "goldens" / "tiny"
VQA: dict[str, Any] = json.loads((GOLDENS / "scoring.json").read_text())["vqa_all_candidates"]
EOS = 2


@pytest.fixture(scope="module")
def encoder(tiny: BiomedGPT, inputs: dict[str, Tensor]) -> EncoderOutput:
    with torch.no_grad():
        return tiny.encode(inputs["src_tokens"], inputs["patch_images"], inputs["patch_masks"])


@pytest.mark.parametrize("kind", ["none", "prev_output", "src"])
def test_every_candidate_scores_as_published(
    kind: str, tiny: BiomedGPT, inputs: dict[str, Tensor], encoder: EncoderOutput
) -> None:
    answers = [tuple(ids) for ids in VQA["answer_token_ids"]]
    for row, golden in enumerate(VQA[kind]["scores"]):
        source = [symbol for symbol in inputs["src_tokens"][row].tolist() if symbol != 1]
        prompt = {"none": [0], "prev_output": source[:-1], "src": source}[kind]

        scores = score_list(tiny, select(encoder, torch.tensor([row])), prompt, answers)

        assert scores == pytest.approx(golden, abs=1e-4)


LISTS: dict[str, list[tuple[int, ...]]] = {
    "one": [(5, 6, 7)],
    "two": [(5,), (6,)],
    "prefixes of each other": [(5,), (5, 6), (5, 6, 7), (5, 6, 7, 8), (9,)],
    "parting late": [(5, 6, 7, 8, 9, last) for last in range(10, 20)],
    "many": list(itertools.product((5, 6, 7, 8), repeat=4)),
    "longer than a batch": [tuple(range(5, 5 + SYMBOLS + 9)), (*range(5, 5 + SYMBOLS + 8), 7)],
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("prompt", [(0,), (0, *range(90, 110)), (0, *range(90, 91 + SYMBOLS))])
def test_tree_gives_what_whole_answers_give(
    name: str, prompt: tuple[int, ...], tiny: BiomedGPT, encoder: EncoderOutput
) -> None:
    one = select(encoder, torch.tensor([1]))
    (whole,) = score_candidates(tiny, one, [Question(0, prompt, tuple(LISTS[name]))])

    scores = score_list(tiny, one, prompt, LISTS[name])

    assert scores == pytest.approx(whole, abs=2e-5)
    assert sum(np.exp(scores or [])) == pytest.approx(1.0, abs=1e-4)


def test_answers_part_where_the_tree_branches() -> None:
    tree = partings([(5,), (5, 6, 7), (5, 6, 8), (9, 9, 9)])

    assert tree == {(): [5, 9], (5,): [EOS, 6], (5, 6): [7, 8]}
    assert deepest(tree) == [(5, 6)]
    assert deepest(partings([(5, 6), (5, 7), (8, 6), (8, 7)])) == [(5,), (8,)]
    assert deepest(partings([(5, 6)])) == []


def test_it_looks_for_a_stop_before_every_few_symbols(
    tiny: BiomedGPT, encoder: EncoderOutput
) -> None:
    one = select(encoder, torch.tensor([0]))
    answers = LISTS["many"]
    total = 0

    def count() -> bool:
        nonlocal total
        total += 1
        return False

    assert score_list(tiny, one, (0,), answers, count) is not None
    rows = sum(len(path) for path in deepest(partings(answers)))
    assert total >= 1 + rows // SYMBOLS
    for limit in range(total):
        looks = iter([*[False] * limit, True])
        assert score_list(tiny, one, (0,), answers, looks.__next__) is None


def test_empty_list_is_told(tiny: BiomedGPT, encoder: EncoderOutput) -> None:
    with pytest.raises(BadRequest, match="empty"):
        score_list(tiny, select(encoder, torch.tensor([0])), (0,), [])
